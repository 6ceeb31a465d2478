"""`nvidia-smi mig -lgi`: the GPU instances that exist.

| GPU instances:                                        |
| GPU   Name             Profile  Instance   Placement  |
|                          ID       ID       Start:Size |
|=======================================================|
|   0  MIG 2g.12gb          5        3          0:2     |
"""

import re

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.syntax.mig_table import entries_of
from hostcheck.syntax.smi_words import Noticed

REQUEST = Request(Wire.SHELL, "nvidia-smi mig -lgi", "MIG GPU instances that exist")

_ENTRY = re.compile(
    r"([0-9]{1,4}) +(MIG \S+) +([0-9]{1,9}) +([0-9]{1,9}) +([0-9]{1,9}):([0-9]{1,9})"
)


class GpuInstance(Struct, frozen=True, kw_only=True):
    """One GPU instance: slices `placement_start` and the following, `placement_size` of them."""

    gpu_index: int
    name: str
    profile_id: int
    instance_id: int
    placement_start: int
    placement_size: int


class GpuInstances(Noticed, frozen=True, kw_only=True):
    """Empty when there is none, or MIG is off everywhere."""

    instances: tuple[GpuInstance, ...]


def parse(text: str) -> GpuInstances:
    """Read the instances of every GPU."""
    entries, notices = entries_of(text, what=REQUEST.template, title="GPU instances", entry=_ENTRY)
    return GpuInstances(
        instances=tuple(
            GpuInstance(
                gpu_index=int(entry[1]),
                name=entry[2],
                profile_id=int(entry[3]),
                instance_id=int(entry[4]),
                placement_start=int(entry[5]),
                placement_size=int(entry[6]),
            )
            for entry in entries
        ),
        lost=notices.lost,
        lost_unnamed=notices.lost_unnamed,
        inforom_corrupted=notices.inforom_corrupted,
    )
