"""MEM: admission of a VM's memory by host and resource pool."""

import pytest

from hostcheck.model.vm import Pool
from tests.checks.synthetic import (
    GIB,
    a_gpu,
    a_host,
    a_vm,
    changed,
    known,
    result,
    says,
    unknown,
)

A = a_gpu(0, 0)
CHECKS = ("MEM-001", "MEM-002")


def judged(check, vm=None, **host):
    """A host of 512 GiB that keeps 12 for itself; the VM wants 64 and a quarter beside."""
    return result(check, changed(a_host(gpus=(A,), vms=[a_vm(0, None, **(vm or {}))]), **host))


def pool(left):
    fact = known(left) if isinstance(left, int) else left
    return {"pools": (Pool("gold", fact, id="resgroup-9"),)}


@pytest.mark.parametrize("check", CHECKS)
def test_comfortable(check):
    says(judged(check), "pass", "64 GiB wanted")


@pytest.mark.parametrize("check", CHECKS)
def test_a_running_vm_has_its_memory(check):
    says(result(check, a_host(gpus=(A,), vms=[a_vm(0, A)])), "notapplicable", "runs already")


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("what", ["devices", "power_state", "memory_bytes"])
def test_not_knowing_the_vm(check, what):
    says(judged(check, {what: unknown()}), "unknown")


# --- MEM-001 --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "status"),
    [
        (512 * GIB - 64 * GIB + 1, "fail"),
        (512 * GIB, "fail"),
        (512 * GIB - 64 * GIB, "unknown"),
        (512 * GIB - 76 * GIB, "unknown"),
        (512 * GIB - 77 * GIB, "pass"),
        (0, "pass"),
    ],
)
def test_what_the_running_vms_leave(held, status):
    says(judged("MEM-001", memory_reserved_bytes=held), status)


def test_a_misfit_says_by_how_much_and_what_would_fit():
    one = judged("MEM-001", memory_reserved_bytes=480 * GIB)
    says(one, "fail", "480 GiB of 512 GiB reserved", "32 GiB too little")
    # of the 32 GiB free ESXi's own 12, and a quarter to run the VM, are not for the guest
    assert one.fix[1].text == f"govc vm.change -vm train-0 -m {20 * 1024 - 256} -memory-pin"


@pytest.mark.parametrize("held", [512 * GIB, 500 * GIB, 600 * GIB])
def test_where_nothing_fits_no_command_says_so(held):
    one = judged("MEM-001", memory_reserved_bytes=held)
    assert [fix.tool for fix in one.fix] == ["vSphere Client"]


def test_what_would_fit_is_a_multiple_of_four_megabytes():
    one = judged("MEM-001", memory_reserved_bytes=480 * GIB - 2**20 - 1)
    assert "-m 20224 " in one.fix[1].text


@pytest.mark.parametrize("what", ["memory_overhead_bytes", "memory_hypervisor_bytes"])
def test_without_what_esxi_needs_no_size_is_named(what):
    one = judged("MEM-001", memory_reserved_bytes=480 * GIB, **{what: unknown()})
    assert [fix.tool for fix in one.fix] == ["vSphere Client"]


def test_the_root_pool_is_not_changed():
    one = judged("MEM-002", {"pools": (Pool("Resources", known(32 * GIB), id="resgroup-8"),)})
    assert [fix.text for fix in one.fix] == [
        f"govc vm.change -vm train-0 -m {32 * 1024 - 256} -memory-pin"
    ]


def test_a_tight_fit_tells_the_numbers():
    one = judged("MEM-001", memory_reserved_bytes=440 * GIB)
    says(one, "unknown", "12 GiB for ESXi", "depends on what ESXi really needs")
    assert "440 GiB of 512 GiB" in one.unseen.detail


@pytest.mark.parametrize("what", ["memory_bytes", "memory_reserved_bytes"])
def test_not_knowing_what_is_free(what):
    says(judged("MEM-001", **{what: unknown()}), "unknown")


@pytest.mark.parametrize("what", ["memory_overhead_bytes", "memory_hypervisor_bytes"])
def test_what_esxi_needs_is_asked_only_where_it_decides(what):
    says(judged("MEM-001", **{what: unknown()}), "unknown")
    says(judged("MEM-001", memory_reserved_bytes=480 * GIB, **{what: unknown()}), "fail")
    says(judged("MEM-001", {"memory_overhead_bytes": unknown()}), "unknown")


TIERED = {"memory_bytes": 1024 * GIB, "memory_hypervisor_bytes": 12 * GIB}


@pytest.mark.parametrize(
    ("dram", "held", "status"),
    [
        (1024 * GIB, 512 * GIB, "pass"),
        (512 * GIB, 512 * GIB, "unknown"),
        (512 * GIB, 436 * GIB, "unknown"),
        (512 * GIB, 435 * GIB, "pass"),
        (205 * GIB, 0, "pass"),
        (205 * GIB, 200 * GIB, "unknown"),
        (512 * GIB, 1024 * GIB, "fail"),
    ],
)
def test_an_nvme_tier_carries_no_reserved_memory_for_sure(dram, held, status):
    one = judged("MEM-001", memory_dram_bytes=dram, memory_reserved_bytes=held, **TIERED)
    says(one, status, *(["NVMe"] if status == "unknown" else []))


@pytest.mark.parametrize(
    ("held", "status"),
    [(0, "pass"), (100 * GIB, "pass"), (200 * GIB, "unknown"), (1000 * GIB, "fail")],
)
def test_where_tiers_are_not_told_a_fifth_is_dram_all_the_same(held, status):
    """A tier has four times the DRAM at most: what fits into a fifth fits."""
    says(
        judged("MEM-001", memory_dram_bytes=unknown(), memory_reserved_bytes=held, **TIERED), status
    )


# --- MEM-002 --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "status"),
    [
        (64 * GIB - 1, "fail"),
        (0, "fail"),
        (64 * GIB, "unknown"),
        (64 * GIB + GIB // 4, "pass"),
        (unknown(), "unknown"),
    ],
)
def test_what_the_pool_can_still_reserve(left, status):
    one = judged("MEM-002", pool(left))
    says(one, status)
    if status == "fail":
        assert "pool gold" in one.observed
        assert one.fix[1].text == "govc pool.change -mem.expandable=true ResourcePool:resgroup-9"


def test_a_vm_in_no_pool():
    says(judged("MEM-002", {"pools": ()}), "notapplicable")


def test_a_pool_that_is_not_known():
    says(judged("MEM-002", {"pools": unknown()}), "unknown")


def test_the_overhead_is_asked_only_where_it_decides():
    lost = {"memory_overhead_bytes": unknown()}
    says(judged("MEM-002", {**pool(400 * GIB), **lost}), "unknown")
    says(judged("MEM-002", {**pool(GIB), **lost}), "fail")
