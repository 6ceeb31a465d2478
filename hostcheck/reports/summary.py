"""What a run comes to: the verdict and its one reason, the steps that mend it, how sure it is.

The report for people and the report for terminals tell the same story; it is made here, once, in
one walk over the hosts. What is kept of them is counts and the first few names.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from msgspec.structs import replace

from hostcheck.model.capture import Source
from hostcheck.model.fact import Fact, Known
from hostcheck.model.host import Host
from hostcheck.model.result import (
    Answer,
    Command,
    Manual,
    Result,
    Severity,
    Status,
    Unseen,
    gravest_of,
    root_causes,
)
from hostcheck.model.run import (
    KIND_OF_GPU,
    Candidate,
    HostReport,
    OpenedOneByOne,
    Outcome,
    PowerOn,
    Preflight,
    Run,
    called,
    silent,
)
from hostcheck.reports import words

LARGEST_PAGE = 100
"""Hosts that one page tells everything of; a report of more is an index and a page per host."""
NAMED = 8
"""Hosts that a step or cause names; of the others it knows the number."""
NOTHING = "Nothing is known of them"
_ADDRESS = re.compile(r"\b[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]\b")


@dataclass(frozen=True, slots=True)
class Group:
    """The results of one check with one status on one host: one entry of a report."""

    check: str
    title: str
    family: str
    status: Status
    severity: Severity
    manual: Manual | None
    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: a failing check, wherever it fails, with everything that mends it."""

    check: str
    title: str
    severity: Severity
    fix: str
    needs: tuple[str, ...]
    hosts: tuple[tuple[str, int], ...]
    """The first host names and how many subjects fail there."""
    host_count: int
    commands: tuple[Command, ...]
    """The different commands of the first hosts, in the order met."""
    command_count: int
    """Different commands of all hosts."""
    example: tuple[Command, ...]
    """The commands of the first subject."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason for not knowing, and everything that was not judged because of it."""

    why: str
    privilege: str
    detail: str
    """The commonest original words."""
    count: int
    required: int
    checks: tuple[str, ...]
    hosts: tuple[str, ...]
    """The first host names."""
    host_count: int

    @property
    def settled_by(self) -> str:
        """What would settle it, in a few words; empty when nothing here would."""
        return words.settled_by(self.why, self.privilege)

    @property
    def sentence(self) -> str:
        """The cause in a few words."""
        if self.privilege:
            return f"Missing: {words.one_line(self.privilege)}"
        told = words.why_words(self.why)
        return f"{told}: {words.one_line(self.detail)}" if self.detail else told


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what should be judged was judged."""

    counts: dict[Status, int]
    causes: tuple[Cause, ...]

    @property
    def judged(self) -> int:
        """Results with an answer."""
        return self.counts[Status.PASS] + self.counts[Status.FAIL]

    @property
    def wanted(self) -> int:
        """Results that should have an answer: all but those that do not apply."""
        return sum(self.counts.values()) - self.counts[Status.NOT_APPLICABLE]

    @property
    def blind(self) -> int:
        """Results without an answer."""
        return self.counts[Status.UNKNOWN] + self.counts[Status.ERROR]


@dataclass(frozen=True, slots=True)
class Drift:
    """One property in which hosts differ: the commonest value, and who has another."""

    topic: str
    common: str
    share: int
    of: int
    others: tuple[tuple[str, tuple[str, ...]], ...]


HOST_REBOOT = "host reboot"
PHASES = (
    ("HOST-001",),
    ("PCI", "NUMA"),
    ("GPU",),
    ("DRV",),
    ("ECC", "MIG"),
    ("GFX",),
    ("HOST-003", "HOST-004"),
    ("VGPU", "VM", "LOC"),
    ("HOST-002",),
)
"""The order of work, by family or check: BIOS before driver, driver before modes, modes before
graphics type, and the end of the maintenance last. Others stand with the last but one."""
STALE_DAYS = 180
"""Age at which a catalogue may miss boards, profiles and releases that hosts have."""


def catalogue_age(run: Run) -> int | None:
    """Return how many days older than the answers the catalogue is; None without two dates."""
    try:
        asked = date.fromisoformat(run.last_answer_at[: len("2026-11-21")])
        return (asked - date.fromisoformat(run.catalogue_edition)).days
    except ValueError:
        return None


def catalogue(run: Run) -> str:
    """Name the catalogue's edition and its age."""
    age = catalogue_age(run)
    return run.catalogue_edition if age is None else f"{run.catalogue_edition} ({_days(age)})"


def _days(age: int) -> str:
    return f"{words.count(age, 'day')} old" if age > 0 else "newer than the answers"


def named(run: Run) -> Run:
    """Return a run whose hosts go by name and vCenter, where it asked several."""
    if len(run.targets) < 2:
        return run
    asked = run.preflight
    if asked is not None:
        candidates = tuple(
            replace(one, host=called(one.host, one.target)) for one in asked.candidates
        )
        asked = replace(asked, candidates=candidates)
    hosts = OpenedOneByOne(len(run.hosts), lambda number: _named(run.hosts[number]))
    return replace(run, hosts=hosts, preflight=asked)


def _named(report: HostReport) -> HostReport:
    host = report.host
    return replace(report, host=replace(host, name=called(host.name, host.target)))


def ended(run: Run) -> str:
    """Say what kept a run from its other hosts."""
    return words.one_line(run.ended) or "the run was interrupted"


def _sentence(told: str) -> str:
    return told[:1].upper() + told[1:]


def notices(run: Run) -> tuple[str, ...]:
    """Return what the reader must know of the run itself."""
    told = list(run.notices)
    told += [
        words.one_line(f"{one.name} could not be asked: {one.failure}. Its hosts were not asked.")
        for one in silent(run.targets)
    ]
    if run.unasked:
        names = ", ".join(words.one_line(name) for name in run.unasked[:NAMED])
        more = f" and {len(run.unasked) - NAMED} more" if len(run.unasked) > NAMED else ""
        told.append(f"{_sentence(ended(run))} before {names}{more} could be asked. {NOTHING}.")
    age = catalogue_age(run)
    if age is not None and age > STALE_DAYS:
        told.append(
            f"The catalogue was {age} days old when the hosts answered. It may not know their "
            "GPUs, vGPU profiles or driver releases: update hostcheck."
        )
    return tuple(told)


@dataclass(frozen=True, slots=True)
class Summary:
    """A run in a few words."""

    verdict: Answer
    """Of the preflight, else of the worst host; a host that was left out makes a GO unsure."""
    headline: str
    """The answer to the first question in one sentence: may I power on?"""
    reason: str
    """The one reason behind the verdict."""
    tally: tuple[tuple[Answer, int], ...]
    """Hosts by verdict."""
    steps: tuple[Step, ...]
    """What there is to do: gravest first, in the order in which it is to be done."""
    one_window: tuple[int, ...]
    """Numbers of the steps that one reboot of the host serves together."""
    proven: tuple[str, ...]
    """Titles of the required checks that pass where the VM of a preflight may start."""
    coverage: Coverage
    drifts: tuple[Drift, ...]


def of(run: Run, also: Callable[[HostReport], None] = lambda _: None) -> Summary:
    """Walk over the hosts of a run once and say what it comes to.

    `also` is given every host on the way: a host that lies on disk is opened on every walk anew.
    """
    tally = Counter(dict.fromkeys(Answer, 0))
    reasons = {answer: _Reasons() for answer in Answer}
    todo, sight, drifting = _Steps(run.checks), _Sight(), _Drifts()
    asked = run.preflight
    for report in run.hosts:
        tally[report.verdict] += 1
        reasons[report.verdict].add(report)
        drifting.add(report.host)
        also(report)
        if asked is None:
            todo.add(report.host.name, report.results)
            sight.add(report.host.name, report.results)
    if asked is not None:
        for candidate in asked.candidates[:1]:
            todo.add(candidate.host, candidate.results)
            sight.add(candidate.host, candidate.results)
    answer = _verdict(run, tally)
    steps = todo.steps()
    return Summary(
        verdict=answer,
        headline=_headline(run, tally),
        reason=_reason(run, answer, reasons[answer]),
        tally=tuple((one, tally[one]) for one in Answer),
        steps=steps,
        one_window=one_window(steps),
        proven=proven(run),
        coverage=sight.coverage(),
        drifts=drifting.drifts(),
    )


OPINION = "VC-001"
"""The check that holds vCenter's own opinion of a power-on."""
_BECAME = {
    Outcome.STARTED: Answer.GO,
    Outcome.RUNS: Answer.GO,
    Outcome.FAILED: Answer.NO_GO,
    Outcome.UNKNOWN: Answer.UNSURE,
}
"""What a power-on proved, whatever its preflight had said."""


def _verdict(run: Run, tally: Mapping[Answer, int]) -> Answer:
    if run.power_on is not None and run.power_on.outcome in _BECAME:
        return _BECAME[run.power_on.outcome]
    if run.preflight is not None:
        return run.preflight.verdict
    if (run.unasked or silent(run.targets)) and not tally[Answer.NO_GO]:
        return Answer.UNSURE
    return gravest_of(answer for answer, count in tally.items() if count)


def _headline(run: Run, tally: Mapping[Answer, int]) -> str:
    if run.preflight is not None:
        sent, asked = run.power_on, run.preflight
        return _start_headline(asked.vm, sent) if sent else _preflight_headline(asked)
    if run.unasked or silent(run.targets):
        told = _left_out(run)
        failing = tally[Answer.NO_GO]
        return f"{told}, and {failing} {_are(failing)} not ready for vGPU VMs" if failing else told
    if not run.hosts:
        return "No host was found, so nothing can be said"
    total = sum(tally.values()) - tally[Answer.NO_GPU]
    if len(run.hosts) == 1:
        name = words.one_line(run.hosts[0].host.name)
        return {
            Answer.GO: f"{name} is ready for vGPU VMs",
            Answer.NO_GO: f"{name} is not ready for vGPU VMs",
            Answer.UNSURE: f"Whether {name} is ready could not be settled",
            Answer.NO_GPU: f"{name} has no NVIDIA GPU",
        }[run.hosts[0].verdict]
    if failing := tally[Answer.NO_GO]:
        return f"{failing} of {total} hosts {_are(failing)} not ready for vGPU VMs"
    if unsure := tally[Answer.UNSURE]:
        return f"For {unsure} of {total} hosts it could not be settled"
    if not total:
        return f"None of {len(run.hosts)} hosts has an NVIDIA GPU"
    return f"All {total} hosts with NVIDIA GPUs are ready for vGPU VMs"


def _left_out(run: Run) -> str:
    """Say how much of what was to be asked was not."""
    if not run.unasked:
        return f"{len(silent(run.targets))} of {len(run.targets)} vCenters could not be asked"
    done, all_ = len(run.hosts), len(run.hosts) + len(run.unasked)
    how = "Cut short" if run.ended else "Interrupted"
    return f"{how}: {done} of {words.count(all_, 'host')} {_were(done)} asked"


def _preflight_headline(asked: Preflight) -> str:
    name = words.one_line(asked.vm)
    best = [candidate for candidate in asked.candidates if candidate.verdict is Answer.GO]
    if asked.verdict is Answer.GO:
        first = min(best, key=lambda candidate: candidate.rank, default=None)
        if first is not None and any(
            one.check == OPINION and one.status is Status.FAIL for one in first.results
        ):
            return f"{name} lacks nothing that was read, but vCenter objects"
        where = words.one_line(first.host) if first is not None else ""
        return f"{name} may be powered on{', best on ' + where if where else ''}"
    if asked.verdict is Answer.NO_GO:
        return f"{name} would not start"
    return f"Whether {name} would start could not be settled"


def _start_headline(vm: str, told: PowerOn) -> str:
    name = words.one_line(vm)
    on = f" on {words.one_line(told.host)}" if told.host else ""
    return {
        Outcome.STARTED: f"{name} was started{on}",
        Outcome.RUNS: f"{name} runs already{on}",
        Outcome.NOT_SENT: f"{name} was not started",
        Outcome.FAILED: f"{name} did not start",
        Outcome.UNKNOWN: f"Whether {name} started is not known",
    }[told.outcome]


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def host_reason(report: HostReport, titles: Mapping[str, str]) -> str:
    """Return the one reason behind the verdict on one host."""
    found = _Reasons()
    found.add(report)
    return found.sentence(report.verdict, titles, several=False)


def _reason(run: Run, answer: Answer, found: "_Reasons") -> str:
    if run.power_on is not None:
        return words.one_line(run.power_on.words)
    if run.preflight is not None:
        return words.one_line(run.preflight.summary)
    if run.unasked and not found.hosts:
        left = words.count(len(run.unasked), "host")
        return f"{_sentence(ended(run))} before {left} could be asked. {NOTHING}."
    if silent(run.targets) and not found.hosts:
        names = ", ".join(words.one_line(one.name) for one in silent(run.targets))
        return f"Whether the hosts of {names} are ready is not known."
    titles = {manual.id: manual.title for manual in run.checks}
    return found.sentence(answer, titles, several=len(run.hosts) + len(run.unasked) > 1)


@dataclass(slots=True)
class _Told:
    """Required results of one check with one status: how many, on how many hosts, the first."""

    first: Result
    count: int = 0
    hosts: int = 0


class _Reasons:
    """What hosts with the same verdict have against them."""

    def __init__(self) -> None:
        self.hosts = 0
        self._found: dict[Status, dict[str, _Told]] = {}
        self._passes = self._flaws = 0

    def add(self, report: HostReport) -> None:
        self.hosts += 1
        here: set[tuple[Status, str]] = set()
        for result in report.results:
            self._flaws += result.status is Status.FAIL
            if result.severity is not Severity.REQUIRED:
                continue
            self._passes += result.status is Status.PASS
            told = self._found.setdefault(result.status, {}).setdefault(result.check, _Told(result))
            told.count += 1
            told.hosts += (result.status, result.check) not in here
            here.add((result.status, result.check))

    def sentence(self, answer: Answer, titles: Mapping[str, str], *, several: bool) -> str:
        if answer is Answer.NO_GPU:
            return "There is no GPU that could serve a vGPU, so nothing was to be judged."
        for status in (Status.FAIL, Status.ERROR, Status.UNKNOWN):
            found = self._found.get(status)
            if found:
                # of equally many the first: `max` keeps it, and checks stand in the order met
                check = max(found, key=lambda key: found[key].count)
                on = f" on {words.count(found[check].hosts, 'host')}" if several else ""
                return (
                    f"{words.one_line(titles.get(check, check))} ({check}) "
                    f"{_verb(status)}{on}: {_because(found[check].first)}"
                )
        if not self._passes:
            return "No required check gave an answer."
        passes = f"Every required check that applies passes: {words.count(self._passes, 'result')}."
        if not self._flaws:
            return passes
        return f"{passes} {words.count(self._flaws, 'recommended result')} fail."


def _verb(status: Status) -> str:
    return {Status.FAIL: "fails", Status.ERROR: "crashed"}.get(status, "is unknown")


def _because(result: Result) -> str:
    name = words.one_line(result.subject.name)
    if result.status is Status.FAIL:
        return words.one_line(f"{name}: {result.observed}; expected: {result.expected}.")
    if result.unseen is not None:
        why = words.why_words(result.unseen.why).lower()
        told = ", ".join(part for part in (why, result.unseen.detail.rstrip(". ")) if part)
        return words.one_line(f"{name}: {told}.")
    return words.one_line(f"{name}: {result.trace or result.note}")


def groups(run: Run, results: Iterable[Result]) -> tuple[Group, ...]:
    """Gather results by check and status: fails first, then what is not known, then the rest."""
    manuals = {manual.id: manual for manual in run.checks}
    order = {manual.id: number for number, manual in enumerate(run.checks)}
    found: dict[tuple[str, Status], list[Result]] = {}
    for result in results:
        found.setdefault((result.check, result.status), []).append(result)
    made = []
    for (check, status), members in found.items():
        manual = manuals.get(check)
        made.append(
            Group(
                check, manual.title if manual else check, manual.family if manual else "",
                status, members[0].severity, manual, tuple(members),
            )
        )  # fmt: skip
    return tuple(
        sorted(
            made,
            key=lambda group: (
                words.WORST_FIRST.index(group.status),
                words.GRAVEST_FIRST.index(group.severity),
                order.get(group.check, len(order)),
                group.check,
            ),
        )
    )


def _phase(check: str) -> int:
    """Return when in the order of work a check's fix has its place."""
    family = check.partition("-")[0]
    return next(
        (number for number, names in enumerate(PHASES) if check in names or family in names),
        len(PHASES) - 2,
    )


def one_window(found: Sequence[Step]) -> tuple[int, ...]:
    """Return the numbers, from 1, of the steps that one reboot of the host serves together."""
    numbers = tuple(n for n, step in enumerate(found, 1) if HOST_REBOOT in step.needs)
    return numbers if len(numbers) > 1 else ()


def proven(run: Run) -> tuple[str, ...]:
    """Return the titles of the required checks that pass where the VM of a preflight may start."""
    if run.preflight is None or not run.preflight.candidates:
        return ()
    titles = {manual.id: manual.title for manual in run.checks}
    passed = [
        result.check
        for result in run.preflight.candidates[0].results
        if result.status is Status.PASS and result.severity is Severity.REQUIRED
    ]
    return tuple(f"{titles.get(check, check)} [{check}]" for check in dict.fromkeys(passed))


@dataclass(frozen=True, slots=True)
class Choice:
    """Candidates of a preflight that have the same verdict for the same reason."""

    first: Candidate
    others: tuple[Candidate, ...]


def choices(asked: Preflight) -> tuple[Choice, ...]:
    """Return the candidates, best first; those on which nothing can be done are one."""
    found: list[list[Candidate]] = []
    for candidate in sorted(asked.candidates, key=lambda one: (one.rank, one.host)):
        same = found and _hopeless(candidate) and _hopeless(found[-1][0])
        if same:
            found[-1].append(candidate)
        else:
            found.append([candidate])
    return tuple(Choice(first, tuple(others)) for first, *others in found)


def _hopeless(candidate: Candidate) -> bool:
    """Say whether a host has no GPU of the VM's kind."""
    return any(one.check == KIND_OF_GPU and one.status is Status.FAIL for one in candidate.results)


@dataclass(slots=True)
class _Todo:
    severity: Severity
    example: tuple[Command, ...]
    hosts: dict[str, int] = field(default_factory=dict)
    host_count: int = 0
    commands: dict[Command, None] = field(default_factory=dict)
    marks: set[int] = field(default_factory=set)


class _Steps:
    """What fails, by check. A fail that goes with the mending of another is no step of its own."""

    def __init__(self, manuals: Sequence[Manual]) -> None:
        self._manuals = manuals
        self._failing: dict[str, _Todo] = {}

    def add(self, name: str, results: Iterable[Result]) -> None:
        """Note what is to be done on a host, or on the host of a candidate."""
        fails = [result for result in results if result.status is Status.FAIL]
        listed: set[int] = set()
        here: dict[str, int] = {}
        for severity in words.GRAVEST_FIRST:
            grave = [one for one in fails if one.severity is severity]
            for result in root_causes(grave, fails, self._manuals):
                todo = self._failing.setdefault(result.check, _Todo(severity, result.fix))
                todo.severity = min(todo.severity, severity, key=words.GRAVEST_FIRST.index)
                if id(result) in listed:
                    continue
                listed.add(id(result))
                here[result.check] = here.get(result.check, 0) + 1
                for command in result.fix:
                    todo.marks.add(hash((command.tool, command.text)))
                    if todo.host_count < LARGEST_PAGE:
                        todo.commands[command] = None
        for check, number in here.items():
            todo = self._failing[check]
            todo.host_count += name not in todo.hosts
            if len(todo.hosts) < NAMED or name in todo.hosts:
                todo.hosts[name] = todo.hosts.get(name, 0) + number

    def steps(self) -> tuple[Step, ...]:
        """Return what there is to do: gravest first, in the order in which it is to be done."""
        manuals = {manual.id: manual for manual in self._manuals}
        made = []
        for check, todo in self._failing.items():
            manual = manuals.get(check)
            made.append(
                Step(
                    check=check,
                    title=manual.title if manual else check,
                    severity=todo.severity,
                    fix=manual.fix if manual else "",
                    needs=manual.needs if manual else (),
                    hosts=tuple(todo.hosts.items()),
                    host_count=todo.host_count,
                    commands=tuple(todo.commands),
                    command_count=len(todo.marks),
                    example=todo.example,
                )
            )
        return tuple(
            sorted(
                made,
                key=lambda step: (
                    words.GRAVEST_FIRST.index(step.severity),
                    _phase(step.check),
                    -step.host_count,
                    step.check,
                ),
            )
        )


@dataclass(slots=True)
class _Blind:
    count: int = 0
    required: int = 0
    details: dict[str, None] = field(default_factory=dict)
    checks: set[str] = field(default_factory=set)
    hosts: list[str] = field(default_factory=list)
    host_count: int = 0


class _Sight:
    """What was judged and what was not, by the reason."""

    def __init__(self) -> None:
        self._tally: Counter[Status] = Counter()
        self._blind: dict[tuple[str, str, str], _Blind] = {}

    def add(self, name: str, results: Iterable[Result]) -> None:
        here = set()
        for result in results:
            self._tally[result.status] += 1
            seen = result.unseen
            if result.status is Status.UNKNOWN:
                key = (seen.why, seen.privilege, _kind(seen)) if seen else ("", "", "")
            elif result.status is Status.ERROR:
                key = ("The check itself failed", "", "")
            else:
                continue
            blind = self._blind.setdefault(key, _Blind())
            blind.count += 1
            blind.required += result.severity is Severity.REQUIRED
            blind.checks.add(result.check)
            if seen and seen.detail and len(blind.details) < 2:  # one, or several: no more
                blind.details[seen.detail] = None
            if key not in here:
                here.add(key)
                blind.host_count += 1
                if len(blind.hosts) < NAMED:
                    blind.hosts.append(name)

    def coverage(self) -> Coverage:
        causes = [
            Cause(
                why=why,
                privilege=privilege,
                detail=next(iter(blind.details)) if len(blind.details) == 1 else kind,
                count=blind.count,
                required=blind.required,
                checks=tuple(sorted(blind.checks)),
                hosts=tuple(blind.hosts),
                host_count=blind.host_count,
            )
            for (why, privilege, kind), blind in self._blind.items()
        ]
        return Coverage(
            counts={status: self._tally[status] for status in Status},
            causes=tuple(sorted(causes, key=lambda c: (-c.required, -c.count, c.why, c.privilege))),
        )


def _kind(unseen: Unseen) -> str:
    """Return what unlike devices have in common: the detail without their addresses.

    A missing privilege or service is one cause, whatever was said with it.
    """
    return "" if unseen.privilege else _ADDRESS.sub("a device", unseen.detail)


def beyond(run: Run) -> dict[str, tuple[tuple[Result, ...], tuple[Source, ...]]]:
    """Return what the reports on hosts do not hold of their candidates, with its sources.

    By the name of the host, in one walk over the hosts.
    """
    told = () if run.preflight is None else run.preflight.candidates
    found: dict[str, tuple[tuple[Result, ...], tuple[Source, ...]]] = {
        candidate.host: (candidate.results, ()) for candidate in told
    }
    for report in run.hosts if found else ():
        if report.host.name in found:
            held = {(r.check, r.subject.kind, r.subject.id) for r in report.results}
            results, _ = found[report.host.name]
            own = (r for r in results if (r.check, r.subject.kind, r.subject.id) not in held)
            found[report.host.name] = tuple(own), report.host.sources
    return found


class _Drifts:
    """Values of the properties in which hosts of one fleet should not differ."""

    def __init__(self) -> None:
        self._holders: dict[str, dict[str, list[str]]] = {topic: {} for topic in TOPICS}

    def add(self, host: Host) -> None:
        for topic, value_of in TOPICS.items():
            value = value_of(host)
            if value:
                self._holders[topic].setdefault(value, []).append(host.name)

    def drifts(self) -> tuple[Drift, ...]:
        """Return the properties in which the hosts differ, unknown values aside."""
        found = []
        for topic, holders in self._holders.items():
            if len(holders) < 2:
                continue
            ranked = sorted(holders.items(), key=lambda item: (-len(item[1]), item[0]))
            found.append(
                Drift(
                    topic, ranked[0][0], len(ranked[0][1]), sum(map(len, holders.values())),
                    tuple((value, tuple(names)) for value, names in ranked[1:]),
                )
            )  # fmt: skip
        return tuple(found)


def _text(*facts: Fact[Any]) -> str:
    return " ".join(str(fact.value) for fact in facts if isinstance(fact, Known))


def gpu_names(host: Host) -> str:
    """Return the GPUs of a host by kind, in one line."""
    if not isinstance(host.gpus, Known):
        return ""
    tally = Counter(gpu.name for gpu in host.gpus.value)
    return ", ".join(f"{tally[name]} x {name}" for name in sorted(tally)) or "none"


def _nodes_per_package(host: Host) -> str:
    nodes, packages = host.numa_node_count, host.package_count
    if isinstance(nodes, Known) and isinstance(packages, Known) and packages.value:
        return f"{nodes.value / packages.value:g}"
    return ""


TOPICS: dict[str, Callable[[Host], str]] = {
    "ESXi build": lambda host: _text(host.version, host.build),
    "vGPU manager": lambda host: _text(host.driver_version),
    "Model": lambda host: _text(host.vendor, host.model),
    "BIOS": lambda host: _text(host.bios_version),
    "GPUs": gpu_names,
    "NUMA nodes per package": _nodes_per_package,
    "Default graphics type": lambda host: _text(host.graphics_default),
    "Assignment policy": lambda host: _text(host.assignment_policy),
}
