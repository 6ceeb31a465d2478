"""The one reason behind a verdict, of a host or of a run."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from hostcheck.model.result import (
    Answer,
    Manual,
    Result,
    Roots,
    Severity,
    Status,
)
from hostcheck.model.run import (
    HostReport,
    Outcome,
    Run,
    silent,
)
from hostcheck.reports import words
from hostcheck.reports.summary.about import ended, sentence
from hostcheck.reports.summary.sizes import NOTHING


def host_reason(run: Run, report: HostReport, titles: Mapping[str, str]) -> str:
    """Return the one reason behind the verdict on one host: of a preflight's, its candidate's."""
    for one in () if run.preflight is None else run.preflight.candidates:
        if (one.host, one.target) == (report.host.name, report.host.target):
            return words.one_line(one.summary)
    found = Reasons(run.checks)
    found.add(report.host.name, report.results)
    return found.sentence(report.verdict, titles, several=False)


def reason_of(run: Run, answer: Answer, found: "Reasons") -> str:
    """Return the reason behind the verdict on a run."""
    if run.power_on is not None:
        note = run.notices[-1] if run.notices else run.power_on.words
        told = run.power_on.words if run.power_on.outcome is Outcome.NOT_SENT else note
        return words.one_line(told)
    if run.preflight is not None:
        return words.one_line(run.preflight.summary)
    if run.unasked and not found.hosts:
        left = words.count(len(run.unasked), "host")
        return f"{sentence(ended(run))} before {left} could be asked. {NOTHING}."
    if silent(run.targets) and not found.hosts:
        names = ", ".join(words.one_line(one.name) for one in silent(run.targets))
        return f"Whether the hosts of {names} are ready is not known."
    titles = {manual.id: manual.title for manual in run.checks}
    return found.sentence(answer, titles, several=len(run.hosts) + len(run.unasked) > 1)


class _Told(Struct):
    """Required results of one check with one status: how many, on how many hosts, the first."""

    first: Result
    where: str
    count: int = 0
    hosts: int = 0


_NOT_KNOWN = (Status.ERROR, Status.UNKNOWN)


class Reasons:
    """What hosts with the same verdict have against them."""

    def __init__(self, manuals: Sequence[Manual]) -> None:
        self.hosts = 0
        self._roots = Roots(manuals)
        self._found: dict[Status, dict[str, _Told]] = {}
        self._passes = self._flaws = 0

    def add(
        self, name: str, results: Iterable[Result], passes: Callable[[], int] = lambda: 0
    ) -> None:
        """Note what a host has against it.

        `passes` counts required results that pass and are not among `results`; it is asked only
        where nothing else is to be said.
        """
        self.hosts += 1
        here: set[tuple[Status, str]] = set()
        every = list(results)
        grave = [one for one in every if one.severity is Severity.REQUIRED]
        self._flaws += sum(one.status is Status.FAIL for one in every)
        failing = (one for one in grave if one.status is Status.FAIL)
        roots = self._roots.of(failing, every)
        self._passes += sum(one.status is Status.PASS for one in grave)
        for result in (*roots, *(one for one in grave if one.status in _NOT_KNOWN)):
            found = self._found.setdefault(result.status, {})
            told = found.get(result.check)
            if told is None:
                told = found[result.check] = _Told(result, words.one_line(name))
            told.count += 1
            told.hosts += (result.status, result.check) not in here
            here.add((result.status, result.check))
        if not self._found:
            self._passes += passes()

    def sentence(self, answer: Answer, titles: Mapping[str, str], *, several: bool) -> str:
        """Return the gravest and commonest reason."""
        if answer is Answer.NO_GPU:
            return "There is no GPU that could serve a vGPU, so nothing was to be judged."
        for status in (Status.FAIL, Status.ERROR, Status.UNKNOWN):
            found = self._found.get(status)
            if found:
                # of equally many the first: `max` keeps it, and checks stand in the order met
                check = max(found, key=lambda key: (found[key].hosts, found[key].count))
                told = found[check]
                on = f" on {words.count(told.hosts, 'host')}" if several else ""
                because = _because(told.first)
                where = f"{told.where}, " if several and told.where not in because else ""
                return (
                    f"{words.one_line(titles.get(check, check))} ({check}) "
                    f"{_verb(status)}{on}: {where}{because}"
                )
        if not self._passes:
            return "No required check gave an answer."
        passes = f"Every required check that applies passes: {words.count(self._passes, 'result')}."
        if not self._flaws:
            return passes
        flaws = words.count(self._flaws, "recommended result fails", "recommended results fail")
        return f"{passes} {flaws}."


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
