"""From results to a verdict."""

from hostcheck import catalog
from hostcheck.checks.engine import run_all
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.host import Host
from hostcheck.model.result import Answer, Severity, verdict_of
from hostcheck.model.run import HostReport


def report_of(host: Host) -> HostReport:
    """Judge one host."""
    results = run_all(host, catalog.requirements())
    if _without_gpu(host):
        return HostReport(Answer.NO_GPU, host, results)
    required = [one.status for one in results if one.severity is Severity.REQUIRED]
    return HostReport(verdict_of(required), host, results)


def _without_gpu(host: Host) -> bool:
    """Say whether a host has no GPU, and neither its VMs nor vSphere's own list miss one there."""
    if isinstance(host.gpus, Unknown) or host.gpus.value or isinstance(host.vms, Unknown):
        return False
    offered = host.profiles_offered
    names_one = bool(offered.value) if isinstance(offered, Known) else offered.why is not Why.ABSENT
    return not names_one and not any(
        isinstance(vm.host_id, Unknown) or vm.host_id.value == host.id for vm in host.vms.value
    )
