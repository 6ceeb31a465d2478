"""Which order of columns makes 2:4 pruning lose least.

A layer computes the same when the columns of its weights and the rows of what feeds it are
reordered together, and another order puts other weights into one group of four. Source: Pool and
Yu, "Channel Permutations for N:M Sparsity" (NeurIPS 2021), and NVIDIA's slides GTC S31552.

The search is greedy over pairs of groups ("stripes"): the eight columns of a pair can be dealt
into two groups in 35 ways, single channel swaps among them. All 35 are tried, and the best is taken
if it keeps more magnitude. Pairs are met as teams in a round-robin tournament, so that every pair
is met once a cycle and the pairs of one round do not overlap. When a whole cycle gains nothing,
some columns are dealt anew and it goes on a few times, as the search of NVIDIA's apex does; it ends
at the bound on rounds. The same matrix gives the same order every time.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from hostcheck.sparsity.two_four import GROUP, Matrix, groups

ROWS = 1024
"""More rows than this are sampled, evenly, to choose by; what is kept is measured on all."""
ROUNDS = 128
LEAST_GAIN = 1e-6
"""Of what a pair keeps: less is rounding."""
ESCAPES = 12
"""So often a search that settled is shaken and goes on, within the bound on rounds."""
SHAKEN = 8
"""One column of so many is dealt anew by that."""
BATCH = 1 << 17
"""Elements worked on at once."""

_PAIRS = tuple(combinations(range(2 * GROUP), 2))
DEALS = tuple((0, *rest) for rest in combinations(range(1, 2 * GROUP), GROUP - 1))
"""The 35 ways to deal eight columns into two groups: what the first column's group holds."""


class Search(Struct, frozen=True):
    """The order of columns that was found, how many rounds it took, and whether it settled."""

    order: NDArray[np.intp]
    rounds: int
    settled: bool


def kept(matrix: Matrix, order: NDArray[np.intp] | None = None) -> float:
    """Return the sum of absolute values that 2:4 pruning keeps, in an order of columns."""
    ordered = matrix if order is None else matrix[:, order]
    four = groups(np.abs(ordered.astype(np.float64, copy=False)))
    return float(np.partition(four, GROUP - 2, axis=2)[:, :, GROUP - 2 :].sum())


def search(matrix: Matrix, *, rounds: int = ROUNDS) -> Search:
    """Look for an order of columns in which pruning keeps more magnitude; never a worse one."""
    groups(matrix)
    step = -(-matrix.shape[0] // ROWS)
    columns = np.ascontiguousarray(np.abs(matrix[::step].astype(np.float32)).T)
    found = best_order(columns, rounds=rounds)
    if kept(matrix, found.order) < kept(matrix):  # chosen by a sample, and worse on the whole
        return replace(found, order=np.arange(matrix.shape[1]))
    return found


def best_order(columns: NDArray[np.float32], *, rounds: int = ROUNDS) -> Search:
    """Look for an order of columns, given as magnitudes `[columns, rows]`, that keeps more."""
    stripes = np.arange(len(columns)).reshape(-1, GROUP)
    if len(stripes) < 2:
        return Search(stripes.reshape(-1), 0, settled=True)
    done, settled = _settle(columns, stripes, 0, rounds)
    best = _kept_by(columns, stripes)
    for number in range(ESCAPES):
        if not settled or done >= rounds or len(stripes) == 2:  # two groups were tried in all ways
            break
        other = _shaken(stripes, number)
        done, at_rest = _settle(columns, other, done, rounds)
        reached = _kept_by(columns, other)
        if at_rest and reached > best * (1 + LEAST_GAIN):
            stripes, best = other, reached
    return Search(stripes.reshape(-1), done, settled)


def _settle(
    columns: NDArray[np.float32], stripes: NDArray[np.intp], done: int, rounds: int
) -> tuple[int, bool]:
    """Play rounds until a whole cycle gains nothing, in place. Returns how many were played."""
    quiet, cycle = 0, max(len(stripes) - 1 + len(stripes) % 2, 1)
    while done < rounds and quiet < cycle:
        quiet = 0 if _round(columns, stripes, done) else quiet + 1
        done += 1
    return done, quiet >= cycle


def _shaken(stripes: NDArray[np.intp], number: int) -> NDArray[np.intp]:
    """Return the stripes with some columns dealt anew: the same ones every time."""
    chance = np.random.default_rng(number)
    other = stripes.copy()
    flat = other.reshape(-1)
    at = chance.choice(flat.size, max(2, flat.size // SHAKEN), replace=False)
    flat[at] = flat[np.roll(at, 1)]
    return other


def _kept_by(columns: NDArray[np.float32], stripes: NDArray[np.intp]) -> float:
    return sum(
        float(np.partition(columns[four], GROUP - 2, axis=0)[GROUP - 2 :].sum()) for four in stripes
    )


def _round(columns: NDArray[np.float32], stripes: NDArray[np.intp], number: int) -> bool:
    """Let every pair of one round take its best deal, in place. Says whether any gained."""
    first, second = _meetings(len(stripes), number)
    size = max(1, BATCH // (2 * GROUP * columns.shape[1]))
    gained = False
    for start in range(0, len(first), size):
        one, other = first[start : start + size], second[start : start + size]
        eight = np.concatenate((stripes[one], stripes[other]), axis=1)
        worth = _worth(columns[eight])
        best = worth.argmax(axis=0)
        better = np.flatnonzero(worth.max(axis=0) > worth[0] * (1 + LEAST_GAIN))
        for at in better:
            held = list(DEALS[best[at]])
            stripes[one[at]], stripes[other[at]] = eight[at, held], eight[at, _others(held)]
        gained = gained or bool(better.size)
    return gained


def _meetings(count: int, number: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return who meets whom in one round of a round-robin tournament (the circle method)."""
    seats = count + count % 2 - 1
    turn = np.arange(1, (seats + 1) // 2)
    first = np.append((number + turn) % seats, number % seats)
    second = np.append((number - turn) % seats, seats)
    present = second < count  # an odd one out meets nobody
    return first[present], second[present]


def _worth(eight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what each deal of each pair keeps, `[35, pairs]`, of columns `[pairs, 8, rows]`."""
    sums = {(i, j): eight[:, i] + eight[:, j] for i, j in _PAIRS}
    tops = {(i, j): np.maximum(eight[:, i], eight[:, j]) for i, j in _PAIRS}

    def keeps(four: Sequence[int]) -> NDArray[np.float32]:
        """Sum the two greatest of four: both from one half, or one from each."""
        low, high = (four[0], four[1]), (four[2], four[3])
        best = np.maximum(np.maximum(sums[low], sums[high]), tops[low] + tops[high])
        total: NDArray[np.float32] = best.sum(axis=1)
        return total

    return np.array([keeps(deal) + keeps(_others(deal)) for deal in DEALS])


def _others(held: Sequence[int]) -> list[int]:
    return [column for column in range(2 * GROUP) if column not in held]
