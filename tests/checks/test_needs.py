"""VM: what any VM needs of its host."""

import pytest

from hostcheck import catalog
from hostcheck.model.fact import Unknown, Why, older
from hostcheck.model.vm import Pool, VmDatastore, VmNic, VmRule
from tests.checks.synthetic import (
    GIB,
    a_gpu,
    a_host,
    a_vm,
    changed,
    known,
    result,
    results,
    says,
    unknown,
)

A = a_gpu(0, 0)


def judged(check, vm=None, **host):
    """A host of 2 x 16 cores with hyperthreading and a VM with 8 vCPUs."""
    return result(check, changed(a_host(gpus=(A,), vms=[a_vm(0, None, **(vm or {}))]), **host))


# --- VM-014 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("release", "newest"),
    [
        ("6.5.0", 13), ("6.7.0", 14), ("7.0.0", 17), ("7.0.1", 18), ("7.0.2", 19), ("7.0.3", 19),
        ("8.0.0", 20), ("8.0.1", 20), ("8.0.2", 21), ("8.0.3", 21), ("9.0.0", 22), ("9.0.2", 22),
        ("9.2.0", 23), ("9.2.1", 23),
    ],
)  # fmt: skip
def test_the_newest_hardware_of_each_release(release, newest):
    """As Broadcom lists it in the Automation API; update releases matter."""
    host = {"version": release, "api_version": f"{release}.0"}
    says(judged("VM-014", {"hardware_version": newest}, **host), "pass", f"ESXi {release}")
    beyond = judged("VM-014", {"hardware_version": newest + 1}, **host)
    foreign = newest + 1 in catalog.hardware_versions().foreign
    says(beyond, "unknown" if foreign else "fail", f"vmx-{newest} or earlier")


@pytest.mark.parametrize(
    ("api", "version", "status"),
    [
        ("6.7", 14, "pass"), ("6.7", 15, "fail"), ("6.7.1", 15, "fail"),
        ("6.7.2", 15, "pass"), ("6.7.3", 15, "pass"), ("6.7.3", 17, "fail"),
    ],
)  # fmt: skip
def test_the_updates_of_6_7_are_told_by_the_api_version(api, version, status):
    host = {"version": "6.7.0", "api_version": api}
    says(judged("VM-014", {"hardware_version": version}, **host), status)


@pytest.mark.parametrize("version", [12, 16])
def test_hardware_of_workstation_is_known_to_no_release(version):
    says(judged("VM-014", {"hardware_version": version}), "unknown", "Workstation's")


def test_a_release_that_is_not_confirmed_makes_no_no_go():
    host = {"version": "9.1.0", "api_version": "9.1.0.0"}
    says(judged("VM-014", {"hardware_version": 22}, **host), "pass")
    says(judged("VM-014", {"hardware_version": 23}, **host), "unknown", "not verified")


@pytest.mark.parametrize("release", ["9.3.0", "10.0.0"])
def test_a_release_after_the_list_runs_what_the_last_one_runs_and_perhaps_more(release):
    host = {"version": release, "api_version": release}
    says(judged("VM-014", {"hardware_version": 23}, **host), "pass")
    says(judged("VM-014", {"hardware_version": 24}, **host), "unknown", "so new a release")


@pytest.mark.parametrize("release", ["5.5.0", "unstable"])
def test_a_release_that_is_not_listed(release):
    says(judged("VM-014", version=release), "unknown")


@pytest.mark.parametrize("what", ["hardware_version", "devices"])
def test_not_knowing_the_hardware(what):
    says(judged("VM-014", {what: unknown()}), "unknown")


def test_not_knowing_the_release():
    denied = unknown(Why.DENIED, privilege="System.Read")
    one = judged("VM-014", version=denied)
    says(one, "unknown")
    assert one.unseen.privilege == "System.Read"
    says(judged("VM-014", api_version=unknown()), "pass")


# --- VM-015 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("vcpus", "status"), [(1, "pass"), (64, "pass"), (65, "fail")])
def test_vcpus_and_logical_processors(vcpus, status):
    says(judged("VM-015", {"vcpu_count": vcpus}), status, "64 logical processors")


@pytest.mark.parametrize(
    ("cores", "fits"), [(1, (64, 1)), (24, (48, 24)), (96, (64, 64)), (unknown(), (64, 1))]
)
def test_the_fix_counts_whole_sockets(cores, fits):
    one = judged("VM-015", {"vcpu_count": 192, "cores_per_socket": cores})
    says(one, "fail", "192 vCPUs", "64 vCPUs or fewer")
    assert one.fix[0].text == f"govc vm.change -vm train-0 -c {fits[0]}"
    assert f"-NumCpu '{fits[0]}' -CoresPerSocket '{fits[1]}' " in one.fix[1].text


@pytest.mark.parametrize("what", ["vcpu_count", "devices"])
def test_not_knowing_the_vcpus(what):
    says(judged("VM-015", {what: unknown()}), "unknown")


def test_not_knowing_the_processors():
    says(judged("VM-015", pu_count=unknown()), "unknown")


# --- all that is asked of a start now -------------------------------------------------------------

NOW = ("VM-017", "VM-018", "VM-019", "VM-020", "VM-021")


@pytest.mark.parametrize("check", NOW)
def test_a_running_vm_has_what_it_needs(check):
    says(result(check, a_host(gpus=(A,), vms=[a_vm(0, A)])), "notapplicable", "runs already")


@pytest.mark.parametrize("check", [*NOW, "VM-016", "VM-022", "VM-023"])
def test_not_knowing_the_devices(check):
    says(judged(check, {"devices": unknown()}), "unknown")


@pytest.mark.parametrize(
    ("check", "what"),
    [
        ("VM-017", "cpu_reserved_mhz"), ("VM-018", "cpu_reserved_mhz"), ("VM-019", "datastores"),
        ("VM-020", "networks"), ("VM-021", "rules"), ("VM-023", "connection_state"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "missing", [unknown(Why.DENIED, privilege="System.Read"), unknown(Why.ABSENT), older("it")]
)
def test_not_knowing_what_is_asked(check, what, missing):
    one = judged(check, {what: missing})
    says(one, "unknown")
    assert one.unseen.why == missing.why.value
    assert one.unseen.privilege == missing.privilege


# --- VM-016 ---------------------------------------------------------------------------------------

HIGH = {"latency_sensitivity": "high", "vcpu_count": 8}


@pytest.mark.parametrize("level", ["normal", "low", "medium"])
def test_latency_that_asks_for_nothing(level):
    lost = {"cpu_reserved_mhz": unknown()}
    says(judged("VM-016", {"latency_sensitivity": level, **lost}), "notapplicable", level)


@pytest.mark.parametrize(
    ("reserved", "threads", "status"),
    [
        (0, 1, "fail"), (15_999, 1, "fail"), (16_000, 1, "pass"), (20_000, 1, "pass"),
        (7_999, 2, "fail"), (8_000, 2, "pass"),
    ],
)  # fmt: skip
def test_high_latency_sensitivity_wants_the_cpu_in_full(reserved, threads, status):
    """8 vCPUs on cores of 2,000 MHz; half of that where two of them share a core."""
    vm = {**HIGH, "cpu_reserved_mhz": reserved, "threads_per_core": threads}
    one = judged("VM-016", vm)
    says(one, status, f"{16_000 // threads} MHz on cores of 2000 MHz")
    assert one.observed.endswith("8 vCPUs, 2 to a core" if threads > 1 else "8 vCPUs")
    if status == "fail":
        assert f"-cpu.reservation {16_000 // threads}" in one.fix[1].text


def test_faster_cores_want_more():
    vm = {**HIGH, "cpu_reserved_mhz": 16_000}
    says(judged("VM-016", vm, core_hz=2_600_000_000), "fail", "20800 MHz")
    says(judged("VM-016", vm, core_hz=1_999_999_999), "pass", "15992 MHz")


@pytest.mark.parametrize("what", ["vcpu_count", "cpu_reserved_mhz", "threads_per_core"])
def test_not_knowing_what_high_latency_sensitivity_costs(what):
    says(judged("VM-016", {**HIGH, what: unknown()}), "unknown")
    says(judged("VM-016", HIGH, core_hz=unknown()), "unknown")


# --- VM-017, VM-018 -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "status"),
    [(54_001, "fail"), (54_000, "unknown"), (53_001, "unknown"), (53_000, "pass"), (0, "pass")],
)
def test_what_the_running_vms_leave_of_the_cpu(held, status):
    """32 cores of 2,000 MHz, of which ESXi keeps 1,000; the VM wants 10,000."""
    one = judged("VM-017", {"cpu_reserved_mhz": 10_000}, cpu_reserved_mhz=held)
    says(one, status, f"{held} of 64000 MHz reserved")
    if status == "fail":
        says(one, "fail", "1 MHz too little")
        assert one.fix[1].text == "govc vm.change -vm train-0 -cpu.reservation 8999"


@pytest.mark.parametrize("check", ["VM-017", "VM-018"])
def test_nothing_is_reserved(check):
    lost = {"cpu_reserved_mhz": unknown(), "core_hz": unknown(), "cpu_hypervisor_mhz": unknown()}
    says(judged(check, {"pools": unknown()}, **lost), "notapplicable", "no CPU is reserved")


@pytest.mark.parametrize(
    "what", ["core_count", "core_hz", "cpu_reserved_mhz", "cpu_hypervisor_mhz"]
)
def test_not_knowing_what_cpu_is_free(what):
    says(judged("VM-017", {"cpu_reserved_mhz": 10_000}, **{what: unknown()}), "unknown")


def test_what_esxi_keeps_is_asked_only_where_it_decides():
    lost = {"cpu_reserved_mhz": 60_000, "cpu_hypervisor_mhz": unknown()}
    says(judged("VM-017", {"cpu_reserved_mhz": 10_000}, **lost), "fail")


@pytest.mark.parametrize(
    ("left", "status"), [(0, "fail"), (9_999, "fail"), (10_000, "pass"), (unknown(), "unknown")]
)
def test_what_the_pool_can_still_reserve(left, status):
    fact = left if isinstance(left, Unknown) else known(left)
    pools = (Pool("gold", known(400 * GIB), fact, "resgroup-9"),)
    one = judged("VM-018", {"cpu_reserved_mhz": 10_000, "pools": pools})
    says(one, status)
    if status == "fail":
        says(one, "fail", f"{10_000 - left} MHz too little")
        assert "pool.change -cpu.expandable=true ResourcePool:resgroup-9" in one.fix[1].text


def test_a_vm_in_no_pool_reserves_of_none():
    says(
        judged("VM-018", {"cpu_reserved_mhz": 1, "pools": ()}), "notapplicable", "no resource pool"
    )


# --- VM-019, VM-020 -------------------------------------------------------------------------------

VSAN, LOCAL = VmDatastore("datastore-1", "vsan0", ("Hard disk 1",)), "datastore-9"


@pytest.mark.parametrize(
    ("files", "status", "words"),
    [
        ((VSAN,), "pass", "vsan0 mounted"),
        ((VSAN, VmDatastore(LOCAL, "nvme", ("Hard disk 2",))), "fail", "nvme (Hard disk 2)"),
        ((VSAN, VmDatastore(LOCAL, "", ())), "unknown", LOCAL),
        ((), "notapplicable", "no files yet"),
    ],
)
def test_the_datastores_of_the_vm(files, status, words):
    one = judged("VM-019", {"datastores": files})
    says(one, status, words)
    if status == "fail":
        assert one.fix[0].text.startswith("nvme > ")


def test_not_knowing_what_is_mounted():
    says(judged("VM-019", datastores=unknown()), "unknown")


def adapter(network, *, starts=True):
    return VmNic("Network adapter 1", f"net {network}", known(()), network, starts)


@pytest.mark.parametrize(
    ("nics", "status", "words"),
    [
        (("network-1",), "pass", "net network-1 here"),
        (("network-1", "network-2"), "fail", "not here: net network-2"),
        ((), "notapplicable", "no network"),
    ],
)
def test_the_port_groups_of_the_vm(nics, status, words):
    vm = {"networks": nics, "nics": tuple(map(adapter, nics))}
    says(judged("VM-020", vm), status, words)


def test_an_adapter_that_is_not_connected_at_the_start_needs_no_port_group():
    out, plugged = adapter("network-2", starts=False), adapter("network-2")
    vm = {"networks": ("network-2",), "nics": (out,)}
    says(judged("VM-020", vm), "pass", "not connected at the start")
    says(judged("VM-020", {**vm, "nics": (out, plugged)}), "fail")
    says(judged("VM-020", {**vm, "nics": ()}), "fail", "network-2")


def test_not_knowing_the_networks_of_the_host():
    says(judged("VM-020", networks=unknown()), "unknown")


# --- VM-021 ---------------------------------------------------------------------------------------


def rule(kind, kept, *, mandatory=True):
    return VmRule(
        f"rule {kind}", kind, mandatory, kept if isinstance(kept, Unknown) else known(kept)
    )


@pytest.mark.parametrize(
    ("rules", "status", "words"),
    [
        ((), "notapplicable", "no rule"),
        ((rule("must run on", True),), "pass", "kept"),
        ((rule("must run on", False),), "fail", "broken here"),
        ((rule("must not run on", False),), "fail", "broken here"),
        ((rule("must run on", unknown()),), "unknown", ""),
        ((rule("must run on", unknown()), rule("must not run on", False)), "fail", "must not"),
        ((rule("should run on", False, mandatory=False),), "pass", "a preference"),
        ((rule("should run on", unknown(), mandatory=False),), "pass", "kept"),
        ((rule("apart from", False),), "fail", "broken"),
        ((rule("apart from", False, mandatory=False),), "unknown", "DRS does not start it here"),
        ((rule("apart from", True, mandatory=False),), "pass", "kept"),
        ((rule("apart from", unknown(), mandatory=False),), "unknown", ""),
        ((rule("together with", unknown()),), "unknown", ""),
        ((rule("together with", unknown(), mandatory=False),), "pass", "kept"),
    ],
)
def test_rules_of_the_cluster(rules, status, words):
    one = judged("VM-021", {"rules": rules})
    says(one, status, words)
    if status == "fail":
        assert one.fix[0].text == "gpu > Configure > VM/Host Rules > Edit"


# --- VM-022, VM-023 -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "there", "status"),
    [
        ("Bool:Min:1", "1", "pass"), ("Bool:Min:1", "0", "fail"), ("Bool:Min:1", None, "fail"),
        ("Num:Min:4", "4", "pass"), ("Num:Min:4", "3", "fail"), ("Num:Min:0x10", "16", "pass"),
        ("Num:Max:4", "4", "pass"), ("Num:Max:4", "5", "fail"),
        ("Num:Equal:4", "4", "pass"), ("Num:Equal:4", "5", "fail"),
        ("Num:Odd:4", "4", "unknown"), ("Val:4", "4", "unknown"), ("Num:Min:x", "4", "unknown"),
        ("Num:Min:4", "some", "unknown"), ("Mask:Min:4", "4", "unknown"),
    ],
)  # fmt: skip
def test_features_of_the_processor(wanted, there, status):
    host = {} if there is None else {"cpuid.x": there}
    one = judged("VM-022", {"cpu_features": {"cpuid.x": wanted}}, cpu_features=host)
    says(one, status)


def test_one_unmet_feature_is_enough_whatever_is_not_understood():
    wanted = {"cpuid.a": "Odd", "cpuid.b": "Bool:Min:1"}
    one = judged("VM-022", {"cpu_features": wanted}, cpu_features={"cpuid.a": "1"})
    says(one, "fail", "cpuid.b (Bool:Min:1, here absent)")


@pytest.mark.parametrize("why", [Why.NOT_ASKED, Why.NOT_RECORDED])
def test_an_audit_and_an_old_recording_say_nothing_of_features(why):
    (one,) = results("VM-022", a_host(gpus=(A,), vms=[a_vm(0, None, cpu_features=unknown(why))]))
    says(one, "notapplicable")


def test_not_knowing_features_that_were_asked():
    says(judged("VM-022", {"cpu_features": unknown(Why.DENIED)}), "unknown")
    says(judged("VM-022", cpu_features=unknown(Why.DENIED)), "unknown")
    says(judged("VM-022", {"cpu_features": {}}, cpu_features=unknown()), "notapplicable")


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("connected", "pass"), ("inaccessible", "fail"), ("invalid", "fail"), ("orphaned", "fail"),
        ("disconnected", "notapplicable"),
    ],
)  # fmt: skip
def test_whether_vsphere_reaches_the_vm(state, status):
    says(judged("VM-023", {"connection_state": state}), status)
