"""`esxcli network nic get -n vmnicN`: driver and firmware version of one network adapter.

    Driver Info:
          Bus Info: 0000:18:00:0
          Driver: ixgben
          Firmware Version: 3.30 0x800014a5, 20.5.15
          Version: 1.15.1.0
    Link Detected: true
    Link Status: Up
    Name: vmnic0

`Bus Info` is hexadecimal, with a colon before the function.
"""

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading
from hostcheck.model.pci import PciAddress
from hostcheck.syntax.esxcli import record_of

REQUEST = Request(
    Wire.SHELL, "esxcli network nic get -n vmnic{number}", "driver and firmware of one adapter"
)
_ASKED = "esxcli network nic get"
_KNOWS = ("Driver Info.Driver", "Driver Info.Bus Info", "Driver", "Bus Info", "Link Status", "Name")


class NicDetail(Struct, frozen=True):
    """One adapter."""

    name: Reading[str]
    address: Reading[PciAddress]
    driver: Reading[str]
    driver_version: Reading[str]
    firmware_version: Reading[str]
    link_up: Reading[bool]
    link_detected: Reading[bool]


def parse(text: str) -> NicDetail:
    """Read any format of esxcli."""
    record = record_of(text, what=_ASKED, knows=_KNOWS)
    return NicDetail(
        name=record.text("Name"),
        address=record.address("Driver Info.Bus Info", "Bus Info"),
        driver=record.text("Driver Info.Driver", "Driver"),
        driver_version=record.text("Driver Info.Version", "Version"),
        firmware_version=record.text("Driver Info.Firmware Version", "Firmware Version"),
        link_up=record.truth("Link Status"),
        link_detected=record.truth("Link Detected"),
    )
