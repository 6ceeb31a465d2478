"""`esxcli hardware pci pcipassthru list`: devices that can be passed through, ESXi 7.0 and later.

Device ID     Enabled
------------  -------
0000:03:00.0    false
0000:65:00.0     true
"""

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading
from hostcheck.model.pci import PciAddress
from hostcheck.syntax.esxcli import records_of

REQUEST = Request(
    Wire.SHELL, "esxcli hardware pci pcipassthru list", "which devices are switched to passthrough"
)
_COLUMNS = ("Device ID", "Enabled")


class PassthruDevice(Struct, frozen=True):
    """One device and its switch."""

    address: Reading[PciAddress]
    enabled: Reading[bool]


def parse(text: str) -> tuple[PassthruDevice, ...]:
    """Read any format of esxcli."""
    return tuple(
        PassthruDevice(
            address=record.address("Device ID", "Address"), enabled=record.truth("Enabled")
        )
        for record in records_of(text, what=REQUEST.template, knows=_COLUMNS, columns=_COLUMNS)
    )
