"""The law: losing information never makes a report claim more.

No fail and no unknown becomes a pass or goes out of sight, no pass becomes a fail, no check
crashes, and every unknown names its cause.
"""

from collections.abc import Iterator

from hostcheck.model.fact import Unknown
from hostcheck.model.host import Host
from hostcheck.model.result import Answer, Result, Status
from hostcheck.model.run import HostReport
from hostcheck.verdict import report_of
from tests.rejudging import Judged, Rejudging, start, startable

MAY_BECOME = {
    Answer.GO: {Answer.GO, Answer.UNSURE},
    Answer.NO_GPU: {Answer.NO_GPU, Answer.UNSURE},
    Answer.NO_GO: {Answer.NO_GO, Answer.UNSURE},
    Answer.UNSURE: {Answer.UNSURE},
}
OPEN = (Status.FAIL, Status.UNKNOWN, Status.ERROR)


def betrayals(before: HostReport, after: HostReport) -> list[str]:
    """Return how the poorer report claims more than the richer one.

    A result that is the very one of the richer report claims what it did.
    """
    gone, fresh = _others(before.results, after.results)
    was = {(one.check, one.subject.kind, one.subject.id): one.status for one in gone}
    found = [f"{told}: unknown without a cause" for told in causeless(after.results)]
    for one in fresh:
        told = f"{one.check} {one.subject.kind} {one.subject.id}"
        old = was.pop((one.check, one.subject.kind, one.subject.id), None)
        if one.status is Status.ERROR and old is not Status.ERROR:
            found.append(f"{told}: crashed, {one.trace}")
        elif old is not None and one.status not in (old, Status.UNKNOWN):
            found.append(f"{told}: {old.value} became {one.status.value}")
    if was:
        found += vanished(was, after)
    return found + verdicts(before.verdict, after.verdict, "host")


def _others(
    before: tuple[Result, ...], after: tuple[Result, ...]
) -> tuple[list[Result], list[Result]]:
    """Return what is there before alone and after alone; most are the very same."""
    if len(before) == len(after):
        pairs = [(was, now) for was, now in zip(before, after, strict=True) if was is not now]
        return [was for was, _ in pairs], [now for _, now in pairs]
    of_after, of_before = set(map(id, after)), set(map(id, before))
    gone = [one for one in before if id(one) not in of_after]
    return gone, [one for one in after if id(one) not in of_before]


def causeless(results: tuple[Result, ...]) -> Iterator[str]:
    """Yield what is unknown and does not say why."""
    for one in results:
        if one.status is Status.UNKNOWN and not (
            one.unseen is not None and one.unseen.why and one.unseen.detail
        ):
            yield f"{one.check} {one.subject.kind} {one.subject.id}"


def vanished(left: dict[tuple[str, str, str], Status], after: HostReport) -> Iterator[str]:
    """Yield what was wrong or open and is nowhere now: not even its check says it cannot tell.

    Where the GPUs themselves are not known, nothing is told of what sources say of each.
    """
    blind = isinstance(after.host.gpus, Unknown)
    still = {
        one.check for one in after.results if one.status in OPEN and one.subject.kind == "host"
    }
    for (check, kind, id_), status in left.items():
        if status in OPEN and check not in still and not (kind == "agreement" and blind):
            yield f"{check} {kind} {id_}: {status.value} went out of sight"


def verdicts(before: Answer, after: Answer, what: str) -> list[str]:
    """Say where a verdict got better, or worse than not knowing."""
    return [] if after in MAY_BECOME[before] else [f"{what}: {before.value} became {after.value}"]


def starts(report: HostReport) -> dict[str, Answer]:
    """Judge the power-on of every VM of a host, each by the results that are not of another VM."""
    return {vm.id: start(vm, report) for vm in startable(report.host)}


def whole(host: Host) -> Judged:
    """Judge all of a host."""
    report = report_of(host)
    return Judged(report, starts(report))


def slips(before: Judged, after: Judged) -> list[str]:
    """Return how a poorer host claims more than a richer one, of itself or of a power-on."""
    found = betrayals(before.report, after.report)
    for vm_id, answer in after.starts.items():
        if vm_id in before.starts:
            found += verdicts(before.starts[vm_id], answer, f"power-on of {vm_id}")
    return found


class Richer:
    """A host before anything is lost."""

    def __init__(self, host: Host) -> None:
        self._judge = Rejudging(host)
        self.host, self.report = host, self._judge.before.report

    def betrayed(self, poorer: Host) -> list[str]:
        """Return how the poorer host claims more, of itself or of a power-on."""
        return slips(self._judge.before, self._judge.again(poorer))
