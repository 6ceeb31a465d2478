"""The answers to several VMs, as one table: may each be powered on, and where?"""

from msgspec import Struct

from hostcheck.model.result import Answer
from hostcheck.model.run import Asked

SCHEMA = "hostcheck.answers/1"


class Place(Struct, frozen=True):
    """One host on which a VM might start. `failed` and `unknown` are the checks that decide."""

    rank: int
    host: str
    target: str
    """vCenter or ESXi that it is of."""
    verdict: Answer
    gpus: tuple[str, ...]
    failed: tuple[str, ...]
    unknown: tuple[str, ...]
    reason: str


class VmAnswer(Struct, frozen=True):
    """One VM, judged as if it alone were started. Its places are in order, the best first."""

    vm: str
    vm_id: str
    verdict: Answer
    reason: str
    runs_on: str
    changed: str
    settled_by: tuple[str, ...]
    """What would make known what decides on the best host and is not."""
    places: tuple[Place, ...]
    in_maintenance: tuple[str, ...] = ()
    """Hosts that are in maintenance mode in thought, and so no places."""


class Answers(Struct, frozen=True):
    """All of them. `left` says which VMs were not judged, or may be missing."""

    schema: str
    tool_version: str
    catalogue_edition: str
    target: str
    verdict: Answer
    """The worst of them; UNSURE where a VM may be missing, or none was found."""
    vms: tuple[VmAnswer, ...]
    left: tuple[str, ...]
    targets: tuple[Asked, ...] = ()
    """All that was asked, where that was more than one."""
