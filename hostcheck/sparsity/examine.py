"""The whole question: what of a checkpoint is sparse, and what would make the rest so."""

import fnmatch
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec import Struct

from hostcheck.errors import UsageError
from hostcheck.model.sparsity import (
    SCHEMA,
    Claim,
    Left,
    Lost,
    Role,
    Shared,
    Skipped,
    Sparsity,
    Weights,
)
from hostcheck.sparsity import claims, opening
from hostcheck.sparsity.hardware import GPUS, keeps_from_running, pattern_of
from hostcheck.sparsity.numbers import BITS, WEIGHTS
from hostcheck.sparsity.orders import joint, regained
from hostcheck.sparsity.packed import JoinedWeights, UnreadableError
from hostcheck.sparsity.permutation import ROUNDS
from hostcheck.sparsity.roles import Axes, is_transposed, role, siblings
from hostcheck.sparsity.survey import PAIRS, TWO_FOUR, survey
from hostcheck.sparsity.tensors import Tensor

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h
HEAP_BYTES = 32 << 20
Progress = Callable[[str], None]


class Along(Struct, frozen=True):
    """A tensor, and the axis along which its groups run."""

    tensor: Tensor
    axis: int


class ReadingPlan(Struct, frozen=True):
    """What will be read: only headers were."""

    source: str
    files: tuple[Path, ...]
    claim: Claim | None
    exempt: frozenset[str]
    """Tensors that the claim does not cover."""
    weights: tuple[Along, ...]
    skipped: tuple[Skipped, ...]


def planned(paths: Sequence[Path], *, axes: Axes | None = None, pattern: str = "*") -> ReadingPlan:
    """Find the weights whose names match the pattern.

    Raises UsageError when a file cannot be read, no tensor matches, or a pattern of the
    configuration does not end.
    """
    files = [file for path in paths for file in opening.files(path)]
    where = opening.folder(paths)
    config = claims.configuration(where)
    joined = JoinedWeights(opening.tensors(files), zeros_less_one=claims.zeros_less_one(config))
    model = str(config.get("model_type", ""))
    weights: list[Along] = []
    skipped: list[Skipped] = []
    for tensor in joined.weights():
        if fnmatch.fnmatchcase(tensor.name, pattern):
            transposed = is_transposed(tensor.name, model)
            axis = (axes or Axes()).of(tensor, transposed=transposed)
            unfit = _unfit(tensor, axis)
            if unfit is None:
                weights.append(Along(tensor, axis))
            else:
                skipped.append(unfit)
    skipped += [one for one in joined.skipped if fnmatch.fnmatchcase(one.name, pattern)]
    source = ", ".join(str(path) for path in paths)
    if not weights and not skipped:
        raise UsageError(f"{source}: no tensor matches {pattern!r}")
    claim = claims.claim(where, config)
    exempt = claims.exempt(claim, (one.tensor.name for one in weights))
    return ReadingPlan(source, tuple(files), claim, exempt, tuple(weights), tuple(skipped))


def _unfit(tensor: Tensor, axis: int) -> Skipped | None:
    """Say why a tensor cannot be judged; None where it can."""
    shape, kind = tensor.shape, tensor.kind
    if len(shape) < 2:
        return Skipped(tensor.name, f"{len(shape)} dimensions: no matrix", Left.NO_WEIGHTS)
    if kind in BITS and kind not in WEIGHTS:
        indices = kind in {"I64", "U64"}
        told = "indices" if indices else "packed numbers, in a layout that is not known here"
        left = Left.NO_WEIGHTS if indices else Left.UNKNOWN
        return Skipped(tensor.name, f"{kind} holds {told}", left)
    if tensor.unread:
        left = Left.NO_WEIGHTS if kind in {"BOOL", "C64"} else Left.UNKNOWN
        return Skipped(tensor.name, tensor.unread, left)
    if not 0 <= axis < len(shape):
        return Skipped(tensor.name, f"{len(shape)} dimensions: not the axis given", Left.UNKNOWN)
    if not tensor.size:
        return Skipped(tensor.name, "it is empty", Left.NO_WEIGHTS)
    many = 8 if pattern_of(kind) == PAIRS else 4
    if shape[axis] % many:
        told = "eight" if many == 8 else "four"
        why = f"{shape[axis]} along axis {axis}: no multiple of {told}"
        return Skipped(tensor.name, why, Left.CANNOT)
    return None


def examine(
    plan: ReadingPlan,
    *,
    permute: bool = True,
    rounds: int = ROUNDS,
    gpu: str = "",
    workers: int = 0,
    done: Progress = lambda _: None,
) -> Sparsity:
    """Read the weights, and say of each what there is to say."""

    def one(along: Along) -> Weights | Skipped:
        try:
            found = _weights(along, rounds if permute else 0, gpu)
        except UnreadableError as error:
            found = Skipped(along.tensor.name, str(error), Left.UNKNOWN)
        except MemoryError:
            found = Skipped(along.tensor.name, "it does not fit into memory", Left.UNKNOWN)
        done(along.tensor.name)
        return found

    _keep_heaps()
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        found = list(pool.map(one, plan.weights))
        weights = tuple(each for each in found if isinstance(each, Weights))
        groups = _groups(plan, weights) if permute else []
        shared = tuple(pool.map(lambda group: _shared(group, weights, rounds), groups))
    failed = [each for each in found if isinstance(each, Skipped)]
    return Sparsity(
        schema=SCHEMA,
        source=plan.source,
        gpu=GPUS[gpu].name if gpu else "",
        claim=plan.claim,
        weights=weights,
        skipped=tuple(sorted((*plan.skipped, *failed), key=lambda each: each.name)),
        shared=shared,
        broken=claims.broken(plan.claim, weights, plan.exempt),
    )


def _keep_heaps() -> None:
    """Let glibc keep what threads free: giving each block back and asking anew doubles the CPU."""
    if sys.platform != "linux":
        return
    import ctypes  # noqa: PLC0415  there is nothing to load elsewhere

    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        for option in (_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD):
            libc.mallopt(option, HEAP_BYTES)


def _weights(along: Along, rounds: int, gpu: str) -> Weights | Skipped:
    tensor, axis = along.tensor, along.axis
    pattern = pattern_of(tensor.kind)
    told = survey(tensor, axis, pattern)
    if not told.finite:
        return Skipped(tensor.name, "holds infinite values or NaN", Left.UNKNOWN)
    l1, l2 = told.shares()
    columns = tensor.shape[axis]
    rows = tensor.size // columns
    if len(tensor.shape) == 3 and axis == 2:  # each expert is a matrix of its own
        rows = tensor.shape[1]
    runs = ""
    if gpu:
        runs = keeps_from_running(
            GPUS[gpu], tensor.kind, rows, columns, fits=told.fits, one_two=told.one_two
        )
    search = rounds and l1 and pattern == TWO_FOUR and role(tensor) is Role.LAYER
    return Weights(
        name=tensor.name,
        file=tensor.file.name,
        dtype=tensor.kind,
        shape=tensor.shape,
        role=role(tensor),
        axis=axis,
        pattern=pattern,
        fits=told.fits,
        two_four_along=tuple(sorted(told.along)),
        one_two=told.one_two if tensor.kind == "F32" else None,
        zeros=told.zeros / tensor.size,
        lost=Lost(l1, l2),
        regained=regained(tensor, axis, told, rounds) if search else None,
        keeps_from_running=runs,
    )


def _groups(plan: ReadingPlan, weights: Sequence[Weights]) -> list[tuple[Along, ...]]:
    """Return what reads one input, where another order would save anything."""
    layers = {one.name for one in weights if one.role is Role.LAYER and one.pattern == TWO_FOUR}
    by_name = {one.tensor.name: one for one in plan.weights if one.tensor.name in layers}
    groups = siblings([one.tensor for one in by_name.values()])
    losing = {one.name for one in weights if one.regained is not None}
    return [
        tuple(by_name[one.name] for one in group)
        for group in groups
        if len({one.shape[by_name[one.name].axis] for one in group}) == 1
        and any(one.name in losing for one in group)
    ]


def _shared(group: Sequence[Along], weights: Sequence[Weights], rounds: int) -> Shared:
    named = {one.name: one for one in weights}
    members = [(one.tensor, one.axis, named[one.tensor.name]) for one in group]
    return joint(members, rounds)
