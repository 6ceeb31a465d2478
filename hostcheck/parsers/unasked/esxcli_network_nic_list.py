"""`esxcli network nic list`: physical network adapters, their PCI address, link and driver.

Name    PCI Device    Driver  Admin Status  Link Status  Speed  Duplex  MAC Address        ...
------  ------------  ------  ------------  -----------  -----  ------  -----------------  ...
vmnic0  0000:01:00.0  ntg3    Up            Up            1000  Full    02:00:00:00:00:01  ...
"""

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading
from hostcheck.model.pci import PciAddress
from hostcheck.syntax.esxcli import records_of

REQUEST = Request(Wire.SHELL, "esxcli network nic list", "network adapters, links and drivers")
_COLUMNS = (
    "Name", "PCI Device", "Driver", "Admin Status", "Link Status",
    "Speed", "Duplex", "MAC Address", "MTU", "Description",
)  # fmt: skip


class NicRow(Struct, frozen=True):
    """One adapter. The speed of a link that is down is 0."""

    name: Reading[str]
    address: Reading[PciAddress]
    driver: Reading[str]
    admin_up: Reading[bool]
    link_up: Reading[bool]
    speed_mbps: Reading[int]
    duplex: Reading[str]
    mac: Reading[str]
    mtu_bytes: Reading[int]
    description: Reading[str]


def parse(text: str) -> tuple[NicRow, ...]:
    """Read any format of esxcli. ESXi does not install without a network adapter."""
    records = records_of(
        text, what=REQUEST.template, knows=_COLUMNS, columns=_COLUMNS, may_be_empty=False
    )
    return tuple(
        NicRow(
            name=record.text("Name"),
            address=record.address("PCI Device"),
            driver=record.text("Driver"),
            admin_up=record.truth("Admin Status"),
            link_up=record.truth("Link Status", "Link"),
            speed_mbps=record.number("Speed"),
            duplex=record.text("Duplex"),
            mac=record.text("MAC Address"),
            mtu_bytes=record.number("MTU"),
            description=record.text("Description"),
        )
        for record in records
    )
