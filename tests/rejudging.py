"""Judge a host again of which a little is other: only what looked at that.

A check is a function of what it reads. A host is judged once with each part of it replaced by a
stand-in that notes who reads it; judged again, what read no part that differs says what it said.
What a stand-in cannot play, and says other than the part itself, is judged each time.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from types import FunctionType, MethodType
from typing import Any, NamedTuple, TypeVar
from unittest.mock import patch

from msgspec import Struct
from msgspec.structs import replace

from hostcheck import catalog, verdict
from hostcheck.capacity import gatekeepers, slots_of
from hostcheck.checks import engine, kinds
from hostcheck.checks.subjects import Placement
from hostcheck.model.fact import Known, Unknown
from hostcheck.model.host import Host
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import Answer, Result
from hostcheck.model.run import HostReport
from hostcheck.model.vm import Vm
from hostcheck.policy.settle import checks_for
from hostcheck.preflight.judge import candidate_of

T = TypeVar("T")
Place = tuple[str | int, ...]
Cell = tuple[Place, str]
"""A field of the part at a place."""
WHOLE = ""
"""All of a part, in place of a field of it; another kind of part is there now."""
ALL_BELOW = "*"
EVERY = -1
"""All subjects of a check, in place of the number of one."""
SLOTS = "slots"
_OF_ALL = ("host", "gpu")
_of = object.__getattribute__


class Reads:
    """What is read, since the last `begin`."""

    def __init__(self) -> None:
        self.cells: set[Cell] = set()

    def begin(self) -> set[Cell]:
        """Note in a set of its own, which grows, what is read from now on."""
        self.cells = set()
        return self.cells


class StandIn:
    """Looks like a part of a host to who judges it, and notes which fields are read."""

    __slots__ = ("_kept", "_part", "_place", "_reads")

    def __init__(self, part: Struct, place: Place, reads: Reads) -> None:
        self._part, self._place, self._reads = part, place, reads
        self._kept: dict[str, Any] = {}

    def __getattribute__(self, name: str) -> Any:
        part, place, reads = _of(self, "_part"), _of(self, "_place"), _of(self, "_reads")
        reads.cells.add((place, name))
        kept = _of(self, "_kept")
        if name in kept:
            return kept[name]
        if name == "__class__":
            return type(part)
        of_class = getattr(type(part), name, None)
        if isinstance(of_class, property):
            return of_class.fget(self)  # type: ignore[misc]  it has one
        if isinstance(of_class, FunctionType):
            return MethodType(of_class, self)
        kept[name] = _stand_in(getattr(part, name), (*place, name), reads)
        return kept[name]

    def __eq__(self, other: object) -> bool:
        return bool(_itself(self) == _itself(other))

    def __hash__(self) -> int:
        return hash(_itself(self))

    def __repr__(self) -> str:
        return repr(_itself(self))


def _stand_in(value: Any, place: Place, reads: Reads) -> Any:
    if isinstance(value, Struct):
        return StandIn(value, place, reads)
    if type(value) is tuple and any(isinstance(one, Struct) for one in value):
        return tuple(_stand_in(one, (*place, at), reads) for at, one in enumerate(value))
    return value


def _itself(value: object) -> object:
    """Return what a stand-in stands for: who asks looks at all of it."""
    if type(value) is not StandIn:
        return value
    _of(value, "_reads").cells.add((_of(value, "_place"), ALL_BELOW))
    return _of(value, "_part")  # type: ignore[no-any-return]


def _replaced(part: Any, **fields: Any) -> Any:
    """Return a part with other fields: all of the old ones are read for it."""
    kept = {name: getattr(part, name) for name in part.__struct_fields__}
    return part.__class__(**kept | fields)


def different(was: Struct, now: Struct, place: Place = ()) -> Iterator[Cell]:
    """Yield where two parts of one kind differ, as deep as it can be told."""
    for name in was.__struct_fields__:
        before, after = getattr(was, name), getattr(now, name)
        if _same(before, after):
            continue
        inside = (*place, name)
        if isinstance(before, Struct) and isinstance(after, Struct):
            yield from _of_parts(before, after, inside)
        elif _as_long(before, after):
            for at, (one, other) in enumerate(zip(before, after, strict=True)):
                if _same(one, other):
                    continue
                if isinstance(one, Struct) and isinstance(other, Struct):
                    yield from _of_parts(one, other, (*inside, at))
                else:
                    yield place, name
        else:
            yield place, name


def _of_parts(was: Struct, now: Struct, place: Place) -> Iterator[Cell]:
    if type(was) is type(now):
        yield from different(was, now, place)
    else:
        yield place, WHOLE


def _same(was: object, now: object) -> bool:
    return was is now or (type(was) is type(now) and was == now)


def _as_long(was: object, now: object) -> bool:
    return type(was) is tuple and type(now) is tuple and len(was) == len(now)


class Readers:
    """Who read what."""

    def __init__(self) -> None:
        self._of: dict[Place, dict[str, set[object]]] = defaultdict(lambda: defaultdict(set))
        self._below: dict[Place, set[object]] = defaultdict(set)

    def add(self, who: object, cells: set[Cell]) -> None:
        """Keep what somebody read."""
        for place, name in cells:
            (self._below[place] if name == ALL_BELOW else self._of[place][name]).add(who)

    def of(self, cells: list[Cell]) -> set[object]:
        """Return who read any of these."""
        found: set[object] = set()
        for place, name in cells:
            fields = self._of.get(place, {})
            found.update(*fields.values() if name == WHOLE else (fields.get(name, ()),))
            if self._below:
                ends = range(len(place) + 1)
                found.update(*(self._below.get(place[:end], ()) for end in ends))
        return found


class Judged(NamedTuple):
    """A report, and whether each VM of it would start."""

    report: HostReport
    starts: dict[str, Answer]


class _Judgement(NamedTuple):
    """Which check, and of which of its subjects."""

    check: int
    number: int


def _afresh(subjects: Any, judge: Callable[..., T], *given: Any) -> T:
    """Judge subjects that keep nothing of what other checks found of them: each reads it itself."""
    for _, one in () if isinstance(subjects, Unknown) else subjects:
        if type(one) is Placement:
            vars(one).clear()
    return judge(*given)


def _start(vm_id: str) -> tuple[str, str]:
    return "start", vm_id


class Rejudging:
    """A host that was judged; `again` judges one that differs from it."""

    def __init__(self, host: Host) -> None:
        self.host, self._needs = host, catalog.requirements()
        self._checks = checks_for(None, host.cluster)
        self._readers = Readers()
        self._each_time: set[object] = set()
        self._parts: list[tuple[Result, ...]] = []
        reads = Reads()
        with patch.object(kinds, "replace", _replaced):
            self.before = self._judged(StandIn(host, (), reads), reads)

    def _judged(self, played: Any, reads: Reads) -> Judged:
        """Judge the host and, beside it, its stand-in."""
        self._judge(played, reads)
        results = tuple(chain.from_iterable(self._parts))
        self._slots = slots_of(self.host, self._needs, results)
        self._note(SLOTS, self._slots, lambda: slots_of(played, self._needs, results), reads)
        report = self._report(self.host, results, self._slots)
        of_played = replace(report, host=played)
        starts: dict[str, Answer] = {}
        for vm in startable(self.host):
            starts[vm.id] = start(vm, report)
            self._note(_start(vm.id), starts[vm.id], partial(start, vm, of_played), reads)
        return Judged(report, starts)

    def _judge(self, played: Any, reads: Reads) -> None:
        """Judge by each check the host and its stand-in."""
        listed: dict[object, Any] = {}
        for at, check in enumerate(self._checks):
            of = check.each.of
            if of not in listed:
                cells = reads.begin()
                listed[of] = (
                    engine._subjects(check.each, self.host), engine._subjects(check.each, played),
                    cells,
                )  # fmt: skip
            subjects, as_played, cells = listed[of]
            self._readers.add(_Judgement(at, EVERY), cells)
            results = _all(check, subjects, self.host, self._needs)
            self._parts.append(results)
            if _one_by_one(subjects, results) and _one_by_one(as_played, results):
                for number, (about, one) in enumerate(as_played):
                    play = partial(
                        _afresh, [(about, one)], check.judge, about, one, self._needs, played
                    )
                    self._note(_Judgement(at, number), results[number], play, reads)
            else:
                every = partial(_afresh, as_played, _all, check, as_played, played, self._needs)
                self._note(_Judgement(at, EVERY), results, every, reads)

    def _note(self, who: object, said: object, play: Callable[[], object], reads: Reads) -> None:
        """Note what is read for what was said."""
        cells = reads.begin()
        try:
            alike = play() == said
        except Exception:  # noqa: BLE001  a stand-in cannot play everything
            alike = False
        if alike:
            self._readers.add(who, cells)
        else:
            self._each_time.add(who)

    def again(self, host: Host) -> Judged:
        """Judge a host anew where it is other."""
        report, who, changed = self._again(host)
        return Judged(report, self._starts(report, who, changed))

    def report_of(self, host: Host) -> HostReport:
        """Do the same, and start no VM."""
        return self._again(host)[0]

    def _again(self, host: Host) -> tuple[HostReport, set[object], list[Result]]:
        """Return with the report who read what is other, and which results are."""
        cells = list(different(self.host, host))
        if not cells:
            return self.before.report, set(), []
        who = self._readers.of(cells) | self._each_time
        parts, changed = self._parts_of(host, who)
        results = tuple(chain.from_iterable(parts))
        slots = self._slots
        if SLOTS in who or any(one.check in gatekeepers() for one in changed):
            slots = slots_of(host, self._needs, results)
        return self._report(host, results, slots), who, changed

    def _parts_of(
        self, host: Host, who: set[object]
    ) -> tuple[list[tuple[Result, ...]], list[Result]]:
        """Return the results of each check, and those that there were not, or are no more."""
        of_checks: dict[int, set[int]] = defaultdict(set)
        for one in who:
            if isinstance(one, _Judgement):
                of_checks[one.check].add(one.number)
        parts, changed = list(self._parts), list[Result]()
        listed: dict[object, Any] = {}
        for at, numbers in of_checks.items():
            parts[at] = self._part(at, numbers, host, listed)
            if parts[at] is not self._parts[at]:
                before, after = set(map(id, self._parts[at])), set(map(id, parts[at]))
                changed += [one for one in self._parts[at] if id(one) not in after]
                changed += [one for one in parts[at] if id(one) not in before]
        return parts, changed

    def _part(
        self, at: int, numbers: set[int], host: Host, listed: dict[object, Any]
    ) -> tuple[Result, ...]:
        """Return what a check says now, of some of its subjects or (EVERY) of all."""
        check, before = self._checks[at], self._parts[at]
        if check.each.of not in listed:
            listed[check.each.of] = engine._subjects(check.each, host)
        subjects = listed[check.each.of]
        if EVERY in numbers:
            results = _all(check, subjects, host, self._needs)
            if len(results) != len(before):
                return results
        else:
            judged = {
                number: check.judge(*subjects[number], self._needs, host) for number in numbers
            }
            results = tuple(judged.get(number, one) for number, one in enumerate(before))
        kept = tuple(was if was == now else now for was, now in zip(before, results, strict=True))
        return before if all(map(_is, kept, before)) else kept

    def _report(self, host: Host, results: tuple[Result, ...], slots: Any) -> HostReport:
        verdict.slots_of = lambda *_: slots  # type: ignore[assignment]  counted before
        try:
            return verdict._judged(host, results)
        finally:
            verdict.slots_of = slots_of

    def _starts(
        self, report: HostReport, who: set[object], changed: list[Result]
    ) -> dict[str, Answer]:
        """Judge the power-ons anew that look at results or facts which are others now."""
        about = {one.subject.id if one.subject.kind == "vm" else "" for one in changed}
        before = self.before.starts
        return {
            vm.id: start(vm, report)
            if "" in about or vm.id in about or _start(vm.id) in who or vm.id not in before
            else before[vm.id]
            for vm in startable(report.host)
        }


def _all(check: Any, subjects: Any, host: Host, needs: Requirements) -> tuple[Result, ...]:
    return tuple(check.judge_all(subjects, host, needs))


def _is(one: object, other: object) -> bool:
    return one is other


def _one_by_one(subjects: Any, results: tuple[Result, ...]) -> bool:
    """Say whether each result is of one subject."""
    return (
        not isinstance(subjects, Unknown)
        and len(subjects) == len(results) > 0
        and all(about == one.subject for (about, _), one in zip(subjects, results, strict=True))
    )


def startable(host: Host) -> list[Vm]:
    """Return the VMs of a host that have something of a GPU."""
    vms = host.vms.value if isinstance(host.vms, Known) else ()
    return [vm for vm in vms if vm.vgpus or vm.passthroughs]


def start(vm: Vm, report: HostReport) -> Answer:
    """Judge the power-on of a VM, by the results that are not of another one."""
    results = tuple(
        one
        for one in report.results
        if one.subject.kind in _OF_ALL or (one.subject.kind == "vm" and one.subject.id == vm.id)
    )
    return candidate_of(vm.id, vm.name, replace(report, results=results)).verdict
