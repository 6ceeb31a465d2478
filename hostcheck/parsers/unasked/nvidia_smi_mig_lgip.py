"""`nvidia-smi mig -lgip`: MIG profiles of each GPU, and how many instances still fit.

| GPU instance profiles:                                                      |
| GPU   Name             ID    Instances   Memory     P2P    SM    DEC   ENC  |
|                              Free/Total   GiB              CE    JPEG  OFA  |
|=============================================================================|
|   0  MIG 2g.12gb        5     1/2        11.69      No     28     2     0   |
|                                                             2     0     0   |
"""

import re
from decimal import Decimal

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.syntax.mig_table import entries_of
from hostcheck.syntax.smi_words import Noticed

REQUEST = Request(Wire.SHELL, "nvidia-smi mig -lgip", "MIG profiles and how many still fit")

_ENTRY = re.compile(
    r"([0-9]{1,4})\*? +(MIG \S+) +([0-9]{1,9})\*? +([0-9]{1,9})/([0-9]{1,9})"
    r" +([0-9]{1,9}\.[0-9]{1,4}) +(?:Yes|No|N/A) +([0-9]{1,9})(?: +[0-9]+)*"
)


class GpuInstanceProfile(Struct, frozen=True, kw_only=True):
    """One profile of one GPU. `memory_bytes` was rounded to hundredths of a GiB by the tool."""

    gpu_index: int
    name: str
    profile_id: int
    free: int
    total: int
    memory_bytes: int
    multiprocessors: int


class GpuInstanceProfiles(Noticed, frozen=True, kw_only=True):
    """Empty when MIG is off everywhere."""

    profiles: tuple[GpuInstanceProfile, ...]


def parse(text: str) -> GpuInstanceProfiles:
    """Read the profiles of every GPU."""
    entries, notices = entries_of(
        text, what=REQUEST.template, title="GPU instance profiles", entry=_ENTRY
    )
    return GpuInstanceProfiles(
        profiles=tuple(
            GpuInstanceProfile(
                gpu_index=int(entry[1]),
                name=entry[2],
                profile_id=int(entry[3]),
                free=int(entry[4]),
                total=int(entry[5]),
                memory_bytes=int(Decimal(entry[6]) * (1 << 30)),
                multiprocessors=int(entry[7]),
            )
            for entry in entries
        ),
        lost=notices.lost,
        lost_unnamed=notices.lost_unnamed,
        inforom_corrupted=notices.inforom_corrupted,
    )
