"""`GET /api/vcenter/namespaces/instances/{namespace}`: which classes and policies one may use.

{"cluster": "domain-c8", "config_status": "RUNNING", "stats": {...},
 "vm_service_spec": {"content_libraries": [], "vm_classes": ["gpu-large"]},
 "storage_specs": [{"policy": "aa6d5a82-1c88-45da-85d3-3d74b91a5bad"}]}
"""

from hostcheck.model.capture import Request
from hostcheck.model.vm_class import Namespace
from hostcheck.syntax.block import Block
from hostcheck.syntax.rest import WIRE, item_of
from hostcheck.syntax.vm_class import rest

REQUEST = Request(
    WIRE, "GET /api/vcenter/namespaces/instances/{namespace}",
    "VM classes and storage policies of a namespace; asked by vm-class only",
)  # fmt: skip


def parse(text: str) -> Namespace:
    """Read one; its name is not in it. Raises ParseError when the text is none."""
    return rest.namespace(Block(item_of(text, "namespace"), "namespace"))
