"""Before a run: what it will not be allowed, check by check.

The API is read as a run reads it; every other way is knocked at with one listed question. Where one
is closed, every question on it gets the answer that the knock got, and all is judged as a run
judges it: so a check that will be unknown says why as the report will.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec.structs import replace

from hostcheck import ways
from hostcheck.checks.engine import all_checks
from hostcheck.doctor import privileges
from hostcheck.doctor.privileges import MANAGES, Grants
from hostcheck.doctor.sight import Foresight
from hostcheck.model.capture import Wire
from hostcheck.model.doctor import SCHEMA, Closed, Doctor, Opened, Outlook, WaySetting
from hostcheck.model.fact import Known, Unknown
from hostcheck.model.host import Host
from hostcheck.model.host_ref import HostRef
from hostcheck.model.recording import Recording
from hostcheck.model.run import called
from hostcheck.parsers.vim_ssh_service import SERVICE, START
from hostcheck.sources import asking
from hostcheck.sources.base import Source
from hostcheck.sources.live import LiveSource
from hostcheck.sources.walls import host_of
from hostcheck.verdict import report_of
from hostcheck.ways.guest.steps import WOULD_BE_VISITED
from hostcheck.ways.shell.services import STRICT

STARTED = "; the run starts it (--manage-ssh), which was not tried"
KNOCKED = "the question that was tried"


def examine(
    source: Source,
    parts: Sequence[LiveSource],
    recordings: Callable[[list[HostRef]], Iterable[Recording]],
    *,
    manages: bool = False,
) -> Doctor:
    """Ask what a run would find closed; `recordings` collects machines of a source that knocks.

    A run that `manages` SSH starts it where it is off; here nothing is started.

    Raises UsageError where nothing can be listed at all.
    """
    refs = source.machines()
    several = len(source.about.targets) > 1
    grants = privileges.asked(parts, refs)
    packages = any(one.asks_packages(len(refs)) for one in parts)
    asks = frozenset(source.about.asks)
    found = _Found(Foresight(asks, grants, packages=packages), grants, manages=manages)
    for recorded in recordings(refs):
        found.add(recorded, called(recorded.ref.name, recorded.ref.vcenter if several else ""))
    return Doctor(
        SCHEMA, source.about.target, source.about.targets, len(refs),
        tuple(
            grants.lacks(
                asks | ({MANAGES} if manages else set()), packages=packages, guests=_guests(parts)
            )
        ),
        tuple(found.opened()), tuple(found.closed()), tuple(found.settings()),
        tuple(found.outlooks()), grants.notices,
    )  # fmt: skip


def _guests(parts: Sequence[LiveSource]) -> frozenset[tuple[str, str]]:
    """Return the guests that are named, by vCenter and id."""
    return frozenset((part.target, vm_id) for part in parts for vm_id in part.guests)


class _Found:
    """What was found of all hosts, put together as they come."""

    def __init__(self, sight: Foresight, grants: Grants, *, manages: bool) -> None:
        self._sight = sight
        self._grants = grants
        self._manages = manages
        self._hosts = 0
        self._titles = {wire: one.title for wire, one in ways.wirings().items()}
        self._doors: dict[str, list[int]] = {}
        self._closed: dict[tuple[str, Unknown], list[str]] = {}
        self._settings: dict[str, list[str]] = {}
        self._blind: dict[str, dict[tuple[Unknown, bool], list[str]]] = {}
        self._dark: dict[str, int] = {}

    def add(self, recorded: Recording, name: str) -> None:
        """Take one machine."""
        self._hosts += 1
        wholly = asking.with_holes(recorded)
        doors = doors_of(recorded, wholly=wholly)
        for wire, failure in doors.items():
            count = self._doors.setdefault(wire, [0, 0])
            count[1] += 1
            if failure is None:
                count[0] += 1
            else:
                self._closed.setdefault((wire, failure), []).append(name)
        told = host_of(recorded)
        starts = self._manages and self._would_start(told, recorded.ref)
        for what in _settings(told, STARTED if starts else ""):
            self._settings.setdefault(what, []).append(name)
        if starts:  # what the shell will tell is left open
            doors = {**doors, Wire.SHELL: None}
            left = {key: one for key, one in recorded.captures.items() if key[0] != Wire.SHELL}
            recorded = replace(recorded, captures=left)
        if wholly:
            blind = self._sight.seen(report_of(told), doors)
        else:
            foreseen = host_of(self._sight.foreseen(recorded, doors))
            blind = self._sight.of(report_of(foreseen), doors)
        for check, reasons in blind.items():
            self._dark[check] = self._dark.get(check, 0) + 1
            for reason in reasons:
                self._blind.setdefault(check, {}).setdefault(reason, []).append(name)

    def _would_start(self, host: Host, ref: HostRef) -> bool:
        """Say whether a run would start SSH on a host."""
        off = isinstance(host.services, Known) and any(
            one.key == SERVICE and not one.running for one in host.services.value
        )
        strict = isinstance(host.lockdown_mode, Known) and host.lockdown_mode.value == STRICT
        may = self._grants.holds(ref.vcenter, ref.id, START.privilege) is not False
        return off and not strict and may

    def opened(self) -> Iterator[Opened]:
        for wire, (opened, of) in sorted(self._doors.items()):
            yield Opened(self._titles[wire], opened, of)

    def closed(self) -> Iterator[Closed]:
        for (wire, failure), hosts in sorted(
            self._closed.items(), key=lambda item: (item[0][0], -len(item[1]), item[0][1].detail)
        ):
            why, privilege = failure.why.value, failure.privilege
            yield Closed(self._titles[wire], why, failure.detail, privilege, tuple(sorted(hosts)))

    def settings(self) -> Iterator[WaySetting]:
        for what, hosts in sorted(self._settings.items()):
            yield WaySetting(what, tuple(sorted(hosts)))

    def outlooks(self) -> Iterator[Outlook]:
        for one in all_checks():
            reasons = self._blind.get(one.id, {})
            yield Outlook(
                one.id, one.manual.title, one.severity, self._hosts - self._dark.get(one.id, 0),
                tuple(self._sight.blind(reasons)),
            )  # fmt: skip


def doors_of(recorded: Recording, *, wholly: bool = False) -> dict[str, Unknown | None]:
    """Return by wire why a way to a machine that was knocked at is closed, None where it is open.

    The last answer counts: a BMC says what it is before it lets anybody in. Where a machine was
    asked `wholly` any answer does, but the first, and the reason is that of the last.
    """
    found: dict[str, Unknown | None] = {}
    answered: set[str] = set()
    for (wire, _, _), capture in recorded.captures.items():
        if wire in (Wire.PROPERTIES, Wire.METHOD, Wire.GIVEN):
            continue
        if wire == Wire.GUEST and found.get(wire) is not None:
            continue  # of several guests the first that is closed is told here, all with the checks
        if wire in answered:
            continue
        if wholly and wire in found and capture.failure is None:
            answered.add(wire)
        failure = capture.failure
        if failure is not None and failure.detail == WOULD_BE_VISITED:
            failure = None
        if failure is None and capture.exit_status:
            continue  # the shell answered
        found[wire] = None if failure is None else Unknown(
            failure.why, failure.detail, "", failure.privilege
        )  # fmt: skip
    return found


def _settings(host: Host, beside: str) -> Iterator[str]:
    """Say which settings of a host close ways to it."""
    if isinstance(host.services, Known):
        running = {one.key: one.running for one in host.services.value}
        if not running.get(SERVICE, True):
            yield f"SSH is off (the service {SERVICE} does not run){beside}"
    if isinstance(host.lockdown_mode, Known) and host.lockdown_mode.value != "lockdownDisabled":
        mode = host.lockdown_mode.value.removeprefix("lockdown").lower()
        yield f"lockdown mode is {mode}: only exception users log in to the host itself"
