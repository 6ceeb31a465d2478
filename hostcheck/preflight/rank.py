"""Candidates in order, and what is told of the best."""

import msgspec

from hostcheck.checks.engine import all_checks
from hostcheck.model.fact import Known
from hostcheck.model.host import Host
from hostcheck.model.result import Answer, Severity, Status
from hostcheck.model.run import Candidate, Preflight, Run, called, silent
from hostcheck.preflight.ask import RUNS
from hostcheck.preflight.change import VmChange
from hostcheck.preflight.elsewhere import vms_of

ORDER = (Answer.GO, Answer.UNSURE, Answer.NO_GO)


def ranked(vm_name: str, judged: list[Candidate]) -> Preflight:
    """Rank the candidates: by verdict, then by what it takes, the VM's own host first of equals.

    A host without a GPU of the VM's kind comes last of its verdict: nothing done there helps.
    """
    judged.sort(
        key=lambda one: (
            ORDER.index(one.verdict), _other_kind(one), _flaws(one), one.rank, one.host,
            one.target,
        )
    )  # fmt: skip
    candidates = tuple(
        msgspec.structs.replace(one, rank=rank) for rank, one in enumerate(judged, start=1)
    )
    best = candidates[0]
    several = len({one.target for one in candidates}) > 1
    where = called(best.host, best.target) if several else best.host
    return Preflight(vm_name, best.verdict, f"{where}: {best.summary}", candidates)


def _other_kind(candidate: Candidate) -> bool:
    ruling = {one.id for one in all_checks() if one.manual.rules_out}
    return any(one.check in ruling and one.status is not Status.PASS for one in candidate.results)


def _flaws(candidate: Candidate) -> tuple[int, int]:
    """Count what fails, then what is not known; what is only worth knowing counts as little."""
    failed = [
        one
        for one in candidate.results
        if one.status is Status.FAIL and one.severity is not Severity.INFORMATIONAL
    ]
    return len(failed), sum(one.status is not Status.PASS for one in candidate.results)


def of_a_running_vm(run: Run, own: Host, vm_id: str) -> Run:
    """Say of a VM that runs that it does: what is judged then is a restart."""
    runs = any(
        vm.id == vm_id and isinstance(vm.power_state, Known) and vm.power_state.value == RUNS
        for vm in vms_of(own)
    )
    asked = run.preflight
    if not runs or asked is None:
        return run
    told = f"it runs on {own.name}, and a restart was judged: {asked.summary}"
    judged = msgspec.structs.replace(asked, runs_on=own.name, summary=told)
    return msgspec.structs.replace(run, preflight=judged)


def of_a_changed_vm(run: Run, own: Host, vm_id: str, change: VmChange) -> Run:
    """Say of a VM how it was judged: with what it has not."""
    asked = run.preflight
    vm = next((one for one in vms_of(own) if one.id == vm_id), None)
    if asked is None or vm is None:
        return run
    return msgspec.structs.replace(
        run, preflight=msgspec.structs.replace(asked, changed=change.told(vm))
    )


def unless_another(run: Run) -> Run:
    """Take a GO back where a vCenter was silent that may have another VM of that name."""
    vm = "" if run.preflight is None else run.preflight.vm
    return _unless_silent(run, Answer.GO, f"another {vm}")


def unless_elsewhere(run: Run) -> Run:
    """Take the NO-GO of a VM to be back where a vCenter was silent: a host of it may take it."""
    return _unless_silent(run, Answer.NO_GO, "a host that takes it")


def _unless_silent(run: Run, verdict: Answer, it_may_have: str) -> Run:
    unheard = ", ".join(one.name for one in silent(run.targets))
    asked = run.preflight
    if not unheard or asked is None or asked.verdict is not verdict:
        return run
    told = f"{asked.summary}; but {unheard} could not be asked and may have {it_may_have}"
    doubted = msgspec.structs.replace(asked, verdict=Answer.UNSURE, summary=told)
    return msgspec.structs.replace(run, preflight=doubted)
