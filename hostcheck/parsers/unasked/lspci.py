"""`lspci`: PCI devices in words, virtual functions included.

    0000:42:00.0 3D controller: NVIDIA Corporation GP102GL [Tesla P40]
    0000:af:00.2 Network controller: Mellanox Technologies MT27700 Family [PF_0.175.0_VF_0]

Addresses are hexadecimal, the name of a virtual function tells its physical one in decimal.
"""

import re

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.model.pci import PciAddress
from hostcheck.syntax.words import VMKERNEL_NAME, devices_of, parent_of

REQUEST = Request(Wire.SHELL, "lspci", "PCI devices, to count virtual functions")
_ROW = re.compile(r"\s*([0-9a-f]\S*)\s+([^:\s][^:]*):(?:\s+(.*))?", re.IGNORECASE)


class LspciRow(Struct, frozen=True):
    """One PCI function. `physical_function` is known for virtual functions only."""

    address: PciAddress
    class_name: str
    description: Reading[str]
    vmkernel_name: Reading[str]
    physical_function: Reading[PciAddress]


def parse(text: str) -> tuple[LspciRow, ...]:
    """Read the lines that begin with an address."""
    rows = devices_of(text, _ROW, what=REQUEST.template, expected="'0000:42:00.0 class: name'")
    return tuple(_row(address, match) for address, match in rows)


def _row(address: PciAddress, match: re.Match[str]) -> LspciRow:
    description, name = (match[3] or "").strip(), ""
    before, bracket, last = description.removesuffix("]").rpartition("[")
    if bracket and VMKERNEL_NAME.fullmatch(last):
        description, name = before.strip(), last
    return LspciRow(
        address=address,
        class_name=match[2].strip(),
        description=description or Unknown(Why.ABSENT, "empty", "lspci: description"),
        vmkernel_name=name or Unknown(Why.ABSENT, "no name", "lspci: name"),
        physical_function=parent_of(name, asked="lspci: physical function"),
    )
