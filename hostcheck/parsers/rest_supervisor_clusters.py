"""`GET /api/vcenter/namespace-management/clusters`: names of the clusters with vSphere Kubernetes.

[{"cluster": "domain-c8", "cluster_name": "gpu", "config_status": "RUNNING",
  "kubernetes_status": "READY"}]
"""

from hostcheck.model.capture import Request
from hostcheck.syntax.rest import WIRE, blocks_of

REQUEST = Request(
    WIRE, "GET /api/vcenter/namespace-management/clusters",
    "names of the clusters with vSphere Kubernetes; asked by vm-class only",
)  # fmt: skip


def parse(text: str) -> dict[str, str]:
    """Return names by managed object id. Raises ParseError when the text is no such list."""
    found = {}
    for one in blocks_of(text, "clusters"):
        name = one.text("cluster_name")
        if name:
            found[one.text("cluster")] = name
    return found
