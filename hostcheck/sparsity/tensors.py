"""Tensors that stay in their files: their numbers are read piece by piece."""

import os
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hostcheck.errors import UsageError
from hostcheck.sparsity.numbers import BITS, decoded

Read = Callable[[int, int], NDArray[Any]]


class Tensor(Struct, frozen=True):
    """One tensor: its name, its type as the file calls it, its shape.

    `read(start, stop)` returns that range of its elements, in the order of its shape. Packed ones
    want whole rows.
    """

    name: str
    file: Path
    kind: str
    shape: tuple[int, ...]
    read: Read
    axis: int | None = None
    """The axis that its reader sums over, where the file tells it."""
    reads: str = ""
    """The name of what it is multiplied with, where the file tells it."""
    looked_up: bool = False
    """Whether it is a table of embeddings, where the file tells it."""
    unread: str = ""
    """Why its numbers cannot be read, where they cannot."""
    at: int = -1
    """Where its bytes begin in the file; -1 where they are not numbers in a row."""

    @property
    def size(self) -> int:
        """The number of its elements."""
        return prod(self.shape)

    def whole(self) -> NDArray[Any]:
        """Return all of it: for what is small."""
        return self.read(0, self.size).reshape(self.shape)


def stored(name: str, path: Path, kind: str, shape: tuple[int, ...], at: int) -> Tensor:
    """Return a tensor whose numbers lie in a row in a file, from a byte on."""

    def read(start: int, stop: int) -> NDArray[Any]:
        bits = BITS[kind]
        return decoded(kind, pread(path, at + start * bits // 8, (stop - start) * bits // 8))

    return Tensor(name, path, kind, shape, read, at=at)


def held(name: str, path: Path, kind: str, values: NDArray[Any]) -> Tensor:
    """Return a tensor that is in memory."""
    flat = values.reshape(-1)
    return Tensor(name, path, kind, values.shape, lambda start, stop: flat[start:stop])


def pread(path: Path, at: int, size: int) -> memoryview:
    """Read bytes of a file: no mapping, so that memory stays small and a cut file is an error."""
    view: memoryview = np.empty(size, np.uint8).data
    done = 0
    with path.open("rb", buffering=0) as file:
        while done < size:
            count = os.preadv(file.fileno(), [view[done:]], at + done)
            if not count:
                raise UsageError(f"{path}: it ends early: it was cut, or changed meanwhile")
            done += count
    return view
