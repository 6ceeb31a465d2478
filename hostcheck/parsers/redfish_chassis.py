"""`GET /redfish/v1/Chassis/{chassis}`: where slots, devices, power and temperatures are told.

{"Id": "System.Embedded.1", "PCIeSlots": {"@odata.id": ".../PCIeSlots"},
 "PCIeDevices": {"@odata.id": ".../PCIeDevices"}, "Power": {"@odata.id": ".../Power"}}
"""

from msgspec import Struct

from hostcheck.model.capture import Request
from hostcheck.model.fact import Reading
from hostcheck.syntax.redfish import WIRE, resource_of

REQUEST = Request(
    WIRE, "GET /redfish/v1/Chassis/{chassis}",
    "where PCIe slots and devices, power supplies and temperatures are told",
)  # fmt: skip


class Chassis(Struct, frozen=True):
    """Paths, each as the BMC wrote it; Unknown where it tells nothing of the kind."""

    pcie_slots: Reading[str]
    pcie_devices: Reading[str]
    power: Reading[str]
    thermal: Reading[str]
    power_subsystem: Reading[str]
    """Where newer BMCs tell the same; many have both."""
    thermal_subsystem: Reading[str]


def parse(text: str) -> Chassis:
    """Read one chassis. Raises ParseError when the text is none."""
    one = resource_of(text, asked=REQUEST.template)
    return Chassis(
        one.link("PCIeSlots"), one.link("PCIeDevices"), one.link("Power"), one.link("Thermal"),
        one.link("PowerSubsystem"), one.link("ThermalSubsystem"),
    )  # fmt: skip
