"""The straight line: collect, assemble, judge. Live, recorded and replayed runs are this code."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property, partial
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple, Protocol, Self, TypeVar

import msgspec

from hostcheck import __version__, catalog, fleet, recording, runfile
from hostcheck.assemble import assemble, gpu_addresses, may_have_gpus, smoke, unread_host
from hostcheck.assemble.book import Book
from hostcheck.checks.engine import all_checks, run_all
from hostcheck.collectors import esxi_shell, second_opinion, vsphere
from hostcheck.collectors.vsphere import Target
from hostcheck.errors import UsageError, crash
from hostcheck.fleet import Workers
from hostcheck.journal import Journal, Origin
from hostcheck.model.capture import Capture, Request, Wire
from hostcheck.model.fact import Fact, Known, Unknown, Why
from hostcheck.model.host import Host
from hostcheck.model.result import Answer, Manual, Result, Severity, gravest_of, verdict_of
from hostcheck.model.run import SCHEMA, Asked, HostReport, Preflight, Run, called, silent
from hostcheck.parsers import (
    smoke_sparse24,
    vim_cpu_features,
    vim_directpath_capacity,
    vim_host_system,
    vim_power_on,
    vim_resource_pool,
    vim_software_packages,
    vim_virtual_machine,
    vim_vm_runtime,
)
from hostcheck.recording import Recording, Shelf
from hostcheck.smoke import steps
from hostcheck.transports.base import Transport
from hostcheck.transports.recorder import RecorderTransport
from hostcheck.transports.replay import ReplayTransport
from hostcheck.transports.soap import GUEST, READ_ONLY, WRITES

T = TypeVar("T")

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


FEW_HOSTS = 64
"""Up to so many hosts are asked for their VIBs unless told otherwise: a call to each of them, all
others cost calls by the page."""


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


class LiveSource:
    """A vCenter or ESXi host, with the shells of its hosts where `open_shell` is given."""

    targets: tuple[Asked, ...] = ()

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
        self.open_shell = open_shell
        self._over_esxcli = over_esxcli
        self._smoke: Smoke | None = None
        self._packages = packages
        self._planned = 0
        self._expected = 1
        self._shells: set[Transport] = set()
        self._closed = False

    def use(self, smoke: Smoke) -> None:
        """Let the smoke test run in guests, too."""
        self._smoke = smoke

    @property
    def smokes(self) -> bool:
        """Whether the smoke test runs in guests, too."""
        return self._smoke is not None

    @property
    def one_by_one(self) -> bool:
        """Whether hosts or guests are asked one by one, which is worth doing side by side."""
        return self.visits_each(len(self.machines()))

    def visits_each(self, hosts: int) -> bool:
        """Whether hosts are asked one by one in a run about so many."""
        asked = self.open_shell is not None or self._over_esxcli or self._smoke is not None
        return asked or self._asks_packages(hosts)

    def _asks_packages(self, hosts: int) -> bool:
        return hosts <= FEW_HOSTS if self._packages is None else self._packages

    @property
    def asks(self) -> tuple[str, ...]:
        """Return the wires that are used."""
        asked = VSPHERE_WIRES if self._over_esxcli else VSPHERE_WIRES - {Wire.ESXCLI.value}
        asked |= SHELL_WIRES if self.open_shell else frozenset()
        return tuple(sorted(asked | (SMOKE_WIRES if self._smoke else frozenset())))

    @cached_property
    def inventory(self) -> vsphere.Inventory:
        """All that is there. It is read once. Raises UsageError when it cannot be listed."""
        return vsphere.inventory(self._session, self.target)

    @cached_property
    def chosen(self) -> list[Target]:
        """The hosts that the filters leave, by name, be it none."""
        return self.inventory.chosen(self._hosts, self._clusters)

    def machines(self) -> list[Target]:
        """List the hosts that the filters leave; each filter must match something."""
        vsphere.refuse_unmatched([self.inventory], self._hosts, self._clusters)
        return self.chosen

    def vms_called(self, name: str) -> list[tuple[Target, str]]:
        """Find a VM in the listing."""
        return vsphere.vms_called(self._session, name, self.chosen)

    def plan(self, hosts: int) -> None:
        """Ask of a resumed run's hosts what a whole run asks."""
        self._planned = hosts

    def expect(self, targets: Iterable[Target]) -> None:
        """Let vSphere answer pages instead of single objects."""
        listed = list(targets)
        self._expected = max(self._planned, len(listed))
        self._session.expect(
            question for target in listed for question in vsphere.questions(target)
        )

    def collect(self, target: Target) -> Recording:
        """Ask vSphere, then the shell of the host."""
        shell = self.open_shell(target.name) if self.open_shell else None
        if shell is not None:
            self._shells.add(shell)
            if self._closed:
                shell.close()
        try:
            return _collect(
                target, self._session, shell,
                self._smoke.guests(target.vm_ids) if self._smoke is not None else None,
                over_esxcli=self._over_esxcli, packages=self._asks_packages(self._expected),
            )  # fmt: skip
        finally:
            if shell is not None:
                shell.close()
                self._shells.discard(shell)

    def announce(self, _recorded: Recording, questions: Iterable[Request]) -> None:
        """Start vCenter's checks: they run while hosts are collected."""
        self._session.expect(questions)

    def ask(self, recorded: Recording, questions: Iterable[Request]) -> Recording:
        """Ask vSphere."""
        return _with(recorded, second_opinion.ask(self._session, questions))

    def part(self, _target: str) -> Self:
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

    def read(self, target: Target) -> Recording:
        """Ask vSphere only."""
        return _collect(
            target, self._session, None, None, over_esxcli=self._over_esxcli,
            packages=self._asks_packages(self._expected),
        )  # fmt: skip

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


class Vcenters:
    """Several vCenters and ESXi hosts, asked in turns; one that cannot be asked ends no run."""

    def __init__(
        self,
        sources: Iterable[LiveSource],
        failures: Mapping[str, str],
        *,
        hosts: Iterable[str] = (),
        clusters: Iterable[str] = (),
    ) -> None:
        """Keep the sources, which have the same filters; `failures` are of those with no session.

        They are by name, and say why.
        """
        self._parts = {one.target: one for one in sources}
        self._failures = dict(failures)
        self._filters = (tuple(hosts), tuple(clusters))
        self._planned = 0

    @property
    def targets(self) -> tuple[Asked, ...]:
        """Name every one of them, and say why some could not be asked."""
        names = sorted({*self._parts, *self._failures})
        return tuple(Asked(name, self._failures.get(name, "")) for name in names)

    @property
    def target(self) -> str:
        """Name every one of them."""
        return ", ".join(one.name for one in self.targets)

    @property
    def asks(self) -> tuple[str, ...]:
        """Return the wires that are used of any."""
        return tuple(sorted({wire for one in self._parts.values() for wire in one.asks}))

    @property
    def open_shell(self) -> OpenShell | None:
        """What opens the shell of a host: they have it in common."""
        return next(iter(self._parts.values())).open_shell

    @property
    def smokes(self) -> bool:
        """Whether the smoke test runs in guests of any."""
        return any(one.smokes for one in self._parts.values())

    @property
    def one_by_one(self) -> bool:
        """Whether hosts or guests are asked one by one."""
        hosts = len(self.machines())
        return any(one.visits_each(hosts) for one in self._parts.values())

    @cached_property
    def _machines(self) -> list[Target]:
        listed = [one for one in self._parts.values() if self._lists(one)]
        if not listed:
            raise UsageError(in_words(self._failures))
        if not self._failures:  # else what matches nothing here may match there
            vsphere.refuse_unmatched([one.inventory for one in listed], *self._filters)
        in_turns = zip_longest(*(one.chosen for one in listed))
        return [target for turn in in_turns for target in turn if target is not None]

    def _lists(self, one: LiveSource) -> bool:
        try:
            return bool(one.inventory)
        except UsageError as error:
            self._failures[one.target] = str(error)
        except Exception as error:  # noqa: BLE001  one odd vCenter ends no run of several
            self._failures[one.target] = f"its inventory is not understood: {crash(error)}"
        return False

    def machines(self) -> list[Target]:
        """List the hosts of all, in turns: while one server is busy another one's are judged.

        Raises UsageError when none can be listed, or a filter matches nothing anywhere.
        """
        return self._machines

    def vms_called(self, name: str) -> list[tuple[Target, str]]:
        """Find a VM, wherever it is."""
        self.machines()
        found: list[tuple[Target, str]] = []
        for target, one in self._parts.items():
            if target not in self._failures:
                try:
                    found += one.vms_called(name)
                except UsageError as error:
                    self._failures[target] = str(error)
        return found

    def plan(self, hosts: int) -> None:
        """Ask of a resumed run's hosts what a whole run asks."""
        self._planned = hosts

    def expect(self, targets: Iterable[Target]) -> None:
        """Tell each of its own; what is asked depends on the number of all."""
        listed = list(targets)
        for name, one in self._parts.items():
            one.plan(max(self._planned, len(listed)))
            one.expect(target for target in listed if target.target == name)

    def collect(self, target: Target) -> Recording:
        """Ask where the host is."""
        return self._parts[target.target].collect(target)

    def announce(self, recorded: Recording, questions: Iterable[Request]) -> None:
        """Start the checks of the vCenter that the machine is of."""
        self._parts[recorded.target].announce(recorded, questions)

    def ask(self, recorded: Recording, questions: Iterable[Request]) -> Recording:
        """Ask where the host is."""
        return self._parts[recorded.target].ask(recorded, questions)

    def part(self, target: str) -> LiveSource:
        """Return what asks that vCenter."""
        return self._parts[target]

    def read(self, target: Target) -> Recording:
        """Ask vSphere only."""
        return self._parts[target.target].read(target)

    def keep_alive(self) -> float:
        """Keep every session; says in how many seconds to come again."""
        return min(one.keep_alive() for one in self._parts.values())

    def close(self) -> None:
        """Log out everywhere."""
        for one in self._parts.values():
            one.close()


def in_words(failures: Mapping[str, str]) -> str:
    """Say of every vCenter why it could not be asked."""
    return "; ".join(f"{name} could not be asked: {why}" for name, why in sorted(failures.items()))


class RecordedSource:
    """A recording, or a folder of them."""

    targets: tuple[Asked, ...] = ()
    asks: tuple[str, ...] = ()
    open_shell: OpenShell | None = None
    one_by_one = False
    smokes = False

    def __init__(self, folder: Path, *, hosts: Iterable[str] = ()) -> None:
        """Find the recordings. Raises UsageError when there is none."""
        self._folders: dict[tuple[str, str], Path] = {}
        self._sick: dict[str, Unknown] = {}
        found, names = [], set()
        patterns = tuple(hosts)
        for path in recording.find(folder):
            try:
                manifest = recording.load_manifest(path)
            except UsageError as error:
                if path == folder:
                    raise
                if vsphere.matches(path.name, patterns):
                    self._sick[path.name] = Unknown(Why.UNPARSED, str(error), recording.MANIFEST)
                continue
            if vsphere.matches(manifest.host, patterns):
                there = self._folders.setdefault((manifest.target, manifest.host), path)
                if there != path:
                    raise UsageError(f"{path} and {there} are of one host")
                names.add(manifest.target)
                self.smokes |= any(one.wire.value in SMOKE_WIRES for one in manifest.answers)
                found.append(
                    Target(
                        manifest.host,
                        manifest.host_id,
                        manifest.cluster_kind,
                        manifest.cluster_id,
                        manifest.vms,
                        manifest.pool_ids,
                        manifest.target,
                    )
                )
        if not found and self._sick:
            raise UsageError("; ".join(one.detail for one in self._sick.values()))
        found += [Target(name, "", "", "", ()) for name in self._sick]
        if not found:
            raise UsageError(f"{folder}: no recorded host matches {', '.join(patterns)}")
        self.target = ", ".join(sorted(names))
        if len(names) > 1:
            self.targets = tuple(Asked(name) for name in sorted(names))
        self._machines = sorted(found, key=lambda target: target.key)

    def machines(self) -> list[Target]:
        """List the recorded hosts by name."""
        return self._machines

    def vms_called(self, name: str) -> list[tuple[Target, str]]:
        """Find a VM in the answers about VMs."""
        found = []
        for target in self.machines():
            if target.name in self._sick and not target.target:
                continue
            keys = {vim_virtual_machine.REQUEST.of(vm_id).key: vm_id for vm_id in target.vm_ids}
            captures = recording.load(self._folders[target.target, target.name], keys).captures
            for key, vm_id in keys.items():
                capture = captures.get(key)
                if capture is not None and vim_virtual_machine.name_in(capture.text) == name:
                    found.append((target, vm_id))
        return found

    def plan(self, hosts: int) -> None:
        """Do nothing: what was asked is recorded."""

    def expect(self, targets: Iterable[Target]) -> None:
        """Do nothing: everything is there already."""

    def collect(self, target: Target) -> Recording:
        """Put the questions of today to the recording."""
        return finish(target, self.read(target))

    def read(self, target: Target) -> Recording:
        """Load the recording; one that cannot be read is a machine of which nothing is known."""
        if target.name in self._sick and not target.target:
            return unread(target, self._sick[target.name])
        return recording.load(self._folders[target.target, target.name])

    def announce(self, recorded: Recording, questions: Iterable[Request]) -> None:
        """Do nothing: everything is there already."""

    def ask(self, recorded: Recording, questions: Iterable[Request]) -> Recording:
        """Put the questions to the recording."""
        asked = {one.key: one for one in questions}
        folder = self._folders.get((recorded.target, recorded.host))
        if folder is None:
            return recorded
        replay = ReplayTransport(recording.load(folder, asked))
        return _with(recorded, second_opinion.ask(replay, asked.values()))

    def close(self) -> None:
        """Do nothing."""


def _with(recorded: Recording, answers: dict[tuple[str, str, str], Capture]) -> Recording:
    return msgspec.structs.replace(recorded, captures={**recorded.captures, **answers})


def _collect(
    target: Target,
    session: Transport,
    shell: Transport | None,
    guests: Transport | None,
    *,
    over_esxcli: bool,
    packages: bool,
) -> Recording:
    none: frozenset[str] = frozenset()
    asked = RecorderTransport(
        session, shell or session, guests or session,
        accepts=(VSPHERE_WIRES, SHELL_WIRES if shell else none, SMOKE_WIRES if guests else none),
    )  # fmt: skip
    vsphere.collect(asked, target)
    host = vsphere.host_in(asked, target) if packages or shell is not None else None
    if packages and host is not None and may_have_gpus(host):
        vsphere.collect_packages(asked, host)
    if over_esxcli:
        esxi_shell.collect_esxcli(asked, target.host_id)
    if shell is not None:
        esxi_shell.collect(asked, gpu_addresses(host))
    recorded = Recording(
        target.target,
        target.name,
        target.host_id,
        target.cluster_kind,
        target.cluster_id,
        target.vm_ids,
        asked.captures,
        target.pool_ids,
    )
    if guests is not None:
        asked.fetch(smoke.NAMED)
        for vm_id in smoke.guests_of(host_of(recorded)):
            asked.fetch(smoke_sparse24.REQUEST.of(vm_id))
    return recorded


def host_of(recorded: Recording) -> Host:
    """Join the answers of one machine. Never raises: what goes wrong is an unknown host."""
    try:
        return assemble(
            target=recorded.target,
            name=recorded.host,
            host_id=recorded.host_id,
            cluster_kind=recorded.cluster_kind,
            cluster_id=recorded.cluster_id,
            vm_ids=recorded.vm_ids,
            captures=recorded.captures,
        )
    except Exception as error:  # noqa: BLE001  one sick host, not the run
        return nothing_of(recorded, error)


def nothing_of(one: Recording | Host, error: Exception) -> Host:
    """Return a host of which nothing is known, because something went wrong."""
    name, id_ = (one.name, one.id) if isinstance(one, Host) else (one.host, one.host_id)
    why = Unknown(Why.UNPARSED, crash(error), "hostcheck")
    return unread_host(why, target=one.target, name=name, host_id=id_)


def unread(target: Target, why: Unknown) -> Recording:
    """Return what stands for the answers of a machine that gave none."""
    asked = [vim_host_system.REQUEST.of(target.host_id)]
    asked += [vim_virtual_machine.REQUEST.of(vm_id) for vm_id in target.vm_ids]
    return Recording(
        target.target, target.name, target.host_id, target.cluster_kind, target.cluster_id,
        target.vm_ids, {one.key: Capture(one, failure=why) for one in asked}, target.pool_ids,
    )  # fmt: skip


def collected(target: Target, collect: Callable[[], Recording]) -> Recording:
    """Return the answers of one machine; what goes wrong becomes an answer to every question."""
    try:
        return collect()
    except UsageError:
        raise
    except Exception as error:  # noqa: BLE001  one sick host, not the run
        return unread(target, Unknown(Why.UNPARSED, crash(error), "hostcheck"))


def ask(source: "Source", recorded: Recording, questions: Iterable[Request]) -> Recording:
    """Put more questions; what goes wrong is the answer to each of them."""
    asked = list(questions)
    try:
        return source.ask(recorded, asked)
    except Exception as error:  # noqa: BLE001  one sick host, not the run
        why = Unknown(Why.UNPARSED, crash(error), "hostcheck")
        return _with(recorded, {one.key: Capture(one, failure=why) for one in asked})


def report_of(host: Host) -> HostReport:
    """Judge one host."""
    results = run_all(host, catalog.requirements())
    if _without_gpu(host):
        return HostReport(Answer.NO_GPU, host, results)
    required = [one.status for one in results if one.severity is Severity.REQUIRED]
    return HostReport(verdict_of(required), host, results)


def _without_gpu(host: Host) -> bool:
    """Say whether a host has no GPU, and neither its VMs nor vSphere's own list miss one there."""
    if isinstance(host.gpus, Unknown) or host.gpus.value or isinstance(host.vms, Unknown):
        return False
    offered = host.profiles_offered
    names_one = bool(offered.value) if isinstance(offered, Known) else offered.why is not Why.ABSENT
    return not names_one and not any(
        isinstance(vm.host_id, Unknown) or vm.host_id.value == host.id for vm in host.vms.value
    )


def finish(target: Target, there: Recording, open_shell: OpenShell | None = None) -> Recording:
    """Put the questions of today to answers that are there, and to the shell of the host."""
    replay = ReplayTransport(there)
    wires = {key[0] for key in there.captures}
    asked = {key[1] for key in there.captures}
    shell = open_shell(target.name) if open_shell else None
    try:
        return _collect(
            target,
            replay,
            shell or (replay if Wire.SHELL.value in wires else None),
            replay if SMOKE_WIRES & wires else None,
            over_esxcli=Wire.ESXCLI.value in wires,
            packages=vim_software_packages.REQUEST.template in asked,
        )
    finally:
        if shell is not None:
            shell.close()


def vcenter_count(source: Source, recorded: Recording, profile: str) -> Fact[int]:
    """Ask vCenter how many more vGPUs of a profile fit on a host; it tells from 9.0 on."""
    request = vim_directpath_capacity.REQUEST.of(recorded.host_id, profile=profile)
    book = Book(ask(source, recorded, [request]).captures)
    return book.read(request, vim_directpath_capacity.parse).fact(lambda remaining: remaining)


class Visit(NamedTuple):
    """What became of one machine: its line of the run file, and its answers where they are kept."""

    name: str
    line: bytes
    recorded: Recording | None


def visited(recorded: Recording, *, keep: bool) -> Visit:
    """Judge one machine."""
    report = report_of(host_of(recorded))
    return Visit(recorded.host, runfile.pack(report), recorded if keep else None)


def _side_by_side(
    source: Source, targets: list[Target], workers: Workers, then: Callable[[Recording], T]
) -> Iterator[T]:
    """Collect machines and do something with each; a cluster gets what this process has read."""
    source.expect(targets)
    if workers.away:
        read = ((one, collected(one, partial(source.read, one))) for one in targets)
        yield from fleet.each(read, partial(_finished, source.open_shell, then), workers=workers)
    else:
        yield from fleet.each(targets, partial(_collected, source, then), workers=workers)


def _collected(source: Source, then: Callable[[Recording], T], target: Target) -> T:
    return then(collected(target, partial(source.collect, target)))


def _finished(
    open_shell: OpenShell | None, then: Callable[[Recording], T], given: tuple[Target, Recording]
) -> T:
    target, there = given
    return then(collected(target, partial(finish, target, there, open_shell)))


def _as_it_is(recorded: Recording) -> Recording:
    return recorded


def recordings(
    source: Source,
    targets: list[Target],
    *,
    workers: Workers = Workers(1),  # noqa: B008  it is immutable
    done: Callable[[str], None],
) -> Iterator[Recording]:
    """Collect machines side by side, each as it is done; `done` is told its name.

    As many come out as went in.
    """
    left = {one.key: one for one in targets}
    for recorded in _side_by_side(source, targets, workers, _as_it_is):
        left.pop((recorded.host, recorded.target, recorded.host_id), None)
        done(recorded.host)
        yield recorded
    for target in left.values():
        yield unread(target, Unknown(Why.NOT_ASKED, FORGOTTEN, "hostcheck"))


FORGOTTEN = "the run lost sight of it: this is a fault of hostcheck"


def start_journal(source: Source, path: Path | None, *, resume: bool) -> Journal:
    """Open the journal of an audit. Raises UsageError for one that is of another run, or in use."""
    origin = Origin(__version__, catalog.requirements().edition, source.target, source.asks)
    journal = Journal(origin, path, resume=resume)
    found = {target.key for target in source.machines()}
    journal.keep(found, {one.name for one in silent(source.targets)})
    return journal


def audit(
    source: Source,
    journal: Journal,
    *,
    workers: Workers = Workers(1),  # noqa: B008  it is immutable
    shelf: Shelf | None = None,
    limit: AbstractContextManager[object] = nullcontext(),  # noqa: B008  it has no state
    done: Callable[[str], None],
) -> Run:
    """Collect and judge the machines that the journal does not hold, and return the run.

    An interrupt ends it early, and so does `limit`, which raises LimitOver in its block: the hosts
    that are left then are named in `unasked`.
    """
    targets = source.machines()
    source.plan(len(targets))
    left = [one for one in targets if one.key not in journal]
    judge = partial(visited, keep=shelf is not None)
    ended = FORGOTTEN
    try:
        with limit:
            for name, line, recorded in _side_by_side(source, left, workers, judge):
                if shelf is not None and recorded is not None:
                    shelf.add(recorded)
                journal.add(line)
                done(name)
    except KeyboardInterrupt as cause:
        ended = str(cause)
    several = len(source.targets) > 1
    left = [one for one in targets if one.key not in journal]
    unasked = tuple(sorted(called(one.name, one.target) if several else one.name for one in left))
    return Run(
        schema=SCHEMA,
        tool_version=__version__,
        catalogue_edition=catalog.requirements().edition,
        target=source.target,
        first_answer_at=journal.first_answer_at,
        last_answer_at=journal.last_answer_at,
        hosts=journal.hosts(),
        checks=_manuals(opted_in=source.smokes),
        unasked=unasked,
        ended=ended if unasked else "",
        targets=source.targets,
    )


def run_of(
    target: str,
    hosts: Sequence[HostReport],
    *,
    preflight: Preflight | None = None,
    targets: tuple[Asked, ...] = (),
) -> Run:
    """Put host reports, which are in the order of host names, into a run."""
    times: set[str] = set()
    opted_in = False
    for report in hosts:
        times.update(source.taken_at for source in report.host.sources if source.taken_at)
        opted_in |= report.host.smoke_guests is not msgspec.UNSET
    return Run(
        schema=SCHEMA,
        tool_version=__version__,
        catalogue_edition=catalog.requirements().edition,
        target=target,
        first_answer_at=min(times, default=""),
        last_answer_at=max(times, default=""),
        hosts=hosts,
        checks=_manuals(opted_in=opted_in),
        preflight=preflight,
        targets=targets,
    )


def _manuals(*, opted_in: bool) -> tuple[Manual, ...]:
    """Return the manual of every check that could have had something to say."""
    return tuple(one.manual for one in all_checks() if opted_in or not one.opt_in)


EXIT_CODES = {Answer.GO: 0, Answer.NO_GO: 1, Answer.UNSURE: 3, Answer.NO_GPU: 3}


def exit_code(run: Run, *, strict: bool) -> int:
    """Return 0 all pass, 1 something fails, 3 nothing fails and something is not known.

    Hosts without a GPU do not count; a run that found nothing else found nothing. With `strict`
    recommended checks count like required ones. A vCenter that could not be asked makes the 0 of
    an audit a 3.
    """
    if run.preflight is not None and not strict:
        return EXIT_CODES[run.preflight.verdict]
    if run.unasked:
        return EXIT_CODES[Answer.UNSURE]
    answer = _of_results(run, strict=strict)
    if run.preflight is not None:
        return EXIT_CODES[gravest_of([answer, run.preflight.verdict])]
    if answer is not Answer.GO:
        return EXIT_CODES[answer]
    return EXIT_CODES[Answer.UNSURE] if silent(run.targets) else 0


def _of_results(run: Run, *, strict: bool) -> Answer:
    if not strict:
        return gravest_of(runfile.verdicts(run))
    counted = (Severity.REQUIRED, Severity.RECOMMENDED)
    if run.preflight is not None:
        judged: Iterable[Result] = run.preflight.candidates[0].results
    else:
        judged = (
            result
            for report in run.hosts
            if report.verdict is not Answer.NO_GPU
            for result in report.results
        )
    return verdict_of([one.status for one in judged if one.severity in counted])


def requests() -> tuple[Request, ...]:
    """Return all that may be asked, of vSphere, of a shell, of a guest, and the one write."""
    return (
        *vsphere.REQUESTS,
        *second_opinion.REQUESTS,
        vim_directpath_capacity.REQUEST,
        vim_vm_runtime.REQUEST,
        vim_power_on.REQUEST,
        *esxi_shell.ESXCLI_REQUESTS,
        *esxi_shell.REQUESTS,
        *vsphere.SMOKE_REQUESTS,
        smoke_sparse24.REQUEST,
        *steps.CALLS,
        *steps.COMMANDS,
    )


def vsphere_methods(*, smoke: bool = False) -> tuple[str, ...]:
    """Return the vSphere methods that may be called, the one of power-on among them.

    With `smoke` those of the smoke test instead.
    """
    return tuple(sorted(GUEST if smoke else READ_ONLY | WRITES))


def may_run(request: Request) -> bool:
    """Say whether a command is a listed one. Its slots hold integers by construction."""
    return any(
        (one.wire, one.template) == (request.wire, request.template)
        for one in (*esxi_shell.REQUESTS, *esxi_shell.ESXCLI_REQUESTS)
    )


def with_vm(recorded: Recording, vm_id: str, home: Recording) -> Recording:
    """Return a machine's answers as if that VM were registered on it: for a preflight elsewhere.

    What is known of the VM, and of the resource pool that it stays in, comes from its own host.
    """
    keys = [vim_virtual_machine.REQUEST.of(vm_id).key]
    keys += [vim_cpu_features.of_vm(vm_id).key]
    keys += [vim_resource_pool.REQUEST.of(pool_id).key for pool_id in home.pool_ids]
    moved = {key: home.captures[key] for key in keys if key in home.captures}
    return msgspec.structs.replace(
        recorded,
        vm_ids=tuple(sorted({*recorded.vm_ids, vm_id})),
        captures={**recorded.captures, **moved},
    )
