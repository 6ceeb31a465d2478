"""PCI addresses and identities.

An address comes in a dozen spellings, some of them decimal (`0:66:0.0` is bus 0x42 in a .vmx and
bus 0x66 elsewhere): the shape does not tell which, so the caller names the base by its source.
"""

import re
from functools import lru_cache
from typing import NewType

from msgspec import Struct

PciAddress = NewType("PciAddress", str)
"""Canonical `dddd:bb:ss.f`, lower-case hex, as `esxcli hardware pci list` prints it."""

NVIDIA = 0x10DE
NVSWITCHES = (0x1AC2, 0x1AF1, 0x22A3)
"""NVIDIA's device ids of the NVSwitches of Volta, Ampere and Hopper, as pci.ids names them. Those
of later boards are no PCI devices of the host (NVIDIA Fabric Manager user guide)."""
DISPLAY_CLASSES = range(0x0300, 0x0400)

_HEX = re.compile(r"(?:([0-9a-fA-F]{1,8}):)?([0-9a-fA-F]{1,2}):([0-9a-fA-F]{1,2})[.:]([0-7])")
_DECIMAL = re.compile(r"(?:PCI )?(?:(\d{1,5}):)?(\d{1,3}):(\d{1,2})[.:]([0-7])")
_VIRTUAL_FUNCTION = re.compile(r"\[?PF_(\d{1,5})\.(\d{1,3})\.([0-7])_VF_(\d{1,5})\]?")


def address(segment: int, bus: int, slot: int, function: int) -> PciAddress:
    """Return the canonical address. Raises ValueError when a part is out of range."""
    if not (
        0 <= segment <= 0xFFFF and 0 <= bus <= 0xFF and 0 <= slot <= 0x1F and 0 <= function <= 7
    ):
        raise ValueError(f"not a PCI address: {segment}:{bus}:{slot}.{function}")
    return PciAddress(f"{segment:04x}:{bus:02x}:{slot:02x}.{function}")


@lru_cache(4096)
def from_hex(text: str) -> PciAddress:
    """Read `0000:af:00.0`, `00000000:AF:00.0`, `4A:00.0`: API, esxcli, nvidia-smi."""
    match = _HEX.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not a hexadecimal PCI address: {text!r}")
    segment, bus, slot, function = (int(part or "0", 16) for part in match.groups())
    return address(segment, bus, slot, function)


def from_decimal(text: str) -> PciAddress:
    """Read `PCI 0:175:0:0`, `00000:175:00.0` or `0:66:0.0`: esxcli parents, .vmx files."""
    match = _DECIMAL.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not a decimal PCI address: {text!r}")
    segment, bus, slot, function = (int(part or "0") for part in match.groups())
    return address(segment, bus, slot, function)


def vf_parent(text: str) -> tuple[PciAddress, int] | None:
    """Read a virtual function's name `PF_0.202.0_VF_1` (decimal): its PF and index, else None.

    The name has no slot, so the PF is taken at slot 0, where every SR-IOV device seen so far sits.
    """
    match = _VIRTUAL_FUNCTION.fullmatch(text.strip())
    if match is None:
        return None
    segment, bus, function, index = (int(part) for part in match.groups())
    return address(segment, bus, 0, function), index


@lru_cache(4096)
def parts(where: PciAddress) -> tuple[int, int, int, int]:
    """Return (segment, bus, slot, function) as integers."""
    segment, bus, rest = where.split(":")
    slot, function = rest.split(".")
    return int(segment, 16), int(bus, 16), int(slot, 16), int(function)


class PciId(Struct, frozen=True, order=True):
    """Vendor and device numbers, unsigned. vSphere sends them as signed shorts."""

    vendor: int
    device: int
    sub_vendor: int = 0
    sub_device: int = 0

    def __str__(self) -> str:
        """`10de:20b7` as in pci.ids, with the subsystem where it is known."""
        tail = (
            f" (subsystem {self.sub_vendor:04x}:{self.sub_device:04x})" if self.sub_vendor else ""
        )
        return f"{self.vendor:04x}:{self.device:04x}{tail}"


def unsigned16(number: int) -> int:
    """Undo vSphere's signed short: -32634 is 0x8086."""
    return number & 0xFFFF
