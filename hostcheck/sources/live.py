"""A vCenter or ESXi host, with the other ways to its hosts that the user wants."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import cached_property, partial
from typing import Self

from hostcheck import fleet, ways
from hostcheck.errors import UnlistedError, UsageError
from hostcheck.model.capture import Capture, Request, Wire
from hostcheck.model.host_ref import HostRef, Key, VmRef
from hostcheck.model.recording import Recording
from hostcheck.model.seal import Seal
from hostcheck.parsers import vim_certificates, vim_power_on, vim_privileges, vim_vm_runtime
from hostcheck.sources.asking import BMC, SMOKE, VSPHERE, Begun, ask_host, finish, may_begin
from hostcheck.sources.base import AboutSource, Ask, Collector, Session
from hostcheck.ways.base import Opener, SoFar, Transport
from hostcheck.ways.vsphere import inventory, order, second_opinion, vms
from hostcheck.ways.vsphere.second_opinion import CALLS

FEW_HOSTS = 64
"""Up to so many hosts are asked for their VIBs unless told otherwise: a call to each of them, all
others cost calls by the page."""


_Ahead = fleet.Ahead[HostRef, Recording]
"""What a way tells of machines, asked before their turn."""


def _of(
    ref: HostRef, openers: Mapping[str, Opener], begun: Mapping[str, _Ahead]
) -> dict[str, Begun]:
    """Return what was begun of one machine, by way."""
    return {
        name: partial(one.take, ref) for name, one in begun.items() if may_begin(ref, openers[name])
    }


class LiveSource:
    """A vCenter or ESXi host, with other ways to its hosts, each opened by its opener."""

    def __init__(
        self,
        target: str,
        session: Session,
        *,
        hosts: Iterable[str] = (),
        clusters: Iterable[str] = (),
        openers: Mapping[str, Opener] | None = None,
        carried: Collection[str] = (),
        packages: bool | None = None,
        knocks: bool = False,
        options: tuple[str, ...] = (),
    ) -> None:
        """Keep what to ask; `carried` names the ways that go over the session itself.

        Installed VIBs (`packages`) are asked by default of a few hosts. One that `knocks` asks no
        more than shows which ways are open. The `options` that want it are kept with the answers.
        """
        self.target = target
        self._session = session
        self._hosts = tuple(hosts)
        self._clusters = tuple(clusters)
        self._openers = dict(openers or {})
        self._carried = (VSPHERE, *carried)
        self._packages = packages
        self._knocks = knocks
        self._seal = Seal(options)
        self._open: set[Transport] = set()
        self._closers: list[Callable[[], None]] = []
        self._closed = False
        self.changed: dict[Key, str] = {}
        """What was changed on a host for the run, and undone, in a sentence."""
        self.beside: dict[str, Transport] = {}
        """What answers questions about this vCenter itself, by the way that asks them."""

    def opener(self, way: str) -> Opener | None:
        """Return what opens a way, None where that is not used."""
        return self._openers.get(way)

    def use(self, way: str, opener: Opener, close: Callable[[], None]) -> None:
        """Let one more way be used; `close` ends what it has open for all hosts together."""
        self._openers[way] = opener
        self._closers.append(close)

    @property
    def guests(self) -> frozenset[str]:
        """The ids of the VMs that were named for the smoke test."""
        named: frozenset[str] = getattr(self._openers.get(SMOKE), "named", frozenset())
        return named

    @property
    def about(self) -> AboutSource:
        """What is asked, and by which ways."""
        used = {*self._carried, *self._openers}
        return AboutSource(
            self.target, asks=tuple(sorted(used)), smokes=SMOKE in used, bmcs=BMC in used
        )

    @property
    def one_by_one(self) -> bool:
        """Whether hosts or guests are asked one by one, which is worth doing side by side."""
        return self.visits_each(len(self.machines()))

    def asks_packages(self, hosts: int) -> bool:
        """Whether a run about so many hosts asks each for its installed VIBs."""
        return hosts <= FEW_HOSTS if self._packages is None else self._packages

    def visits_each(self, hosts: int) -> bool:
        """Whether hosts are asked one by one in a run about so many."""
        return len(self._carried) > 1 or bool(self._openers) or self.asks_packages(hosts)

    @cached_property
    def inventory(self) -> inventory.Inventory:
        """All that is there. It is read once. Raises UnlistedError when it cannot be listed."""
        try:
            return inventory.inventory(self._session, self.target)
        except UsageError as error:
            raise UnlistedError(str(error), {self.target: str(error)}) from None

    @cached_property
    def chosen(self) -> list[HostRef]:
        """The hosts that the filters leave, by name, be it none."""
        return self.inventory.chosen(self._hosts, self._clusters)

    def machines(self) -> list[HostRef]:
        """List the hosts that the filters leave; each filter must match something."""
        inventory.refuse_unmatched([self.inventory], self._hosts, self._clusters)
        return self.chosen

    def vms_called(self, name: str) -> list[VmRef]:
        """Find a VM in the listing, and what UUIDs and folders there are where one is named."""
        return vms.vms_called(self._session, name, self.vms())

    def vms(self) -> list[VmRef]:
        """List the VMs of the hosts that the filters leave."""
        return self.inventory.vms_of(self.chosen)

    def collector(self, targets: Iterable[HostRef], *, of: int = 0) -> Collector:
        """Let vSphere answer pages instead of single objects."""
        listed = list(targets)
        self._session.expect(question for ref in listed for question in order.questions(ref))
        packages = self.asks_packages(max(of, len(listed)))
        begun = self._begin(listed)
        away = {name: one for name, one in self._openers.items() if ways.named(name).away}
        return Collector(
            partial(self._collect, packages=packages, begun=begun),
            partial(self._read, packages=packages, begun=begun),
            partial(finish, openers=away),
            calls=packages and not self._openers,
        )

    def _begin(self, targets: list[HostRef]) -> dict[str, _Ahead]:
        """Begin what needs not wait for the turn of a host."""
        found = {}
        for name, opener in self._openers.items():
            early = [ref for ref in targets if may_begin(ref, opener)]
            if early:
                found[name] = fleet.Ahead(early, partial(self._ask_early, name))
                self._closers.append(found[name].close)
        return found

    def _ask_early(self, way: str, ref: HostRef) -> Recording:
        openers = {way: self._openers[way]}
        return ask_host(
            ref, {}, openers, packages=False, opening=self._opening, knocks=self._knocks
        )

    def _collect(self, ref: HostRef, *, packages: bool, begun: Mapping[str, _Ahead]) -> Recording:
        """Ask by every way."""
        return ask_host(
            ref, self._through(), self._openers, packages=packages, opening=self._opening,
            begun=_of(ref, self._openers, begun), knocks=self._knocks, seal=self._seal,
        )  # fmt: skip

    def _read(self, ref: HostRef, *, packages: bool, begun: Mapping[str, _Ahead]) -> Recording:
        """Ask what only this process can."""
        mine = _of(ref, self._openers, begun)
        return ask_host(ref, self._through(), {}, packages=packages, begun=mine, seal=self._seal)

    def _through(self) -> dict[str, Transport]:
        return dict.fromkeys(self._carried, self._session)

    @contextmanager
    def _opening(self, opener: Opener, so_far: SoFar) -> Iterator[Transport]:
        """Open a way to a host; it is closed in the end, or when this source is.

        While one that is slow answers, another host is asked.
        """
        slow = hasattr(opener, "early")
        with fleet.lent() if slow else nullcontext():
            transport = opener(so_far)
            self._open.add(transport)
            try:
                if self._closed:
                    transport.close()
                yield transport
            finally:
                transport.close()  # before it is forgotten: `close` waits for what is undone
                self._open.discard(transport)

    def asker(self, _vcenter: str, ahead: Iterable[Request] = ()) -> Ask:
        """Ask vSphere; vCenter's checks begin here and run while hosts are collected."""
        announced = {one.key: one for one in ahead}.values()  # hosts of a cluster share a check
        checks = [[one] for one in announced if one.wire == Wire.TASK]
        self._session.expect(one for one in announced if one.wire != Wire.TASK)
        with fleet.threads(min(CALLS, len(checks))) as workers:
            list(fleet.each(checks, self._session.expect, workers=workers))
        return lambda recorded, questions: recorded.with_answers(
            second_opinion.ask(self._session, questions)
        )

    def part(self, _vcenter: str) -> Self:
        """Return what asks that vCenter: this."""
        return self

    def granted(self, kind: str, ids: Iterable[str], privileges: Iterable[str]) -> Capture:
        """Ask which privileges this session has on objects of one kind."""
        return self._session.fetch(vim_privileges.of(kind, ids, privileges))

    def certificates(self) -> Capture:
        """Ask which certificate vCenter has of each host."""
        return self._session.fetch(vim_certificates.REQUEST)

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
        """Log out, also of what an interrupt left in the middle of a question."""
        self._closed = True  # first: what is opened now is closed by who opens it
        for close in self._closers:
            close()
        for one in tuple(self._open):
            one.close()
        self._session.close()
