"""A vCenter or ESXi host, with the shells of its hosts and the guests that the user named."""

from collections.abc import Iterable
from functools import cached_property, partial
from typing import Self

from hostcheck.model.capture import Capture, Request, Wire
from hostcheck.model.host_ref import HostRef
from hostcheck.parsers import vim_power_on, vim_vm_runtime
from hostcheck.recording import Recording
from hostcheck.sources.asking import ask_host, finish
from hostcheck.sources.base import (
    SHELL_WIRES,
    SMOKE_WIRES,
    VSPHERE_WIRES,
    About,
    Ask,
    Collector,
    OpenShell,
    Session,
    Smoke,
)
from hostcheck.ways.base import Transport
from hostcheck.ways.vsphere import order as vsphere
from hostcheck.ways.vsphere import second_opinion

FEW_HOSTS = 64
"""Up to so many hosts are asked for their VIBs unless told otherwise: a call to each of them, all
others cost calls by the page."""


class LiveSource:
    """A vCenter or ESXi host, with the shells of its hosts where `open_shell` is given."""

    def __init__(
        self,
        target: str,
        session: Session,
        *,
        hosts: Iterable[str] = (),
        clusters: Iterable[str] = (),
        open_shell: OpenShell | None = None,
        over_esxcli: bool = False,
        packages: bool | None = None,
    ) -> None:
        """Keep what to ask. Installed VIBs (`packages`) are asked by default of a few hosts."""
        self.target = target
        self._session = session
        self._hosts = tuple(hosts)
        self._clusters = tuple(clusters)
        self._open_shell = open_shell
        self._over_esxcli = over_esxcli
        self._smoke: Smoke | None = None
        self._packages = packages
        self._shells: set[Transport] = set()
        self._closed = False

    def use(self, smoke: Smoke) -> None:
        """Let the smoke test run in guests, too."""
        self._smoke = smoke

    @property
    def about(self) -> About:
        """What is asked, and which wires are used."""
        asked = VSPHERE_WIRES if self._over_esxcli else VSPHERE_WIRES - {Wire.ESXCLI.value}
        asked |= SHELL_WIRES if self._open_shell else frozenset()
        asked |= SMOKE_WIRES if self._smoke else frozenset()
        smokes = self._smoke is not None
        return About(self.target, asks=tuple(sorted(asked)), smokes=smokes)

    @property
    def one_by_one(self) -> bool:
        """Whether hosts or guests are asked one by one, which is worth doing side by side."""
        return self.visits_each(len(self.machines()))

    def visits_each(self, hosts: int) -> bool:
        """Whether hosts are asked one by one in a run about so many."""
        asked = self._open_shell is not None or self._over_esxcli or self._smoke is not None
        return asked or self._asks_packages(hosts)

    def _asks_packages(self, hosts: int) -> bool:
        return hosts <= FEW_HOSTS if self._packages is None else self._packages

    @cached_property
    def inventory(self) -> vsphere.Inventory:
        """All that is there. It is read once. Raises UsageError when it cannot be listed."""
        return vsphere.inventory(self._session, self.target)

    @cached_property
    def chosen(self) -> list[HostRef]:
        """The hosts that the filters leave, by name, be it none."""
        return self.inventory.chosen(self._hosts, self._clusters)

    def machines(self) -> list[HostRef]:
        """List the hosts that the filters leave; each filter must match something."""
        vsphere.refuse_unmatched([self.inventory], self._hosts, self._clusters)
        return self.chosen

    def vms_called(self, name: str) -> list[tuple[HostRef, str]]:
        """Find a VM in the listing."""
        return vsphere.vms_called(self._session, name, self.chosen)

    def collector(self, targets: Iterable[HostRef], *, of: int = 0) -> Collector:
        """Let vSphere answer pages instead of single objects."""
        listed = list(targets)
        self._session.expect(question for ref in listed for question in vsphere.questions(ref))
        packages = self._asks_packages(max(of, len(listed)))
        return Collector(
            partial(self._collect, packages=packages),
            partial(self._read, packages=packages),
            partial(finish, open_shell=self._open_shell),
        )

    def _collect(self, ref: HostRef, *, packages: bool) -> Recording:
        """Ask vSphere, then the shell of the host, then its guests."""
        shell = self._open_shell(ref.name) if self._open_shell else None
        if shell is not None:
            self._shells.add(shell)
            if self._closed:
                shell.close()
        guests = self._smoke.guests(ref.vm_ids) if self._smoke is not None else None
        try:
            return ask_host(
                ref, self._session, shell, guests,
                over_esxcli=self._over_esxcli, packages=packages,
            )  # fmt: skip
        finally:
            if shell is not None:
                shell.close()
                self._shells.discard(shell)

    def _read(self, ref: HostRef, *, packages: bool) -> Recording:
        """Ask vSphere only."""
        return ask_host(
            ref, self._session, None, None, over_esxcli=self._over_esxcli, packages=packages
        )

    def asker(self, _vcenter: str, ahead: Iterable[Request] = ()) -> Ask:
        """Ask vSphere; vCenter's checks begin here and run while hosts are collected."""
        self._session.expect(ahead)
        return lambda recorded, questions: recorded.with_answers(
            second_opinion.ask(self._session, questions)
        )

    def part(self, _vcenter: str) -> Self:
        """Return what asks that vCenter: this."""
        return self

    def runtime(self, vm_id: str) -> Capture:
        """Ask afresh whether a VM runs."""
        return self._session.fetch(vim_vm_runtime.REQUEST.of(vm_id))

    def start(self, vm_id: str, host_id: str = "") -> Capture:
        """Power a VM on, on a host of its cluster where one is named, and wait for the task.

        Raises PermissionError unless the session was opened for exactly that.
        """
        where = {"host": host_id} if host_id else {}
        return self._session.fetch(vim_power_on.REQUEST.of(vm_id, **where))

    def keep_alive(self) -> float:
        """Keep the session while shells are asked; says in how many seconds to come again."""
        return self._session.keep_alive()

    def close(self) -> None:
        """Log out, also of shells that an interrupt left in the middle of a command."""
        self._closed = True  # first: a shell that is opened now is closed by who opens it
        if self._smoke is not None:
            self._smoke.close()
        for shell in tuple(self._shells):
            shell.close()
        self._session.close()
