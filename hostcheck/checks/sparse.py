"""SPARSE: what the smoke test proved of the sparse tensor cores. Only where a run was told to."""

from msgspec import UNSET

from hostcheck.checks.engine import (
    Facts,
    Subjects,
    check,
    judge,
    look,
    not_applicable,
    run,
    subjects,
)
from hostcheck.checks.expectation import Expectation
from hostcheck.checks.kinds import model_of
from hostcheck.checks.subjects import (
    GpuOnHost,
    every_gpu,
)
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host import Host
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import About, Severity, Verdict
from hostcheck.model.smoke import GpuSmoke, SmokeSpeed, SmokeStatus

PAPER = "https://arxiv.org/abs/2104.08378"
LEAST_SPEEDUP = Expectation(
    "least_speedup", 1.10, "sparse rate, as a multiple of the dense one", least=0.5, most=2.0
)
"""A healthy H100 shows 1.2, a healthy A100 1.3 to 1.8: below this something is wrong. Of kernels
whose healthy ratio nobody knows, less proves nothing."""
JUDGED = (SmokeStatus.PASS, SmokeStatus.SLOW, SmokeStatus.FAIL)


@subjects("NVIDIA GPU of a run with --smoke", About.GPU)
def every_smoked_gpu(host: Host) -> Subjects[GpuOnHost]:
    return [] if host.smoke_guests is UNSET else every_gpu(host)


def _tested(one: GpuOnHost, known: Facts) -> GpuSmoke:
    """Return what the smoke test said, or leave: it was not run, or could not tell."""
    if one.gpu.smoke is UNSET:
        known.leave(Unknown(Why.NOT_ASKED, "this run was not told to (--smoke)", "sparse24"))
    smoke = known(one.gpu.smoke)
    if smoke.answer.status not in JUDGED:
        why = Why.TIMEOUT if smoke.answer.status is SmokeStatus.TIMEOUT else Why.ABSENT
        told = f"{smoke.answer.status.value.replace('_', ' ')} in {_where(smoke)}"
        known.leave(Unknown(why, f"{told}: {smoke.answer.reason}", "sparse24"))
    return smoke


def _where(smoke: GpuSmoke) -> str:
    return f"guest {smoke.vm} ({smoke.device})"


def _notes(smoke: GpuSmoke, *more: str) -> str:
    left = [f"in guest {smoke.vm}: {sentence}" for sentence in smoke.left]
    told = (*more, *smoke.answer.notes, _unproven(smoke), *left)
    return "; ".join(word for word in told if word)


def _unproven(smoke: GpuSmoke) -> str:
    path = smoke.answer.path
    return f"no GPU is known to have run these kernels ({path})" if smoke.answer.unproven else ""


@check(
    "SPARSE-001",
    title="The sparse tensor cores compute the right result",
    severity=Severity.REQUIRED,
    source=PAPER,
    each=every_smoked_gpu,
    opt_in=True,
    why=(
        "2:4-sparse inference multiplies on circuits that nothing else uses. A GPU whose sparse "
        "results are wrong gives wrong answers without any message. Judged only with --smoke, in "
        "a guest that was named."
    ),
    symptom="wrong or NaN results of a sparse model, and no error message",
    fix="Take the GPU out of service, run NVIDIA's field diagnostics on it, and have it replaced.",
    how=(run("esxcli", "esxcli system maintenanceMode set --enable true"),),
    needs=("maintenance mode",),
)
def sparse_cores_are_right(one: GpuOnHost, needs: Requirements, known: Facts) -> Verdict:
    model = model_of(one.gpu, needs, known)
    if not model.sparse:
        return not_applicable(f"{model.name} has no sparse tensor cores")
    smoke = _tested(one, known)
    answer = smoke.answer
    wrong = sum(kind.wrong for kind in answer.types)
    missed = [kind.name for kind in answer.types if not kind.faults_caught]
    counts = ", ".join(
        f"{kind.name}: {kind.wrong} wrong of {kind.elements}" for kind in answer.types
    )
    observed = f"{counts or 'no result'}, in {_where(smoke)}"
    if missed:
        observed += f"; planted errors not noticed: {', '.join(missed)}"
    return judge(
        ok=answer.status is not SmokeStatus.FAIL and not wrong and not missed,
        observed=observed,
        expected="no wrong element, every planted error noticed, no Xid, no ECC error",
        note=_notes(smoke, answer.reason if answer.status is SmokeStatus.FAIL else ""),
    )


@check(
    "SPARSE-002",
    title="The sparse tensor cores are faster than the dense ones",
    severity=Severity.RECOMMENDED,
    source=PAPER,
    each=every_smoked_gpu,
    opt_in=True,
    expects=(LEAST_SPEEDUP,),
    why=(
        "A sparse model is slower to make; without the speed it is not worth it. Healthy GPUs "
        "show 1.2 to 1.8 times the dense rate on Ampere, Ada and Hopper. On B200 and B300 no "
        "figure of a healthy GPU is known for the kernels that run: less than 1.10 is unknown "
        "there, not a fail. On a vGPU that shares its GPU by time slices other VMs take part in "
        "the measurement, so nothing is judged there."
    ),
    experience="1.2 to 1.8 is what healthy GPUs showed, no figure of NVIDIA's.",
    fix="Look for throttling, a power limit or a missing vGPU licence, and run it again alone.",
    how=(look("nvidia-smi", "nvidia-smi -i {gpu} -q -d PERFORMANCE,CLOCK,POWER"),),
)
def sparse_is_faster(one: GpuOnHost, needs: Requirements, known: Facts) -> Verdict:
    model = model_of(one.gpu, needs, known)
    if not model.sparse:
        return not_applicable(f"{model.name} has no sparse tensor cores")
    smoke = _tested(one, known)
    speeds = [(kind.name, kind.speed) for kind in smoke.answer.types]
    measured = [(name, one) for name, one in speeds if isinstance(one, SmokeSpeed)]
    told = ", ".join(
        f"{name} {speed.speedup:.2f} times dense ({speed.sparse_tops:.0f} against "
        f"{speed.dense_tops:.0f} TOPS)"
        for name, speed in measured
    )
    if smoke.shared:
        return not_applicable(
            f"shared with other VMs by time slices: {told or 'not measured'}",
            _notes(smoke, "the ratio says something, the rates do not"),
        )
    for _, speed in speeds:
        if isinstance(speed, Unknown):
            known.leave(speed)
    if not measured:
        known.leave(Unknown(Why.ABSENT, "no speed was measured", "sparse24"))
    slowest, least = min(speed.speedup for _, speed in measured), known.expected(LEAST_SPEEDUP)
    if slowest < least and not smoke.answer.speed_judged:
        nobody = f"nobody knows what a healthy GPU reaches by {smoke.answer.path}"
        known.leave(Unknown(Why.ABSENT, f"{told}: {nobody}", "sparse24"))
    return judge(
        ok=slowest >= least,
        observed=f"{told}, in {_where(smoke)}",
        expected=f"at least {least:.2f} times dense",
        note=_notes(smoke),
    )
