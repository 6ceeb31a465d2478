"""The 2:4 format: of every four consecutive weights along a row at most two are not zero.

All functions take a matrix `[rows, columns]` whose rows run along the dimension that the
multiplication sums over, with a number of columns that is a multiple of four. Stored are two
values and two indices of every group, indices ascending: a group with fewer weights that are not
zero stores zeros with them. Sources: NVIDIA, "Making the Most of Structured Sparsity in the NVIDIA
Ampere Architecture" (GTC S31552); PTX ISA, `mma.sp::ordered_metadata`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[Any]
GROUP = 4
KEPT = 2


def groups(matrix: Matrix) -> Matrix:
    """Return the matrix as `[rows, groups, 4]`. Raises ValueError when it has no whole groups."""
    if matrix.ndim != 2 or matrix.shape[1] % GROUP:
        raise ValueError(f"need [rows, columns] with columns a multiple of 4, not {matrix.shape}")
    return matrix.reshape(matrix.shape[0], matrix.shape[1] // GROUP, GROUP)


def is_two_four(matrix: Matrix) -> bool:
    """Say whether no group has more than two weights that are not zero. NaN is not zero."""
    return bool((np.count_nonzero(groups(matrix), axis=2) <= KEPT).all())


def chosen(matrix: Matrix) -> NDArray[np.uint8]:
    """Return the indices 0 to 3 of the two weights of each group to keep: `[rows, groups, 2]`.

    The two of greatest magnitude, the earlier of equal ones; ascending, as the hardware wants.
    """
    order = np.argsort(-np.abs(groups(matrix).astype(np.float64)), axis=2, kind="stable")
    return np.sort(order[:, :, :KEPT], axis=2).astype(np.uint8)


def prune(matrix: Matrix) -> Matrix:
    """Return the matrix with the two weights of least magnitude of each group set to zero."""
    return decompress(*compress(matrix))


def compress(matrix: Matrix) -> tuple[Matrix, NDArray[np.uint8]]:
    """Return kept values `[rows, columns / 2]` and indices `[rows, columns / 4, 2]`.

    A matrix that is not 2:4 is pruned by that.
    """
    indices = chosen(matrix)
    values = np.take_along_axis(groups(matrix), indices.astype(np.intp), axis=2)
    return values.reshape(matrix.shape[0], matrix.shape[1] // 2), indices


def decompress(values: Matrix, indices: NDArray[np.uint8]) -> Matrix:
    """Return the matrix `[rows, columns]` that was compressed.

    Raises ValueError when indices do not ascend or shapes do not belong together.
    """
    rows, count = indices.shape[:2]
    if indices.shape[2:] != (KEPT,) or values.shape != (rows, KEPT * count):
        raise ValueError(f"values {values.shape} and indices {indices.shape} do not fit")
    if (indices >= GROUP).any() or (indices[:, :, 0] >= indices[:, :, 1]).any():
        raise ValueError("indices must ascend in every group, and be below 4")
    dense = np.zeros((rows, count, GROUP), dtype=values.dtype)
    np.put_along_axis(dense, indices.astype(np.intp), values.reshape(rows, count, KEPT), axis=2)
    return dense.reshape(rows, GROUP * count)


def metadata(indices: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return one nibble a group, `first | second << 2`: what `mma.sp` reads."""
    return np.bitwise_or(indices[:, :, 0], indices[:, :, 1] * 4, dtype=np.uint8)


def magnitude(matrix: Matrix) -> tuple[float, float]:
    """Return the sums of absolute values and of squares."""
    wide = np.abs(matrix.astype(np.float64, copy=False))
    return float(wide.sum()), float(np.square(wide).sum())
