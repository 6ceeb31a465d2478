"""Weights that are stored as several tensors: found by their names, and unpacked row by row.

    X.compressed X.bitmask X.shape             two of four and which: sparse-24-bitmask,
    sparse-bitmask X.weight_packed X.weight_scale ...         int4 and int8 in int32: pack-quantized
    X.weight_packed X.weight_scale (bytes)     NVFP4 and MXFP4 X.weight (U8) X.weight_scale
    NVFP4 as ModelOpt writes it X_blocks X_scales                          MXFP4 of stacked experts
    X.qweight X.qzeros X.scales X.g_idx        GPTQ X.weight X.weight_scale X.weight_zero_point

Sources: compressed-tensors 0.14.0 (compressors), what its own packing gave; the GPTQ format as
AutoGPTQ and vLLM read it; OCP Microscaling Formats. A layout that is none of these is named and
left out: bits of a container say nothing of weights.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from hostcheck.model.sparsity import Left, Skipped
from hostcheck.sparsity.numbers import E2M1, e8m0, nibbles
from hostcheck.sparsity.tensors import Tensor

Named = dict[str, Tensor]
BLOCK = 128
"""`weight_scale_inv` holds one scale for 128 x 128 weights."""
HELPERS = (
    "_scale", "_scale_inv", "_scale_2", "_global_scale", "_zero_point", "_g_idx", "_shape",
    ".scales", ".qzeros", ".g_idx", ".absmax", ".quant_map", "_scales", ".row_offsets",
    ".zeros", ".scale_packed",
)  # fmt: skip
"""What stands beside weights and is none."""


SCALED = frozenset({"I8", "F8_E4M3", "F8_E5M2", "F4"})


class UnreadableError(Exception):
    """A packed tensor does not hold together; the message says how."""


class JoinedWeights:
    """Weights, each as one tensor, and what is left beside them."""

    def __init__(self, tensors: Iterable[Tensor], *, zeros_less_one: bool = True) -> None:
        """Join what belongs together; GPTQ's first version stores its zero points less one."""
        self.named: Named = {one.name: one for one in tensors}
        self.skipped: list[Skipped] = []
        self._zeros_less_one = zeros_less_one
        for name in sorted(self.named):
            self._join(name)

    def _join(self, name: str) -> None:
        base, _, last = name.rpartition(".")
        if name not in self.named:
            return  # taken by another
        try:
            if last == "bitmask" and f"{base}.compressed" in self.named:
                self._put(
                    _bitmask(base, self.named),
                    f"{base}.{{}}",
                    "compressed bitmask shape row_offsets",
                )
            elif last == "weight_packed":
                self._put(self._weight_packed(base), f"{base}.weight_{{}}", _BESIDE)
            elif (
                last == "weight" and f"{name}_scale" in self.named and self.named[name].kind == "U8"
            ):
                fp4 = _fp4(base, self.named[name], self.named[f"{name}_scale"])
                self._put(fp4, f"{base}.weight{{}}", "_scale _scale_2")
            elif last == "qweight":
                self._put(
                    _gptq(base, self.named, self._zeros_less_one),
                    f"{base}.{{}}",
                    "qweight qzeros scales g_idx",
                )
            elif name.endswith("_blocks") and name.removesuffix("blocks") + "scales" in self.named:
                whole = name.removesuffix("_blocks")
                self._put(_mx_blocks(whole, self.named), f"{whole}_{{}}", "blocks scales")
        except UnreadableError as error:
            self.named.pop(name)
            self.skipped.append(Skipped(name, str(error), Left.UNKNOWN))

    def _put(self, made: Tensor, beside: str, parts: str) -> None:
        for part in parts.split(" "):
            self.named.pop(beside.format(part), None)
        self.named[made.name] = made

    def _weight_packed(self, base: str) -> Tensor:
        packed, scale = self.named[f"{base}.weight_packed"], self.named.get(f"{base}.weight_scale")
        if f"{base}.meta" in self.named:
            self.named.pop(f"{base}.meta")
            self.named.pop(f"{base}.scale_packed", None)
            raise UnreadableError(
                "marlin-24 keeps 2:4 weights in the order of its kernel's tiles, which is "
                "not unpacked here"
            )
        if packed.kind == "U8" and scale is not None:
            return _fp4(base, packed, scale)
        return _integers(base, self.named)

    def weights(self) -> Iterator[Tensor]:
        """Yield the weights, with their scale and zero point where these stand beside them."""
        for name in sorted(self.named):
            tensor = self.named[name]
            if name.endswith(HELPERS):
                self.skipped.append(
                    Skipped(name, "stands beside weights, and is none", Left.NO_WEIGHTS)
                )
            else:
                try:
                    yield _beside(tensor, self.named)
                except UnreadableError as error:
                    self.skipped.append(Skipped(name, str(error), Left.UNKNOWN))


def _beside(tensor: Tensor, named: Named) -> Tensor:
    """Return a tensor with the scale and the zero point that stand beside it."""
    scale, zero = named.get(f"{tensor.name}_scale"), named.get(f"{tensor.name}_zero_point")
    blocks = named.get(f"{tensor.name}_scale_inv")
    if tensor.kind not in SCALED or (scale is blocks is zero is None):
        return tensor
    if len(tensor.shape) != 2:
        return _moved(tensor, zero) if zero is not None else tensor  # a scale moves no zero
    _, columns = tensor.shape
    by_row = Grid(scale, tensor.shape) if scale is not None else None
    if by_row is None and blocks is not None:
        by_row = Grid(blocks, tensor.shape, block=BLOCK)
    offset = Grid(zero, tensor.shape) if zero is not None else None

    def read(start: int, stop: int) -> NDArray[Any]:
        first, last = start // columns, stop // columns
        values = tensor.read(start, stop).astype(np.float32).reshape(-1, columns)
        if offset is not None:
            values = offset.less(values, first, last)
        return (by_row.times(values, first, last) if by_row else values).reshape(-1)

    return replace(tensor, read=read, at=-1)


def _moved(tensor: Tensor, zero: Tensor) -> Tensor:
    """Return a convolution or stacked experts less their zero points."""
    own = tuple(zero.shape)
    while own and own[-1] == 1:
        own = own[:-1]
    if own != tensor.shape[: len(own)]:
        raise UnreadableError(f"{zero.name} {zero.shape} does not fit {tensor.shape}")
    points, each = zero.whole().astype(np.float32).reshape(-1), tensor.size // max(zero.size, 1)

    def read(start: int, stop: int) -> NDArray[Any]:
        values = tensor.read(start, stop).astype(np.float32)
        less: NDArray[Any] = values - points[np.arange(start, stop) // each]
        return less

    return replace(tensor, read=read, at=-1)


_BESIDE = "packed scale shape zero_point g_idx global_scale"


class Grid:
    """Scales or zero points of a matrix: one for all, for a row, or for a piece of it."""

    def __init__(self, numbers: Tensor, shape: tuple[int, ...], *, block: int = 0) -> None:
        """Lay them over a matrix. Raises UnreadableError where they do not fit it."""
        rows, columns = shape
        if numbers.shape == (-(-rows // BLOCK), -(-columns // BLOCK)) and rows > BLOCK:
            block = BLOCK
        self.numbers, self.block = numbers, block
        size = numbers.size
        high = -(-rows // block) if block else rows
        self.across = 0 if size == 1 else size // max(high, 1)
        self.piece = block or (columns // self.across if self.across else columns)
        whole = self.across * high == size
        if size != 1 and not (whole and (block or self.piece * self.across == columns)):
            raise UnreadableError(f"{numbers.name} {numbers.shape} does not fit {rows} x {columns}")

    def _rows(self, first: int, last: int, columns: int) -> NDArray[Any]:
        """Return the numbers of some rows, one for each column or one for all."""
        if not self.across:
            return self.numbers.read(0, 1).astype(np.float32).reshape(1, 1)
        high = self.block or 1
        top, bottom = first // high, -(-last // high)
        found = self.numbers.read(top * self.across, bottom * self.across).astype(np.float32)
        found = found.reshape(-1, self.across)
        if self.block:
            found = np.repeat(found, high, axis=0)[first - top * high :][: last - first]
        return found if self.across == 1 else np.repeat(found, self.piece, axis=1)[:, :columns]

    def times(self, values: NDArray[Any], first: int, last: int) -> NDArray[Any]:
        """Return rows, scaled."""
        scaled: NDArray[Any] = values * self._rows(first, last, values.shape[1])
        return scaled

    def less(self, values: NDArray[Any], first: int, last: int) -> NDArray[Any]:
        """Return rows less their zero points: what is zero was pruned."""
        moved: NDArray[Any] = values - self._rows(first, last, values.shape[1])
        return moved


def _bitmask(base: str, named: Named) -> Tensor:
    values, mask = named[f"{base}.compressed"], named[f"{base}.bitmask"]
    shape = named.get(f"{base}.shape")
    if shape is None or shape.size != 2:
        raise UnreadableError("its .shape is missing, or is not that of a matrix")
    rows, columns = (int(one) for one in shape.read(0, 2))
    wide = -(-columns // 8)
    if mask.kind != "U8" or mask.shape != (rows, wide):
        raise UnreadableError(f".bitmask {mask.shape} does not fit {rows} x {columns}")
    half = len(values.shape) == 2 and values.shape == (rows, columns // 2)
    offsets = named.get(f"{base}.row_offsets")
    if not half and (offsets is None or offsets.size != rows):
        raise UnreadableError(f".compressed {values.shape} does not fit {rows} x {columns}")

    def begins(row: int) -> int:
        if half:
            return row * (columns // 2)
        return values.size if row == rows or offsets is None else int(offsets.read(row, row + 1)[0])

    def read(start: int, stop: int) -> NDArray[Any]:
        first, last = start // columns, stop // columns
        bits = np.unpackbits(
            mask.read(first * wide, last * wide).reshape(-1, wide), axis=1, bitorder="little"
        )[:, :columns].astype(bool)
        kept = values.read(begins(first), begins(last))
        if np.count_nonzero(bits) != kept.size:
            raise UnreadableError("its .bitmask has another number of weights than its .compressed")
        dense = np.zeros(bits.shape, kept.dtype)
        dense[bits] = kept
        return dense.reshape(-1)

    return Tensor(f"{base}.weight", values.file, values.kind, (rows, columns), read)


def _integers(base: str, named: Named) -> Tensor:
    packed, told = named[f"{base}.weight_packed"], named.get(f"{base}.weight_shape")
    scale, zero = named.get(f"{base}.weight_scale"), named.get(f"{base}.weight_zero_point")
    if (
        packed.kind != "I32"
        or len(packed.shape) != 2
        or told is None
        or told.size != 2
        or scale is None
    ):
        raise UnreadableError(f"{packed.kind} {packed.shape} without a known layout beside it")
    rows, columns = (int(one) for one in told.read(0, 2))
    bits = next((one for one in (4, 8) if -(-columns * one // 32) == packed.shape[1]), 0)
    if not bits or packed.shape[0] != rows:
        raise UnreadableError(f"{packed.shape} is not {rows} x {columns} in 4 or 8 bits")
    grid, wide = Grid(scale, (rows, columns)), packed.shape[1]
    order = named.get(f"{base}.weight_g_idx")
    if order is not None and order.size and grid.across > 1 and _shuffled(order, grid.piece):
        raise UnreadableError("its groups are not in the order of its columns (weight_g_idx)")
    if zero is not None and grid.across and zero.shape != (-(-rows * bits // 32), grid.across):
        raise UnreadableError(f"its zero points {zero.shape} are in no known layout")
    middle = 1 << (bits - 1)

    def zeros(first: int, last: int) -> NDArray[Any]:
        if zero is None:
            return np.full((1, 1), middle, np.float32)
        if not grid.across:
            return zero.read(0, 1).astype(np.float32).reshape(1, 1) + middle
        each = 32 // bits
        top, bottom = first // each, -(-last // each)
        found = zero.read(top * grid.across, bottom * grid.across).reshape(-1, grid.across)
        spread = _unpacked(found.T, bits).T[first - top * each :][: last - first]
        return np.repeat(spread.astype(np.float32), grid.piece, axis=1)

    def read(start: int, stop: int) -> NDArray[Any]:
        first, last = start // columns, stop // columns
        held = packed.read(first * wide, last * wide).reshape(-1, wide)
        values = _unpacked(held, bits)[:, :columns].astype(np.float32) - zeros(first, last)
        return grid.times(values, first, last).reshape(-1)

    return Tensor(f"{base}.weight", packed.file, f"int{bits}", (rows, columns), read)


def _shuffled(order: Tensor, piece: int) -> bool:
    found = order.whole().reshape(-1)
    return bool((found >= 0).all() and (found != np.arange(found.size) // piece).any())


def _unpacked(held: NDArray[Any], bits: int) -> NDArray[Any]:
    """Return the numbers of 32-bit containers, lowest bits first; the last axis grows."""
    shifts = np.arange(0, 32, bits, dtype=np.uint32)
    wide = held.astype(np.uint32)[..., None] >> shifts
    return (wide & ((1 << bits) - 1)).reshape(*held.shape[:-1], -1)


def _fp4(base: str, packed: Tensor, scale: Tensor) -> Tensor:
    kinds = {"F8_E4M3": "nvfp4", "U8": "mxfp4", "F8_E8M0": "mxfp4"}
    if packed.kind != "U8" or len(packed.shape) != 2 or scale.kind not in kinds:
        raise UnreadableError(
            f"{packed.kind} {packed.shape} with {scale.kind} scales: no known layout"
        )
    rows, columns = packed.shape[0], 2 * packed.shape[1]
    powers = _powers(scale) if scale.kind == "U8" else scale
    grid = Grid(powers, (rows, columns))

    def read(start: int, stop: int) -> NDArray[Any]:
        held = packed.read(start // 2, stop // 2)
        values = E2M1[nibbles(held)].reshape(-1, columns)
        return grid.times(values, start // columns, stop // columns).reshape(-1)

    return Tensor(f"{base}.weight", packed.file, kinds[scale.kind], (rows, columns), read)


def _powers(scale: Tensor) -> Tensor:
    return replace(scale, read=lambda start, stop: e8m0(scale.read(start, stop)))


def _mx_blocks(whole: str, named: Named) -> Tensor:
    blocks, scales = named[f"{whole}_blocks"], named[f"{whole}_scales"]
    if blocks.kind != "U8" or scales.kind != "U8" or blocks.shape != (*scales.shape, 16):
        raise UnreadableError(
            f"{blocks.kind} {blocks.shape} with scales {scales.shape}: no known layout"
        )
    shape = (*scales.shape[:-1], 32 * scales.shape[-1])

    def read(start: int, stop: int) -> NDArray[Any]:
        values = E2M1[nibbles(blocks.read(start // 2, stop // 2))].reshape(-1, 32)
        scaled: NDArray[Any] = values * e8m0(scales.read(start // 32, stop // 32))[:, None]
        return scaled.reshape(-1)

    return Tensor(whole, blocks.file, "mxfp4", shape, read, axis=len(shape) - 1)


def _gptq(base: str, named: Named, zeros_less_one: bool) -> Tensor:
    packed = named[f"{base}.qweight"]
    zeros, scales = named.get(f"{base}.qzeros"), named.get(f"{base}.scales")
    if zeros is None or scales is None or packed.kind != "I32" or len(scales.shape) != 2:
        raise UnreadableError("qweight without qzeros and scales")
    groups, across = scales.shape
    order = named.get(f"{base}.g_idx")
    if packed.shape[1] != across:
        raise UnreadableError("qweight packed along its outputs (AWQ) is not unpacked here")
    deep = order.size if order is not None else packed.shape[0] * 8
    bits = packed.shape[0] * 32 // max(deep, 1)
    if bits not in {4, 8} or zeros.shape != (groups, across * bits // 32) or deep % groups:
        raise UnreadableError(f"qweight {packed.shape} of {bits} bits: no known layout")
    each, less = 32 // bits, int(zeros_less_one)

    def read(start: int, stop: int) -> NDArray[Any]:
        first, last = start // across, stop // across
        top, bottom = first // each, -(-last // each)
        held = packed.read(top * across, bottom * across).reshape(-1, across)
        values = _unpacked(held.T, bits).T[first - top * each :][: last - first]
        rows = np.arange(first, last) // (deep // groups)
        if order is not None:
            rows = order.read(first, last).astype(np.int64)
            if rows.min() < 0 or rows.max() >= groups:
                raise UnreadableError("g_idx names a group that is not there")
        low, high = int(rows.min()), int(rows.max()) + 1
        wide = zeros.shape[1]
        zero = _unpacked(zeros.read(low * wide, high * wide).reshape(-1, wide), bits) + less
        scale = scales.read(low * across, high * across).astype(np.float32).reshape(-1, across)
        at = rows - low
        moved = values.astype(np.float32) - zero[at].astype(np.float32)
        return (moved * scale[at]).reshape(-1)

    return Tensor(f"{base}.weight", packed.file, f"int{bits}", (deep, across), read, axis=0)
