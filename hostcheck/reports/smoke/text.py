"""The smoke test for a terminal: the verdict, what was compared, and how fast it was."""

from collections.abc import Iterator

from msgspec import UNSET

from hostcheck.model.fact import Unknown
from hostcheck.model.host import Host, PhysicalGpu
from hostcheck.model.run import Run
from hostcheck.model.smoke import GpuSmoke, SmokeAnswer, SmokeSpeed, SmokeStatus, SmokeType
from hostcheck.reports import words

MARKS = {SmokeStatus.PASS: "✓", SmokeStatus.SLOW: "✓", SmokeStatus.FAIL: "✕"}
VERDICTS = {
    SmokeStatus.PASS: "the sparse tensor cores are right",
    SmokeStatus.FAIL: "the sparse tensor cores are broken",
    SmokeStatus.SLOW: "the sparse tensor cores are right, and hardly faster than the dense ones",
    SmokeStatus.NOT_APPLICABLE: "this GPU cannot run it, and is not broken",
    SmokeStatus.NO_DEVICE: "there is no NVIDIA driver or no GPU",
    SmokeStatus.ERROR: "it could not be run: nothing is known of the GPU",
    SmokeStatus.TIMEOUT: "it did not end in time: nothing is known of the GPU",
    SmokeStatus.USAGE: "the program was called wrongly",
}
CELLS = 24


def render(answer: SmokeAnswer, where: str) -> str:
    """Return the whole report of one run of the program."""
    return "\n".join(_lines(answer, where)) + "\n"


def _lines(answer: SmokeAnswer, where: str) -> Iterator[str]:
    mark = MARKS.get(answer.status, "?")
    label = answer.status.value.upper().replace("_", " ")
    faster = ", and faster than the dense ones" if _is_faster(answer) else ""
    yield f"{mark} {label}  {VERDICTS[answer.status]}{faster}"
    gpu = words.one_line(answer.gpu) or "no GPU"
    driver = f", driver {words.one_line(answer.driver)}" if answer.driver else ""
    yield f"  {gpu}{driver}, {words.one_line(where)}"
    if answer.reason:
        yield f"  {words.one_line(answer.reason)}"
    for kind in answer.types:
        yield f"  {words.one_line(kind.name)}: {compared(kind)}"
        yield from (f"    {line}" for line in bars(kind))
    for note in (*answer.notes, *unproven(answer)):
        yield f"  Note: {words.one_line(note)}"


def _is_faster(answer: SmokeAnswer) -> bool:
    """Whether a pass speaks of speed: each type was timed, and sparse won."""
    speeds = [kind.speed for kind in answer.types]
    return answer.status is SmokeStatus.PASS and all(
        isinstance(speed, SmokeSpeed) and speed.speedup > 1 for speed in speeds
    )


def unproven(answer: SmokeAnswer) -> Iterator[str]:
    """Say that nobody can vouch for the kernels that ran, where that is so."""
    if answer.unproven:
        yield f"no GPU is known to have run these kernels ({answer.path}) before"


def smoked(host: Host) -> Iterator[tuple[PhysicalGpu, GpuSmoke | Unknown]]:
    """Yield each GPU that a run with the smoke test has, with what was said of it."""
    for gpu in () if isinstance(host.gpus, Unknown) else host.gpus.value:
        if gpu.smoke is not UNSET:
            yield gpu, gpu.smoke if isinstance(gpu.smoke, Unknown) else gpu.smoke.value


def host_lines(host: Host) -> Iterator[str]:
    """Yield the smoke test of each GPU of a host."""
    for gpu, told in smoked(host):
        name = f"{gpu.address} {words.one_line(gpu.name)}"
        if isinstance(told, Unknown):
            yield f"{name}: {words.missing(told)}"
            continue
        label = told.answer.status.value.replace("_", " ")
        shared = ", shared by time slices" if told.shared else ""
        yield f"{name}: {label} in {words.one_line(told.vm)} ({told.device}{shared})"
        for kind in told.answer.types:
            yield f"  {words.one_line(kind.name)}: {compared(kind)}"
            yield from (f"    {line}" for line in bars(kind))
        yield from (f"  {line}" for line in unproven(told.answer))


def changed(run: Run) -> str:
    """Say what a run with the smoke test changed; empty for a run without it."""
    if not any(manual.family == "SPARSE" for manual in run.checks):
        return ""
    return (
        "The smoke test ran in the guests that were named, and in no other; what could not be "
        "undone there stands beside its result. Nothing else was changed."
    )


def compared(kind: SmokeType) -> str:
    """Say what was compared, and what came of it."""
    noticed = "planted errors noticed" if kind.faults_caught else "PLANTED ERRORS NOT NOTICED"
    return f"{kind.wrong} wrong of {kind.elements} elements, {noticed}"


def bars(kind: SmokeType) -> Iterator[str]:
    """Yield the speed as three bars: dense, sparse, and the sparse peak where it is known."""
    if isinstance(kind.speed, Unknown):
        yield f"speed not known: {words.missing(kind.speed)}"
        return
    for name, tops, told in rates(kind.speed):
        full = round(CELLS * tops / scale(kind.speed))
        yield f"{name:<7}{'█' * full:<{CELLS}} {tops:>6.0f} TOPS  {told}".rstrip()
    if told := no_peak(kind.speed):
        yield told


def no_peak(speed: SmokeSpeed) -> str:
    """Say why no peak is shown; empty where one is."""
    peak = speed.peak_dense_tops
    return f"peak not known: {words.one_line(peak.detail)}" if isinstance(peak, Unknown) else ""


def rates(speed: SmokeSpeed) -> Iterator[tuple[str, float, str]]:
    """Yield name, rate and comment of each bar."""
    yield "dense", speed.dense_tops, ""
    spread = f"{speed.speedup_min:.2f} to {speed.speedup_max:.2f}"
    yield "sparse", speed.sparse_tops, f"{speed.speedup:.2f} times dense ({spread})"
    if not isinstance(speed.peak_dense_tops, Unknown):
        share = speed.sparse_tops / (2 * speed.peak_dense_tops) if speed.peak_dense_tops else 0
        yield "peak", 2 * speed.peak_dense_tops, f"{share:.0%} of the sparse peak was reached"


def scale(speed: SmokeSpeed) -> float:
    """Return the rate that fills a bar."""
    return max(tops for _, tops, _ in rates(speed)) or 1.0
