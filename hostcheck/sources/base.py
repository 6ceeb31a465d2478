"""What a source of machines is, and what it needs of a session, a shell and a smoke test."""

from collections.abc import Callable, Iterable
from typing import Protocol

from hostcheck.collectors.vsphere import Target
from hostcheck.model.capture import Request, Wire
from hostcheck.model.run import Asked
from hostcheck.recording import Recording
from hostcheck.transports.base import Transport

VSPHERE_WIRES = frozenset(
    {Wire.PROPERTIES.value, Wire.METHOD.value, Wire.TASK.value, Wire.ESXCLI.value}
)
SHELL_WIRES = frozenset({Wire.SHELL.value})
SMOKE_WIRES = frozenset({Wire.GUEST.value, Wire.GIVEN.value})


class Smoke(Protocol):
    """The smoke test in guests that the user named."""

    def guests(self, vm_ids: Iterable[str]) -> Transport:
        """Return what answers for a host with these VMs: which were named, and what they say."""

    def close(self) -> None:
        """Let the visits that are going on clean up."""


OpenShell = Callable[[str], Transport]


class Session(Transport, Protocol):
    """A transport that its server forgets when it is silent for long."""

    def keep_alive(self) -> float:
        """Speak where it was silent for long; says in how many seconds to come again."""


class Source(Protocol):
    """Where machines come from: a vCenter, an ESXi host, or a folder of recordings."""

    @property
    def target(self) -> str:
        """What was asked, in words, without a user name."""

    @property
    def targets(self) -> tuple[Asked, ...]:
        """All that was asked, by name, where that is more than one."""

    @property
    def asks(self) -> tuple[str, ...]:
        """The wires that are used on every machine; none where that is in the recordings."""

    @property
    def open_shell(self) -> OpenShell | None:
        """What opens the shell of a host, in this process or another."""

    @property
    def smokes(self) -> bool:
        """Whether the smoke test was asked for."""

    @property
    def one_by_one(self) -> bool:
        """Whether machines are asked one by one, which is worth doing side by side."""

    def machines(self) -> list[Target]:
        """List the machines, in the order in which they are best asked."""

    def vms_called(self, name: str) -> list[tuple[Target, str]]:
        """Return the machines that have a VM of that name, and its id."""

    def plan(self, hosts: int) -> None:
        """Say how many machines the whole run is about, also those that need no more asking."""

    def expect(self, targets: Iterable[Target]) -> None:
        """Announce the machines that will be collected, in this order."""

    def collect(self, target: Target) -> Recording:
        """Ask everything about one machine. Never raises for what a machine does."""

    def announce(self, recorded: Recording, questions: Iterable[Request]) -> None:
        """Say what `ask` will be called with, of this machine and its like, so that it begins."""

    def ask(self, recorded: Recording, questions: Iterable[Request]) -> Recording:
        """Return a machine's answers with those to more questions."""

    def read(self, target: Target) -> Recording:
        """Return what only this process can read of a machine; `finish` does the rest."""

    def close(self) -> None:
        """Give back what was opened."""
