"""What a source of machines is, and what it needs of a session."""

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from msgspec import Struct

from hostcheck.model.capture import Capture, Request
from hostcheck.model.host_ref import HostRef, VmRef
from hostcheck.model.recording import Recording
from hostcheck.model.run import Asked
from hostcheck.ways.base import Transport


class Session(Transport, Protocol):
    """A transport that its server forgets when it is silent for long."""

    def keep_alive(self) -> float:
        """Speak where it was silent for long; says in how many seconds to come again."""


class AboutSource(Struct, frozen=True):
    """What a source is, in words for a run and its journal."""

    target: str
    """What was asked, without a user name."""
    targets: tuple[Asked, ...] = ()
    """All that was asked, by name, where that is more than one."""
    asks: tuple[str, ...] = ()
    """The ways by which every machine is asked; none where that is in the recordings."""
    smokes: bool = False
    """Whether the smoke test was asked for."""
    bmcs: bool = False
    """Whether BMCs are asked."""


class Collector(NamedTuple):
    """What collects machines. It never raises for what a machine does.

    `collect` is `read`, which only this process can do, and then `finish`, which can be done in
    another: it is pickled for that.
    """

    collect: Callable[[HostRef], Recording]
    read: Callable[[HostRef], Recording]
    finish: Callable[[HostRef, Recording], Recording]
    calls: bool = False
    """Whether it calls machines one by one over one session, and opens nothing for any."""
    reader: Callable[[HostRef], Callable[[], Recording]] | None = None
    """Where any process of this machine can read one: makes what is `read` there, and pickled."""


Ask = Callable[[Recording, Iterable[Request]], Recording]
"""Returns a machine's answers with those to more questions."""


class Source(Protocol):
    """Where machines come from: a vCenter, an ESXi host, or a folder of recordings."""

    @property
    def about(self) -> AboutSource:
        """What it is; of several vCenters what is known so far of their silence."""

    @property
    def one_by_one(self) -> bool:
        """Whether machines are asked one by one, which is worth doing side by side."""

    def machines(self) -> list[HostRef]:
        """List the machines, in the order in which they are best asked."""

    def vms_called(self, name: str) -> list[VmRef]:
        """Return the VMs that a word means: a name or id, live also a UUID or inventory path."""

    def vms(self) -> list[VmRef]:
        """List all VMs, with or without a GPU."""

    def collector(self, targets: Iterable[HostRef], *, of: int = 0) -> Collector:
        """Return what collects these machines, in this order.

        The whole run is about so many, where that is more: what is asked depends on it.
        """

    def asker(self, vcenter: str, ahead: Iterable[Request] = ()) -> Ask:
        """Return what asks machines of a vCenter more; questions `ahead` begin at once."""


class Starter(Protocol):
    """One vCenter or ESXi host that can power a VM on."""

    def runtime(self, vm_id: str) -> Capture:
        """Ask afresh whether a VM runs."""

    def start(self, vm_id: str, host_id: str = "") -> Capture:
        """Power a VM on, on a host of its cluster where one is named, and wait for the task."""


class Startable(Source, Protocol):
    """A source whose VMs can be powered on."""

    def part(self, vcenter: str) -> Starter:
        """Return what asks that vCenter."""
