"""`nvidia-smi mig -lci`: the compute instances that exist inside GPU instances.

| Compute instances:                                                 |
| GPU     GPU       Name             Profile   Instance   Placement  |
|       Instance                       ID        ID       Start:Size |
|         ID                                                         |
|====================================================================|
|   0      3       MIG 2g.12gb          1         0          0:2     |
"""

import re

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.syntax.mig_table import entries_of
from hostcheck.syntax.smi_words import Noticed

REQUEST = Request(Wire.SHELL, "nvidia-smi mig -lci", "MIG compute instances that exist")

_ENTRY = re.compile(
    r"([0-9]{1,4}) +([0-9]{1,9}) +(MIG \S+) +([0-9]{1,9}) +([0-9]{1,9}) +([0-9]{1,9}):([0-9]{1,9})"
)


class ComputeInstance(Struct, frozen=True, kw_only=True):
    """One compute instance inside a GPU instance."""

    gpu_index: int
    gpu_instance_id: int
    name: str
    profile_id: int
    instance_id: int
    placement_start: int
    placement_size: int


class ComputeInstances(Noticed, frozen=True, kw_only=True):
    """Empty when there is none, or MIG is off everywhere."""

    instances: tuple[ComputeInstance, ...]


def parse(text: str) -> ComputeInstances:
    """Read the instances of every GPU."""
    entries, notices = entries_of(
        text, what=REQUEST.template, title="Compute instances", entry=_ENTRY
    )
    return ComputeInstances(
        instances=tuple(
            ComputeInstance(
                gpu_index=int(entry[1]),
                gpu_instance_id=int(entry[2]),
                name=entry[3],
                profile_id=int(entry[4]),
                instance_id=int(entry[5]),
                placement_start=int(entry[6]),
                placement_size=int(entry[7]),
            )
            for entry in entries
        ),
        lost=notices.lost,
        lost_unnamed=notices.lost_unnamed,
        inforom_corrupted=notices.inforom_corrupted,
    )
