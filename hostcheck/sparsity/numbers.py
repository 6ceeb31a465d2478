"""Numbers as files hold them, exactly."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

PLAIN = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I8": "i1", "U8": "u1", "I16": "<i2", "U16": "<u2",
    "I32": "<i4", "U32": "<u4", "I64": "<i8", "U64": "<u8",
}  # fmt: skip
WEIGHTS = frozenset({"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "I8", "F4"})
"""Types that weights have; the other integers are containers of packed ones, or indices."""
BITS = {
    "F64": 64, "F32": 32, "F16": 16, "BF16": 16, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F4": 4,
    "I8": 8, "U8": 8, "I16": 16, "U16": 16, "I32": 32, "U32": 32, "I64": 64, "U64": 64,
}  # fmt: skip
E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], np.float32)
"""The sixteen 4-bit floats (OCP Microscaling Formats, E2M1)."""


def decoded(kind: str, data: bytes | memoryview) -> NDArray[Any]:
    """Return the numbers of a type that `BITS` has."""
    if kind == "BF16":  # the upper half of a float32
        wide = np.frombuffer(data, "<u2").astype(np.uint32)
        wide <<= 16
        return wide.view(np.float32)
    if kind == "F8_E5M2":  # the upper half of a float16
        return (np.frombuffer(data, np.uint8).astype(np.uint16) << 8).view(np.float16)
    if kind == "F8_E4M3":
        return _E4M3[np.frombuffer(data, np.uint8)]
    if kind == "F8_E8M0":
        return e8m0(np.frombuffer(data, np.uint8))
    if kind == "F4":
        return E2M1[nibbles(np.frombuffer(data, np.uint8))]
    return np.frombuffer(data, PLAIN[kind])


def nibbles(data: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return two numbers a byte, the low one first; the last axis doubles."""
    both = np.empty((*data.shape, 2), np.uint8)
    both[..., 0] = data & 15
    both[..., 1] = data >> 4
    return both.reshape(*data.shape[:-1], -1)


def e8m0(data: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return powers of two, bias 127; all ones is NaN (OCP Microscaling Formats, E8M0)."""
    value = np.ldexp(np.float32(1), data.astype(np.int32) - 127)
    value[data == 255] = np.nan
    return value.astype(np.float32)


def _e4m3() -> NDArray[np.float32]:
    """Return the value of every byte: bias 7, no infinity, all ones is NaN (OCP 8-bit, E4M3)."""
    byte = np.arange(256)
    exponent, fraction = (byte >> 3) & 15, byte & 7
    scale = np.where(exponent == 0, 2.0**-6, 2.0 ** (exponent.astype(float) - 7))
    value = scale * (np.where(exponent == 0, 0, 1) + fraction / 8)
    value[(byte & 0x7F) == 0x7F] = np.nan
    return np.where(byte & 0x80, -value, value).astype(np.float32)


_E4M3 = _e4m3()
