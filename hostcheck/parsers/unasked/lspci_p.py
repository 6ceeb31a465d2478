"""`lspci -p`: PCI devices with their owner and driver, in two layouts.

    0000:ca:00.0 8086:1572 8086:0004 255/   /     A V i40en        vmnic10
    0000:af:00.1               8086:1572 8086:0000  11/   /     A P pciPassthru

ESXi 8 pads the address and leaves out the name of what is passed through. The columns are address,
id, subsystem, ISA/IRQ/vector, pin, owner (V the VMkernel, P passthrough), driver and name.
"""

import re

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.model.pci import PciAddress, PciId
from hostcheck.syntax.words import VMKERNEL_NAME, devices_of, parent_of

REQUEST = Request(Wire.SHELL, "lspci -p", "owner and driver of each PCI device")
_EXPECTED = "'0000:ca:00.0 8086:1572 8086:0004 255/   /     A V driver'"
_ROW = re.compile(
    r"(\S+)\s+([0-9a-f]{4}):([0-9a-f]{4})\s+([0-9a-f]{4}):([0-9a-f]{4})"
    r"\s[^/]*/[^/]*/(?:\s*+0x[0-9a-f]++)?\s++([A-D@])(?:\s+([A-Z])(?:\s+(.*))?)?",
    re.IGNORECASE | re.ASCII,
)
_SPAWNED_BUS = re.compile(r"[0-9a-f]{2,3}", re.IGNORECASE)
_OWNERS = {"V": "vmkernel", "P": "passthru"}


class LspciOwner(Struct, frozen=True):
    """One PCI function. `owner` is in the words of `vmkchdev -l`."""

    address: PciAddress
    pci_id: PciId
    owner: Reading[str]
    driver: Reading[str]
    vmkernel_name: Reading[str]
    physical_function: Reading[PciAddress]


def parse(text: str) -> tuple[LspciOwner, ...]:
    """Read the lines that begin with an address; the header does not."""
    rows = devices_of(text, _ROW, what=REQUEST.template, expected=_EXPECTED)
    return tuple(_row(address, match) for address, match in rows)


def _row(address: PciAddress, match: re.Match[str]) -> LspciOwner:
    driver, name = _driver_and_name((match[8] or "").split())
    return LspciOwner(
        address=address,
        pci_id=PciId(*(int(match[n], 16) for n in range(2, 6))),
        owner=_owner(match[7] or ""),
        driver=driver or Unknown(Why.ABSENT, "no driver", "lspci -p: driver"),
        vmkernel_name=name or Unknown(Why.ABSENT, "no name", "lspci -p: name"),
        physical_function=parent_of(name, asked="lspci -p: physical function"),
    )


def _driver_and_name(words: list[str]) -> tuple[str, str]:
    """Tell the driver from the name where only one of them is there, and both from a bus number."""
    name = next(
        (word.strip("[]") for word in words if VMKERNEL_NAME.fullmatch(word.strip("[]"))), ""
    )
    others = [word for word in words if word.strip("[]") != name]
    driver = others[0] if others and not _SPAWNED_BUS.fullmatch(others[0]) else ""
    return driver, name


def _owner(letter: str) -> Reading[str]:
    if not letter:
        return Unknown(Why.ABSENT, "no owner", "lspci -p: owner")
    owner = _OWNERS.get(letter.upper())
    return owner or Unknown(Why.UNPARSED, f"not V or P: {letter!r}", "lspci -p: owner")
