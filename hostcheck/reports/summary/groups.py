"""Results that belong together: by check and status, by candidate."""

from collections.abc import Container, Iterable

from msgspec import Struct

from hostcheck.model.capture import Origin
from hostcheck.model.host import Host
from hostcheck.model.result import (
    Manual,
    Result,
    Severity,
    Status,
    deciding,
)
from hostcheck.model.run import (
    Candidate,
    Run,
)
from hostcheck.reports import words
from hostcheck.reports.summary.since import first_seen, known_since

STATUSES = {status: place for place, status in enumerate(words.WORST_FIRST)}
SEVERITIES = {severity: place for place, severity in enumerate(words.GRAVEST_FIRST)}


class Group(Struct, frozen=True):
    """The results of one check with one status on one host: one entry of a report."""

    check: str
    title: str
    family: str
    status: Status
    severity: Severity
    manual: Manual | None
    results: tuple[Result, ...]
    since: str = ""
    """Since when a fail is known, where a history told it."""


class Grouping:
    """Gathers results by check and status."""

    def __init__(self, run: Run) -> None:
        """Take the run that they are of."""
        self._run = run
        self._manuals = {manual.id: manual for manual in run.checks}
        self._order = {manual.id: number for number, manual in enumerate(run.checks)}

    def of(self, results: Iterable[Result], host: Host | None = None) -> tuple[Group, ...]:
        """Return groups: fails first, then what is not known, then the rest.

        `host` is the one that the results are of, where they are all of one.
        """
        times = first_seen(self._run, host) if host is not None else {}
        found: dict[tuple[str, Status], list[Result]] = {}
        for result in results:
            found.setdefault((result.check, result.status), []).append(result)
        made = []
        for (check, status), members in found.items():
            manual = self._manuals.get(check)
            since = known_since(self._run, times, members) if times else ""
            made.append(
                Group(
                    check, manual.title if manual else check, manual.family if manual else "",
                    status, members[0].severity, manual, tuple(members), since,
                )
            )  # fmt: skip
        return tuple(sorted(made, key=self._place))

    def _place(self, group: Group) -> tuple[int, int, int, str]:
        return (
            STATUSES[group.status], SEVERITIES[group.severity],
            self._order.get(group.check, len(self._order)), group.check,
        )  # fmt: skip


class AlikeCandidates(Struct, frozen=True):
    """Candidates of a preflight that have the same verdict for the same reason."""

    first: Candidate
    others: tuple[Candidate, ...]


def beside(candidate: Candidate) -> str:
    """Say what there is of a candidate that does not decide, and yet puts it where it is."""
    left = [
        one
        for one in candidate.results
        if one.severity is not Severity.REQUIRED and one.check not in candidate.summary
    ]
    fails = dict.fromkeys(one.check for one in left if one.status is Status.FAIL)
    blind = {one.check for one in left if one.status in (Status.UNKNOWN, Status.ERROR)}
    told = [f"{words.MARK[Status.FAIL]} {' '.join(fails)}"] if fails else []
    told += [f"{words.MARK[Status.UNKNOWN]} {words.count(len(blind), 'check')}"] if blind else []
    return f"Beside what decides: {'; '.join(told)}." if told else "Nothing else fails."


def choices(run: Run) -> tuple[AlikeCandidates, ...]:
    """Return the candidates, best first; those on which nothing can be done are one."""
    found: list[list[Candidate]] = []
    ruling = {one.id for one in run.checks if one.rules_out}
    asked = () if run.preflight is None else run.preflight.candidates
    for candidate in sorted(asked, key=lambda one: (one.rank, one.host)):
        same = found and _hopeless(candidate, ruling) and _hopeless(found[-1][0], ruling)
        if same:
            found[-1].append(candidate)
        else:
            found.append([candidate])
    return tuple(AlikeCandidates(first, tuple(others)) for first, *others in found)


def _hopeless(candidate: Candidate, ruling: Container[str]) -> bool:
    """Say whether nothing that is done on a host helps the VM: it has no GPU of its kind."""
    return any(one.check in ruling and one.status is Status.FAIL for one in candidate.results)


def beyond(run: Run) -> dict[str, tuple[tuple[Result, ...], tuple[Origin, ...]]]:
    """Return what the reports on hosts do not hold of their candidates, with its sources.

    By the name of the host, in one walk over the hosts.
    """
    told = () if run.preflight is None else run.preflight.candidates
    found: dict[str, tuple[tuple[Result, ...], tuple[Origin, ...]]] = {
        candidate.host: (candidate.results, ()) for candidate in told
    }
    for report in run.hosts if found else ():
        if report.host.name in found:
            held = {(r.check, r.subject.kind, r.subject.id) for r in report.results}
            results, _ = found[report.host.name]
            own = (r for r in results if (r.check, r.subject.kind, r.subject.id) not in held)
            found[report.host.name] = tuple(own), report.host.sources
    return found


def proven(run: Run) -> tuple[str, ...]:
    """Return the titles of the deciding checks that pass where the VM of a preflight may start."""
    if run.preflight is None or not run.preflight.candidates:
        return ()
    titles = {manual.id: manual.title for manual in run.checks}
    passed = [
        result.check
        for result in deciding(run.preflight.candidates[0].results, run.checks)
        if result.status is Status.PASS
    ]
    return tuple(f"{titles.get(check, check)} [{check}]" for check in dict.fromkeys(passed))
