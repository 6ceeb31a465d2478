"""What a run comes to: the verdict and its one reason, the steps that mend it, how sure it is.

The report for people and the report for terminals tell the same story; it is made here, once, in
one walk over the hosts. What is kept of them is counts and the first few names.
"""

from collections import Counter
from collections.abc import Callable, Mapping

from msgspec import Struct

from hostcheck.model.drift import Drift
from hostcheck.model.excuses import Excuses
from hostcheck.model.host import Host
from hostcheck.model.result import Answer
from hostcheck.model.run import HostReport, Run
from hostcheck.reports.summary.about import catalogue, ended, named, notices
from hostcheck.reports.summary.drifts import Drifts, drifts_of
from hostcheck.reports.summary.groups import Group, Grouping, beside, beyond, choices, proven
from hostcheck.reports.summary.headline import headline_of, verdict_of
from hostcheck.reports.summary.plans import HostPlan, plan_of, plans_of, reboots
from hostcheck.reports.summary.readiness import Readiness, Ready
from hostcheck.reports.summary.reasons import Reasons, host_reason, reason_of
from hostcheck.reports.summary.sight import Cause, Coverage, Sight, causes
from hostcheck.reports.summary.sizes import LARGEST_PAGE
from hostcheck.reports.summary.steps import FixStep, Steps
from hostcheck.reports.summary.waived import use_words, uses, waived_words
from hostcheck.runbrief import Brief, brief_of, briefs
from hostcheck.runlines import DRIFT, Kept, kind_of

__all__ = [
    "LARGEST_PAGE", "Cause", "Group", "Grouping", "HostPlan", "Summary", "beside", "beyond",
    "catalogue", "causes", "choices", "drifts_of", "ended", "host_reason", "named", "notices", "of",
    "of_whole", "plan_of", "plans_of", "proven", "reboots", "use_words", "uses", "waived_words",
]  # fmt: skip


class Summary(Struct, frozen=True):
    """A run in a few words."""

    verdict: Answer
    """Of the preflight, else of the worst host; a host that was left out makes a GO unsure."""
    headline: str
    """The answer to the first question in one sentence: may I power on?"""
    reason: str
    """The one reason behind the verdict."""
    tally: tuple[tuple[Answer, int], ...]
    """Hosts by verdict."""
    steps: tuple[FixStep, ...]
    """What there is to do: gravest first, in the order in which it is to be done."""
    by_host: Mapping[str, tuple[str, ...]]
    """The checks that the steps of each host mend."""
    proven: tuple[str, ...]
    """Titles of the required checks that pass where the VM of a preflight may start."""
    coverage: Coverage
    ready: Readiness
    """Hosts by what it takes before they start VMs."""
    drifts: tuple[Drift, ...]

    @property
    def plans(self) -> tuple[HostPlan, ...]:
        """What the steps come to on each host, in an order that can be followed."""
        return plans_of(self.steps, self.by_host)


def of(
    run: Run, also: Callable[[Brief[Host]], None] = lambda _: None, kept: Kept = DRIFT
) -> Summary:
    """Walk over the hosts of a run once and say what it comes to.

    `also` is given every host on the way, with the facts that are kept: what hosts are compared by,
    and more where `also` tells more.
    """
    sums = _Sums(run)
    for one in briefs(run, kind_of(kept)):
        sums.add(one)
        also(one)
    return sums.summary()


def of_whole(run: Run, also: Callable[[HostReport], None]) -> Summary:
    """Return the same of hosts that `also` needs whole: one that lies on disk is opened once."""
    sums = _Sums(run)
    for report in run.hosts:
        sums.add(brief_of(report))
        also(report)
    return sums.summary()


class _Sums:
    """What a run comes to, host by host."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._tally = Counter(dict.fromkeys(Answer, 0))
        self._reasons = {answer: Reasons(run.checks) for answer in Answer}
        self._todo, self._sight, self._drifting = Steps(run.checks), Sight(), Drifts(run.target)
        self._excuses, self._ready = Excuses(run), Ready(run.checks)

    def add(self, one: Brief[Host]) -> None:
        host, name = one.host, one.host.name
        left = self._excuses.left_of((name, host.target), one.open)
        self._tally[one.verdict] += 1
        self._reasons[one.verdict].add(name, one.open, one.passes)
        self._drifting.add(host)
        self._ready.add(one, left)
        if self._run.preflight is None:
            self._todo.add(name, left)
            self._sight.add(name, one.open, one.counts)

    def summary(self) -> Summary:
        run = self._run
        if run.preflight is not None:
            for candidate in run.preflight.candidates[:1]:
                counts = Counter(one.status for one in candidate.results)
                self._todo.add(candidate.host, candidate.results)
                self._sight.add(candidate.host, candidate.results, counts)
        answer = verdict_of(run, self._tally)
        return Summary(
            verdict=answer,
            headline=headline_of(run, self._tally),
            reason=reason_of(run, answer, self._reasons[answer]),
            tally=tuple((one, self._tally[one]) for one in Answer),
            steps=self._todo.steps(),
            by_host=self._todo.by_host,
            proven=proven(run),
            coverage=self._sight.coverage(),
            ready=self._ready.readiness(),
            drifts=self._drifting.drifts(),
        )
