"""`GET /redfish/v1/Systems`: the computers behind a BMC.

{"Members": [{"@odata.id": "/redfish/v1/Systems/System.Embedded.1"}], "Members@odata.count": 1}
"""

from hostcheck.errors import ParseError
from hostcheck.model.capture import Request
from hostcheck.model.fact import Unknown
from hostcheck.syntax.redfish import WIRE, resource_of

REQUEST = Request(WIRE, "GET /redfish/v1/Systems", "which computers are behind the BMC")


def parse(text: str) -> tuple[str, ...]:
    """Return the paths of the members; none is a known empty list. Raises ParseError."""
    members = resource_of(text, asked=REQUEST.template).links("Members")
    if isinstance(members, Unknown):
        raise ParseError(f"{REQUEST.template}: {members.detail}")
    return members
