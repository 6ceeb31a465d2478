"""From results to a verdict, and from verdicts to an exit code."""

from collections import Counter
from collections.abc import Iterable

from hostcheck import catalog, runfile
from hostcheck.checks.engine import run_all
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.host import Host
from hostcheck.model.result import Answer, Result, Severity, gravest_of, verdict_of
from hostcheck.model.run import HostReport, Run, silent

EXIT_CODES = {Answer.GO: 0, Answer.NO_GO: 1, Answer.UNSURE: 3, Answer.NO_GPU: 3}


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


def exit_code(run: Run, *, strict: bool) -> int:
    """Return 0 all pass, 1 something fails, 3 nothing fails and something is not known.

    Hosts without a GPU do not count; a run that found nothing else found nothing. With `strict`
    recommended checks count like required ones. A vCenter that could not be asked makes the 0 of
    an audit a 3. What is waived does not count, other than in a preflight.
    """
    if run.preflight is not None and not strict:
        return EXIT_CODES[run.preflight.verdict]
    if run.unasked:
        return EXIT_CODES[Answer.UNSURE]
    answer = _of_results(run, strict=strict)
    if run.preflight is not None:
        return EXIT_CODES[gravest_of([answer, run.preflight.verdict])]
    if answer is not Answer.GO:
        return EXIT_CODES[answer]
    return EXIT_CODES[Answer.UNSURE] if silent(run.targets) else 0


def _of_results(run: Run, *, strict: bool) -> Answer:
    waivers = run.waivers if run.preflight is None else None
    if not strict:
        answers = Counter(runfile.verdicts(run))
        for one in waivers.hosts if waivers is not None else ():
            answers[one.verdict] -= 1
            answers[one.without] += 1
        return gravest_of(answer for answer, count in answers.items() if count > 0)
    counted = (Severity.REQUIRED, Severity.RECOMMENDED)
    if run.preflight is not None:
        judged: Iterable[Result] = run.preflight.candidates[0].results
    else:
        waived = waivers.keys() if waivers is not None else {}
        judged = (
            result
            for report in run.hosts
            if report.verdict is not Answer.NO_GPU
            for result in _left(report, run.target, waived)
        )
    return verdict_of([one.status for one in judged if one.severity in counted])


def _left(
    report: HostReport, target: str, waived: dict[tuple[str, str], frozenset[tuple[str, str, str]]]
) -> Iterable[Result]:
    keys = waived.get((report.host.name, report.host.target or target), frozenset())
    return (
        one for one in report.results if (one.check, one.subject.kind, one.subject.id) not in keys
    )
