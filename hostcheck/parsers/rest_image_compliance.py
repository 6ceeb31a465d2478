"""`GET /api/esx/settings/clusters/{cluster}/software/compliance`: what vCenter's image would do.

{"impact": "REBOOT_REQUIRED", "status": "NON_COMPLIANT", "scan_time": "2026-11-28T09:00:00.000Z",
 "hosts": {"host-12": {"impact": "REBOOT_REQUIRED", "status": "NON_COMPLIANT"}}, ...}

It is of the image that the cluster has now, at the last scan: asking starts none.
"""

from msgspec import Struct

from hostcheck.model.capture import Request
from hostcheck.model.image import HostImage
from hostcheck.syntax.block import Block
from hostcheck.syntax.rest import WIRE, item_of

REQUEST = Request(
    WIRE, "GET /api/esx/settings/clusters/{cluster}/software/compliance",
    "what the cluster's image would interrupt on each host, by the last scan",
    "VcIntegrity.lifecycleSoftwareSpecification.Read",
)  # fmt: skip


class Compliance(Struct, frozen=True):
    """The hosts by managed object id, and when they were scanned."""

    hosts: dict[str, HostImage]
    scanned_at: str


def parse(text: str) -> Compliance:
    """Read the answer. Raises ParseError when the text is none, or has no hosts."""
    top = Block(item_of(text, "compliance"), "compliance")
    at = top.text("scan_time")
    item = top.get("hosts")
    if item is None:
        top.refuse("the answer has no hosts")
    if isinstance(item.value, list):  # /rest wrote mappings so
        pairs = [(one.text("key"), one.block("value")) for one in top.blocks("hosts")]
    else:
        inside = top.block("hosts")
        pairs = [(name, inside.block(name)) for name in sorted(inside.names())]
    hosts = {name: HostImage(one.text("status"), one.text("impact"), at) for name, one in pairs}
    return Compliance(hosts, at)
