"""A checkpoint, pruned: the same files, in which every layer that was judged is 2:4.

What is kept keeps its bits; what is pruned becomes zero; of equal magnitudes the earlier are kept.
Everything else is copied byte for byte. What was written is read again and judged before it is said
to be done.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from hostcheck import files
from hostcheck.errors import UsageError
from hostcheck.model.sparsity import Role, Sparsity
from hostcheck.sparsity import opening
from hostcheck.sparsity.examine import Along, ReadingPlan
from hostcheck.sparsity.numbers import BITS
from hostcheck.sparsity.survey import TWO_FOUR, ordered_blocks, survey
from hostcheck.sparsity.tensors import Tensor, pread
from hostcheck.sparsity.two_four import GROUP, KEPT

PIECE = 1 << 20
ORDER = ".order"
"""Ends the name of a tensor that holds the order of another's columns."""


class Written(Struct, frozen=True):
    """What became of the layers."""

    pruned: tuple[str, ...]
    left: tuple[str, ...]
    """Layers that are not 2:4 and stayed so: packed, or scaled by another tensor."""


class _Change(Struct, frozen=True):
    along: Along
    order: tuple[int, ...]


def write(plan: ReadingPlan, found: Sparsity, out: Path, *, permuted: bool = False) -> Written:
    """Write the checkpoint with its layers pruned, in a better order of columns if that is wanted.

    One file becomes one file, several become a folder. Raises UsageError where that cannot be done.
    """
    sources = plan.files
    others = [path for path in sources if path.suffix.lower() != ".safetensors"]
    if others:
        raise UsageError(f"{others[0]}: only .safetensors files are written; convert it to one")
    places = [out / path.name for path in sources] if len(sources) > 1 else [out]
    if any(place.exists() for place in places):
        raise UsageError(f"{out}: it exists; give another name")
    if len(sources) == 1 and out.suffix.lower() != ".safetensors":
        raise UsageError(f"{out}: name it .safetensors")
    by_name = {one.tensor.name: one for one in plan.weights}
    plain = {name for name, one in by_name.items() if one.tensor.at >= 0}
    orders = _orders(found, plain) if permuted else {}
    layers = [
        one
        for one in found.weights
        if one.role is Role.LAYER and (not one.fits or one.name in orders)
    ]
    changes = {
        one.name: _Change(by_name[one.name], orders.get(one.name, ()))
        for one in layers
        if one.pattern == TWO_FOUR and one.name in plain
    }
    for source, place in zip(sources, places, strict=True):
        files.write(place, _file(source, changes))
    if len(sources) > 1:
        _beside(sources[0].parent, out, changes)
    _verify(places, changes)
    return Written(tuple(changes), tuple(one.name for one in layers if one.name not in changes))


def _orders(found: Sparsity, plain: Collection[str]) -> dict[str, tuple[int, ...]]:
    """Return the orders to write: of all that read one input the same, or none if one cannot be."""
    orders = {one.name: one.regained.order for one in found.weights if one.regained is not None}
    for group in found.shared:
        names = [member.name for member in group.members]
        whole = all(name in plain for name in names)
        orders |= dict.fromkeys(names, group.order if whole else ())
    return {name: order for name, order in orders.items() if order}


def _file(source: Path, changes: dict[str, _Change]) -> Iterator[bytes]:
    size = int.from_bytes(pread(source, 0, 8), "little")
    header: dict[str, Any] = json.loads(bytes(pread(source, 8, size)))
    told = sorted(
        ((name, one["data_offsets"]) for name, one in header.items() if name != "__metadata__"),
        key=lambda one: one[1],
    )
    end = max((stop for _, (_, stop) in told), default=0)
    orders = [(name, changes[name].order) for name, _ in told if name in changes]
    orders = [(name, order) for name, order in orders if order]
    for name, order in orders:
        if name + ORDER in header:
            raise UsageError(f"{source}: it has a tensor {name + ORDER}")
        header[name + ORDER] = {
            "dtype": "I64", "shape": [len(order)], "data_offsets": [end, end + 8 * len(order)]
        }  # fmt: skip
        end += 8 * len(order)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    yield len(text).to_bytes(8, "little") + text
    for name, (start, stop) in told:
        if name in changes:
            yield from _pruned(changes[name])
        else:
            for at in range(start, stop, PIECE):
                yield bytes(pread(source, 8 + size + at, min(PIECE, stop - at)))
    for _, order in orders:
        yield np.array(order, "<i8").tobytes()


def _pruned(change: _Change) -> Iterator[bytes]:
    tensor, axis = change.along.tensor, change.along.axis
    order = np.array(change.order, np.intp) if change.order else None
    raw = _bits(tensor)
    pairs = zip(ordered_blocks(raw, axis, order), ordered_blocks(tensor, axis, order), strict=True)
    for (block, bits), (_, values) in pairs:
        yield np.where(kept(values, axis - block.first), bits, bits.dtype.type(0)).tobytes()


def kept(values: NDArray[Any], axis: int) -> NDArray[np.bool_]:
    """Say which numbers pruning keeps: the two greatest of four, the earlier of equal ones."""
    wide = np.float64 if values.dtype == np.float64 else np.float32
    fours = np.abs(np.moveaxis(values, axis, -1).astype(wide))
    fours = fours.reshape(*fours.shape[:-1], fours.shape[-1] // GROUP, GROUP)
    beaten = np.zeros(fours.shape, np.uint8)
    for one in range(GROUP):
        for other in range(one):
            late = fours[..., one] > fours[..., other]
            beaten[..., other] += late
            beaten[..., one] += ~late
    keeps: NDArray[np.bool_] = beaten < KEPT
    shape = [*values.shape[:axis], *values.shape[axis + 1 :], values.shape[axis]]
    return np.moveaxis(keeps.reshape(shape), -1, axis)


def _bits(tensor: Tensor) -> Tensor:
    octets = BITS[tensor.kind] // 8
    kind = np.dtype(f"<u{octets}")

    def read(start: int, stop: int) -> NDArray[Any]:
        at, size = tensor.at + start * octets, (stop - start) * octets
        return np.frombuffer(pread(tensor.file, at, size), kind)

    return replace(tensor, read=read)


def _beside(folder: Path, out: Path, changes: dict[str, _Change]) -> None:
    """Copy what describes the checkpoint, and tell the index of the orders that were added."""
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in {".json", ".txt", ".model", ".jinja"} or not path.is_file():
            continue
        data = path.read_bytes()
        if path.name.endswith(opening.INDEX):
            told = opening.document(path)
            for name, change in changes.items():
                if change.order:
                    told["weight_map"][name + ORDER] = change.along.tensor.file.name
            data = json.dumps(told, indent=2).encode()
        files.write(out / path.name, [data])


def _verify(places: Sequence[Path], changes: dict[str, _Change]) -> None:
    written = {one.name: one for one in opening.tensors(places)}
    for name, change in changes.items():
        if not survey(written[name], change.along.axis, TWO_FOUR).fits:
            raise UsageError(f"{name}: what was written is not 2:4; do not use it")
