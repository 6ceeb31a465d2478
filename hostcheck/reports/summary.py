"""What a run comes to: the verdict and its one reason, the steps that mend it, how sure it is.

The report for people and the report for terminals tell the same story; it is made here, once.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

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
    root_causes,
)
from hostcheck.model.run import Candidate, HostReport, Preflight, Run
from hostcheck.reports import words

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
    """Host names and how many subjects fail there."""
    commands: tuple[Command, ...]
    """Every different command, in the order met."""
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
KIND_OF_GPU = "VGPU-001"
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


def notices(run: Run) -> tuple[str, ...]:
    """Return what the reader must know of the run itself."""
    age = catalogue_age(run)
    if age is None or age <= STALE_DAYS:
        return run.notices
    old = (
        f"The catalogue was {age} days old when the hosts answered. It may not know their GPUs, "
        "vGPU profiles or driver releases: update hostcheck."
    )
    return (*run.notices, old)


def verdict(run: Run) -> Answer:
    """Return the verdict that leads the report: of the preflight, else of the worst host."""
    if run.preflight is not None:
        return run.preflight.verdict
    given = {report.verdict for report in run.hosts}
    for answer in (Answer.NO_GO, Answer.UNSURE, Answer.GO, Answer.NO_GPU):
        if answer in given:
            return answer
    return Answer.UNSURE


def headline(run: Run) -> str:
    """Answer the first question in one sentence: may I power on?"""
    if run.preflight is not None:
        return _preflight_headline(run.preflight)
    if not run.hosts:
        return "No host was found, so nothing can be said"
    judged = [report for report in run.hosts if report.verdict is not Answer.NO_GPU]
    total = len(judged)
    failing = sum(report.verdict is Answer.NO_GO for report in run.hosts)
    unsure = sum(report.verdict is Answer.UNSURE for report in run.hosts)
    if len(run.hosts) == 1:
        name = words.one_line(run.hosts[0].host.name)
        return {
            Answer.GO: f"{name} is ready for vGPU VMs",
            Answer.NO_GO: f"{name} is not ready for vGPU VMs",
            Answer.UNSURE: f"Whether {name} is ready could not be settled",
            Answer.NO_GPU: f"{name} has no NVIDIA GPU",
        }[run.hosts[0].verdict]
    if failing:
        return f"{failing} of {total} hosts {_are(failing)} not ready for vGPU VMs"
    if unsure:
        return f"For {unsure} of {total} hosts it could not be settled"
    if not judged:
        return f"None of {len(run.hosts)} hosts has an NVIDIA GPU"
    return f"All {total} hosts with NVIDIA GPUs are ready for vGPU VMs"


def _preflight_headline(asked: Preflight) -> str:
    name = words.one_line(asked.vm)
    best = [candidate for candidate in asked.candidates if candidate.verdict is Answer.GO]
    if asked.verdict is Answer.GO:
        where = words.one_line(min(best, key=lambda c: c.rank).host) if best else ""
        return f"{name} may be powered on{', best on ' + where if where else ''}"
    if asked.verdict is Answer.NO_GO:
        return f"{name} would not start"
    return f"Whether {name} would start could not be settled"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def reason(run: Run) -> str:
    """Return the one reason behind the verdict."""
    if run.preflight is not None:
        return words.one_line(run.preflight.summary)
    if verdict(run) is Answer.NO_GPU:
        return "There is no GPU that could serve a vGPU, so nothing was to be judged."
    leading = [report for report in run.hosts if report.verdict is verdict(run)]
    required = [
        (report.host.name, result)
        for report in leading
        for result in report.results
        if result.severity is Severity.REQUIRED
    ]
    titles = {manual.id: manual.title for manual in run.checks}
    for status in (Status.FAIL, Status.ERROR, Status.UNKNOWN):
        found = [(name, result) for name, result in required if result.status is status]
        if found:
            tally = Counter(result.check for _, result in found)
            check = max(tally, key=lambda key: (tally[key], -_first(found, key)))
            told = next(result for _, result in found if result.check == check)
            names = {name for name, result in found if result.check == check}
            on = f" on {words.count(len(names), 'host')}" if len(run.hosts) > 1 else ""
            return (
                f"{words.one_line(titles.get(check, check))} ({check}) "
                f"{_verb(status)}{on}: {_because(told)}"
            )
    if not any(result.status is Status.PASS for _, result in required):
        return "No required check gave an answer."
    judged = sum(result.status is Status.PASS for _, result in required)
    passes = f"Every required check that applies passes: {words.count(judged, 'result')}."
    flaws = sum(result.status is Status.FAIL for report in leading for result in report.results)
    return f"{passes} {words.count(flaws, 'recommended result')} fail." if flaws else passes


def _first(found: Sequence[tuple[str, Result]], check: str) -> int:
    return next(n for n, (_, result) in enumerate(found) if result.check == check)


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


def steps(run: Run) -> tuple[Step, ...]:
    """Return what there is to do: gravest first, in the order in which it is to be done.

    A fail that goes with the mending of another is no step of its own.
    """
    by_host: dict[str, list[Result]] = {}
    for name, result in _decisive(run):
        if result.status is Status.FAIL:
            by_host.setdefault(name, []).append(result)
    failing: dict[str, list[tuple[str, Result]]] = {}
    gravest: dict[str, Severity] = {}
    for name, fails in by_host.items():
        listed: set[int] = set()
        for severity in words.GRAVEST_FIRST:
            grave = [one for one in fails if one.severity is severity]
            for result in root_causes(grave, fails, run.checks):
                if id(result) not in listed:
                    listed.add(id(result))
                    failing.setdefault(result.check, []).append((name, result))
                grave_before = gravest.get(result.check, severity)
                gravest[result.check] = min(grave_before, severity, key=words.GRAVEST_FIRST.index)
    manuals = {manual.id: manual for manual in run.checks}
    made = []
    for check, found in failing.items():
        manual = manuals.get(check)
        commands = [command for _, result in found for command in result.fix]
        tally = Counter(name for name, _ in found)
        made.append(
            Step(
                check=check,
                title=manual.title if manual else check,
                severity=gravest[check],
                fix=manual.fix if manual else "",
                needs=manual.needs if manual else (),
                hosts=tuple(tally.items()),
                commands=tuple(dict.fromkeys(commands)),
                example=found[0][1].fix,
            )
        )
    return tuple(
        sorted(
            made,
            key=lambda step: (
                words.GRAVEST_FIRST.index(step.severity),
                _phase(step.check),
                -len(step.hosts),
                step.check,
            ),
        )
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


def coverage(run: Run) -> Coverage:
    """Count what was judged and gather why the rest was not."""
    everything = list(_decisive(run))
    blind: dict[tuple[str, str, str], list[tuple[str, Result]]] = {}
    for name, result in everything:
        if result.status is Status.UNKNOWN:
            seen = result.unseen
            key = (seen.why, seen.privilege, _kind(seen)) if seen else ("", "", "")
            blind.setdefault(key, []).append((name, result))
        elif result.status is Status.ERROR:
            blind.setdefault(("The check itself failed", "", ""), []).append((name, result))
    causes = []
    for (why, privilege, kind), found in blind.items():
        details = Counter(r.unseen.detail for _, r in found if r.unseen and r.unseen.detail)
        causes.append(
            Cause(
                why=why,
                privilege=privilege,
                detail=next(iter(details)) if len(details) == 1 else kind,
                count=len(found),
                required=sum(r.severity is Severity.REQUIRED for _, r in found),
                checks=tuple(sorted({r.check for _, r in found})),
                hosts=tuple(dict.fromkeys(name for name, _ in found)),
            )
        )
    tally = Counter(result.status for _, result in everything)
    return Coverage(
        counts={status: tally[status] for status in Status},
        causes=tuple(sorted(causes, key=lambda c: (-c.required, -c.count, c.why, c.privilege))),
    )


def _kind(unseen: Unseen) -> str:
    """Return what unlike devices have in common: the detail without their addresses.

    A missing privilege or service is one cause, whatever was said with it.
    """
    return "" if unseen.privilege else _ADDRESS.sub("a device", unseen.detail)


def beyond(run: Run, name: str, results: Iterable[Result]) -> tuple[Result, ...]:
    """Return the results of a candidate that the report on its host does not hold."""
    held = {
        (r.check, r.subject.kind, r.subject.id)
        for report in run.hosts
        if report.host.name == name
        for r in report.results
    }
    return tuple(r for r in results if (r.check, r.subject.kind, r.subject.id) not in held)


def _decisive(run: Run) -> Iterable[tuple[str, Result]]:
    """Yield what the answer rests on: of a preflight its best candidate, else every host."""
    if run.preflight is None:
        yield from _everything(run)
        return
    for candidate in run.preflight.candidates[:1]:
        for result in candidate.results:
            yield candidate.host, result


def _everything(run: Run) -> Iterable[tuple[str, Result]]:
    for report in run.hosts:
        for result in report.results:
            yield report.host.name, result
    if run.preflight is not None:
        for candidate in run.preflight.candidates:
            for result in beyond(run, candidate.host, candidate.results):
                yield candidate.host, result


def worst(results: Iterable[Result]) -> Status | None:
    """Return the status that stands for several results; a pass never hides an unknown."""
    seen = {result.status for result in results}
    return next((status for status in words.WORST_FIRST if status in seen), None)


def drifts(reports: Sequence[HostReport]) -> tuple[Drift, ...]:
    """Return the properties in which the hosts differ, unknown values aside."""
    topics = (
        ("ESXi build", lambda host: _text(host.version, host.build)),
        ("vGPU manager", lambda host: _text(host.driver_version)),
        ("Model", lambda host: _text(host.vendor, host.model)),
        ("BIOS", lambda host: _text(host.bios_version)),
        ("GPUs", _gpu_names),
        ("NUMA nodes per package", _nodes_per_package),
        ("Default graphics type", lambda host: _text(host.graphics_default)),
        ("Assignment policy", lambda host: _text(host.assignment_policy)),
    )
    found = []
    for topic, value_of in topics:
        holders: dict[str, list[str]] = {}
        for report in reports:
            value = value_of(report.host)
            if value:
                holders.setdefault(value, []).append(report.host.name)
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


def _text(*facts: Fact[str]) -> str:
    return " ".join(str(fact.value) for fact in facts if isinstance(fact, Known))


def _gpu_names(host: Host) -> str:
    if not isinstance(host.gpus, Known):
        return ""
    tally = Counter(gpu.name for gpu in host.gpus.value)
    return ", ".join(f"{tally[name]} x {name}" for name in sorted(tally)) or "none"


def _nodes_per_package(host: Host) -> str:
    nodes, packages = host.numa_node_count, host.package_count
    if isinstance(nodes, Known) and isinstance(packages, Known) and packages.value:
        return f"{nodes.value / packages.value:g}"
    return ""
