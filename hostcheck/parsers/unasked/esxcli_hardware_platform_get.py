"""`esxcli hardware platform get`: who made the server, and which model it is.

    Platform Information
       Product Name: PowerEdge R620
       Vendor Name: Dell Inc.
       IPMI Supported: true

Serial numbers and the UUID are not read: no check needs them.
"""

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading
from hostcheck.syntax.esxcli import record_of

REQUEST = Request(Wire.SHELL, "esxcli hardware platform get", "vendor and model of the server")
_KNOWS = ("Product Name", "Vendor Name")


class Platform(Struct, frozen=True):
    """As the system firmware tells it. `VMware7,1` and the like are nested hosts."""

    vendor: Reading[str]
    model: Reading[str]
    ipmi_supported: Reading[bool]


def parse(text: str) -> Platform:
    """Read any format of esxcli."""
    record = record_of(text, what=REQUEST.template, knows=_KNOWS)
    return Platform(
        vendor=record.text("Vendor Name"),
        model=record.text("Product Name"),
        ipmi_supported=record.truth("IPMI Supported"),
    )
