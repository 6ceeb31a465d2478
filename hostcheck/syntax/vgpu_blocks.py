"""Answers about vGPUs as indented fields below an address line for each GPU."""

import re
from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.model.pci import PciAddress
from hostcheck.syntax import smi_words as words
from hostcheck.syntax.field_tree import Field, find, from_indented, texts
from hostcheck.syntax.smi_words import Noticed
from hostcheck.syntax.vgpu_types import address_of

T = TypeVar("T")

_GPU = re.compile(r"GPU +([0-9a-fA-F]+:[0-9a-fA-F:]+\.[0-9a-fA-F]+)")


class VgpuBlock(Struct, frozen=True):
    """The fields of one GPU, or of one thing on it, and the command they come from."""

    address: PciAddress
    field: Field
    what: str

    def read(self, reader: Callable[[str, str], Reading[T]], *paths: str) -> Reading[T]:
        """Read the field at the first path that exists."""
        found = find(self.field, *paths)
        if found is None:
            asked = f"{self.what}: {paths[0]}"
            return words.absent(asked, f"the answer has no '{paths[0]}'")
        asked = f"{self.what}: {found.path}"
        if found.twice:
            return Unknown(Why.UNPARSED, f"'{found.path}' is there twice", asked)
        return reader(found.value, asked)


def blocks_of(text: str, *, what: str) -> tuple[tuple[VgpuBlock, ...], Noticed]:
    """Cut the answer into GPUs. Raises ParseError for fields that belong to no GPU."""
    peeled = words.peel(text, what=what)
    lines = peeled.lines
    if words.may_say_no_vgpu_devices(text):
        lines = tuple(line for line in lines if not words.says_no_vgpu_devices(line))
    none = peeled.no_devices or len(lines) < len(peeled.lines)
    blocks = []
    for field in from_indented(lines).children:
        if match := _GPU.fullmatch(field.label):
            blocks.append(VgpuBlock(address_of(match[1], what=what), field, what))
        elif field.children or field.value or field.label.startswith(("GPU", "vGPU")):
            raise ParseError(f"{what}: {words.quoted(field.label)} is below no 'GPU <address>'")
    if not (blocks or none):
        raise words.refuse(peeled, what=what, expected="'GPU <address>' and its fields")
    if not words.may_give_up(text):
        return tuple(blocks), peeled.notices
    gave_up = ((block.address, words.gravest(texts(block.field))) for block in blocks)
    return tuple(blocks), words.with_trouble(peeled.notices, gave_up)
