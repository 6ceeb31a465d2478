"""`GET .../PCIeDevices/{device}/PCIeFunctions/{function}`: the PCI ids of a device.

{"Name": "NVIDIA L40 b3:00:00", "VendorId": "0x10de", "DeviceId": "0x26b5", "FunctionId": 0}

Redfish has no property for bus and slot; XClarity writes them behind the name. iLO writes the ids
as decimal numbers, others in hexadecimal, and Supermicro leaves those of GPUs zero.
"""

import re

from msgspec import Struct

from hostcheck.model.capture import Request
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.model.pci import PciAddress, address
from hostcheck.syntax.redfish import WIRE, Resource, resource_of

_WHAT = "vendor, and bus and slot where they are told"
OF_CHASSIS = Request(
    WIRE,
    "GET /redfish/v1/Chassis/{chassis}/PCIeDevices/{device}/PCIeFunctions/{function}",
    f"a GPU as a PCI function: {_WHAT}",
)
OF_SYSTEM = Request(
    WIRE,
    "GET /redfish/v1/Systems/{system}/PCIeDevices/{device}/PCIeFunctions/{function}",
    f"a GPU as a PCI function: {_WHAT}",
)
REQUEST = (OF_CHASSIS, OF_SYSTEM)
_PLACE = re.compile(r"\b([0-9a-fA-F]{2}):([0-9a-fA-F]{2}):0?([0-7])$")


class PcieFunction(Struct, frozen=True):
    """A PCI function; ids are numbers."""

    vendor_id: Reading[int]
    device_id: Reading[int]
    address: Reading[PciAddress]


def parse(text: str) -> PcieFunction:
    """Read one function. Raises ParseError when the text is none."""
    one = resource_of(text, asked=OF_CHASSIS.template)
    return PcieFunction(_id(one, "VendorId"), _id(one, "DeviceId"), _address(one))


def _id(one: Resource, name: str) -> Reading[int]:
    words = one.text(name)
    if isinstance(words, Unknown):
        return words
    try:
        number = int(words, 16 if words.lower().startswith("0x") else 10)
    except ValueError:
        return Unknown(Why.UNPARSED, f"{name} is no number: {words!r}", one.asked)
    return number or Unknown(Why.ABSENT, f"{name} is zero", one.asked)


def _address(one: Resource) -> Reading[PciAddress]:
    name = one.text("Name")
    found = None if isinstance(name, Unknown) else _PLACE.search(name)
    if found is None:
        return Unknown(Why.ABSENT, "the BMC does not tell bus and slot", one.asked)
    bus, slot, function = (int(part, 16) for part in found.groups())
    return address(0, bus, slot, function)
