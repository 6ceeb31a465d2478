"""VM: what any VM needs of its host."""

import pytest

from hostcheck import catalog
from hostcheck.model.fact import Why
from tests.checks.synthetic import a_gpu, a_host, a_vm, changed, result, says, unknown

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
