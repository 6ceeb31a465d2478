"""The 2:4 format against definitions that try everything."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostcheck.sparsity import two_four as tf

numbers = st.integers(-4, 4).map(float) | st.just(0.0)


@st.composite
def matrices(draw):
    rows, count = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    flat = draw(st.lists(numbers, min_size=4 * rows * count, max_size=4 * rows * count))
    kind = draw(st.sampled_from([np.float32, np.float16, np.int8, np.float64]))
    return np.array(flat, dtype=kind).reshape(rows, 4 * count)


def every_group(matrix):
    return [tuple(row[at : at + 4]) for row in matrix.tolist() for at in range(0, len(row), 4)]


@given(matrices())
def test_pruning_keeps_the_most_that_any_choice_of_two_keeps(matrix):
    pruned = tf.prune(matrix)
    assert pruned.dtype == matrix.dtype
    assert tf.is_two_four(pruned)
    for before, after in zip(every_group(matrix), every_group(pruned), strict=True):
        best = max(abs(a) + abs(b) for a, b in combinations(before, 2))
        assert sum(map(abs, after)) == best
        assert all(new in (0, old) for old, new in zip(before, after, strict=True))


@given(matrices())
def test_two_four_is_at_most_two_of_four(matrix):
    assert tf.is_two_four(matrix) == all(
        sum(one != 0 for one in group) <= 2 for group in every_group(matrix)
    )


@given(matrices())
def test_what_is_two_four_survives_compression_and_halves(matrix):
    pruned = tf.prune(matrix)
    values, indices = tf.compress(pruned)
    assert values.size * 2 == matrix.size
    assert (tf.decompress(values, indices) == pruned).all()


@given(matrices())
def test_metadata_is_one_of_the_six_that_the_hardware_defines(matrix):
    _, indices = tf.compress(matrix)
    assert set(tf.metadata(indices).reshape(-1).tolist()) <= {
        0b0100, 0b1000, 0b1001, 0b1100, 0b1101, 0b1110
    }  # fmt: skip


def test_the_least_int8_has_the_greatest_magnitude():
    matrix = np.array([[-128, 127, 127, 1]], dtype=np.int8)
    assert tf.prune(matrix).tolist() == [[-128, 127, 0, 0]]


def test_magnitudes():
    assert tf.magnitude(np.array([[3.0, -4.0]])) == (7.0, 25.0)


@pytest.mark.parametrize("shape", [(4,), (2, 6), (2, 2, 4)])
def test_shapes_without_whole_groups_are_refused(shape):
    with pytest.raises(ValueError, match="columns a multiple of 4"):
        tf.is_two_four(np.zeros(shape))


@pytest.mark.parametrize("indices", [[[[1, 0]]], [[[2, 2]]], [[[1, 4]]], [[[0, 1, 2]]]])
def test_indices_that_the_hardware_does_not_define_are_refused(indices):
    with pytest.raises(ValueError, match=r"ascend|do not fit"):
        tf.decompress(np.zeros((1, 2)), np.array(indices, dtype=np.uint8))


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_a_product_with_the_compressed_matrix_is_that_of_the_pruned_one(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.integers(-4, 5, (8, 16)), rng.integers(-4, 5, (16, 3))
    values, indices = tf.compress(a)
    columns = (np.arange(4)[:, None] * 4 + indices).reshape(8, 8)
    assert (np.einsum("rk,rkn->rn", values, b[columns]) == tf.prune(a) @ b).all()
