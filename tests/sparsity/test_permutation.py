"""The search for an order of columns, against every order there is."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostcheck.sparsity import permutation as perm
from hostcheck.sparsity.two_four import prune

seeds = st.integers(0, 2**32 - 1)


def best_of_all(matrix):
    """The most that any way to deal the columns into groups of four keeps."""

    def best(left):
        if not left:
            return 0.0
        first, *others = left
        return max(
            worth(first, *three) + best([one for one in others if one not in three])
            for three in combinations(others, 3)
        )

    def worth(*four):
        return perm.kept(matrix[:, list(four)])

    return best(list(range(matrix.shape[1])))


def random(seed, rows, columns):
    return np.random.default_rng(seed).integers(-9, 10, (rows, columns)).astype(np.float64)


@settings(max_examples=30, deadline=None)
@given(seeds, st.integers(1, 6))
def test_eight_columns_are_dealt_in_the_best_of_all_ways(seed, rows):
    matrix = random(seed, rows, 8)
    found = perm.search(matrix)
    assert found.settled
    assert perm.kept(matrix, found.order) == pytest.approx(best_of_all(matrix))


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_of_twelve_columns_no_pair_of_groups_can_gain(seed):
    matrix = random(seed, 3, 12)
    found = perm.search(matrix)
    after = perm.kept(matrix, found.order)
    assert perm.kept(matrix) <= after <= best_of_all(matrix) + 1e-9
    ordered = matrix[:, found.order]
    for one, other in combinations(range(3), 2):
        eight = ordered[:, [*range(4 * one, 4 * one + 4), *range(4 * other, 4 * other + 4)]]
        assert perm.kept(eight) == pytest.approx(best_of_all(eight))


@settings(max_examples=30, deadline=None)
@given(seeds, st.integers(1, 9), st.integers(1, 9), st.integers(0, 5))
def test_an_order_holds_every_column_once_and_is_never_worse(seed, rows, count, rounds):
    matrix = random(seed, rows, 4 * count)
    found = perm.search(matrix, rounds=rounds)
    assert sorted(found.order.tolist()) == list(range(4 * count))
    assert perm.kept(matrix, found.order) >= perm.kept(matrix)
    assert found.rounds <= rounds


@given(seeds)
def test_kept_is_what_pruning_leaves(seed):
    matrix = random(seed, 4, 12)
    assert perm.kept(matrix) == np.abs(prune(matrix)).sum()


@pytest.mark.parametrize("count", range(2, 12))
def test_in_a_cycle_every_pair_meets_once_and_nobody_twice_a_round(count):
    met = []
    for number in range(count + count % 2 - 1):
        pairs = list(zip(*(side.tolist() for side in perm._meetings(count, number)), strict=True))
        assert len({one for pair in pairs for one in pair}) == 2 * len(pairs)
        met += [frozenset(pair) for pair in pairs]
    assert sorted(map(sorted, met)) == [list(pair) for pair in combinations(range(count), 2)]


def test_columns_that_were_shuffled_out_of_a_two_four_matrix_are_found_again():
    rng = np.random.default_rng(7)
    matrix = np.tile([9.0, 8.0, 0.1, 0.1], (32, 4)) * rng.uniform(0.9, 1.1, (32, 16))
    shuffled = matrix[:, rng.permutation(16)]
    found = perm.search(shuffled)
    assert perm.kept(shuffled) < perm.kept(matrix)
    assert perm.kept(shuffled, found.order) == pytest.approx(perm.kept(matrix))


def test_sampled_rows_never_make_it_worse(monkeypatch):
    monkeypatch.setattr(perm, "ROWS", 2)
    for seed in range(20):
        matrix = random(seed, 40, 16)
        found = perm.search(matrix)
        assert perm.kept(matrix, found.order) >= perm.kept(matrix)


def test_the_least_int8_is_not_taken_for_negative():
    matrix = np.array([[-128, 1, 1, 1, -128, -128, 1, 1]], dtype=np.int8)
    found = perm.search(matrix)
    assert perm.kept(matrix, found.order) == best_of_all(matrix)
