"""`GET /redfish/v1/Chassis/{chassis}/Power`: the power supplies.

{"PowerSupplies": [{"Name": "PS1 Status", "Status": {"Health": "OK", "State": "Enabled"}}]}

Newer BMCs tell each by itself, in a list `PowerSubsystem/PowerSupplies`:

{"Members": [{"@odata.id": "/redfish/v1/Chassis/1/PowerSubsystem/PowerSupplies/PSU1"}]}
{"Id": "PSU1", "Name": "PSU1", "Status": {"Health": "OK", "State": "Enabled"}}
"""

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.capture import Request
from hostcheck.model.fact import Reading, Unknown
from hostcheck.syntax.redfish import WIRE, Resource, resource_of

REQUEST = Request(WIRE, "GET /redfish/v1/Chassis/{chassis}/Power", "health of the power supplies")
LISTED = Request(
    WIRE, "GET /redfish/v1/Chassis/{chassis}/PowerSubsystem/PowerSupplies",
    "which power supplies there are, where the chassis does not tell them itself",
)  # fmt: skip
ONE = Request(
    WIRE, "GET /redfish/v1/Chassis/{chassis}/PowerSubsystem/PowerSupplies/{supply}",
    "health of one power supply",
)  # fmt: skip


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


def parse_list(text: str) -> tuple[str, ...]:
    """Return the paths of the supplies. Raises ParseError when the text lists none."""
    one = resource_of(text, asked=LISTED.template)
    listed = one.links("Members")
    if isinstance(listed, Unknown):
        raise ParseError(f"{LISTED.template}: {listed.detail}")
    return listed


def parse_one(text: str) -> tuple[PowerSupply, ...]:
    """Return one supply, or none where its place is empty. Raises ParseError for another text."""
    one = resource_of(text, asked=ONE.template)
    if isinstance(one.text("Id"), Unknown):
        raise ParseError(f"{ONE.template}: not a power supply")
    return () if one.text("Status", "State") == "Absent" else (_part(0, one),)


def _part(index: int, item: Resource) -> PowerSupply:
    name = item.text("Name")
    shown = f"power supply {index + 1}" if isinstance(name, Unknown) else name
    return PowerSupply(shown, item.text("Status", "Health"))
