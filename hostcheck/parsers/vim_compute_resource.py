"""`ClusterComputeResource`, `ComputeResource`: what a host belongs to.

The configuration is asked whole: a cluster without rules then says so, where a list of its own
would be left out like one that cannot be read. Earlier recordings hold its `drsConfig` alone.
"""

from msgspec import Struct

from hostcheck.model.capture import Path, Request, Wire
from hostcheck.model.fact import Reading, Unknown, older
from hostcheck.syntax.vim import VimObject
from hostcheck.syntax.vim_node import Node
from hostcheck.syntax.vim_objects import object_of

MIB = 1024 * 1024
EVACUATION = "VgpuMMAutomationTimeoutSecs"
AUTOMATION = ("fullyAutomated", "partiallyAutomated", "manual")

CLUSTER = Request(
    Wire.PROPERTIES,
    "ClusterComputeResource",
    "cluster name, DRS automation and rules, memory and CPU for VMs",
    "System.Read",
    (
        Path("name"), Path("configurationEx"), Path("summary"),
        Path("environmentBrowser"), Path("resourcePool"),
    ),
)  # fmt: skip
STAND_ALONE = Request(
    Wire.PROPERTIES,
    "ComputeResource",
    "name, memory and CPU of what a host outside a cluster belongs to",
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
    memory: Reading["ClusterMemory"]
    environment_browser: Reading[str]
    """Managed object id of what tells which devices its hosts can give a VM."""
    resource_pool: Reading[str]
    """Managed object id of its root resource pool."""
    evacuation: Reading[str]
    """The DRS option VgpuMMAutomationTimeoutSecs as it is written; empty where it is not set."""
    cpu: Reading["ClusterCpu"]
    rules: Reading[tuple["DrsRule", ...]]
    groups: Reading[dict[str, tuple[str, ...]]]
    """Managed object ids of the members, VMs or hosts, by the name of the group."""


class DrsRule(Struct, frozen=True):
    """A rule of DRS. One about hosts names groups, one among VMs names the VMs."""

    kind: str
    """Type of the API: ClusterVmHostRuleInfo, ClusterAntiAffinityRuleSpec, ..."""
    name: str
    enabled: bool
    mandatory: bool
    vm_group: str
    on_hosts: str
    """Group of hosts to run on; empty in a rule that says where not to."""
    off_hosts: str
    vm_ids: tuple[str, ...]


class ClusterCpu(Struct, frozen=True):
    """Processors of all hosts together, and what of them is there for VMs on those that run."""

    host_count: int
    effective_host_count: int
    total_mhz: int
    effective_mhz: int


class ClusterMemory(Struct, frozen=True):
    """Memory of all hosts together, and what of it is there for VMs on those that run.

    Hosts in maintenance or without connection are not among the effective ones.
    """

    host_count: int
    effective_host_count: int
    total_bytes: int
    effective_bytes: int


CONFIGURATION = "configurationEx"
DRS = "drsConfig"


def parse(text: str) -> ComputeResource:
    """Read one compute resource of either type."""
    found = object_of(text, kind="ComputeResource")
    return ComputeResource(
        found.id, found.kind, found.text("name"), _automation(found), _memory(found),
        found.text("environmentBrowser"), found.text("resourcePool"), _evacuation(found),
        _cpu(found), _rules(found), _groups(found),
    )  # fmt: skip


def _automation(found: VimObject) -> Reading[str]:
    if found.kind == STAND_ALONE.template:
        return "none"
    path = (f"{CONFIGURATION}.{DRS}",) if _old(found) else (CONFIGURATION, DRS)
    if found.truth(*path, "enabled") is False:
        return "off"
    return found.word(*path, "defaultVmBehavior", among=AUTOMATION)


def _old(found: VimObject) -> bool:
    return not found.tells(CONFIGURATION) and found.tells(f"{CONFIGURATION}.{DRS}")


def _rules(found: VimObject) -> Reading[tuple[DrsRule, ...]]:
    """Read the rules; what is no cluster has none."""
    if found.kind == STAND_ALONE.template:
        return ()
    if _old(found):
        return older(f"{found.kind} {CONFIGURATION}")
    return found.each(CONFIGURATION, _rule, "rule")


def _rule(node: Node) -> DrsRule:
    return DrsRule(
        kind=node.type,
        name=_words(node, "name"),
        enabled=node.truth("enabled") is True,
        mandatory=node.truth("mandatory") is True,
        vm_group=_words(node, "vmGroupName"),
        on_hosts=_words(node, "affineHostGroupName"),
        off_hosts=_words(node, "antiAffineHostGroupName"),
        vm_ids=tuple(sorted(one.words for one in node.children("vm"))),
    )


def _words(node: Node, name: str) -> str:
    words = node.text(name)
    return "" if isinstance(words, Unknown) else words


def _groups(found: VimObject) -> Reading[dict[str, tuple[str, ...]]]:
    if found.kind == STAND_ALONE.template:
        return {}
    if _old(found):
        return older(f"{found.kind} {CONFIGURATION}")
    groups = found.each(CONFIGURATION, _group, "group")
    return groups if isinstance(groups, Unknown) else dict(groups)


def _group(node: Node) -> tuple[str, tuple[str, ...]]:
    members = (*node.children("vm"), *node.children("host"))
    return _words(node, "name"), tuple(sorted(one.words for one in members))


def _evacuation(found: VimObject) -> Reading[str]:
    """Read an option of DRS; a cluster that lists it not has not set it, which is an answer."""
    if _old(found):
        options = found.each(f"{CONFIGURATION}.{DRS}", _option, "option")
    else:
        options = found.read(CONFIGURATION, _options)
    if isinstance(options, Unknown):
        return options
    odd = [key for key, _ in options if isinstance(key, Unknown)]
    told = [value for key, value in options if isinstance(key, str) and key == EVACUATION]
    return next(iter((*told, *odd)), "")


def _options(node: Node) -> tuple[tuple[Reading[str], Reading[str]], ...] | Unknown:
    drs = node.child(DRS)
    return drs if isinstance(drs, Unknown) else tuple(map(_option, drs.children("option")))


def _option(node: Node) -> tuple[Reading[str], Reading[str]]:
    return node.text("key"), node.text("value")


def _memory(found: VimObject) -> Reading[ClusterMemory]:
    """Read the sums; effective memory is told in MB, total memory in bytes."""
    numbers = _sums(found, "totalMemory", "effectiveMemory")
    if isinstance(numbers, Unknown):
        return numbers
    hosts, effective_hosts, total, effective = numbers
    return ClusterMemory(hosts, effective_hosts, total, effective * MIB)


def _cpu(found: VimObject) -> Reading[ClusterCpu]:
    numbers = _sums(found, "totalCpu", "effectiveCpu")
    return numbers if isinstance(numbers, Unknown) else ClusterCpu(*numbers)


def _sums(found: VimObject, total: str, effective: str) -> Reading[tuple[int, ...]]:
    numbers = []
    for name in ("numHosts", "numEffectiveHosts", total, effective):
        number = found.number("summary", name)
        if isinstance(number, Unknown):
            return number
        numbers.append(number)
    return tuple(numbers)
