"""From results to a verdict."""

from hostcheck import catalog
from hostcheck.capacity import slots_of
from hostcheck.checks.engine import run_again, run_all
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.host import Host
from hostcheck.model.policy import Policy
from hostcheck.model.result import Answer, Result, Severity, verdict_of
from hostcheck.model.run import HostReport
from hostcheck.policy.settle import checks_for


def report_of(host: Host, policy: Policy | None = None, *, starting: bool = False) -> HostReport:
    """Judge one host, by a policy; with `starting` a power-on is the question."""
    checks = checks_for(policy, host.cluster, starting=starting)
    return _judged(host, run_all(host, catalog.requirements(), checks))


def judged_anew(report: HostReport, then: Policy | None, now: Policy | None) -> HostReport:
    """Judge a host of a run by another policy: anew what that changes, and nothing else.

    Checks that the run did not have stay away: of what they need it may know nothing.
    """
    host, there = report.host, {one.check for one in report.results}
    before = {one.id: one for one in checks_for(then, host.cluster)}
    checks = checks_for(now, host.cluster)
    changed = {one.id for one in checks if one.id in there and one != before[one.id]}
    if not changed:
        return report
    again = run_again(report.results, changed, host, catalog.requirements(), checks)
    return _judged(host, again)


def _judged(host: Host, results: tuple[Result, ...]) -> HostReport:
    if _without_gpu(host):
        return HostReport(Answer.NO_GPU, host, results)
    required = [one.status for one in results if one.severity is Severity.REQUIRED]
    return HostReport(
        verdict_of(required), host, results, slots_of(host, catalog.requirements(), results)
    )


def _without_gpu(host: Host) -> bool:
    """Say whether a host has no GPU, and neither its VMs nor vSphere's own list miss one there."""
    if isinstance(host.gpus, Unknown) or host.gpus.value or isinstance(host.vms, Unknown):
        return False
    offered = host.profiles_offered
    names_one = bool(offered.value) if isinstance(offered, Known) else offered.why is not Why.ABSENT
    return not names_one and not any(
        isinstance(vm.host_id, Unknown) or vm.host_id.value == host.id for vm in host.vms.value
    )
