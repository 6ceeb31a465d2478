"""Which tensors a checkpoint has: a file, several, an index of shards, or a folder.

Nothing that a file holds is executed, and no numbers are read here.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from hostcheck.errors import UsageError
from hostcheck.sparsity.numbers import BITS
from hostcheck.sparsity.tensors import Tensor, held, pread, stored

INDEX = ".safetensors.index.json"
"""Ends the name of what tells the shards of a checkpoint."""
HEADER_BYTES = 100_000_000
"""The safetensors library reads no longer header."""
PICKLES = frozenset({".pt", ".pth", ".bin", ".ckpt", ".pkl"})


def tensors(paths: Sequence[Path]) -> list[Tensor]:
    """Return the tensors of all that was given, by name.

    Raises UsageError, one line, for what cannot be read.
    """
    found: dict[str, Tensor] = {}
    for path in paths:
        for tensor in _opened(path):
            if tensor.name in found:
                both = f"{found[tensor.name].file} and {tensor.file}"
                raise UsageError(f"{tensor.name} is in {both}; give the files of one checkpoint")
            found[tensor.name] = tensor
    return [found[name] for name in sorted(found)]


def files(path: Path) -> list[Path]:
    """Return the files of what was given: shards that an index names, or those of a folder."""
    if path.is_dir():
        told = sorted(one for one in path.iterdir() if one.name.endswith(INDEX))
        if len(told) > 1:
            raise UsageError(f"{path}: {len(told)} indexes of shards: name one")
        if told:
            return _shards(told[0])
        inside = sorted(one for one in path.iterdir() if one.suffix.lower() == ".safetensors")
        return inside or _pointed(path)
    return _shards(path) if path.name.lower().endswith(".index.json") else [path]


def folder(paths: Sequence[Path]) -> Path:
    """Return the folder in which the checkpoint's configuration lies."""
    return paths[0] if paths[0].is_dir() else paths[0].parent


def _pointed(path: Path) -> list[Path]:
    others = sorted(one for one in path.iterdir() if one.suffix.lower() in {".gguf", ".onnx"})
    if len(others) == 1:
        return others
    there = f"{len(others)} of .gguf and .onnx: name one" if others else "no .safetensors file"
    raise UsageError(f"{path}: it holds {there}")


def _shards(index: Path) -> list[Path]:
    told = document(index)
    weight_map = told.get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise UsageError(f"{index}: it has no weight_map")
    names = sorted({str(name) for name in weight_map.values()})
    for name in names:
        if Path(name).name != name:
            raise UsageError(f"{index}: {name!r} is no file beside it")
    missing = [name for name in names if not (index.parent / name).is_file()]
    if missing:
        raise UsageError(f"{index}: shards are missing: {', '.join(missing)}")
    return [index.parent / name for name in names]


def document(path: Path) -> dict[str, Any]:
    """Return a JSON file that is one object. Raises UsageError where it is none."""
    try:
        told = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{path}: not a usable JSON file") from None
    if not isinstance(told, dict):
        raise UsageError(f"{path}: not an object")
    return told


def _opened(path: Path) -> list[Tensor]:
    kind = path.suffix.lower()
    if kind in PICKLES:
        raise UsageError(
            f"{path}: a Python pickle runs code when it is read; save it as .safetensors"
        )
    if kind not in _OPENERS:
        known = ", ".join(sorted(_OPENERS))
        raise UsageError(f"{path}: none of {known}; convert it to one")
    try:
        return _OPENERS[kind](path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None


def _npy(path: Path) -> list[Tensor]:
    with path.open("rb") as file:
        try:
            shape, fortran, dtype = _npy_header(file)
        except (ValueError, EOFError, SyntaxError) as error:
            told = str(error).partition("\n")[0]
            raise UsageError(f"{path}: not a usable .npy file: {told}") from None
        at = file.tell()
        if path.stat().st_size < at + dtype.itemsize * int(np.prod(shape, dtype=object)):
            raise UsageError(f"{path}: not a usable .npy file: it ends early")
    kind = _NPY.get(dtype.str.lstrip("|<"), "")
    if kind and not fortran:
        return [stored(path.stem, path, kind, shape, at)]
    if dtype.kind in "fiu":  # big-endian, column by column, long doubles
        values = np.load(path, mmap_mode="r", allow_pickle=False)
        return [held(path.stem, path, _NPY.get(dtype.str[1:], str(dtype)), values)]
    named = "a 16-bit type that numpy does not name" if dtype.str == "|V2" else str(dtype)
    return [_unread(path.stem, path, named, shape)]


def _npy_header(file: BinaryIO) -> tuple[tuple[int, ...], bool, "np.dtype[Any]"]:
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    elif version == (2, 0):
        shape, fortran, dtype = np.lib.format.read_array_header_2_0(file)
    else:
        raise ValueError(f"version {version[0]}.{version[1]} of the format")
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which are never loaded; save numbers only")
    return shape, fortran, dtype


_NPY = {
    "f8": "F64", "f4": "F32", "f2": "F16", "i1": "I8", "u1": "U8", "i2": "I16", "u2": "U16",
    "i4": "I32", "u4": "U32", "i8": "I64", "u8": "U64",
}  # fmt: skip


def _unread(name: str, path: Path, kind: str, shape: tuple[int, ...]) -> Tensor:
    told = f"{kind} is no type of weights that is read here"
    return Tensor(name, path, kind, shape, lambda _start, _stop: np.zeros(0), unread=told)


def _safetensors(path: Path) -> list[Tensor]:
    from safetensors import SafetensorError, safe_open  # noqa: PLC0415  optional, as numpy is

    try:
        with safe_open(path, framework="numpy"):
            pass  # it checks the header against the file, and maps the numbers without reading
    except SafetensorError as error:
        told = str(error).partition("\n")[0]
        raise UsageError(f"{path}: not a usable .safetensors file: {told}") from None
    size = int.from_bytes(pread(path, 0, 8), "little")
    header = json.loads(bytes(pread(path, 8, min(size, HEADER_BYTES))))
    header.pop("__metadata__", None)
    found = []
    for name, told in header.items():
        kind, shape = str(told["dtype"]), tuple(told["shape"])
        at = 8 + size + told["data_offsets"][0]
        known = kind in BITS
        found.append(
            stored(name, path, kind, shape, at) if known else _unread(name, path, kind, shape)
        )
    return found


def _gguf(path: Path) -> list[Tensor]:
    from hostcheck.sparsity import gguf  # noqa: PLC0415  needs its package

    return gguf.tensors(path)


def _onnx(path: Path) -> list[Tensor]:
    from hostcheck.sparsity import onnx  # noqa: PLC0415  needs its package

    return onnx.tensors(path)


_OPENERS: dict[str, Callable[[Path], list[Tensor]]] = {
    ".npy": _npy, ".safetensors": _safetensors, ".gguf": _gguf, ".onnx": _onnx,
}  # fmt: skip
