"""`ClusterComputeResource`, `ComputeResource`: what a host belongs to."""

from msgspec import Struct

from hostcheck.model.capture import Path, Request, Wire
from hostcheck.model.fact import Reading, Unknown
from hostcheck.syntax.vim import Node, VimObject, object_of

MIB = 1024 * 1024
EVACUATION = "VgpuMMAutomationTimeoutSecs"

CLUSTER = Request(
    Wire.PROPERTIES,
    "ClusterComputeResource",
    "cluster name, DRS automation and memory for VMs",
    "System.Read",
    (
        Path("name"), Path("configurationEx.drsConfig"), Path("summary"),
        Path("environmentBrowser"), Path("resourcePool"),
    ),
)  # fmt: skip
STAND_ALONE = Request(
    Wire.PROPERTIES,
    "ComputeResource",
    "name and memory of what a host outside a cluster belongs to",
    "System.Read",
    (Path("name"), Path("summary"), Path("environmentBrowser"), Path("resourcePool")),
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
    memory: Reading["Memory"]
    environment_browser: Reading[str]
    """Managed object id of what tells which devices its hosts can give a VM."""
    resource_pool: Reading[str]
    """Managed object id of its root resource pool."""
    evacuation: Reading[str]
    """The DRS option VgpuMMAutomationTimeoutSecs as it is written; empty where it is not set."""


class Memory(Struct, frozen=True):
    """Memory of all hosts together, and what of it is there for VMs on those that run.

    Hosts in maintenance or without connection are not among the effective ones.
    """

    host_count: int
    effective_host_count: int
    total_bytes: int
    effective_bytes: int


def parse(text: str) -> ComputeResource:
    """Read one compute resource of either type."""
    found = object_of(text, kind="ComputeResource")
    drs = found.text("configurationEx.drsConfig", "defaultVmBehavior")
    if found.kind == STAND_ALONE.template:
        drs = "none"
    elif found.truth("configurationEx.drsConfig", "enabled") is False:
        drs = "off"
    return ComputeResource(
        found.id, found.kind, found.text("name"), drs, _memory(found),
        found.text("environmentBrowser"), found.text("resourcePool"), _evacuation(found),
    )  # fmt: skip


def _evacuation(found: VimObject) -> Reading[str]:
    """Read an option of DRS; a cluster that lists it not has not set it, which is an answer."""
    options = found.each("configurationEx.drsConfig", _option, "option")
    if isinstance(options, Unknown):
        return options
    odd = [key for key, _ in options if isinstance(key, Unknown)]
    told = [value for key, value in options if isinstance(key, str) and key == EVACUATION]
    return next(iter((*told, *odd)), "")


def _option(node: Node) -> tuple[Reading[str], Reading[str]]:
    return node.text("key"), node.text("value")


def _memory(found: VimObject) -> Reading[Memory]:
    """Read the sums; effective memory is told in MB, total memory in bytes."""
    numbers = []
    for name in ("numHosts", "numEffectiveHosts", "totalMemory", "effectiveMemory"):
        number = found.number("summary", name)
        if isinstance(number, Unknown):
            return number
        numbers.append(number)
    hosts, effective_hosts, total, effective = numbers
    return Memory(hosts, effective_hosts, total, effective * MIB)
