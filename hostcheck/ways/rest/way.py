"""vCenter's REST API: GET alone, in a session that is opened and deleted."""

from hostcheck.model.capture import Request
from hostcheck.parsers import (
    rest_image_compliance,
    rest_namespace,
    rest_namespace_v2,
    rest_namespaces,
    rest_namespaces_v2,
    rest_supervisor_clusters,
    rest_supervisor_topology,
    rest_vm_classes,
)
from hostcheck.parsers.vim_compute_resource import CLUSTER
from hostcheck.syntax.rest import WIRE
from hostcheck.ways.base import SoFar, Transport, Way, Wiring

SESSION = "rest session"
OPEN = Request(SESSION, "POST /api/session", "log in: opens a session")
CLOSE = Request(SESSION, "DELETE /api/session", "log out: ends that session")


def collect(rest: Transport, so_far: SoFar) -> None:
    """Ask what concerns one host: the image of its cluster."""
    ref = so_far.ref
    if ref.cluster_id and ref.cluster_kind == CLUSTER.template:
        rest.fetch(rest_image_compliance.REQUEST.of(ref.cluster_id))


WAY = Way(
    name="rest",
    wirings=(
        Wiring(
            WIRE,
            "vCenter's REST API (only with --lifecycle and hostcheck vm-class without FILE)",
            folder="rest",
            suffix="json",
            unasked="vCenter's lifecycle manager was not asked (--lifecycle)",
        ),
        Wiring(
            SESSION,
            "The session of the REST API; its answers are not kept",
            folder="rest",
            suffix="json",
            changes=True,
        ),
    ),
    requests=(
        rest_image_compliance.REQUEST,
        rest_vm_classes.REQUEST,
        rest_namespaces_v2.REQUEST,
        rest_namespace_v2.REQUEST,
        rest_supervisor_topology.REQUEST,
        rest_namespaces.REQUEST,
        rest_namespace.REQUEST,
        rest_supervisor_clusters.REQUEST,
        OPEN,
        CLOSE,
    ),
    collect=collect,
    turn=15,
    logs_in=True,
)
