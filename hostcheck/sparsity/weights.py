"""Weight matrices out of .npy and .safetensors files. Nothing that a file holds is executed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from hostcheck.errors import UsageError

LIMIT_BYTES = 64 << 30
"""A .safetensors file is read as a whole."""
NO_WEIGHTS = "V"
"""The kind of an array whose type in the file is none that weights have."""
_TYPES = {
    "F64": np.float64, "F32": np.float32, "F16": np.float16, "I8": np.int8, "U8": np.uint8,
    "I16": np.int16, "I32": np.int32, "I64": np.int64,
}  # fmt: skip


class Tensor:
    """One tensor: its name, its type as the file calls it, and its values."""

    def __init__(self, name: str, kind: str, values: NDArray[Any]) -> None:
        self.name = name
        self.kind = kind
        self.values = values


def tensors(path: Path) -> Iterator[Tensor]:
    """Yield the tensors of a file by name. Raises UsageError, one line, for what cannot be read."""
    try:
        with path.open("rb") as file:
            if path.suffix == ".npy":
                yield _npy(path, file)
            elif path.suffix == ".safetensors":
                yield from _safetensors(path, file)
            else:
                raise UsageError(f"{path}: neither .npy nor .safetensors; convert it to one")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    except MemoryError:
        raise UsageError(f"{path}: does not fit into memory; split it") from None


def _npy(path: Path, file: BinaryIO) -> Tensor:
    try:
        values = np.lib.format.read_array(file, allow_pickle=False)
    except (ValueError, EOFError, SyntaxError) as error:
        told = str(error).partition("\n")[0]
        if "Object arrays" in told:
            told = "it holds Python objects, which are never loaded; save numbers only"
        raise UsageError(f"{path}: not a usable .npy file: {told}") from None
    return Tensor(path.stem, str(values.dtype), values)


def _safetensors(path: Path, file: BinaryIO) -> Iterator[Tensor]:
    from safetensors import SafetensorError, deserialize  # noqa: PLC0415  optional, as numpy is

    if path.stat().st_size > LIMIT_BYTES:
        raise UsageError(f"{path}: larger than {LIMIT_BYTES >> 30} GiB; give one shard of it")
    try:
        found = sorted(deserialize(file.read()))  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        told = str(error).partition("\n")[0]
        raise UsageError(f"{path}: not a usable .safetensors file: {told}") from None
    for name, tensor in found:
        values = _decoded(str(tensor["dtype"]), bytes(tensor["data"]))
        if values.dtype.kind != NO_WEIGHTS:
            values = values.reshape(tensor["shape"])
        yield Tensor(name, str(tensor["dtype"]), values)


def _decoded(kind: str, data: bytes) -> NDArray[Any]:
    """Return the numbers, exactly; no numbers for a type that is none of weights (BOOL, C64)."""
    if kind == "BF16":  # the upper half of a float32
        return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
    if kind == "F8_E5M2":  # the upper half of a float16
        return (np.frombuffer(data, np.uint8).astype(np.uint16) << 8).view(np.float16)
    if kind == "F8_E4M3":
        return _E4M3[np.frombuffer(data, np.uint8)]
    if kind not in _TYPES:
        return np.zeros(0, NO_WEIGHTS)
    return np.frombuffer(data, np.dtype(_TYPES[kind]).newbyteorder("<"))


def _e4m3() -> NDArray[np.float32]:
    """Return the value of every byte: bias 7, no infinity, all ones is NaN (OCP 8-bit, E4M3)."""
    byte = np.arange(256)
    exponent, fraction = (byte >> 3) & 15, byte & 7
    scale = np.where(exponent == 0, 2.0**-6, 2.0 ** (exponent.astype(float) - 7))
    value = scale * (np.where(exponent == 0, 0, 1) + fraction / 8)
    value[(byte & 0x7F) == 0x7F] = np.nan
    return np.where(byte & 0x80, -value, value).astype(np.float32)


_E4M3 = _e4m3()
