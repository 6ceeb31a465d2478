"""What other orders of columns save: each matrix alone, and those that read one input together."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hostcheck.model.sparsity import Lost, Member, Regained, Shared, Weights
from hostcheck.sparsity.permutation import ROWS, best_order
from hostcheck.sparsity.survey import TWO_FOUR, Survey, sample, survey
from hostcheck.sparsity.tensors import Tensor

FEWEST = 64
"""Rows that each matrix of a group brings at least."""


def regained(tensor: Tensor, axis: int, before: Survey, rounds: int) -> Regained:
    """Search an order for one matrix; never a worse one than it has."""
    found = best_order(sample(tensor, axis, ROWS), rounds=rounds)
    after, order = survey(tensor, axis, TWO_FOUR, found.order), found.order
    if after.lost_l1 >= before.lost_l1:  # chosen by a sample, and no better on the whole
        after, order = before, np.arange(tensor.shape[axis])
    return Regained(
        Lost(*after.shares()),
        1 - after.lost_l1 / before.lost_l1,
        found.rounds,
        found.settled,
        _plain(order),
    )


def joint(group: Sequence[tuple[Tensor, int, Weights]], rounds: int) -> Shared:
    """Search one order for all that read an input, weighing each by its own magnitudes."""
    most = max(FEWEST, ROWS // len(group))
    rows = [sample(tensor, axis, most) for tensor, axis, _ in group]
    # A sample stands for all rows of its matrix.
    whole = [
        one * np.float32(tensor.size // tensor.shape[axis] / one.shape[1])
        for one, (tensor, axis, _) in zip(rows, group, strict=True)
    ]
    order = best_order(np.concatenate(whole, axis=1), rounds=rounds).order
    after = [survey(tensor, axis, TWO_FOUR, order) for tensor, axis, _ in group]
    before = [one.lost.l1 * new.l1 for new, (_, _, one) in zip(after, group, strict=True)]
    lost = [new.lost_l1 for new in after]
    if sum(lost) >= sum(before):
        lost, order = before, np.arange(order.size)
    alone = sum(
        old * (one.regained.share if one.regained else 0.0)
        for old, (_, _, one) in zip(before, group, strict=True)
    )
    return Shared(
        tuple(
            Member(one.name, one.lost.l1, new / all_.l1 if all_.l1 else 0.0)
            for new, all_, (_, _, one) in zip(lost, after, group, strict=True)
        ),
        1 - sum(lost) / sum(before),
        alone / sum(before),
        _plain(order),
    )


def _plain(order: NDArray[np.intp]) -> tuple[int, ...]:
    return tuple(int(column) for column in order)
