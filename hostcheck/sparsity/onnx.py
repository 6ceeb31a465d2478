"""Weights out of ONNX models: the initialisers, with the axis that their reader sums over.

The graph tells what a tensor's name cannot: `MatMul` sums over the last axis but one of its second
input, `Gemm` by its `transB`, `Conv` over the second; what is looked up by `Gather` is an
embedding.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray

from hostcheck.errors import UsageError
from hostcheck.sparsity.numbers import BITS, decoded
from hostcheck.sparsity.tensors import Tensor, held, stored

_KINDS = {
    "FLOAT": "F32", "FLOAT16": "F16", "BFLOAT16": "BF16", "DOUBLE": "F64", "INT8": "I8",
    "UINT8": "U8", "INT16": "I16", "UINT16": "U16", "INT32": "I32", "UINT32": "U32",
    "INT64": "I64", "UINT64": "U64", "FLOAT8E4M3FN": "F8_E4M3", "FLOAT8E5M2": "F8_E5M2",
    "FLOAT4E2M1": "F4",
}  # fmt: skip
_SAME = {"Identity", "Cast", "DequantizeLinear"}
"""What hands a weight on as it is."""


class _Reader(NamedTuple):
    """Who multiplies with a weight: along which axis, and what with."""

    axis: int | None = None
    reads: str = ""
    looked_up: bool = False


def tensors(path: Path) -> list[Tensor]:
    """Return the initialisers of a model. Raises UsageError, one line, where it is not usable."""
    try:
        graph = onnx.load(path, load_external_data=False).graph
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001  a file can be broken in any way
        told = str(error).partition("\n")[0]
        raise UsageError(f"{path}: not a usable .onnx file: {told}") from None
    by_name = {one.name: one for one in graph.initializer}
    found = []
    for name, proto in by_name.items():
        node = next((one for one in graph.node if name in one.input), None)
        tensor = _tensor(path, proto)
        if node is not None and node.op_type == "DequantizeLinear" and node.input[0] == name:
            tensor = _dequantised(path, tensor, node, by_name)
        reader = _reader(graph, name, len(tensor.shape))
        found.append(
            Tensor(
                tensor.name, path, tensor.kind, tensor.shape, tensor.read, axis=reader.axis,
                reads=reader.reads, looked_up=reader.looked_up, unread=tensor.unread, at=tensor.at,
            )
        )  # fmt: skip
    return found


def _tensor(path: Path, proto: Any) -> Tensor:
    shape = tuple(int(one) for one in proto.dims)
    named = onnx.TensorProto.DataType.Name(proto.data_type)
    kind = _KINDS.get(named, "")
    if kind not in BITS:
        told = f"{named} is no type of weights that is read here"
        return Tensor(proto.name, path, named, shape, lambda _a, _b: np.zeros(0), unread=told)
    if proto.data_location == onnx.TensorProto.EXTERNAL:
        where = {one.key: one.value for one in proto.external_data}
        beside = path.parent / where.get("location", "")
        if not beside.resolve().is_relative_to(path.parent.resolve()) or not beside.is_file():
            raise UsageError(f"{path}: the numbers of {proto.name} are in no file beside it")
        return stored(proto.name, beside, kind, shape, int(where.get("offset") or 0))
    if proto.HasField("raw_data"):
        raw, bits = memoryview(proto.raw_data), BITS[kind]

        def read(start: int, stop: int) -> NDArray[Any]:
            return decoded(kind, raw[start * bits // 8 : stop * bits // 8])

        return Tensor(proto.name, path, kind, shape, read)
    values = onnx.numpy_helper.to_array(proto)
    return held(proto.name, path, kind, values.astype(np.float32) if kind in _SMALL else values)


_SMALL = frozenset({"F16", "BF16", "F8_E4M3", "F8_E5M2", "F4"})


def _dequantised(path: Path, tensor: Tensor, node: Any, by_name: dict[str, Any]) -> Tensor:
    """Return a quantised weight less its zero point, scaled; itself where these are not known."""
    parts = [by_name.get(name) for name in node.input[1:] if name]
    if not parts or None in parts or tensor.unread or tensor.kind not in {"I8", "U8"}:
        return tensor
    scale, *zeros = (_tensor(path, one).whole().astype(np.float32).reshape(-1) for one in parts)
    zero = zeros[0] if zeros else np.zeros(1, np.float32)
    axis = next((one.i for one in node.attribute if one.name == "axis"), 1) % len(tensor.shape)
    if {scale.size, zero.size} - {1, tensor.shape[axis]}:
        return tensor  # scaled by blocks
    inner = int(np.prod(tensor.shape[axis + 1 :]))

    def read(start: int, stop: int) -> NDArray[Any]:
        at = np.arange(start, stop) // inner % tensor.shape[axis]
        values = tensor.read(start, stop).astype(np.float32)
        moved: NDArray[Any] = values - (zero[at] if zero.size > 1 else zero)
        return moved * (scale[at] if scale.size > 1 else scale)

    return Tensor(tensor.name, path, "I8", tensor.shape, read)


def _reader(graph: Any, name: str, count: int, turned: bool = False) -> _Reader:
    """Follow a weight to the node that multiplies with it."""
    for node in graph.node:
        if name not in node.input:
            continue
        kind, place = node.op_type, list(node.input).index(name)
        if kind in _SAME and place == 0:
            return _reader(graph, node.output[0], count, turned)
        if kind == "Transpose" and count == 2:
            return _reader(graph, node.output[0], count, not turned)
        if kind == "Gather" and place == 0:
            return _Reader(looked_up=True)
        axis = _summed(node, kind, place, count)
        if axis is not None:
            other = node.input[0] if place == 1 and kind in {"MatMul", "Gemm"} else ""
            return _Reader(count - 1 - axis if turned else axis, other)
    return _Reader()


def _summed(node: Any, kind: str, place: int, count: int) -> int | None:
    if kind in {"Conv", "ConvInteger"} and place == 1:
        return 1
    if kind == "ConvTranspose" and place == 1:
        return 0
    if kind in {"MatMul", "MatMulInteger"}:
        return count - 2 if place == 1 else count - 1
    if kind == "Gemm" and place < 2:
        flag = "transB" if place else "transA"
        turned = any(one.name == flag and one.i for one in node.attribute)
        return int(turned) if place else 1 - int(turned)
    return None
