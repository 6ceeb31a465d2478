"""One candidate: a VM on one host.

It rests on the required results of the host, of the VM, and of the GPUs that could serve it: one
good GPU is enough, and GPUs that could not serve the VM do not count.
"""

from collections.abc import Iterable

import msgspec

from hostcheck import catalog
from hostcheck.checks.condition import UNASKED, seen_by_its_driver
from hostcheck.checks.engine import all_checks, decides, run_again
from hostcheck.checks.room import surely_full
from hostcheck.checks.subjects import Placement, serving
from hostcheck.checks.vcenter import vcenter_and_verdict_agree
from hostcheck.errors import UsageError, crash
from hostcheck.model.fact import Known, Unknown
from hostcheck.model.host import Host, PhysicalGpu
from hostcheck.model.policy import Policy
from hostcheck.model.result import (
    Answer,
    Result,
    Status,
    deciding,
    root_causes,
    verdict_of,
)
from hostcheck.model.run import Candidate, HostReport
from hostcheck.model.vm import Vm
from hostcheck.policy.settle import checks_for
from hostcheck.preflight.rank import ORDER
from hostcheck.sources.walls import nothing_of
from hostcheck.verdict import report_of

SHOWN_CAUSES = 3
UNKNOWN = " is not known: "


def judged_on(
    vm_id: str, vm_name: str, host: Host, policy: Policy | None = None
) -> tuple[Candidate, HostReport]:
    """Judge a VM on one host. What goes wrong leaves the host, of which nothing is known then.

    Nothing that decides a power-on is made less of by a policy here.
    """
    try:
        report = _compared(vm_id, vm_name, report_of(host, policy, starting=True), policy)
        return candidate_of(vm_id, vm_name, report), report
    except UsageError:
        raise
    except Exception as error:  # noqa: BLE001  one sick host, not the run
        report = report_of(nothing_of(host.ref, error), policy, starting=True)
        return Candidate(1, host.name, Answer.UNSURE, crash(error), (), (), host.target), report


def _compared(vm_id: str, vm_name: str, report: HostReport, policy: Policy | None) -> HostReport:
    """Return the report with our own verdict on the VM beside vCenter's opinion of it."""
    if not any(one.vm_id == vm_id for one in report.host.opinions):
        return report
    others = {one.id for one in all_checks() if one.manual.opinion}
    ours = tuple(one for one in report.results if one.check not in others)
    unheard = msgspec.structs.replace(report, results=ours)
    answer = Known(candidate_of(vm_id, vm_name, unheard).verdict)
    opinions = tuple(
        msgspec.structs.replace(one, ours=answer) if one.vm_id == vm_id else one
        for one in report.host.opinions
    )
    host = msgspec.structs.replace(report.host, opinions=opinions)
    needs = catalog.requirements()
    checks = checks_for(policy, host.cluster, starting=True)
    again = run_again(report.results, (vcenter_and_verdict_agree.id,), host, needs, checks)
    return msgspec.structs.replace(report, host=host, results=again)


def candidate_of(vm_id: str, vm_name: str, report: HostReport) -> Candidate:
    """Return the verdict on a VM on the host of a report."""
    vm = _vm_of(report.host, vm_id, vm_name)
    if isinstance(vm, Unknown):
        summary = f"what VMs it has is not known: {vm.detail}"
        return Candidate(1, report.host.name, Answer.UNSURE, summary, (), (), report.host.target)
    about_host = [one for one in report.results if one.subject.kind == "host"]
    about_vm = [
        one for one in report.results if one.subject.kind == "vm" and one.subject.id == vm_id
    ]
    gpus = serving(Placement(vm, report.host), catalog.requirements())
    about_gpus, usable = _gpu_results(vm, gpus, report)
    results = tuple(
        one
        for one in (*about_host, *about_vm, *about_gpus)
        if one.status is not Status.NOT_APPLICABLE
    )
    required = list(deciding(results, [one.manual for one in all_checks()]))
    verdict = verdict_of([one.status for one in required])
    at_home = isinstance(vm.host_id, Known) and vm.host_id.value == report.host.id
    rank = 0 if at_home else 1
    summary = _summary(verdict, required, results, usable) + _unasked(verdict, about_gpus)
    about = report.host
    return Candidate(rank, about.name, verdict, summary, usable, results, about.target)


def _unasked(verdict: Answer, about_gpus: list[Result]) -> str:
    """Say beside a GO that only vSphere was asked: a GPU that its driver gave up looks well there.

    That is no doubt, for it is so of every host without a shell; it is told.
    """
    alone = any(
        one.check == seen_by_its_driver.id and one.observed == UNASKED for one in about_gpus
    )
    return "; by vSphere alone: nvidia-smi was not asked" if alone and verdict is Answer.GO else ""


def refuse_gpuless(host: Host, vm_id: str, vm_name: str) -> None:
    """Raise UsageError for a VM of a host that surely has no GPU."""
    _vm_of(host, vm_id, vm_name)


def _vm_of(host: Host, vm_id: str, vm_name: str) -> Vm | Unknown:
    if isinstance(host.vms, Unknown):
        return host.vms
    vm = next((one for one in host.vms.value if one.id == vm_id), None)
    if vm is None or not (vm.vgpus or vm.passthroughs or isinstance(vm.devices, Unknown)):
        raise UsageError(f"VM {vm_name} has no vGPU and no passthrough device: nothing to judge")
    return vm


def _gpu_results(
    vm: Vm, gpus: tuple[PhysicalGpu, ...] | Unknown, report: HostReport
) -> tuple[list[Result], tuple[str, ...]]:
    """Return the results of the best GPUs that could serve the VM, and their addresses.

    Which GPUs could serve it is itself judged, by VGPU-001.
    """
    if isinstance(gpus, Unknown):
        return [], ()
    of_vgpus = {one.id for one in all_checks() if one.of_vgpus}
    by_gpu: dict[str, list[Result]] = {gpu.address: [] for gpu in gpus}
    for result in report.results:
        about_one = result.subject.kind == "gpu" and result.subject.id in by_gpu
        if about_one and (vm.vgpus or result.check not in of_vgpus):
            by_gpu[result.subject.id].append(result)
    answers = {
        address: verdict_of([one.status for one in results if decides(one)] or [Status.PASS])
        for address, results in by_gpu.items()
    }
    full = surely_full(Placement(vm, report.host), gpus, catalog.requirements())
    for answer in ORDER:
        best = tuple(address for address in by_gpu if answers[address] is answer)
        best = tuple(address for address in best if address not in full) or best
        if best:
            usable = best if answer is not Answer.NO_GO else ()
            return [one for address in best for one in by_gpu[address]], usable
    return [], ()


def _summary(
    verdict: Answer, required: list[Result], results: tuple[Result, ...], usable: tuple[str, ...]
) -> str:
    """Say the reason that decides, in one sentence: of fails, those that explain the others."""
    if verdict is Answer.GO:
        passed = sum(one.status is Status.PASS for one in required)
        on = f", on GPU {', '.join(usable)}" if usable else ""
        return f"all {passed} required checks pass{on}"
    causes: dict[str, list[str]] = {}
    for one in _deciding(verdict, required, results):
        causes.setdefault(_reason(one), []).append(one.check)
    reasons = [
        f"{', '.join(dict.fromkeys(checks))} {_asked_alone(words, checks)}"
        for words, checks in causes.items()
    ]
    told = "; ".join(reasons[:SHOWN_CAUSES]) or "nothing was judged"
    more = len(reasons) - SHOWN_CAUSES
    return f"{told}; and {more} more" if more > 0 else told


def _deciding(
    verdict: Answer, required: list[Result], results: tuple[Result, ...]
) -> Iterable[Result]:
    if verdict is not Answer.NO_GO:
        return [one for one in required if one.status in (Status.UNKNOWN, Status.ERROR)]
    fails = [one for one in required if one.status is Status.FAIL]
    return root_causes(fails, results, [check.manual for check in all_checks()])


def _asked_alone(words: str, checks: list[str]) -> str:
    """Say of one check that is not known what it asks: its title, as a question."""
    subject, unknown, detail = words.partition(UNKNOWN)
    if not unknown or len(set(checks)) > 1:
        return words
    title = next(one.manual.title for one in all_checks() if one.id == checks[0])
    if title[1:2].islower():
        title = title[:1].lower() + title[1:]
    return f"whether {title} is not known of {subject}: {detail}"


def _reason(result: Result) -> str:
    if result.unseen is not None:
        return f"{result.subject.name}{UNKNOWN}{result.unseen.detail}"
    words = result.note or result.trace or f"expected {result.expected}"
    about = "" if result.subject.kind == "host" else f"{result.subject.name}: "
    return f"{about}{result.observed} ({words})"
