"""`GET /api/vcenter/namespaces/instances`: the vSphere namespaces that there are.

[{"namespace": "team-a", "cluster": "domain-c8", "config_status": "RUNNING", "description": "",
  "stats": {"cpu_used": 0, "memory_used": 0, "storage_used": 0}}]
"""

from hostcheck.model.capture import Request
from hostcheck.model.vm_class import Namespace
from hostcheck.syntax.rest import WIRE, blocks_of
from hostcheck.syntax.vm_class import rest

REQUEST = Request(
    WIRE, "GET /api/vcenter/namespaces/instances",
    "vSphere namespaces and their clusters; asked by vm-class only",
)  # fmt: skip


def parse(text: str) -> tuple[Namespace, ...]:
    """Read the list. Raises ParseError when the text is none."""
    return tuple(rest.namespace(one) for one in blocks_of(text, "namespaces"))
