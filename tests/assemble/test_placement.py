"""What ties a VM to hosts, and its CPU: from the answers of vSphere to facts."""

import pytest
from msgspec.structs import replace

from hostcheck.assemble import assemble
from hostcheck.errors import ParseError
from hostcheck.model.fact import BEFORE, Known, Unknown, Why
from hostcheck.model.host_ref import HostRef
from hostcheck.model.recording import Recording
from hostcheck.parsers import (
    vim_compute_resource,
    vim_cpu_features,
    vim_host_system,
    vim_virtual_machine,
)
from tests.answers import (
    answer,
    compute_resource,
    element,
    fields,
    host_system,
    machine,
    managed,
    resource_pool,
    vgpu,
)

CLUSTER = "ClusterComputeResource"
OFF = {"powerState": "poweredOff"}


def made(*vms, cluster=None, host=None, more=()):
    """Assemble host-1 with these VMs."""
    captures = [host or host_system(), cluster or clustered(), *vms, resource_pool(), *more]
    vm_ids = tuple(one.request.subject for one in vms)
    ref = HostRef("esx-1", "vc", "host-1", CLUSTER, "domain-1", vm_ids)
    return assemble(Recording(ref, {one.request.key: one for one in captures}))


def clustered(*rules):
    return compute_resource(kind=CLUSTER, rules="".join(rules))


def group(name, kind, *members):
    body = fields(name=name, **{kind: list(members)})
    return element("group", body, "ClusterVmGroup" if kind == "vm" else "ClusterHostGroup")


def about_hosts(*, mandatory="true", enabled="true", **where):
    body = fields(name="licence", enabled=enabled, mandatory=mandatory, vmGroupName="mine", **where)
    return element("rule", body, "ClusterVmHostRuleInfo")


def among(kind, *vms, mandatory="true"):
    body = fields(name="pair", enabled="true", mandatory=mandatory, vm=list(vms))
    return element("rule", body, kind)


MINE = group("mine", "vm", "vm-1")
HERE, AWAY = group("hosts", "host", "host-1"), group("hosts", "host", "host-2")


def the_vm(host):
    assert isinstance(host.vms, Known)
    return next(vm for vm in host.vms.value if vm.id == "vm-1")


def the_rules(*rules, others=()):
    return the_vm(made(machine("vm-1", vgpu(), **OFF), *others, cluster=clustered(*rules))).rules


@pytest.mark.parametrize(
    ("where", "hosts", "kind", "kept"),
    [
        ("affineHostGroupName", HERE, "must run on", True),
        ("affineHostGroupName", AWAY, "must run on", False),
        ("antiAffineHostGroupName", HERE, "must not run on", False),
        ("antiAffineHostGroupName", AWAY, "must not run on", True),
    ],
)
def test_a_rule_about_hosts(where, hosts, kind, kept):
    (one,) = the_rules(about_hosts(**{where: "hosts"}), MINE, hosts).value
    assert (one.kind, one.mandatory, one.kept.value) == (kind, True, kept)
    assert one.name == f"licence ({kind} hosts)"


def test_a_rule_that_is_preferred_off_or_of_others():
    (one,) = the_rules(
        about_hosts(mandatory="false", affineHostGroupName="hosts"), MINE, AWAY
    ).value
    assert (one.kind, one.mandatory) == ("should run on", False)
    off = about_hosts(enabled="false", affineHostGroupName="hosts")
    assert the_rules(off, MINE, AWAY).value == ()
    others = group("mine", "vm", "vm-9")
    assert the_rules(about_hosts(affineHostGroupName="hosts"), others, AWAY).value == ()
    assert the_rules(among("ClusterDependencyRuleInfo", "vm-1", "vm-2")).value == ()


def test_a_rule_whose_group_is_gone():
    (one,) = the_rules(about_hosts(affineHostGroupName="hosts"), MINE).value
    assert "no group hosts" in one.kept.detail


APART, TOGETHER = "ClusterAntiAffinityRuleSpec", "ClusterAffinityRuleSpec"


@pytest.mark.parametrize(
    ("kind", "state", "kept"),
    [
        (APART, "poweredOn", True), (APART, "poweredOff", True), (APART, None, True),
        (TOGETHER, "poweredOff", None), (TOGETHER, None, None),
    ],
)  # fmt: skip
def test_a_rule_among_vms(kind, state, kept):
    """The other VM has no GPU; one that is not on this host runs, if it does, elsewhere."""
    others = (machine("vm-2", powerState=state),) if state else ()
    (one,) = the_rules(among(kind, "vm-1", "vm-2"), others=others).value
    kept = kept if state != "poweredOn" else kind == TOGETHER
    assert isinstance(one.kept, Unknown) if kept is None else one.kept.value is kept


def test_together_with_what_runs_here():
    (one,) = the_rules(among(TOGETHER, "vm-1", "vm-2"), others=(machine("vm-2"),)).value
    assert one.kept.value is True


def test_not_knowing_the_other_vm_is_not_knowing_the_rule():
    lost = answer(
        vim_virtual_machine.REQUEST.of("vm-2"), failure=Unknown(Why.TIMEOUT, "no answer", "it")
    )
    (one,) = the_rules(among(APART, "vm-1", "vm-2"), others=(lost,)).value
    assert one.kept.why is Why.TIMEOUT


def test_rules_of_a_host_without_a_cluster_of_an_older_recording_and_denied():
    captures = (host_system(), compute_resource(), machine("vm-1", vgpu()))
    ref = HostRef("esx-1", "vc", "host-1", "ComputeResource", "domain-1", ("vm-1",))
    alone = assemble(Recording(ref, {one.request.key: one for one in captures}))
    assert the_vm(alone).rules.value == ()
    request = vim_compute_resource.CLUSTER.of("domain-1")
    drs = fields(enabled="true", defaultVmBehavior="manual")
    old = answer(request, managed(CLUSTER, "domain-1", {"configurationEx.drsConfig": drs}))
    host = made(machine("vm-1", vgpu()), cluster=old)
    assert host.drs_automation.value == "manual"
    assert (the_vm(host).rules.why, the_vm(host).rules.detail) == (Why.NOT_RECORDED, BEFORE)
    denied = answer(request, managed(CLUSTER, "domain-1", {"name": "gpu"}, ["configurationEx"]))
    assert the_vm(made(machine("vm-1", vgpu()), cluster=denied)).rules.privilege == "System.Read"
    none = answer(request, managed(CLUSTER, "domain-1", {"name": "gpu"}))
    assert the_vm(made(machine("vm-1", vgpu()), cluster=none)).rules.why is Why.ABSENT


# --- properties of the VM that earlier versions did not ask ---------------------------------------

LATER = vim_virtual_machine.LATER
FACTS = ("cpu_reserved_mhz", "connection_state", "datastores", "networks")


@pytest.mark.parametrize("fact", FACTS)
def test_a_recording_that_is_older_than_the_question(fact):
    vm = the_vm(made(machine("vm-1", vgpu(), without=LATER)))
    assert getattr(vm, fact).why is Why.NOT_RECORDED


@pytest.mark.parametrize(("path", "fact"), list(zip(LATER, FACTS, strict=True)))
def test_one_answer_that_is_lost_is_no_older_recording(path, fact):
    assert getattr(the_vm(made(machine("vm-1", vgpu(), without=[path]))), fact).why is Why.ABSENT
    one = getattr(the_vm(made(machine("vm-1", vgpu(), missing=LATER))), fact)
    assert (one.why, one.privilege) == (Why.DENIED, "System.Read")


def disk(label, file, datastore):
    backing = fields(fileName=file, datastore=datastore)
    inside = element("backing", backing, "VirtualDiskFlatVer2BackingInfo")
    return element("device", fields(deviceInfo=fields(label=label)) + inside, "VirtualDisk")


def test_where_the_files_of_a_vm_lie():
    disks = (
        disk("Hard disk 1", "[nvme 1] vm/vm.vmdk", "datastore-2"),
        disk("Hard disk 2", "[nvme 1] vm/vm_1.vmdk", "datastore-2"),
        disk("Hard disk 3", "odd", ""),
    )
    found = the_vm(made(machine("vm-1", vgpu(), *disks))).datastores.value
    assert [(one.id, one.name, one.disks) for one in found] == [
        ("datastore-1", "", ()),
        ("datastore-2", "nvme 1", ("Hard disk 1", "Hard disk 2")),
    ]


@pytest.mark.parametrize(("word", "starts"), [("true", True), ("false", False), ("", True)])
def test_the_network_of_an_adapter(word, starts):
    inside = element(
        "backing", fields(deviceName="VM Network", network="network-7"),
        "VirtualEthernetCardNetworkBackingInfo",
    )  # fmt: skip
    plug = fields(connectable=fields(startConnected=word)) if word else ""
    device = element("device", fields(deviceInfo=fields(label="nic")) + plug + inside)
    (nic,) = the_vm(made(machine("vm-1", vgpu(), device))).nics
    assert (nic.network, nic.network_id, nic.starts_connected) == (
        "VM Network",
        "network-7",
        starts,
    )


# --- CPU ------------------------------------------------------------------------------------------


def test_reservations_of_the_vms_that_run_here():
    def vm(vm_id, mhz, *devices, **changed):
        return machine(vm_id, *devices, cpuAllocation=fields(reservation=mhz), **changed)

    host = made(
        vm("vm-1", 1000, vgpu()), vm("vm-2", 200), vm("vm-3", 4000, **OFF),
        vm("vm-4", 8000, host="host-2"),
    )  # fmt: skip
    assert host.cpu_reserved_mhz.value == 1200
    assert the_vm(host).cpu_reserved_mhz.value == 1000
    assert host.core_hz.value == 2_000_000_000
    assert host.cpu_hypervisor_mhz.value == 400
    assert the_vm(host).pools.value[0].unreserved_mhz.value == 50_000
    lost = made(vm("vm-1", 1000, vgpu()), machine("vm-2", missing=["config.cpuAllocation"]))
    assert lost.cpu_reserved_mhz.privilege == "System.Read"


@pytest.mark.parametrize(("hardware", "threads"), [({}, 1), ({"simultaneousThreads": 2}, 2)])
def test_threads_of_a_virtual_core(hardware, threads):
    given = fields(numCPU=8, memoryMB=65536, **hardware) + vgpu()
    assert the_vm(made(machine("vm-1", hardware=given))).threads_per_core.value == threads
    lost = machine("vm-1", missing=["config.hardware"])
    assert isinstance(the_vm(made(lost)).threads_per_core, Unknown)


# --- features of the processor --------------------------------------------------------------------


def listed(**features):
    return "".join(
        element("any", fields(key=name, featureName=name, value=value))
        for name, value in features.items()
    )


def asked(request, properties, missing=()):
    return answer(request, managed(request.template, request.subject, properties, missing))


def wanted(missing=(), **properties):
    given = {f"runtime.{name}": listed(**value) for name, value in properties.items()}
    return asked(vim_cpu_features.of_vm("vm-1"), {"name": "vm", **given}, missing)


def test_features_that_a_vm_requires_and_a_host_has():
    capable = asked(
        vim_cpu_features.of_host("host-1"), {"config.featureCapability": listed(lm="1", avx="0")}
    )
    required = wanted(
        offlineFeatureRequirement={"LM": "Bool:Min:1"}, featureRequirement={"avx": "Bool:Min:1"}
    )
    host = made(machine("vm-1", vgpu()), more=(capable, required))
    assert host.cpu_features.value == {"avx": "0", "lm": "1"}
    assert the_vm(host).cpu_features.value == {"avx": "Bool:Min:1", "lm": "Bool:Min:1"}


def test_features_that_are_not_set_not_asked_and_not_to_be_read():
    assert vim_cpu_features.parse(wanted().text) == {}
    for path in ("runtime.featureRequirement", "runtime.offlineFeatureRequirement"):
        assert vim_cpu_features.parse(wanted(missing=[path]).text).why is Why.DENIED
    empty = asked(vim_cpu_features.of_vm("vm-1"), {})
    assert vim_cpu_features.parse(empty.text).why is Why.ABSENT
    assert the_vm(made(machine("vm-1", vgpu()))).cpu_features.why is Why.NOT_ASKED
    assert isinstance(vim_cpu_features.parse_host(host_system().text), Unknown)
    for parse in (vim_cpu_features.parse, vim_cpu_features.parse_host):
        with pytest.raises(ParseError):
            parse("<odd/>")


def test_the_question_about_features_is_one_of_its_own():
    assert vim_cpu_features.of_vm("vm-1").key != vim_virtual_machine.REQUEST.of("vm-1").key
    assert vim_cpu_features.of_host("host-1").key != vim_host_system.REQUEST.of("host-1").key
    assert replace(vim_cpu_features.of_vm("vm-1")).subject == "vm-1"
