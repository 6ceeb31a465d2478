"""Weights out of GGUF files, blocks of quantised ones widened by the format's own package.

What is zero is what the widened number says: types with an offset (Q4_1, Q4_K) seldom hold a zero.
"""

from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGUFReader
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFEndian
from gguf.quants import dequantize
from numpy.typing import NDArray

from hostcheck.errors import UsageError
from hostcheck.sparsity.numbers import BITS
from hostcheck.sparsity.packed import UnreadableError
from hostcheck.sparsity.tensors import Tensor, pread, stored

_FP4 = {"MXFP4": "mxfp4", "NVFP4": "nvfp4"}


def tensors(path: Path) -> list[Tensor]:
    """Return the tensors of a file. Raises UsageError, one line, where it is not usable."""
    try:
        read = GGUFReader(path)
        found = [
            (str(one.name), one.tensor_type, tuple(int(n) for n in reversed(one.shape)),
             int(one.data_offset))
            for one in read.tensors
        ]  # fmt: skip
        swapped = read.endianess is not GGUFEndian.LITTLE
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001  a file can be broken in any way
        told = str(error).partition("\n")[0]
        raise UsageError(f"{path}: not a usable .gguf file: {told}") from None
    if swapped:
        raise UsageError(f"{path}: written for big-endian machines, which is not read here")
    return [_tensor(path, *one) for one in found]


def _tensor(
    path: Path, name: str, type_: GGMLQuantizationType, shape: tuple[int, ...], at: int
) -> Tensor:
    if type_.name in BITS:
        return stored(name, path, type_.name, shape, at)
    block, octets = GGML_QUANT_SIZES[type_]
    columns = shape[-1]

    def read(start: int, stop: int) -> NDArray[Any]:
        wide = columns // block * octets
        first, last = start // columns, stop // columns
        rows = np.frombuffer(pread(path, at + first * wide, (last - first) * wide), np.uint8)
        try:
            return dequantize(rows.reshape(-1, wide), type_).reshape(-1)
        except NotImplementedError:
            raise UnreadableError(f"{type_.name} is not widened by the gguf package") from None

    if columns % block or not prod(shape):
        return Tensor(name, path, type_.name, shape, read, unread="its rows are no whole blocks")
    return Tensor(name, path, _FP4.get(type_.name, type_.name), shape, read)
