"""`esxcli network sriovnic list`: network adapters with SR-IOV switched on.

    Name    PCI Device    Driver  Link  Speed  Duplex  MAC Address         MTU  Description
    ------  ------------  ------  ----  -----  ------  -----------------  ----  -----------
    vmnic0  0000:1b:00.0  nenic   Up    50000  Full    f4:ee:31:00:00:01  1500  Cisco VIC

`PCI Device` is hexadecimal here. (`sriovnic vf list` writes decimal addresses; it is not asked.)
"""

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading
from hostcheck.model.pci import PciAddress
from hostcheck.syntax.esxcli import records_of

REQUEST = Request(Wire.SHELL, "esxcli network sriovnic list", "network adapters with SR-IOV on")
_COLUMNS = (
    "Name", "PCI Device", "Driver", "Link", "Speed", "Duplex", "MAC Address", "MTU", "Description",
)  # fmt: skip


class SriovNic(Struct, frozen=True):
    """One adapter whose virtual functions are on."""

    name: Reading[str]
    address: Reading[PciAddress]
    driver: Reading[str]
    link_up: Reading[bool]
    speed_mbps: Reading[int]
    mac: Reading[str]
    mtu_bytes: Reading[int]
    description: Reading[str]


def parse(text: str) -> tuple[SriovNic, ...]:
    """Read any format of esxcli. No output at all is a host without such adapters."""
    return tuple(
        SriovNic(
            name=record.text("Name"),
            address=record.address("PCI Device"),
            driver=record.text("Driver"),
            link_up=record.truth("Link", "Link Status"),
            speed_mbps=record.number("Speed"),
            mac=record.text("MAC Address"),
            mtu_bytes=record.number("MTU"),
            description=record.text("Description"),
        )
        for record in records_of(text, what=REQUEST.template, knows=_COLUMNS, columns=_COLUMNS)
    )
