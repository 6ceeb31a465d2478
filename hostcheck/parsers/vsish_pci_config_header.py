"""`vsish -e get /hardware/pci/seg/0/bus/175/slot/0/func/0/pciConfigHeader`: a device's NUMA node.

    PCI Config Header {
       Vendor ID:0x10de
       Numa node:1
    }

The numbers of the path are decimal: bus 175 is af. -1 and 4294967295 are no node at all.
"""

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading
from hostcheck.syntax.record import NO_NODE
from hostcheck.syntax.vsish import block_of

REQUEST = Request(
    Wire.SHELL,
    "vsish -e get /hardware/pci/seg/{segment}/bus/{bus}/slot/{slot}/func/{function}"
    "/pciConfigHeader",
    "NUMA node of one PCI device",
)
_ASKED = "vsish -e get pciConfigHeader"
_KNOWS = ("Numa node", "Vendor ID", "Device ID", "Class code", "Header type")


class PciConfigHeader(Struct, frozen=True):
    """What is needed of the header."""

    numa_node: Reading[int]


def parse(text: str) -> PciConfigHeader:
    """Read the block."""
    record = block_of(text, what=_ASKED, knows=_KNOWS)
    return PciConfigHeader(numa_node=record.number("Numa node", nothing=NO_NODE))
