"""`ClusterComputeResource`, `ComputeResource`: what a host belongs to."""

from msgspec import Struct

from hostcheck.model.capture import Path, Request, Wire
from hostcheck.model.fact import Reading
from hostcheck.syntax.vim import object_of

CLUSTER = Request(
    Wire.PROPERTIES,
    "ClusterComputeResource",
    "cluster name and DRS automation",
    "System.Read",
    (Path("name"), Path("configurationEx.drsConfig")),
)
STAND_ALONE = Request(
    Wire.PROPERTIES,
    "ComputeResource",
    "name of what a host outside a cluster belongs to",
    "System.Read",
    (Path("name"),),
)
REQUEST = (CLUSTER, STAND_ALONE)


def request_for(kind: str) -> Request:
    """Return the question for a managed object type: only clusters have DRS."""
    return CLUSTER if kind == CLUSTER.template else STAND_ALONE


class ComputeResource(Struct, frozen=True):
    """A cluster, or what stands in for one.

    `drs_automation` is manual, partiallyAutomated or fullyAutomated; `off` with DRS off.

    `none` is said of what is no cluster.
    """

    id: str
    kind: str
    name: Reading[str]
    drs_automation: Reading[str]


def parse(text: str) -> ComputeResource:
    """Read one compute resource of either type."""
    found = object_of(text, kind="ComputeResource")
    drs = found.text("configurationEx.drsConfig", "defaultVmBehavior")
    if found.kind == STAND_ALONE.template:
        drs = "none"
    elif found.truth("configurationEx.drsConfig", "enabled") is False:
        drs = "off"
    return ComputeResource(found.id, found.kind, found.text("name"), drs)
