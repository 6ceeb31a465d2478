"""What is said of the weights of a checkpoint."""

from enum import StrEnum

from msgspec import Struct

SCHEMA = "hostcheck.sparsity/2"


class Role(StrEnum):
    """What a matrix is for: only layers are pruned, and only they are counted."""

    LAYER = "layer"
    EMBEDDING = "embedding"
    HEAD = "head"


class Left(StrEnum):
    """Why a tensor was not judged, as a gate takes it."""

    NO_WEIGHTS = "no weights"
    """A bias, a scale, an index: nothing that is pruned."""
    CANNOT = "cannot be sparse"
    """Weights that the pattern does not fit: a fail where they are required."""
    UNKNOWN = "not known"
    """Weights that cannot be read here: neither pass nor fail."""


class Lost(Struct, frozen=True):
    """Shares of the magnitude that pruning takes away, 0 to 1: of |w| (L1), of w² (L2)."""

    l1: float
    l2: float


class Regained(Struct, frozen=True):
    """What another order of columns saves. `share` is of the L1 loss; `order` is the columns'."""

    lost: Lost
    share: float
    rounds: int
    settled: bool
    """Whether no pair of groups could gain any more; else the bound on rounds ended the search."""
    order: tuple[int, ...]


class Weights(Struct, frozen=True):
    """One weight matrix. Axes are those of the tensor in the file; groups run along `axis`."""

    name: str
    file: str
    dtype: str
    shape: tuple[int, ...]
    role: Role
    axis: int
    pattern: str
    """What the hardware takes for that type: 2:4, or 4:8 in pairs."""
    fits: bool
    """Whether the matrix has the pattern as it is."""
    two_four_along: tuple[int, ...]
    """Axes along which the tensor is 2:4 as it is."""
    one_two: bool | None
    """Of float32: whether it is 1:2 too, which is what the tf32 units take."""
    zeros: float
    lost: Lost
    regained: Regained | None
    """By an order of its own: no more than that can be regained. None where nothing is lost."""
    keeps_from_running: str
    """Why the sparse units of the chosen GPU do not take it; empty otherwise."""


class Skipped(Struct, frozen=True):
    """A tensor that was not judged, and why."""

    name: str
    why: str
    left: Left


class Member(Struct, frozen=True):
    """One matrix of a group: what pruning loses of its L1, in its own order and in the group's."""

    name: str
    before: float
    after: float


class Shared(Struct, frozen=True):
    """Matrices that read one input and therefore have one order of columns."""

    members: tuple[Member, ...]
    share: float
    """Of the L1 loss of all members together."""
    bound: float
    """What each in an order of its own would regain: an upper bound, not to be had together."""
    order: tuple[int, ...]


class Claim(Struct, frozen=True):
    """What the checkpoint's configuration says of it."""

    where: str
    says: str
    two_four: bool
    ignored: tuple[str, ...]
    """Modules that the claim leaves out, by name or `re:` pattern."""
    warnings: tuple[str, ...]


class Sparsity(Struct, frozen=True):
    """All tensors of a checkpoint."""

    schema: str
    source: str
    gpu: str
    claim: Claim | None
    weights: tuple[Weights, ...]
    skipped: tuple[Skipped, ...]
    shared: tuple[Shared, ...]
    broken: tuple[str, ...]
    """Layers that the claim counts among the 2:4 ones, and that are not."""
