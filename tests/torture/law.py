"""The law: losing information never makes a report claim more.

No fail and no unknown becomes a pass or goes out of sight, no pass becomes a fail, no check
crashes, and every unknown names its cause.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from hostcheck.model.fact import Known, Unknown
from hostcheck.model.result import Answer, Result, Status
from hostcheck.model.run import HostReport
from hostcheck.preflight.judge import candidate_of

MAY_BECOME = {
    Answer.GO: {Answer.GO, Answer.UNSURE},
    Answer.NO_GPU: {Answer.NO_GPU, Answer.UNSURE},
    Answer.NO_GO: {Answer.NO_GO, Answer.UNSURE},
    Answer.UNSURE: {Answer.UNSURE},
}
OPEN = (Status.FAIL, Status.UNKNOWN, Status.ERROR)


def betrayals(before: HostReport, after: HostReport) -> list[str]:
    """Return how the poorer report claims more than the richer one."""
    was = {(one.check, one.subject.kind, one.subject.id): one.status for one in before.results}
    found = []
    for one in after.results:
        told = f"{one.check} {one.subject.kind} {one.subject.id}"
        old = was.pop((one.check, one.subject.kind, one.subject.id), None)
        if one.status is Status.ERROR and old is not Status.ERROR:
            found.append(f"{told}: crashed, {one.trace}")
        elif old is not None and one.status not in (old, Status.UNKNOWN):
            found.append(f"{told}: {old.value} became {one.status.value}")
        if one.status is Status.UNKNOWN and not (
            one.unseen is not None and one.unseen.why and one.unseen.detail
        ):
            found.append(f"{told}: unknown without a cause")
    found += vanished(was, after)
    return found + verdicts(before.verdict, after.verdict, "host")


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
    vms = report.host.vms.value if isinstance(report.host.vms, Known) else ()
    of_vms: dict[str, list[Result]] = {vm.id: [] for vm in vms if vm.vgpus or vm.passthroughs}
    of_all = [one for one in report.results if one.subject.kind in ("host", "gpu")]
    for one in report.results:
        if one.subject.kind == "vm" and one.subject.id in of_vms:
            of_vms[one.subject.id].append(one)
    return {
        vm.id: candidate_of(
            vm.id, vm.name, replace(report, results=(*of_all, *of_vms[vm.id]))
        ).verdict
        for vm in vms
        if vm.id in of_vms
    }


class Richer:
    """A host before anything is lost: its report, and whether its VMs start."""

    def __init__(self, report: HostReport) -> None:
        self.report, self.starts = report, starts(report)

    def betrayed(self, after: HostReport) -> list[str]:
        """Return how a poorer report claims more, of the host or of a power-on."""
        found = betrayals(self.report, after)
        for vm_id, answer in starts(after).items():
            if vm_id in self.starts:
                found += verdicts(self.starts[vm_id], answer, f"power-on of {vm_id}")
        return found
