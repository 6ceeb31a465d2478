"""`GET .../supervisors/{supervisor}/topology`: the zones of a Supervisor and their clusters.

[{"zone": "zone-1", "clusters": ["domain-c8"]}, {"zone": "zone-2", "clusters": ["domain-c9"]}]
"""

from hostcheck.errors import ParseError
from hostcheck.model.capture import Request
from hostcheck.syntax.rest import WIRE, blocks_of

REQUEST = Request(
    WIRE, "GET /api/vcenter/namespace-management/supervisors/{supervisor}/topology",
    "zones of a Supervisor and their clusters (8.0.0.1 and later); asked by vm-class only",
)  # fmt: skip


def parse(text: str) -> dict[str, tuple[str, ...]]:
    """Return managed object ids of clusters by zone. Raises ParseError when there is no zone."""
    found: dict[str, tuple[str, ...]] = {}
    for one in blocks_of(text, "topology"):
        zone = one.text("zone")
        found[zone] = (*found.get(zone, ()), *one.texts("clusters"))
    if not found:
        raise ParseError("topology: no zone is in it")
    return found
