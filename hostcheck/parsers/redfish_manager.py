"""`GET /redfish/v1/Managers/{manager}`: the BMC itself.

{"ManagerType": "BMC", "Model": "iLO 5", "FirmwareVersion": "iLO 5 v2.72",
 "Status": {"Health": "OK"}}
"""

from msgspec import Struct

from hostcheck.model.capture import Request
from hostcheck.model.fact import Reading
from hostcheck.syntax.redfish import WIRE, resource_of

REQUEST = Request(WIRE, "GET /redfish/v1/Managers/{manager}", "kind and firmware of the BMC")


class Manager(Struct, frozen=True):
    """A BMC; `firmware` in the vendor's spelling."""

    model: Reading[str]
    firmware: Reading[str]
    health: Reading[str]


def parse(text: str) -> Manager:
    """Read one BMC. Raises ParseError when the text is none."""
    one = resource_of(text, asked=REQUEST.template)
    return Manager(one.text("Model"), one.text("FirmwareVersion"), one.text("Status", "Health"))
