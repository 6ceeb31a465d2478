"""`GET /api/vcenter/namespaces/instances/v2/{namespace}`: its Supervisor, zones and classes.

{"supervisor": "6a3c...", "config_status": "RUNNING",
 "zones": [{"zone": "zone-1", "type": "WORKLOAD", "marked_for_removal": false}],
 "vm_service_spec": {"content_libraries": [], "vm_classes": ["gpu-large"]},
 "storage_specs": [{"policy": "aa6d5a82-1c88-45da-85d3-3d74b91a5bad"}]}

Zones are told since 9.0; before, a namespace has all those of its Supervisor.
"""

from hostcheck.model.capture import Request
from hostcheck.model.vm_class import Namespace
from hostcheck.syntax.block import Block
from hostcheck.syntax.rest import WIRE, item_of
from hostcheck.syntax.vm_class import rest

REQUEST = Request(
    WIRE, "GET /api/vcenter/namespaces/instances/v2/{namespace}",
    "Supervisor, zones, VM classes and storage policies of a namespace (8.0.0.1 and later); "
    "asked by vm-class only",
)  # fmt: skip


def parse(text: str) -> Namespace:
    """Read one; its name is not in it. Raises ParseError when the text is none."""
    return rest.namespace(Block(item_of(text, "namespace"), "namespace"))
