"""`GET /api/vcenter/namespaces/instances/v2`: vSphere namespaces, of Supervisors with zones too.

[{"supervisor": "6a3c...", "namespace": "team-a", "config_status": "RUNNING", "description": ""}]
"""

from hostcheck.model.capture import Request
from hostcheck.model.vm_class import Namespace
from hostcheck.syntax.rest import WIRE, blocks_of
from hostcheck.syntax.vm_class import rest

REQUEST = Request(
    WIRE, "GET /api/vcenter/namespaces/instances/v2",
    "vSphere namespaces and their Supervisors (8.0.0.1 and later); asked by vm-class only",
)  # fmt: skip


def parse(text: str) -> tuple[Namespace, ...]:
    """Read the list. Raises ParseError when the text is none."""
    return tuple(rest.namespace(one) for one in blocks_of(text, "namespaces"))
