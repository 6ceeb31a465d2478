"""What ties a VM to some hosts: where its files lie, and the rules of the cluster that name it."""

from collections.abc import Iterable

from hostcheck.assemble.book import Parsed
from hostcheck.model.fact import Fact, Known, Reading, Unknown, Why
from hostcheck.model.vm import VmDatastore, VmRule
from hostcheck.parsers.vim_compute_resource import ComputeResource, DrsRule
from hostcheck.parsers.vim_virtual_machine import Footprint, VirtualMachine

Answers = dict[str, Parsed[Footprint]]
"""What was answered about each VM of a host, by its id."""
ABOUT_HOSTS = "ClusterVmHostRuleInfo"
APART, TOGETHER = "apart from", "together with"
AMONG_VMS = {"ClusterAntiAffinityRuleSpec": APART, "ClusterAffinityRuleSpec": TOGETHER}


def datastores_of(vm: VirtualMachine) -> Reading[tuple[VmDatastore, ...]]:
    """Return the datastores of the VM's files, and which disks lie on each."""
    if isinstance(vm.datastore_ids, Unknown):
        return vm.datastore_ids
    if isinstance(vm.devices, Unknown):
        return vm.devices
    ids = {*vm.datastore_ids, *(disk.datastore_id for disk in vm.devices.disks)}
    found = []
    for one in sorted(ids):
        disks = [disk for disk in vm.devices.disks if disk.datastore_id == one]
        name = next((disk.datastore for disk in disks if disk.datastore), "")
        found.append(VmDatastore(one, name, tuple(disk.label for disk in disks)))
    return tuple(found)


def rules_of(
    vm_id: str, host_id: str, cluster: Parsed[ComputeResource], answers: Answers
) -> Fact[tuple[VmRule, ...]]:
    """Return the enabled rules that name the VM, and whether a start on this host keeps each."""

    def find(one: ComputeResource) -> Reading[tuple[VmRule, ...]]:
        if isinstance(one.rules, Unknown):
            return one.rules
        if isinstance(one.groups, Unknown):
            return one.groups
        found: list[VmRule] = []
        for rule in one.rules:
            if not rule.enabled:
                continue
            if rule.kind == ABOUT_HOSTS and vm_id in one.groups.get(rule.vm_group, ()):
                found += _about_hosts(rule, host_id, one.groups, cluster.source)
            elif rule.kind in AMONG_VMS and vm_id in rule.vm_ids:
                others = [other for other in rule.vm_ids if other != vm_id]
                kind = AMONG_VMS[rule.kind]
                kept = _beside(kind, others, host_id, cluster.source, answers)
                found.append(VmRule(rule.name, kind, rule.mandatory, kept))
        return tuple(sorted(found, key=lambda rule: (rule.name, rule.kind)))

    return cluster.fact(find)


def _about_hosts(
    rule: DrsRule, host_id: str, groups: dict[str, tuple[str, ...]], source: int
) -> list[VmRule]:
    """Read a rule about hosts; it may say where to run, and where not."""
    verb = "must" if rule.mandatory else "should"
    found = []
    for kind, group, kept_inside in (
        (f"{verb} run on", rule.on_hosts, True),
        (f"{verb} not run on", rule.off_hosts, False),
    ):
        if not group:
            continue
        kept: Fact[bool] = Unknown(
            Why.ABSENT, f"the cluster has no group {group}", "ClusterComputeResource group"
        )
        if group in groups:
            kept = Known((host_id in groups[group]) is kept_inside, (source,))
        found.append(VmRule(f"{rule.name} ({kind} {group})", kind, rule.mandatory, kept))
    return found


def _beside(
    kind: str, others: Iterable[str], host_id: str, source: int, answers: Answers
) -> Fact[bool]:
    """Say whether the running VMs of this host go with a rule among VMs.

    Where VMs run that are not on this host is not known here.
    """
    sources, running = {source}, []
    for other in others:
        answer = answers.get(other)
        if answer is None:
            running.append(False)
            continue
        if isinstance(answer.value, Unknown):
            return answer.value
        vm = answer.value
        for reading in (vm.host_id, vm.power_state):
            if isinstance(reading, Unknown):
                return reading
        sources.add(answer.source)
        running.append(vm.host_id == host_id and vm.power_state == "poweredOn")
    if kind == APART:
        return Known(not any(running), tuple(sorted(sources)))
    if all(running):
        return Known(True, tuple(sorted(sources)))
    detail = "where the other VMs of the rule run is not known here"
    return Unknown(Why.ABSENT, detail, "VirtualMachine runtime.host")
