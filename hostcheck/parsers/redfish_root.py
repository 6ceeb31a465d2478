"""`GET /redfish/v1`: what kind of BMC this is.

{"RedfishVersion": "1.13.1", "Vendor": "Dell", "Product": "Integrated Dell Remote Access ...",
 "Systems": {"@odata.id": "/redfish/v1/Systems"}, "Oem": {"Dell": {"ServiceTag": "ABC1234"}}}
"""

from msgspec import Struct

from hostcheck.model.capture import Request
from hostcheck.model.fact import Reading, Unknown
from hostcheck.syntax.redfish import WIRE, Resource, resource_of

REQUEST = Request(WIRE, "GET /redfish/v1", "what kind of BMC it is; asked before the login")


class ServiceRoot(Struct, frozen=True):
    """The service root. `vendor` may be in the key of `Oem` alone, as on iLO 5 and XCC."""

    version: Reading[str]
    vendor: Reading[str]
    product: Reading[str]
    systems: Reading[str]
    """Path of the collection."""
    sessions: Reading[str]
    """Path of the collection to log in at; older BMCs tell none."""
    expands: bool
    """Whether a collection is answered with its members in it, when asked with `$expand`."""


def parse(text: str) -> ServiceRoot:
    """Read the service root. Raises ParseError when the text is none."""
    root = resource_of(text, asked=REQUEST.template)
    vendor = root.text("Vendor")
    if isinstance(vendor, Unknown):
        makers = [one for one in root.inside("Oem").written() if not one.startswith("@")]
        vendor = makers[0] if makers else vendor
    return ServiceRoot(
        version=root.text("RedfishVersion"),
        vendor=vendor,
        product=root.text("Product"),
        systems=root.link("Systems"),
        sessions=root.link("Links", "Sessions"),
        expands=_expands(root),
    )


def _expands(root: Resource) -> bool:
    query = root.inside("ProtocolFeaturesSupported", "ExpandQuery")
    return query.get("NoLinks") is True and query.get("Levels") is True
