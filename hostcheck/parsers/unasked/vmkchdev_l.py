"""`vmkchdev -l`: who owns each PCI device, the VMkernel or passthrough.

0000:42:00.0 10de:1b38 10de:11d9 passthru
0000:84:00.0 10df:e200 10df:e277 vmkernel vmhba4
"""

import re

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.model.pci import PciAddress, PciId
from hostcheck.syntax.words import devices_of

REQUEST = Request(Wire.SHELL, "vmkchdev -l", "owner of each PCI device")
_EXPECTED = "'0000:42:00.0 10de:1b38 10de:11d9 passthru'"
_ROW = re.compile(
    r"\s*([0-9a-f]\S*)\s+([0-9a-f]{4}):([0-9a-f]{4})\s+([0-9a-f]{4}):([0-9a-f]{4})"
    r"\s+(\S+)(?:\s+(\S+))?\s*",
    re.IGNORECASE | re.ASCII,
)


class DeviceOwner(Struct, frozen=True):
    """One PCI function. `owner` is `vmkernel` or `passthru`."""

    address: PciAddress
    pci_id: PciId
    owner: str
    vmkernel_name: Reading[str]


def parse(text: str) -> tuple[DeviceOwner, ...]:
    """Read the lines that begin with an address; all of them must be understood."""
    rows = devices_of(text, _ROW, what=REQUEST.template, expected=_EXPECTED)
    return tuple(_row(address, match) for address, match in rows)


def _row(address: PciAddress, match: re.Match[str]) -> DeviceOwner:
    return DeviceOwner(
        address=address,
        pci_id=PciId(*(int(match[n], 16) for n in range(2, 6))),
        owner=match[6],
        vmkernel_name=match[7] or Unknown(Why.ABSENT, "no name", "vmkchdev -l: name"),
    )
