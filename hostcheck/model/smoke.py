"""What the 2:4 sparse GEMM smoke test said of one GPU, in the guest that it ran in."""

from enum import StrEnum

from msgspec import Struct

from hostcheck.model.fact import Reading


class SmokeStatus(StrEnum):
    """The program's verdicts; `EXIT_CODES` are its exit codes."""

    PASS = "pass"
    FAIL = "fail"
    USAGE = "usage"
    NOT_APPLICABLE = "not_applicable"
    NO_DEVICE = "no_device"
    ERROR = "error"
    TIMEOUT = "timeout"
    SLOW = "slow"


EXIT_CODES = {status: code for code, status in enumerate(SmokeStatus)}
"""0 pass, 1 fail, 2 usage, 3 not applicable, 4 no device, 5 error, 6 timeout, 7 slow."""


class SmokeSpeed(Struct, frozen=True, tag="measured", tag_field="is"):
    """Dense and sparse multiplication of one shape, timed by turns in one run.

    Rates are 10^12 operations a second, counted as if the zeros of A were multiplied too;
    `speedup` is sparse/dense: the median of the pairs, the least and the greatest.
    """

    shape: str
    dense_tops: float
    sparse_tops: float
    speedup: float
    speedup_min: float
    speedup_max: float
    peak_dense_tops: Reading[float]
    """What this GPU could do at most, by its multiprocessors and clock; sparse is twice that."""


class SmokeType(Struct, frozen=True):
    """One number type: how many elements were compared, and how many of them were wrong."""

    name: str
    elements: int
    wrong: int
    faults_caught: bool
    """Whether each planted error was noticed, and the clean data was right again after it."""
    speed: Reading[SmokeSpeed]


class SmokeAnswer(Struct, frozen=True):
    """The program's whole answer."""

    status: SmokeStatus
    gpu: str
    """As the guest's driver calls it; empty when there is none."""
    driver: str
    sharing: str
    """none, mig, time_sliced or unknown: the program's words."""
    types: tuple[SmokeType, ...]
    reason: str
    """One line for a person; empty on a pass."""
    notes: tuple[str, ...]
    path: str = ""
    """The instruction and tile of the kernels that ran; empty when none did."""
    unproven: bool = False
    """No GPU is known to have run these kernels: what looks like its fault may be theirs."""
    speed_judged: bool = True
    """It is known what sparse/dense a healthy GPU reaches by these kernels."""


class GpuSmoke(Struct, frozen=True):
    """The smoke test of one physical GPU: where it ran, and what it said."""

    vm_id: str
    vm: str
    device: str
    """The VM's vGPU profile, or `passthrough`."""
    shared: bool
    """Whether other VMs may take turns on the GPU: rates then say little, the ratio much."""
    answer: SmokeAnswer
    left: tuple[str, ...]
    """What could not be undone in the guest, as sentences; empty when nothing is left."""
