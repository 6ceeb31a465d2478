"""What a run comes to: the verdict and its one reason, the steps that mend it, how sure it is.

The report for people and the report for terminals tell the same story; it is made here, once, in
one walk over the hosts. What is kept of them is counts and the first few names.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from hostcheck.model.drift import Drift
from hostcheck.model.excuses import Excuses
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
from hostcheck.runbrief import judged
from hostcheck.runlines import DRIFT, kind_of

__all__ = [
    "LARGEST_PAGE", "Cause", "Group", "Grouping", "HostPlan", "Summary", "beside", "beyond",
    "catalogue", "causes", "choices", "drifts_of", "ended", "host_reason", "named", "notices", "of",
    "plan_of", "plans_of", "proven", "reboots", "use_words", "uses", "waived_words",
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
    run: Run, also: Callable[[HostReport], None] = lambda _: None, *, whole: bool = False
) -> Summary:
    """Walk over the hosts of a run once and say what it comes to.

    `also` is given every host on the way: a host that lies on disk is opened on every walk anew,
    with all its facts where it is to be `whole`, else with what hosts are compared by.
    """
    tally = Counter(dict.fromkeys(Answer, 0))
    reasons = {answer: Reasons(run.checks) for answer in Answer}
    todo, sight, drifting = Steps(run.checks), Sight(), Drifts(run.target)
    asked = run.preflight
    excuses, ready = Excuses(run), Ready(run.checks)
    for report in run.hosts if whole else _compared(run):
        tally[report.verdict] += 1
        reasons[report.verdict].add(report.host.name, report.results)
        drifting.add(report.host)
        ready.add(report, excuses.left(report))
        also(report)
        if asked is None:
            todo.add(report.host.name, excuses.left(report))
            sight.add(report.host.name, report.results)
    if asked is not None:
        for candidate in asked.candidates[:1]:
            todo.add(candidate.host, candidate.results)
            sight.add(candidate.host, candidate.results)
    answer = verdict_of(run, tally)
    steps = todo.steps()
    return Summary(
        verdict=answer,
        headline=headline_of(run, tally),
        reason=reason_of(run, answer, reasons[answer]),
        tally=tuple((one, tally[one]) for one in Answer),
        steps=steps,
        by_host=todo.by_host,
        proven=proven(run),
        coverage=sight.coverage(),
        ready=ready.readiness(),
        drifts=drifting.drifts(),
    )


def _compared(run: Run) -> Iterator[HostReport]:
    """Yield the hosts with the facts by which those of a cluster are compared."""
    return (HostReport(*one) for one in judged(run, kind_of(DRIFT)))
