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
from hostcheck.model.pci import PciAddress
from hostcheck.syntax import smi_words as words
from hostcheck.syntax.field_tree import Field
from hostcheck.syntax.smi_words import Noticed
from hostcheck.syntax.vgpu_blocks import Block, blocks_of

REQUEST = Request(Wire.SHELL, "nvidia-smi vgpu -s -v", "sizes and limits of supported vGPU types")

_HEX = re.compile(r"0x([0-9a-fA-F]{1,8})")


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
    what = REQUEST.template
    blocks, notices = blocks_of(text, what=what)
    return VgpuTypes(
        gpus=tuple(_gpu(block, what) for block in blocks),
        lost=notices.lost,
        lost_unnamed=notices.lost_unnamed,
        inforom_corrupted=notices.inforom_corrupted,
        reset_needed=notices.reset_needed,
    )


def _gpu(block: Block, what: str) -> SupportingGpu:
    for field in block.field.children:
        if field.label != "vGPU Type ID":
            raise ParseError(f"{what}: expected 'vGPU Type ID', not {words.quoted(field.label)}")
    types = tuple(_type(block, field) for field in block.field.children)
    names = [one.name for one in types if not isinstance(one.name, Unknown)]
    for name in {one for one in names if names.count(one) > 1}:  # a heading is lost
        raise ParseError(f"{what}: {words.quoted(name)} is there twice for {block.address}")
    return SupportingGpu(block.address, types)


def _type(block: Block, field: Field) -> VgpuType:
    if any(one.children for one in field.children):
        return _read(Block(block.address, field, block.what))
    return _again(field.value, tuple((one.label, one.value) for one in field.children))


@lru_cache(1024)
def _again(number: str, lines: tuple[tuple[str, str], ...]) -> VgpuType:
    """Read a type from its lines: each GPU of a kind says the same of it."""
    fields = [Field(label, value, []) for label, value in lines]
    return _read(Block(PciAddress(""), Field("", number, fields), REQUEST.template))


def _read(one: Block) -> VgpuType:
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
