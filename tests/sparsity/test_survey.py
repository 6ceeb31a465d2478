"""One pass in blocks against the definitions of two_four, which see the whole matrix."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostcheck.sparsity import survey as sv
from hostcheck.sparsity import two_four as tf
from hostcheck.sparsity.tensors import held
from hostcheck.sparsity.write import kept

KINDS = (np.float16, np.float32, np.float64, np.int8)
seeds = st.integers(0, 2**32 - 1)
shapes = st.one_of(
    st.tuples(st.integers(1, 20), st.integers(1, 5).map(lambda n: 4 * n)),
    st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 4).map(lambda n: 4 * n)),
    st.tuples(*(st.integers(1, 3).map(lambda n: 4 * n) for _ in range(2)), st.just(3), st.just(2)),
)


def along(values, axis):
    return np.moveaxis(values, axis, -1).reshape(-1, values.shape[axis])


def made(seed, shape, kind, *, sparse):
    rng = np.random.default_rng(seed)
    values = rng.integers(-5, 6, shape).astype(kind)
    return values * (rng.random(shape) < 0.3).astype(kind) if sparse else values


def of(values):
    return held("w", Path("w"), "F32", values)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(sv, "BLOCK", 64)


fit = settings(max_examples=60, deadline=None)


@fit
@given(seeds, shapes, st.sampled_from(KINDS), st.booleans(), st.integers(0, 3))
def test_one_pass_says_what_the_definitions_say(seed, shape, kind, sparse, chosen):
    values = made(seed, shape, kind, sparse=sparse)
    whole = [axis for axis in range(len(shape)) if shape[axis] % 4 == 0]
    axis = whole[chosen % len(whole)]
    told = sv.survey(of(values), axis, sv.TWO_FOUR)
    matrix = along(values, axis)
    before, after = tf.magnitude(matrix), tf.magnitude(tf.prune(matrix))
    assert told.fits == tf.is_two_four(matrix)
    assert told.zeros == values.size - np.count_nonzero(values)
    assert (told.l1, told.l2) == pytest.approx(before)
    assert (told.l1 - told.lost_l1, told.l2 - told.lost_l2) == pytest.approx(after)
    assert (axis in told.along) == told.fits
    for other in told.along:  # nothing is claimed of an axis that is not so
        assert tf.is_two_four(along(values, other))


@fit
@given(seeds, shapes, st.integers(0, 3))
def test_an_order_is_that_of_the_columns(seed, shape, chosen):
    values = made(seed, shape, np.float32, sparse=False)
    whole = [axis for axis in range(len(shape)) if shape[axis] % 4 == 0]
    axis = whole[chosen % len(whole)]
    order = np.random.default_rng(seed).permutation(shape[axis])
    told = sv.survey(of(values), axis, sv.TWO_FOUR, order)
    wanted = sv.survey(of(np.take(values, order, axis)), axis, sv.TWO_FOUR)
    assert (told.lost_l1, told.l1) == pytest.approx((wanted.lost_l1, wanted.l1))


@fit
@given(seeds, shapes, st.integers(1, 40))
def test_a_sample_is_rows_of_the_matrix(seed, shape, most):
    values = made(seed, shape, np.float32, sparse=False)
    axis = next(axis for axis in range(len(shape)) if shape[axis] % 4 == 0)
    matrix = np.abs(along(values, axis))
    step = -(-len(matrix) // most)
    assert sv.sample(of(values), axis, most).T.tolist() == matrix[::step].tolist()


@fit
@given(seeds, shapes, st.sampled_from(KINDS), st.integers(0, 3))
def test_what_is_kept_is_what_pruning_keeps(seed, shape, kind, chosen):
    values = made(seed, shape, kind, sparse=False)
    whole = [axis for axis in range(len(shape)) if shape[axis] % 4 == 0]
    axis = whole[chosen % len(whole)]
    pruned = along(np.where(kept(values, axis), values, 0), axis)
    assert pruned.tolist() == tf.prune(along(values, axis)).tolist()
    assert along(kept(values, axis), axis).sum() * 2 == values.size


@pytest.mark.parametrize("zero", list(product([0, 1], repeat=4)))
def test_pairs_are_counted_as_pairs(zero):
    row = np.array([[zero[0], zero[0], zero[1], 0, 0, zero[2], zero[3], zero[3]]], np.float32)
    told = sv.survey(of(np.repeat(row, 3, 0)), 1, sv.PAIRS)
    assert told.fits == (sum(zero) <= 2)
    assert (told.lost_l1 == 0) == told.fits


@pytest.mark.parametrize("far", [1e30, 1e-30, 3e38])
def test_squares_that_leave_float32_are_right(far):
    row = np.array([[4, 3, 2, 1]] * 8, np.float32) / 4 * np.float32(far)
    told = sv.survey(of(row), 1, sv.TWO_FOUR)
    assert told.shares() == pytest.approx((0.3, 5 / 30), rel=1e-5)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_seen(bad):
    values = np.ones((40, 8), np.float32)
    values[33, 5] = bad
    assert not sv.survey(of(values), 1, sv.TWO_FOUR).finite


def test_one_of_two_is_told_of_what_is_more_than_two_of_four():
    values = np.tile(np.array([[1, 0, 0, 2, 1, 1, 0, 0]], np.float32), (8, 1))
    told = sv.survey(of(values), 1, sv.TWO_FOUR)
    assert (told.fits, told.one_two) == (True, False)
    assert sv.survey(of(values[:, :4]), 1, sv.TWO_FOUR).one_two
