"""`GET /redfish/v1/Chassis/{chassis}/PCIeSlots`: the slots, with what is written beside them.

{"Slots": [{"Lanes": 16, "PCIeType": "Gen5", "Status": {"State": "Enabled"},
  "Location": {"PartLocation": {"ServiceLabel": "PCIe Slot 7 (7)", "LocationOrdinalValue": 7}},
  "Links": {"PCIeDevice": [{"@odata.id": "/redfish/v1/Chassis/1/PCIeDevices/NIC7"}]}}]}
"""

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.capture import Request
from hostcheck.model.fact import Reading, Unknown
from hostcheck.syntax.redfish import WIRE, Resource, resource_of

REQUEST = Request(
    WIRE, "GET /redfish/v1/Chassis/{chassis}/PCIeSlots", "PCIe slots and what is in them"
)


class PcieSlot(Struct, frozen=True):
    """A slot; `devices` are paths, empty where it holds none or the BMC does not say."""

    label: Reading[str]
    """What is written beside it; else its number, as `slot 7`."""
    lanes: Reading[float]
    devices: tuple[str, ...]


def parse(text: str) -> tuple[PcieSlot, ...]:
    """Read the slots, in the BMC's order. Raises ParseError when the text lists none."""
    one = resource_of(text, asked=REQUEST.template)
    slots = one.get("Slots")
    if isinstance(slots, Unknown):
        raise ParseError(f"{REQUEST.template}: {slots.detail}")
    return tuple(map(_slot, one.each("Slots")))


def _slot(one: Resource) -> PcieSlot:
    devices = one.links("Links", "PCIeDevice")
    return PcieSlot(
        _label(one), one.number("Lanes"), () if isinstance(devices, Unknown) else devices
    )


def _label(one: Resource) -> Reading[str]:
    label = one.text("Location", "PartLocation", "ServiceLabel")
    number = one.text("Location", "PartLocation", "LocationOrdinalValue")
    if isinstance(label, Unknown) and not isinstance(number, Unknown):
        return f"slot {number}"
    return label
