"""`vsish -e get /hardware/pci/seg/0/bus/175/slot/0/func/0/BARInfo/1`: one PCI memory window.

PCI BAR Info {
   Address:0x399000000000
   Size:68719476736
   Flags:0x0000000c
   Type:0x00000003
}
"""

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading
from hostcheck.syntax.vsish import block_of

REQUEST = Request(
    Wire.SHELL,
    "vsish -e get /hardware/pci/seg/{segment}/bus/{bus}/slot/{slot}/func/{function}/BARInfo/{bar}",
    "address and size of one PCI memory window",
)
_ASKED = "vsish -e get BARInfo"
_KNOWS = ("Size", "Address")


class BarInfo(Struct, frozen=True):
    """A window above 4 GiB has an address that needs 64-bit MMIO."""

    address: Reading[int]
    size_bytes: Reading[int]


def parse(text: str) -> BarInfo:
    """Read the block."""
    record = block_of(text, what=_ASKED, knows=_KNOWS)
    return BarInfo(address=record.number("Address"), size_bytes=record.number("Size"))
