"""What is said of each weight matrix of a file: as data, and as text."""

import fnmatch
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hostcheck.errors import UsageError
from hostcheck.sparsity.permutation import ROUNDS, kept, search
from hostcheck.sparsity.two_four import GROUP, is_two_four, magnitude, prune
from hostcheck.sparsity.weights import Tensor, tensors

SCHEMA = "hostcheck.sparsity/1"


class Lost(Struct, frozen=True):
    """Shares of the magnitude that 2:4 pruning takes away, 0 to 1: of |w| (L1), of w² (L2)."""

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
    dtype: str
    shape: tuple[int, ...]
    two_four_along: tuple[int, ...]
    """Axes along which the tensor is 2:4 as it is."""
    zeros: float
    axis: int
    lost: Lost
    regained: Regained | None
    """None where nothing is lost, or no permutation was wanted."""


class Skipped(Struct, frozen=True):
    """A tensor that is no weight matrix, and why."""

    name: str
    why: str


class Report(Struct, frozen=True):
    """All tensors of a file."""

    schema: str
    file: str
    weights: tuple[Weights, ...]
    skipped: tuple[Skipped, ...]


def examine(
    path: Path,
    *,
    axis: int = 1,
    pattern: str = "*",
    permute: bool = True,
    rounds: int = ROUNDS,
) -> Report:
    """Examine the tensors of a file whose names match the pattern, groups along the axis.

    Raises UsageError when the file cannot be read or no tensor matches.
    """
    found: list[Weights] = []
    skipped: list[Skipped] = []
    for tensor in tensors(path):
        if fnmatch.fnmatchcase(tensor.name, pattern):
            why = _unfit(tensor, axis)
            if why:
                skipped.append(Skipped(tensor.name, why))
            else:
                found.append(_weights(tensor, axis, rounds if permute else 0))
    if not found and not skipped:
        raise UsageError(f"{path}: no tensor matches {pattern!r}")
    return Report(SCHEMA, str(path), tuple(found), tuple(skipped))


def _unfit(tensor: Tensor, axis: int) -> str:
    values = tensor.values
    if values.dtype.kind not in "fiu":
        return f"{tensor.kind} is no type of weights"
    if values.ndim < 2 or axis >= values.ndim:
        return f"{values.ndim} dimensions: no matrix"
    if values.shape[axis] % GROUP or not values.size:
        return f"{values.shape[axis]} along axis {axis}: no multiple of four"
    if not np.isfinite(values).all():
        return "holds infinite values or NaN"
    return ""


def matrix_along(values: NDArray[Any], axis: int) -> NDArray[Any]:
    """Return the tensor as `[rows, columns]` whose columns run along the axis."""
    return np.moveaxis(values, axis, -1).reshape(-1, values.shape[axis])


def _weights(tensor: Tensor, axis: int, rounds: int) -> Weights:
    values = tensor.values
    matrix = matrix_along(values, axis)
    lost = _lost(matrix)
    along = tuple(
        at
        for at in range(values.ndim)
        if values.shape[at] % GROUP == 0 and is_two_four(matrix_along(values, at))
    )
    return Weights(
        name=tensor.name,
        dtype=tensor.kind,
        shape=values.shape,
        two_four_along=along,
        zeros=1 - float(np.count_nonzero(values)) / values.size,
        axis=axis,
        lost=lost,
        regained=_regained(matrix, rounds) if rounds and lost.l1 else None,
    )


def _lost(matrix: NDArray[Any]) -> Lost:
    whole, left = magnitude(matrix), magnitude(prune(matrix))
    l1, l2 = (1 - part / all_ if all_ else 0.0 for part, all_ in zip(left, whole, strict=True))
    return Lost(max(l1, 0.0), max(l2, 0.0))


def _regained(matrix: NDArray[Any], rounds: int) -> Regained:
    found = search(matrix, rounds=rounds)
    after = _lost(matrix[:, found.order])
    before = kept(matrix)
    away = magnitude(matrix)[0] - before
    return Regained(
        after,
        (kept(matrix, found.order) - before) / away if away else 0.0,
        found.rounds,
        found.settled,
        tuple(int(column) for column in found.order),
    )


def text(report: Report) -> str:
    """Return the report for a terminal."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    done = sum(one.axis in one.two_four_along for one in report.weights)
    yield f"{report.file}: {done} of {len(report.weights)} weight matrices are 2:4 as they are"
    for one in report.weights:
        yield f"{_name(one.name)}  {one.dtype} {' x '.join(map(str, one.shape))}"
        yield f"  {_pattern(one)}; {one.zeros:.1%} of the weights are zero"
        if one.lost.l1:
            yield f"  2:4 pruning along axis {one.axis} loses {_shares(one.lost)}"
        if one.regained is not None:
            ended = "" if one.regained.settled else ", stopped at the bound"
            yield (
                f"  with its columns permuted {_shares(one.regained.lost)}: "
                f"{one.regained.share:.1%} of the loss is regained "
                f"({one.regained.rounds} rounds{ended})"
            )
    for why, names in _by_reason(report.skipped):
        yield f"not examined, {why}: {', '.join(names)}"


def _by_reason(skipped: Iterable[Skipped]) -> Iterator[tuple[str, list[str]]]:
    reasons: dict[str, list[str]] = {}
    for one in skipped:
        reasons.setdefault(one.why, []).append(_name(one.name))
    yield from reasons.items()


def _name(name: str) -> str:
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in name)


def _pattern(one: Weights) -> str:
    if not one.two_four_along:
        return "not 2:4 along any axis"
    axes = " and ".join(f"axis {axis}" for axis in one.two_four_along)
    return f"2:4 along {axes}"


def _shares(lost: Lost) -> str:
    return f"{lost.l1:.2%} of the magnitude (L1), {lost.l2:.2%} of its square (L2)"
