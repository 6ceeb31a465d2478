"""VGPU-006 to VGPU-009: moving a VM with a vGPU, and packing vGPUs of several sizes."""

import pytest
from msgspec.structs import replace

from hostcheck.checks.subjects import Placement
from hostcheck.checks.vmotion import home_of
from hostcheck.model.fact import Why
from hostcheck.model.host import Mode, VgpuAbility
from tests.checks.synthetic import (
    NEEDS,
    a_gpu,
    a_host,
    a_vm,
    asks,
    changed,
    known,
    result,
    says,
    static,
    unknown,
    with_gpu,
    with_vm,
)

A, B = a_gpu(0, 0), a_gpu(1, 1)


def host(vm=None, **changes):
    return a_host(gpus=(A, B), vms=[a_vm(0, None, **(vm or {}))], **changes)


@pytest.mark.parametrize("check", ["VGPU-006", "VGPU-008"])
def test_whole_devices_do_not_move(check):
    whole = {"vgpus": (), "passthroughs": (static(A),)}
    says(result(check, host(whole)), "notapplicable", "whole device")
    says(result(check, host({"devices": unknown()})), "unknown")


# --- VGPU-006 -------------------------------------------------------------------------------------


def able(**changes):
    told = {"migrate": True, "suspend": True, "memory_snapshot": True, "disk_snapshot": True}
    return {"vgpu_abilities": (VgpuAbility("nvidia_a100d-40c", **{**told, **changes}),)}


def test_a_profile_that_moves():
    says(result("VGPU-006", host(**able())), "pass", "migrate, suspend, memory snapshot")


@pytest.mark.parametrize("lacking", ["migrate", "suspend"])
def test_a_profile_that_does_not(lacking):
    one = result("VGPU-006", host(**able(**{lacking: False})))
    says(one, "fail", f"grid_a100d-40c cannot {lacking}")


def test_snapshots_alone_do_not_fail():
    says(result("VGPU-006", host(**able(memory_snapshot=False, disk_snapshot=False))), "pass")


def test_a_setting_that_switches_it_off():
    uvm = {"options": {"pciPassthru0.cfg.enable_uvm": "1"}}
    says(result("VGPU-006", host(uvm, **able())), "fail", "enable_uvm switches both off")
    says(result("VGPU-006", host({"options": unknown()}, **able())), "unknown")


@pytest.mark.parametrize("told", [(), unknown()])
def test_a_profile_that_vsphere_says_nothing_of(told):
    says(result("VGPU-006", host(vgpu_abilities=told)), "unknown")


# --- VGPU-007 -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "status"), [(True, "pass"), (False, "fail"), (unknown(Why.DENIED), "unknown")]
)
def test_the_setting_of_vcenter(on, status):
    says(result("VGPU-007", host(hot_migration=on)), status)


# --- VGPU-008 -------------------------------------------------------------------------------------


def moved(own=None, **here):
    """A VM of another host, judged on this one."""
    own = own or replace(host(), id="host-0", name="esx-0.example.com")
    (vm,) = own.vms.value
    home = home_of(Placement(vm, own), NEEDS, 0)
    return result("VGPU-008", changed(host({"host_id": "host-0", "home": home}), **here))


def test_hosts_that_are_alike():
    says(moved(), "pass", "a100-pcie-80 (MIG disabled, ECC disabled)", "driver branch 550")


def test_its_own_host():
    says(result("VGPU-008", host()), "notapplicable", "its own host")


@pytest.mark.parametrize("what", ["mig_current", "ecc_current"])
def test_another_mode(what):
    gpus = tuple(replace(gpu, **{what: known(Mode.ENABLED)}) for gpu in (A, B))
    one = moved(gpus=gpus)
    says(one, "fail", "no GPU here is like those on esx-0.example.com", "enabled")
    says(moved(gpus=(A, gpus[1])), "pass")


def test_another_driver_branch():
    says(moved(driver_version="535.129.03"), "fail", "driver branch 535 here, 550 on esx-0")
    says(moved(driver_version="550.90.07"), "pass")


def test_a_kind_that_is_not_here():
    says(moved(gpus=(a_gpu(0, 0, "a40"),)), "notapplicable", "see VGPU-001")


@pytest.mark.parametrize("what", ["driver_version", "gpus"])
def test_not_knowing_one_of_the_two(what):
    says(moved(**{what: unknown()}), "unknown")
    poorer = changed(replace(host(), id="host-0"), **{what: unknown()})
    says(moved(poorer), "unknown")
    says(moved(with_gpu(replace(host(), id="host-0"), ecc_current=unknown())), "unknown")
    says(result("VGPU-008", with_vm(host(), host_id=unknown())), "unknown")


def test_an_audit_compares_nothing():
    says(result("VGPU-008", host({"host_id": "host-0"})), "unknown")


# --- VGPU-009 -------------------------------------------------------------------------------------


def sizes(*profiles, gpus=(A, B), **changes):
    vms = [a_vm(index, None, vgpus=asks(one)) for index, one in enumerate(profiles)]
    return result("VGPU-009", a_host(gpus=gpus, vms=vms, **changes))


TWO = ("grid_a100d-40c", "grid_a100d-20c")


@pytest.mark.parametrize(
    ("policy", "status"),
    [("performance", "fail"), ("consolidation", "pass"), (unknown(), "unknown")],
)
def test_two_sizes(policy, status):
    says(sizes(*TWO, assignment_policy=policy), status)


def test_what_is_wanted_is_named():
    says(sizes(*TWO), "fail", "20 GB, 40 GB wanted", "policy performance")


@pytest.mark.parametrize(
    "profiles", [(), TWO[:1], ("grid_a100d-40c", "grid_a100d-3-40c"), ("grid_a100d-40c",) * 2]
)
def test_one_size(profiles):
    says(sizes(*profiles), "notapplicable")


def test_one_gpu_or_two_kinds_have_nothing_to_spread_over():
    says(sizes(*TWO, gpus=(A,)), "notapplicable")
    says(sizes(*TWO, gpus=(A, a_gpu(1, 1, "a40"))), "notapplicable")


@pytest.mark.parametrize(
    ("mode", "version", "status"),
    [
        ("mixedSize", "8.0.3", "notapplicable"),
        ("multiInstanceGpu", "8.0.3", "notapplicable"),
        (unknown(Why.ABSENT), "8.0.3", "unknown"),
        (unknown(Why.ABSENT), "8.0.2", "fail"),
    ],
)
def test_modes_in_which_the_policy_does_not_count(mode, version, status):
    gpus = tuple(a_gpu(index, index, vgpu_mode=mode) for index in (0, 1))
    says(sizes(*TWO, gpus=gpus, version=version), status)


@pytest.mark.parametrize("what", ["gpus", "vms", "version"])
def test_not_knowing_what_is_wanted_of_what(what):
    one = a_host(gpus=(A, B), vms=[a_vm(0, None)])
    says(result("VGPU-009", changed(one, **{what: unknown()})), "unknown")
