"""`sparse24`: the one line of JSON that the smoke test prints, whatever becomes of it.

{"schema":"hostcheck.sparse24/1","gpu":{"name":"NVIDIA L40S-48C","driver":"550.90.07",...},
 "results":[{"dtype":"int8","verify":{"elements":1048576,"sparse_bad_cpu":0,...},
 "controls":{"metadata":{"caught":true,...},...},"speed":{"speedup":1.52,...}}],
 "status":"pass","exit_code":0}
"""

import msgspec
from msgspec import UNSET, Struct, UnsetType

from hostcheck.errors import ParseError
from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.model.smoke import EXIT_CODES, SmokeAnswer, SmokeSpeed, SmokeStatus, SmokeType

SCHEMA = "hostcheck.sparse24/1"
REQUEST = Request(
    Wire.GUEST, "sparse24", "2:4 sparse tensor cores: exact results, planted errors, speed",
    "VirtualMachine.GuestOperations.Execute",
)  # fmt: skip


class _Gpu(Struct):
    name: str | None = None
    cc: str = ""
    driver: str | None = None
    sharing: str | None = None


class _Verify(Struct):
    elements: int
    sparse_bad_cpu: int
    dense_bad_cpu: int
    sparse_bad_gpu: int
    dense_bad_gpu: int


class _Control(Struct):
    caught: bool


class _Restored(Struct):
    bad: int


class _Controls(Struct):
    """What was not reached is not there."""

    metadata: _Control | None = None
    weight: _Control | None = None
    restored: _Restored | None = None

    @property
    def caught(self) -> bool:
        """Whether each planted error was noticed, and the clean data was right again."""
        return (
            self.metadata is not None
            and self.metadata.caught
            and self.weight is not None
            and self.weight.caught
            and self.restored is not None
            and not self.restored.bad
        )


class _Speed(Struct):
    m: int
    n: int
    k: int
    dense_tops: float
    sparse_tops: float
    speedup: float
    speedup_min: float
    speedup_max: float
    peak_dense_tops: float | None = None
    peak_why: str | None = None
    full_bad_gpu: int = 0
    sampled_bad_cpu: int = 0


class _Result(Struct):
    dtype: str
    verify: _Verify | None = None
    controls: _Controls | None = None
    speed: _Speed | None = None


class _Document(Struct):
    """What older programs did not say is unset: they had no kernels that nobody can vouch for."""

    schema: str
    status: SmokeStatus
    exit_code: int
    gpu: _Gpu | None = None
    config: str | None = None
    proven_on: str | UnsetType | None = UNSET
    speed_judged: bool | UnsetType = UNSET
    results: tuple[_Result, ...] = ()
    reason: str | None = None
    notes: tuple[str, ...] = ()


def parse(text: str) -> SmokeAnswer:
    """Read the answer. Raises ParseError when it is cut off, or says two things at once."""
    try:
        said = msgspec.json.decode(text.encode(), type=_Document)
    except msgspec.MsgspecError as error:
        raise ParseError(
            f"sparse24: expected {SCHEMA} JSON, found {text[:60]!r} ({error})"
        ) from None
    if said.schema != SCHEMA:
        raise ParseError(f"sparse24: expected schema {SCHEMA}, found {said.schema!r}")
    if EXIT_CODES[said.status] != said.exit_code:
        raise ParseError(f"sparse24: status {said.status.value} with exit code {said.exit_code}")
    gpu = said.gpu or _Gpu()
    answer = SmokeAnswer(
        status=said.status,
        gpu=gpu.name or "",
        driver=gpu.driver or "",
        sharing=gpu.sharing or "unknown",
        types=tuple(_type(one) for one in said.results if one.verify is not None),
        reason=" ".join((said.reason or "").split()),
        notes=tuple(" ".join(note.split()) for note in said.notes),
        path=" ".join((said.config or "").split()),
        unproven=said.proven_on is None,
        # What did not say so ran mma.sync, of which no healthy ratio is known on B200 and B300.
        speed_judged=not gpu.cc.startswith("10.")
        if said.speed_judged is UNSET
        else said.speed_judged,
    )
    _refuse_contradictions(answer, said)
    return answer


def _refuse_contradictions(answer: SmokeAnswer, said: _Document) -> None:
    """A pass must be proven by what stands beside it."""
    if said.status not in (SmokeStatus.PASS, SmokeStatus.SLOW):
        return
    proven = [one for one in said.results if one.verify is not None and one.controls is not None]
    if not proven or len(proven) < len(said.results):
        raise ParseError(f"sparse24: status {said.status.value} without a result that proves it")
    for one in answer.types:
        if one.wrong or not one.faults_caught or not one.elements:
            raise ParseError(
                f"sparse24: status {said.status.value}, and {one.name} has {one.wrong} wrong of "
                f"{one.elements} elements or an error that was not noticed"
            )


def _type(one: _Result) -> SmokeType:
    verify, speed, controls = one.verify, one.speed, one.controls
    if verify is None:
        raise ParseError(f"sparse24: {one.dtype} without a comparison")
    wrong = (
        verify.sparse_bad_cpu + verify.dense_bad_cpu + verify.sparse_bad_gpu + verify.dense_bad_gpu
    )
    if speed is not None:
        wrong += speed.full_bad_gpu + speed.sampled_bad_cpu
    return SmokeType(
        name=one.dtype,
        elements=verify.elements,
        wrong=wrong,
        faults_caught=controls is not None and controls.caught,
        speed=_speed(one),
    )


def _speed(one: _Result) -> Reading[SmokeSpeed]:
    speed = one.speed
    if speed is None:
        return Unknown(Why.ABSENT, f"the speed of {one.dtype} was not measured", "sparse24")
    why = " ".join((speed.peak_why or "the peak of this GPU is not known").split())
    missing = Unknown(Why.ABSENT, why, "sparse24")
    return SmokeSpeed(
        shape=f"{speed.m} x {speed.n} x {speed.k}",
        dense_tops=speed.dense_tops,
        sparse_tops=speed.sparse_tops,
        speedup=speed.speedup,
        speedup_min=speed.speedup_min,
        speedup_max=speed.speedup_max,
        peak_dense_tops=missing if speed.peak_dense_tops is None else speed.peak_dense_tops,
    )
