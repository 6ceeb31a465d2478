"""`GET /redfish/v1/Chassis/{chassis}/Power`: the power supplies.

{"PowerSupplies": [{"Name": "PS1 Status", "Status": {"Health": "OK", "State": "Enabled"}}]}
"""

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.capture import Request
from hostcheck.model.fact import Reading, Unknown
from hostcheck.syntax.redfish import WIRE, Resource, resource_of

REQUEST = Request(WIRE, "GET /redfish/v1/Chassis/{chassis}/Power", "health of the power supplies")


class PowerSupply(Struct, frozen=True):
    """A power supply that is there; `health` in the BMC's words."""

    name: str
    health: Reading[str]


def parse(text: str) -> tuple[PowerSupply, ...]:
    """Return the supplies that are there. Raises ParseError when the text lists none."""
    one = resource_of(text, asked=REQUEST.template)
    listed = one.get("PowerSupplies")
    if isinstance(listed, Unknown):
        raise ParseError(f"{REQUEST.template}: {listed.detail}")
    return tuple(
        _part(index, item)
        for index, item in enumerate(one.each("PowerSupplies"))
        if item.text("Status", "State") != "Absent"
    )


def _part(index: int, item: Resource) -> PowerSupply:
    name = item.text("Name")
    shown = f"power supply {index + 1}" if isinstance(name, Unknown) else name
    return PowerSupply(shown, item.text("Status", "Health"))
