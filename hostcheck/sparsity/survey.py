"""What one pass over a tensor tells: is it sparse, how much is zero, what pruning would lose.

The tensor comes in blocks of whole groups, so that memory does not grow with it. Of four magnitudes
the two that pruning drops come out of a network of minima and maxima over whole arrays: nothing is
sorted.
"""

from collections.abc import Iterator
from math import isfinite, prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hostcheck.sparsity.tensors import Tensor
from hostcheck.sparsity.two_four import GROUP

BLOCK = 1 << 17
"""Elements worked on at once: they stay in the processor's cache."""
STEP = 8
"""Rows of a block come in multiples of this: whole groups, whole containers of packed ones."""
PAIRS = "4:8 in pairs"
TWO_FOUR = "2:4"
HUGE, TINY = 1e15, 1e-15
"""Beyond these, squares leave float32."""


class TensorBlock(NamedTuple):
    """Part of a tensor: elements from `start` on; its first axis is the tensor's axis `first`."""

    start: int
    shape: tuple[int, ...]
    first: int

    @property
    def stop(self) -> int:
        """One past the last of its elements."""
        return self.start + prod(self.shape)


class Survey:
    """Sums over the blocks that were seen."""

    def __init__(self) -> None:
        """Nothing was seen."""
        self.zeros = 0
        self.l1 = self.l2 = self.lost_l1 = self.lost_l2 = 0.0
        self.fits = self.one_two = self.finite = True
        self.along: set[int] = set()

    def shares(self) -> tuple[float, float]:
        """Return what pruning loses of L1 and of L2."""
        return (
            self.lost_l1 / self.l1 if self.l1 else 0.0,
            self.lost_l2 / self.l2 if self.l2 else 0.0,
        )


def blocks(shape: tuple[int, ...], axis: int) -> Iterator[TensorBlock]:
    """Cut a tensor into ranges of elements that hold whole groups along an axis."""
    deep = 0
    while deep < min(axis, len(shape) - 2) and STEP * prod(shape[deep + 1 :]) > BLOCK:
        deep += 1
    inner = prod(shape[deep + 1 :])
    step = max(STEP, BLOCK // max(inner, 1) // STEP * STEP)
    for lead in range(prod(shape[:deep])):
        for row in range(0, shape[deep], step):
            rows = min(step, shape[deep] - row)
            yield TensorBlock((lead * shape[deep] + row) * inner, (rows, *shape[deep + 1 :]), deep)


def survey(
    tensor: Tensor, axis: int, pattern: str, order: NDArray[np.intp] | None = None
) -> Survey:
    """Read a tensor once. With an order, its columns along the axis are taken in that order."""
    told = Survey()
    shape = tensor.shape
    known = axis if pattern == TWO_FOUR else -1  # the pattern itself says it
    told.along = {at for at in range(len(shape)) if at != known and shape[at] % GROUP == 0}
    for block, values in ordered_blocks(tensor, axis, order):
        with np.errstate(over="ignore", invalid="ignore"):  # seen, and summed anew in float64
            _see(told, block, values, axis - block.first, pattern)
        if not told.finite:
            break
    if told.fits and pattern == TWO_FOUR:
        told.along.add(axis)
    return told


def ordered_blocks(
    tensor: Tensor, axis: int, order: NDArray[np.intp] | None
) -> Iterator[tuple[TensorBlock, NDArray[Any]]]:
    """Yield the blocks of a tensor, its columns along an axis in an order."""
    for block in blocks(tensor.shape, axis):
        if order is None or axis != block.first:
            values = tensor.read(block.start, block.stop).reshape(block.shape)
            yield block, values if order is None else np.take(values, order, axis - block.first)
        else:  # the axis goes through several blocks: each takes its rows from where they are
            inner = prod(block.shape[1:])
            lead, row = divmod(block.start // inner, tensor.shape[axis])
            rows = (lead * tensor.shape[axis] + order[row : row + block.shape[0]]) * inner
            parts = [tensor.read(int(at), int(at) + inner) for at in rows]
            yield block, np.concatenate(parts).reshape(block.shape)


def _see(told: Survey, block: TensorBlock, values: NDArray[Any], axis: int, pattern: str) -> None:
    size = np.abs(values, dtype=None if values.dtype.kind == "f" else np.float32)
    if size.dtype == np.float16:
        size = size.astype(np.float32)
    l1 = float(size.sum(dtype=np.float64 if size.dtype == np.float64 else np.float32))
    most = float(size.max()) if size.size else 0.0
    if size.dtype != np.float64 and l1 and not TINY < most < HUGE:
        size = size.astype(np.float64)
        l1 = float(size.sum())
    if not isfinite(l1):
        told.finite = False
        return
    bits = size.view(np.int32 if size.dtype == np.float32 else np.int64)
    told.zeros += size.size - int(np.count_nonzero(bits))
    shape = block.shape
    view = size.reshape(prod(shape[:axis]), shape[axis], prod(shape[axis + 1 :]))
    lost = _pairs(view) if pattern == PAIRS else _fours(view)
    told.l1 += l1
    told.l2 += float(np.dot(size.reshape(-1), size.reshape(-1)))
    told.lost_l1 += lost[0]
    told.lost_l2 += lost[1]
    told.fits = told.fits and not lost[0]
    if told.one_two:
        told.one_two = bool((np.minimum(view[:, 0::2], view[:, 1::2]) == 0).all())
    for at in [one for one in told.along if one >= block.first]:
        own = at - block.first
        if not _is_two_four(size, own):
            told.along.discard(at)
    told.along = {one for one in told.along if one >= block.first}


def _fours(view: NDArray[Any]) -> tuple[float, float]:
    """Return what is dropped of each four along the middle axis: sum, and sum of squares."""
    one, two, three, four = (view[:, at::GROUP] for at in range(GROUP))
    high, other_high = np.maximum(one, two), np.maximum(three, four)
    low, other_low = np.minimum(one, two), np.minimum(three, four)
    third = np.minimum(np.minimum(high, other_high), np.maximum(low, other_low)).reshape(-1)
    least = np.minimum(low, other_low).reshape(-1)
    return (
        float(third.sum()) + float(least.sum()),
        float(np.dot(third, third)) + float(np.dot(least, least)),
    )


def _pairs(view: NDArray[Any]) -> tuple[float, float]:
    """Return what is dropped where two of four adjacent pairs are kept, by their sums."""
    outer, length, inner = view.shape
    pairs = view.reshape(outer, length // 8, 4, 2, inner)
    sums = pairs.sum(axis=3)
    dropped = np.argsort(-sums, axis=2, kind="stable")[:, :, 2:]
    squares = np.square(pairs).sum(axis=3)
    return (
        float(np.take_along_axis(sums, dropped, 2).sum()),
        float(np.take_along_axis(squares, dropped, 2).sum()),
    )


def _is_two_four(size: NDArray[Any], axis: int) -> bool:
    shape = size.shape
    if shape[axis] % GROUP:
        return False
    fours = size.reshape(prod(shape[:axis]), shape[axis] // GROUP, GROUP, prod(shape[axis + 1 :]))
    return bool((np.count_nonzero(fours, axis=2) <= 2).all())


def sample(tensor: Tensor, axis: int, most: int) -> NDArray[np.float32]:
    """Return the magnitudes of evenly chosen rows across the axis, as `[columns, rows]`."""
    shape = tensor.shape
    inner = prod(shape[axis + 1 :])
    step = -(-prod(shape) // max(shape[axis], 1) // most)
    slabs: dict[int, list[NDArray[np.float32]]] = {}
    for block in blocks(shape, axis):
        own = axis - block.first
        outer = prod(block.shape[:own])
        lead = block.start // (shape[axis] * inner)
        first = lead * inner
        chosen = np.arange(-(-first // step) * step, (lead + outer) * inner, step) - first
        if chosen.size:
            values = tensor.read(block.start, block.stop).reshape(outer, block.shape[own], inner)
            taken = np.abs(values[chosen // inner, :, chosen % inner].astype(np.float32))
            slabs.setdefault(lead, []).append(taken)
    whole = [np.concatenate(parts, axis=1) for parts in slabs.values()]
    return np.ascontiguousarray(np.concatenate(whole).T)
