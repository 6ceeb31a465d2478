"""`nvidia-smi vgpu -s -v`: the vGPU types that each GPU supports, with their sizes and limits.

GPU 00000000:3B:00.0
    vGPU Type ID                          : 0x22e
        Name                              : NVIDIA A40-8Q
        Max Instances                     : 6
        FB Memory                         : 8192 MiB
"""

import re
from functools import lru_cache

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading, Unknown
from hostcheck.model.pci import PciAddress, from_hex
from hostcheck.syntax import smi_words as words
from hostcheck.syntax.smi_words import Noticed
from hostcheck.syntax.vgpu_blocks import VgpuBlock, blocks_of

REQUEST = Request(Wire.SHELL, "nvidia-smi vgpu -s -v", "sizes and limits of supported vGPU types")

_HEX = re.compile(r"0x([0-9a-fA-F]{1,8})")
_ADDRESS = re.compile(r" *[0-9a-fA-F]+:[0-9a-fA-F:]+\.[0-9a-fA-F]+")
_TYPE, _DEEPER = "\n    vGPU Type ID ", " " * 5


class VgpuType(Struct, frozen=True, kw_only=True):
    """One type. `maximum` counts one GPU, `maximum_per_vm` one VM."""

    type_id: Reading[int]
    name: Reading[str]
    kind: Reading[str]
    """Quadro, NVS or Compute: the tool's word for its class."""
    gpu_instance_profile_id: Reading[int]
    """Known for types backed by MIG only."""
    maximum: Reading[int]
    maximum_per_vm: Reading[int]
    multi_vgpu_exclusive: Reading[str]
    framebuffer_bytes: Reading[int]
    licences: Reading[str]


class SupportingGpu(Struct, frozen=True):
    """One GPU and the types it supports."""

    address: PciAddress
    types: tuple[VgpuType, ...]


class VgpuTypes(Noticed, frozen=True, kw_only=True):
    """GPUs that can have vGPUs."""

    gpus: tuple[SupportingGpu, ...]


def parse(text: str) -> VgpuTypes:
    """Read every type of every GPU."""
    gpus = _known(text)
    if gpus is not None:
        return VgpuTypes(gpus=gpus)
    what = REQUEST.template
    blocks, notices = blocks_of(text, what=what)
    return VgpuTypes(
        gpus=tuple(_gpu(block, what) for block in blocks),
        lost=notices.lost,
        lost_unnamed=notices.lost_unnamed,
        inforom_corrupted=notices.inforom_corrupted,
        reset_needed=notices.reset_needed,
    )


def _known(text: str) -> tuple[SupportingGpu, ...] | None:
    """Read an answer that is nothing but GPUs and types, cut where they begin; else None.

    Each GPU of a kind says the same of a type: what its lines say is known from the one before.
    """
    before, *blocks = f"\n{text}".split("\nGPU ")
    gpus = []
    for block in blocks:
        where, *types = block.split(_TYPE)
        if not _ADDRESS.fullmatch(where.rstrip("\n")):
            return None
        try:
            address = from_hex(where.rstrip("\n"))
            gpus.append(_supporting(address, tuple(map(_again, types)), REQUEST.template))
        except (ValueError, ParseError):
            return None
    return None if before or not gpus else tuple(gpus)


@lru_cache(1024)
def _again(lines: str) -> VgpuType:
    """Read a type, of which `_TYPE` was cut off. Raises ParseError or ValueError for any more."""
    (block,), notices = blocks_of(f"GPU 0:0:0.0{_TYPE}{lines}", what=REQUEST.template)
    (only,) = _gpu(block, block.what).types
    deeper = all(line.startswith(_DEEPER) for line in lines.splitlines()[1:])
    if not deeper or notices != Noticed():
        raise ValueError(lines)
    return only


def _gpu(block: VgpuBlock, what: str) -> SupportingGpu:
    for field in block.field.children:
        if field.label != "vGPU Type ID":
            raise ParseError(f"{what}: expected 'vGPU Type ID', not {words.quoted(field.label)}")
    types = (_read(VgpuBlock(block.address, field, what)) for field in block.field.children)
    return _supporting(block.address, tuple(types), what)


def _supporting(address: PciAddress, types: tuple[VgpuType, ...], what: str) -> SupportingGpu:
    names = [one.name for one in types if not isinstance(one.name, Unknown)]
    if len({*names}) < len(names):  # a heading is lost
        name = next(one for one in names if names.count(one) > 1)
        raise ParseError(f"{what}: {words.quoted(name)} is there twice for {address}")
    return SupportingGpu(address, types)


def _read(one: VgpuBlock) -> VgpuType:
    return VgpuType(
        type_id=_hexadecimal(one.field.value, f"{one.what}: vGPU Type ID"),
        name=one.read(words.word, "Name"),
        kind=one.read(words.word, "Class"),
        gpu_instance_profile_id=one.read(words.number, "GPU Instance Profile ID"),
        maximum=one.read(words.number, "Max Instances"),
        maximum_per_vm=one.read(words.number, "Max Instances Per VM"),
        multi_vgpu_exclusive=one.read(words.word, "Multi vGPU Exclusive"),
        framebuffer_bytes=one.read(words.size, "FB Memory"),
        licences=one.read(words.word, "GRID License", "License"),
    )


def _hexadecimal(value: str, asked: str) -> Reading[int]:
    match = _HEX.fullmatch(value)
    return int(match[1], 16) if match else words.unparsed(value, asked, "a number like 0x22e")
