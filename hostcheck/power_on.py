"""Start one VM after its preflight said GO, wait for the outcome, and set it against the verdict.

This is the only module that makes a write, and `VirtualMachine.PowerOnVM_Task` is the only one. A
host is named only where DRS might else choose one that is no GO; where the VM landed is read anew.
"""

import re
from collections.abc import Callable

import msgspec

from hostcheck.errors import UsageError
from hostcheck.exits import EXIT_CODES
from hostcheck.fleet import Workers
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.result import Answer, Manual, Status
from hostcheck.model.run import (
    Candidate,
    Concern,
    HostReport,
    Outcome,
    PowerOn,
    Preflight,
    Run,
    silent,
)
from hostcheck.parsers import vim_power_on, vim_vm_runtime
from hostcheck.preflight import preflight
from hostcheck.sources.base import Startable, Starter
from hostcheck.syntax.opened import opened
from hostcheck.ways.vsphere.order import WRITES

__all__ = ["WRITES", "exit_code", "power_on"]

DRS_PLACES = ("fullyAutomated", "partiallyAutomated")
"""DRS chooses the host of a power-on."""
GENERIC = "module 'devicepoweron' power on failed"
"""A wrapper that says nothing: it counts only where no other message is known."""
RUNS = "poweredOn"
SUSPECTS = (Status.FAIL, Status.ERROR, Status.UNKNOWN, Status.PASS)
"""What a check that knows vSphere's words may have said before, the most telling first."""


def power_on(
    source: Startable,
    vm_name: str,
    *,
    accept_unsure: bool = False,
    workers: Workers = Workers(1),  # noqa: B008  it is immutable
    opinion: bool = True,
    done: Callable[[str], None],
) -> Run:
    """Judge a VM, start it when the verdict allows, and return the preflight with the outcome.

    Never starts on NO-GO; on UNSURE only with `accept_unsure`. Raises UsageError like a preflight,
    and where a vCenter cannot be asked: it may have another VM of that name.
    """
    source.machines()
    for one in silent(source.about.targets):
        raise UsageError(
            f"{one.name} could not be asked ({one.failure}): whether another VM {vm_name!r} is "
            "there is not known; leave that vCenter out"
        )
    run = preflight(source, vm_name, workers=workers, opinion=opinion, done=done)
    if run.preflight is None:
        raise UsageError(f"VM {vm_name} was not judged")
    home, vm_id = _home(run, run.preflight), run.preflight.vm_id
    live = source.part(home.host.target)
    best = run.preflight.candidates[0]
    own = next(one for one in run.preflight.candidates if one.host == home.host.name)
    by_drs = isinstance(home.host.drs_automation, Known) and (
        home.host.drs_automation.value in DRS_PLACES
    )
    deciding = best if by_drs else own
    before = _runtime(live, vm_id)
    if isinstance(before, vim_vm_runtime.Runtime) and before.power_state == RUNS:
        where = _name_of(run, before.host_id)
        told = PowerOn(Outcome.RUNS, False, deciding.verdict, where, "it runs already")
    elif deciding.verdict is Answer.GO or (deciding.verdict is Answer.UNSURE and accept_unsure):
        mixed = any(one.verdict is not Answer.GO for one in run.preflight.candidates)
        host_id = _id_of(run, deciding) if by_drs and mixed else ""
        told = _started(live, run, vm_id, deciding, host_id)
        told = _landed(told, run, deciding, by_drs=by_drs, accepted=accept_unsure)
    else:
        told = PowerOn(Outcome.NOT_SENT, False, deciding.verdict, "", _why_not(deciding, best))
    return msgspec.structs.replace(run, power_on=told, notices=(*run.notices, _sentence(told)))


def exit_code(run: Run) -> int:
    """Return 0 the VM runs where that was a GO or accepted, 1 NO-GO or it failed, 3 not known."""
    return EXIT_CODES[Answer.UNSURE if run.power_on is None else run.power_on.answer]


def _id_of(run: Run, candidate: Candidate) -> str:
    """Return the managed object id of a candidate."""
    return next(
        (
            report.host.id
            for report in run.hosts
            if (report.host.name, report.host.target) == (candidate.host, candidate.target)
        ),
        "",
    )


def _landed(
    told: PowerOn, run: Run, deciding: Candidate, *, by_drs: bool, accepted: bool
) -> PowerOn:
    """Note which host decided, and the verdict on the one where the VM runs now."""
    told = msgspec.structs.replace(told, decided_by=deciding.host, accepted=accepted)
    if told.outcome is not Outcome.STARTED or run.preflight is None:
        return told
    here = told.host if told.host or by_drs else deciding.host
    landed = next((one.verdict for one in run.preflight.candidates if one.host == here), None)
    wrong = landed in (Answer.NO_GO, Answer.NO_GPU)
    return msgspec.structs.replace(told, landed=landed, contradicts=wrong)


def _home(run: Run, asked: Preflight) -> HostReport:
    """Return the host that the VM is registered on."""
    for report in run.hosts:
        for vm in report.host.vms.value if isinstance(report.host.vms, Known) else ():
            at_home = isinstance(vm.host_id, Known) and vm.host_id.value == report.host.id
            if vm.id == asked.vm_id and at_home:
                return report
    raise UsageError(f"vSphere does not say on which host VM {asked.vm} is: nothing was started")


def _why_not(deciding: Candidate, best: Candidate) -> str:
    words = f"{deciding.host}: {deciding.summary}"
    if best.verdict is Answer.GO:
        return f"{words}; {best.host} is GO, and nothing places the VM there: migrate it first"
    if deciding.verdict is Answer.UNSURE:
        return f"{words}; --accept-unsure starts it all the same"
    return words


def _started(source: Starter, run: Run, vm_id: str, deciding: Candidate, host_id: str) -> PowerOn:
    """Send the power-on and read what became of it."""
    outcome, words = _outcome(source, vm_id, host_id)
    now = _runtime(source, vm_id)
    where = ""
    if isinstance(now, vim_vm_runtime.Runtime):
        if outcome is Outcome.UNKNOWN and now.power_state == RUNS:
            outcome, words = Outcome.STARTED, f"{words}; the VM runs"
        if outcome is Outcome.UNKNOWN and isinstance(now.question, str):
            words = f"{words}; the VM waits for an answer: {now.question}"
        where = _name_of(run, now.host_id) if outcome is Outcome.STARTED else ""
    concerned: tuple[Concern, ...] = ()
    if outcome is Outcome.FAILED:
        concerned = _concerned(words, run.checks, deciding)
    contradicts = outcome is Outcome.FAILED and deciding.verdict is Answer.GO
    return PowerOn(outcome, True, deciding.verdict, where, words, contradicts, concerned)


def _outcome(source: Starter, vm_id: str, host_id: str) -> tuple[Outcome, str]:
    try:
        capture = source.start(vm_id, host_id)
    except KeyboardInterrupt:
        return Outcome.UNKNOWN, "interrupted while it was waited for; the task goes on"
    failure = capture.failure
    if failure is not None:
        refused = failure.why is Why.ABSENT or failure.detail.startswith("NoPermission")
        needs = f"; needs {failure.privilege}" if failure.privilege else ""
        outcome = Outcome.FAILED if refused else Outcome.UNKNOWN
        return outcome, f"{failure.detail}{needs}"
    ended = opened(capture, vim_power_on.parse)
    if isinstance(ended, Unknown):
        return Outcome.UNKNOWN, ended.detail
    refusal = ended.refusal
    if refusal is None:
        return Outcome.STARTED, "the task ended well"
    kind = f" ({refusal.kind})" if refusal.kind else ""
    return Outcome.FAILED, f"{refusal.words}{kind}"


def _runtime(source: Starter, vm_id: str) -> vim_vm_runtime.Runtime | Unknown:
    return opened(source.runtime(vm_id), vim_vm_runtime.parse)


def _name_of(run: Run, host_id: object) -> str:
    """Return the name of a host that was judged, else what vSphere calls it."""
    names = {report.host.id: report.host.name for report in run.hosts}
    return names.get(host_id, host_id) if isinstance(host_id, str) else ""


def _concerned(words: str, checks: tuple[Manual, ...], deciding: Candidate) -> tuple[Concern, ...]:
    """Return the checks whose symptom is in vSphere's words, those first that did not pass."""
    said = _plain(words)
    found = []
    for manual in checks:
        symptoms = {_plain(one) for one in manual.symptom.split(";")} - {""}
        if any(one in said for one in symptoms):
            found.append((manual, symptoms - {GENERIC}))
    telling = [manual for manual, symptoms in found if any(one in said for one in symptoms)]
    concerned = [
        Concern(manual.id, manual.title, _status(manual.id, deciding))
        for manual in telling or [manual for manual, _ in found]
    ]
    return tuple(
        sorted(
            (one for one in concerned if one.status in SUSPECTS),
            key=lambda one: SUSPECTS.index(one.status),
        )
    )


def _plain(words: str) -> str:
    return re.sub(r"\s+", " ", words).strip(" .").lower()


def _status(check: str, deciding: Candidate) -> str:
    given = {one.status for one in deciding.results if one.check == check}
    return next((status for status in SUSPECTS if status in given), "")


def _agrees(told: PowerOn) -> str:
    """Say what had been said of the host where the VM runs now."""
    where = told.host or "the host where it runs"
    if told.landed is Answer.GO:
        return "as GO said"
    if told.landed is None:
        return f"{told.verdict.value} was of {told.decided_by}, and {where} was not judged"
    if told.landed is Answer.UNSURE and told.accepted:
        return "what was unknown did not matter"
    return f"{told.verdict.value} was of {told.decided_by}, and {where} was {told.landed.value}"


def _sentence(told: PowerOn) -> str:
    """Say in one sentence what was done and what came of it."""
    match told.outcome:
        case Outcome.STARTED:
            on = f" on {told.host}" if told.host else ""
            finding = "Finding: started" if told.contradicts else "Started"
            return f"{finding}{on}: {_agrees(told)} ({told.words})"
        case Outcome.RUNS:
            on = f" on {told.host}" if told.host else ""
            return f"Nothing was sent: the VM runs already{on}"
        case Outcome.NOT_SENT:
            return f"Not started, {told.verdict.value}: {told.words}"
        case Outcome.UNKNOWN:
            return f"Sent, and what became of it is not known: {told.words}"
        case Outcome.FAILED:
            checks = ", ".join(f"{one.check} ({one.status})" for one in told.concerned)
            likely = (
                f"checks most likely concerned: {checks}"
                if checks
                else ("no check knows these words")
            )
            finding = "Finding: the verdict was GO and " if told.contradicts else "After UNSURE, "
            return f"{finding}vSphere did not start it: {told.words}; {likely}"
