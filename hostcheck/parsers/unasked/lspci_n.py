"""`lspci -n`: PCI devices as numbers, virtual functions included.

    0000:ca:00.0 Class 0200: 8086:1572 [vmnic10]
    0000:ca:02.0 Class 0200: 8086:154c [PF_0.202.0_VF_0]

Addresses are hexadecimal, the name of a virtual function tells its physical one in decimal.
"""

import re

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.model.pci import PciAddress, PciId
from hostcheck.syntax.words import devices_of, parent_of

REQUEST = Request(Wire.SHELL, "lspci -n", "PCI ids of all devices and virtual functions")
_EXPECTED = "'0000:ca:00.0 Class 0200: 8086:1572'"
_ROW = re.compile(
    r"\s*([0-9a-f]\S*)\s+Class\s+([0-9a-f]{4}):\s+([0-9a-f]{4}):([0-9a-f]{4})(?:\s+\[([^\[\]]+)\])?\s*",
    re.IGNORECASE | re.ASCII,
)


class LspciNumbers(Struct, frozen=True):
    """One PCI function; `lspci -n` does not tell the subsystem."""

    address: PciAddress
    device_class: int
    pci_id: PciId
    vmkernel_name: Reading[str]
    physical_function: Reading[PciAddress]


def parse(text: str) -> tuple[LspciNumbers, ...]:
    """Read the lines that begin with an address; all of them must be understood."""
    rows = devices_of(text, _ROW, what=REQUEST.template, expected=_EXPECTED)
    return tuple(_row(address, match) for address, match in rows)


def _row(address: PciAddress, match: re.Match[str]) -> LspciNumbers:
    name = (match[5] or "").strip()
    return LspciNumbers(
        address=address,
        device_class=int(match[2], 16),
        pci_id=PciId(int(match[3], 16), int(match[4], 16)),
        vmkernel_name=name or Unknown(Why.ABSENT, "no name", "lspci -n: name"),
        physical_function=parent_of(name, asked="lspci -n: physical function"),
    )
