"""What is written on a place where answers lie."""

from collections.abc import Container
from typing import NamedTuple

from hostcheck.model.host_ref import HostRef

Keys = Container[tuple[str, str, str]]


class Label(NamedTuple):
    """Whose answers they are, and the wires that they came over."""

    ref: HostRef
    wires: frozenset[str]
    bundle: bool = False
    """Whether it is of vm-support."""
    log: bool = False
    """Whether it is a report of NVIDIA's driver."""

    @property
    def offline(self) -> bool:
        """Whether the host was asked on itself: it has no id of a vCenter, nor a vCenter."""
        return not self.ref.id and not self.ref.vcenter
