"""VM: what ties a VM to some hosts of its cluster, or to none."""

from collections.abc import Iterable

from hostcheck.checks.engine import (
    Facts,
    Subjects,
    check,
    judge,
    not_applicable,
    run,
    subjects,
    unsure,
)
from hostcheck.checks.subjects import Placement, every_placement, runs_here, vm_subject
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host import Host
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import About, Severity, Verdict
from hostcheck.model.vm import Vm, VmDatastore, VmRule

FAULTS = (
    "https://developer.broadcom.com/xapis/virtual-infrastructure-json-api/latest/data-structures/"
)
DISK = FAULTS + "CannotAccessVmDisk"
NETWORK = FAULTS + "CannotAccessNetwork"
RULE = FAULTS + "ClusterRuleInfo"
FEATURES = FAULTS + "FeatureRequirementsNotMet"
STATE = "https://developer.broadcom.com/xapis/vsphere-web-services-api/latest/"
RUNS = "the VM runs already"
APART = "apart from"
NOT_PUT = (Why.NOT_ASKED, Why.NOT_RECORDED)
"""An audit does not ask, and recordings of earlier versions do not hold it."""
AWAY = "disconnected"


@check(
    "VM-019",
    title="The datastores of the VM are mounted on the host",
    severity=Severity.RECOMMENDED,
    source=DISK,
    each=every_placement,
    decides_now=True,
    why=(
        "A host starts a VM from the files that it can reach. A disk on a datastore that is not "
        "mounted there keeps the VM from starting on that host, and DRS does not place it there. "
        "Whether a datastore without a disk matters is not told: it may hold the VM's "
        "configuration or an image."
    ),
    symptom="CannotAccessVmDisk: One of the virtual machine's virtual disks is not accessible.",
    fix=(
        "Mount the datastore on the host, move the VM's files to one that it has, or start the VM "
        "on another host."
    ),
    how=(
        run("vSphere Client", "{datastore} > Configure > Connectivity and Hosts > Mount"),
        run("vSphere Client (move the files)", "{vm} > Migrate > Change storage only"),
    ),
)
def datastores_are_mounted(placed: Placement, _needs: Requirements, known: Facts) -> Verdict:
    known(placed.vm.devices)
    if runs_here(placed, known):
        return not_applicable(RUNS)
    mine = known(placed.vm.datastores)
    if not mine:
        return not_applicable("the VM has no files yet")
    there = known(placed.host.datastores)
    gone = [one for one in mine if one.id not in there]
    expected = "every datastore of the VM, mounted here"
    if not gone:
        names = ", ".join(map(_named, mine))
        return judge(ok=True, observed=f"{names} mounted", expected=expected)
    observed = f"not mounted here: {', '.join(map(_with_disks, gone))}"
    if not any(one.disks for one in gone):
        return unsure(observed, expected, "no disk is there: the VM's configuration, or an image")
    first = next(one for one in gone if one.disks)
    return judge(ok=False, observed=observed, expected=expected, datastore=_named(first))


def _named(one: VmDatastore) -> str:
    return one.name or one.id


def _with_disks(one: VmDatastore) -> str:
    return f"{_named(one)} ({', '.join(one.disks)})" if one.disks else _named(one)


@check(
    "VM-020",
    title="The port groups of the VM's adapters exist on the host",
    severity=Severity.RECOMMENDED,
    source=NETWORK,
    each=every_placement,
    decides_now=True,
    why=(
        "An adapter that is connected at the start needs its port group there: on a standard "
        "switch of the host, or on a distributed one that the host is a member of. vCenter counts "
        "a host without it as unable to run the VM."
    ),
    symptom="CannotAccessNetwork: A network associated with the virtual machine is not accessible.",
    fix=(
        "Make the port group on the host, or make the host a member of the distributed switch; or "
        "connect the adapter to a network that the host has."
    ),
    how=(
        run("vSphere Client", "{host} > Configure > Virtual switches > Add Networking"),
        run("vSphere Client (other network)", "{vm} > Edit Settings > Network adapter"),
    ),
)
def networks_are_there(placed: Placement, _needs: Requirements, known: Facts) -> Verdict:
    known(placed.vm.devices)
    if runs_here(placed, known):
        return not_applicable(RUNS)
    mine = known(placed.vm.networks)
    if not mine:
        return not_applicable("the VM is in no network")
    there = known(placed.host.networks)
    gone = [one for one in mine if one not in there]
    expected = "every port group of the VM, here"
    if not gone:
        names = _networks(placed.vm, mine)
        return judge(ok=True, observed=f"{names} here", expected=expected)
    observed = f"not here: {_networks(placed.vm, gone)}"
    if all(_stays_out(placed.vm, one) for one in gone):
        note = "its adapters are not connected at the start"
        return judge(ok=True, observed=observed, expected=expected, note=note)
    return judge(ok=False, observed=observed, expected=expected)


def _networks(vm: Vm, ids: Iterable[str]) -> str:
    names = {nic.network_id: nic.network for nic in vm.nics if nic.network_id}
    return ", ".join(names.get(one) or one for one in ids)


def _stays_out(vm: Vm, network: str) -> bool:
    """Say whether all adapters on a network are left unconnected by a start."""
    adapters = [nic for nic in vm.nics if nic.network_id == network]
    return bool(adapters) and not any(nic.starts_connected for nic in adapters)


@check(
    "VM-021",
    title="No mandatory rule of the cluster keeps the VM off this host",
    severity=Severity.RECOMMENDED,
    source=RULE,
    each=every_placement,
    decides_now=True,
    why=(
        "A mandatory rule (must run on, must not run on) prevents that a VM is powered on on a "
        "host that does not satisfy it, with DRS on or off. A rule that is only preferred binds "
        "DRS less; one that keeps VMs apart makes DRS place the VM elsewhere."
    ),
    symptom=(
        "VmHostAffinityRuleViolation: The virtual machine if powered on or VMotioned, would "
        "violate a VM-Host affinity rule."
    ),
    fix="Start the VM on a host that the rule allows, or change the rule or its group of hosts.",
    how=(run("vSphere Client", "{cluster} > Configure > VM/Host Rules > Edit"),),
)
def rules_are_kept(placed: Placement, _needs: Requirements, known: Facts) -> Verdict:
    known(placed.vm.devices)
    if runs_here(placed, known):
        return not_applicable(RUNS)
    rules = known(placed.vm.rules)
    if not rules:
        return not_applicable("no rule of the cluster names the VM")
    expected = "every mandatory rule kept by a start here"
    broken = [one for one in rules if known.certainly(one.kept, False)]
    binding = [one for one in broken if one.mandatory]
    if binding:
        cluster = placed.host.cluster
        name = "the cluster" if isinstance(cluster, Unknown) else cluster.value
        return judge(ok=False, observed=_broken(binding), expected=expected, cluster=name)
    for one in rules:
        if one.mandatory or one.kind == APART:
            known(one.kept)
    if any(one.kind == APART for one in broken):
        note = "DRS does not start it here by itself"
        return unsure(_broken(broken), expected, note)
    note = f"{_broken(broken)}; it is a preference" if broken else ""
    names = ", ".join(one.name for one in rules)
    return judge(ok=True, observed=f"mandatory rules kept: {names}", expected=expected, note=note)


def _broken(rules: Iterable[VmRule]) -> str:
    return f"broken here: {', '.join(one.name for one in rules)}"


@subjects("VM whose processor features were asked", About.VM)
def every_vm_with_features(host: Host) -> Subjects[Placement]:
    if isinstance(host.vms, Unknown):
        return host.vms
    return [
        (vm_subject(vm, host), Placement(vm, host))
        for vm in host.vms.value
        if not (isinstance(vm.cpu_features, Unknown) and vm.cpu_features.why in NOT_PUT)
    ]


@check(
    "VM-022",
    title="The host's processors have the features that the VM requires",
    severity=Severity.RECOMMENDED,
    source=FEATURES,
    each=every_vm_with_features,
    decides_now=True,
    why=(
        "A VM carries a list of processor features that a host must be capable of before it may "
        "be powered on there: what its guest needs, what its own EVC mode fixes, what a suspended "
        "guest has already seen. An older processor, or the EVC mode of the cluster, may lack "
        "some."
    ),
    symptom=(
        "FeatureRequirementsNotMet: The host does not meet feature requirements of the virtual "
        "machine."
    ),
    fix=(
        "Start the VM on a host with newer processors, or raise the cluster's EVC mode; a "
        "suspended VM can be shut down and started anew."
    ),
    how=(run("vSphere Client", "{host} > Cluster > Configure > VMware EVC > Edit"),),
)
def processor_has_the_features(placed: Placement, _needs: Requirements, known: Facts) -> Verdict:
    known(placed.vm.devices)
    if runs_here(placed, known):
        return not_applicable(RUNS)
    wanted = known(placed.vm.cpu_features)
    if not wanted:
        return not_applicable("the VM requires no feature by name")
    there = known(placed.host.cpu_features)
    odd = [name for name, value in wanted.items() if _met(value, there.get(name)) is None]
    unmet = [name for name, value in wanted.items() if _met(value, there.get(name)) is False]
    expected = f"{len(wanted)} required features"
    if unmet:
        told = ", ".join(f"{one} ({wanted[one]}, here {there.get(one, 'absent')})" for one in unmet)
        return judge(ok=False, observed=f"not met: {told}", expected=expected)
    if odd:
        told = ", ".join(f"{one}: {wanted[one]}" for one in odd)
        return unsure(f"not understood: {told}", expected)
    return judge(ok=True, observed=f"all {len(wanted)} met", expected=expected)


def _met(requirement: str, capability: str | None) -> bool | None:
    """Compare `Num:Min:4` with a capability; one that a host does not list is 0.

    None says that the requirement or the capability is written in another way.
    """
    parts = requirement.split(":")
    if len(parts) != len(("Num", "Min", "4")):
        return None
    kind, operation, words = parts
    try:
        wanted, there = int(words, 0), int(capability or "0", 0)
    except ValueError:
        return None
    if kind not in ("Bool", "Num"):
        return None
    return {"Min": there >= wanted, "Max": there <= wanted, "Equal": there == wanted}.get(operation)


@check(
    "VM-023",
    title="The VM's configuration can be reached",
    severity=Severity.RECOMMENDED,
    source=STATE,
    each=every_placement,
    decides_now=True,
    why=(
        "vCenter keeps showing a VM whose files it can no longer read (inaccessible, invalid) or "
        "that its host has forgotten (orphaned); such a VM is not powered on anywhere."
    ),
    symptom="InvalidState: The operation is not allowed in the current state.",
    fix=(
        "Bring its datastore back; a VM that stays inaccessible, invalid or orphaned is removed "
        "from the inventory and registered anew from its .vmx file."
    ),
    how=(
        run(
            "vSphere Client", "{vm} > Remove from Inventory; then Datastores > Files > Register VM"
        ),
    ),
)
def vm_is_connected(placed: Placement, _needs: Requirements, known: Facts) -> Verdict:
    known(placed.vm.devices)
    state = known(placed.vm.connection_state)
    if state == AWAY:
        return not_applicable("its host is not connected: see HOST-001")
    return judge(ok=state == "connected", observed=state, expected="connected")
