"""LOC: GPU, uplinks and VM on one NUMA node."""

import pytest
from msgspec.structs import replace

from hostcheck.model.fact import Why
from hostcheck.model.vm import VmNic
from tests.checks.synthetic import (
    GIB,
    NODE_MEMORY,
    a_gpu,
    a_host,
    a_nic,
    a_vm,
    changed,
    dynamic,
    known,
    processors,
    result,
    says,
    static,
    synthetic,
    unknown,
    with_gpu,
    with_vm,
)

A, B = a_gpu(0, 0), a_gpu(1, 1)
N0, N1 = a_nic(0, 0), a_nic(1, 1)


def host(vm, *, gpus=(A, B), nics=(N0, N1), **changes):
    return a_host(gpus=gpus, nics=nics, vms=[vm], **changes)


def together(vm, **changes):
    return result("LOC-001", host(vm, **changes))


def fits(vm, **changes):
    return result("LOC-002", host(vm, **changes))


# --- LOC-001 --------------------------------------------------------------------------------------


def test_a_running_vm_on_its_uplinks_socket():
    one = together(a_vm(0, A, ("vmnic0",)))
    says(one, "pass", f"{A.address} on node 0; vmnic0 on node 0")
    assert one.note == ""
    assert B.address not in one.observed


def test_a_running_vm_on_the_wrong_socket():
    one = together(a_vm(0, B, ("vmnic0",)))
    says(one, "fail", f"{B.address} on node 1; vmnic0 on node 0", "on one NUMA node")


@pytest.mark.parametrize(("uplink", "near"), [("vmnic0", A), ("vmnic1", B)])
def test_powered_off_one_good_gpu_of_two(uplink, near):
    one = together(a_vm(0, None, (uplink,)))
    says(one, "pass", f"only on {near.address}: vSphere may choose another GPU")


def test_powered_off_both_good():
    assert together(a_vm(), gpus=(A, a_gpu(1, 0))).note == ""


def test_powered_off_none_good():
    says(together(a_vm(), gpus=(B,)), "fail")


def test_the_snc_sibling_node_is_another_node():
    cut = processors((2, 2))
    sibling = a_gpu(0, 1)
    says(together(a_vm(0, sibling), gpus=(sibling,), **cut), "fail", "on node 1; vmnic0 on node 0")


def test_two_uplinks_on_different_nodes_are_near_to_no_gpu():
    says(together(a_vm(0, None, ("vmnic0", "vmnic1"))), "fail", "vmnic0 on node 0, vmnic1 on node")


def test_every_adapter_of_the_vm_counts():
    vm = a_vm(0, A)
    second = VmNic("Network adapter 2", "storage", a_vm(0, A, ("vmnic1",)).nics[0].uplinks)
    says(together(a_vm(0, A, nics=(*vm.nics, second))), "fail")


def test_one_node():
    shape = synthetic("1 package, 1 node, 2 gpu, 1 nic, 1 vm/gpu")
    for vm in shape.vms.value:
        says(result("LOC-001", shape, vm.id), "pass")
        says(result("LOC-002", shape, vm.id), "pass")


def test_not_applicable():
    says(together(a_vm(nics=())), "notapplicable", "no network adapter")
    says(together(a_vm(0, None, ())), "notapplicable", "no uplinks")
    says(together(a_vm(), gpus=(a_gpu(0, 0, "a40"),)), "notapplicable", "no GPU here serves it")
    says(together(a_vm(), gpus=()), "notapplicable")


def test_several_whole_devices_must_all_be_near():
    both = a_vm(vgpus=(), passthroughs=(static(A), static(B)))
    says(together(both), "fail")
    says(together(a_vm(vgpus=(), passthroughs=(static(A),))), "pass")
    says(together(a_vm(vgpus=(), passthroughs=(dynamic("10de:20b5"),))), "pass", "only on")


def test_a_whole_device_at_an_unknown_address():
    lost = a_vm(vgpus=(), passthroughs=(static(A), static(unknown())))
    says(together(lost), "unknown")
    says(fits(lost), "unknown")


UNKNOWN = unknown(Why.ABSENT, "no NUMA node lists it", "HostSystem hardware.numaInfo")
HEALTHY = host(a_vm(0, A))


@pytest.mark.parametrize(
    "poorer",
    [
        with_gpu(HEALTHY, numa_node=UNKNOWN),
        changed(HEALTHY, nics=UNKNOWN),
        changed(HEALTHY, nics=(a_nic(0, 0, numa_node=UNKNOWN),)),
        with_vm(HEALTHY, nics=(VmNic("Network adapter 1", "net", UNKNOWN),)),
        with_vm(HEALTHY, gpu_addresses=UNKNOWN),
        with_vm(HEALTHY, power_state=UNKNOWN),
        with_vm(HEALTHY, devices=UNKNOWN),
        with_vm(HEALTHY, host_id=unknown()),
        changed(HEALTHY, gpus=UNKNOWN),
    ],
)
def test_not_knowing_where_something_is(poorer):
    says(result("LOC-001", poorer), "unknown")


def test_an_unknown_node_is_not_node_zero():
    one = result("LOC-001", host(a_vm(0, None), gpus=(a_gpu(0, 0, numa_node=UNKNOWN),)))
    says(one, "unknown")
    assert one.unseen.detail == "no NUMA node lists it"


# --- LOC-002 --------------------------------------------------------------------------------------


CHANGE = "govc vm.change -vm train-0"


@pytest.mark.parametrize("vcpus", [1, 16])
def test_it_fits(vcpus):
    says(fits(a_vm(0, A, vcpu_count=vcpus)), "pass", "at most 16 cores and 256 GiB")


def test_hyperthreads_do_not_count():
    one = fits(a_vm(0, A, vcpu_count=17))
    says(one, "fail", "17 vCPU", "1 vCPU too many")
    assert [fix.text for fix in one.fix] == [
        f"govc vm.change -vm train-0 -c 16 -m {64 * 1024} -memory-pin"
    ]


SET = "Set-VM -VM (Get-VM -Id 'VirtualMachine-vm-0')"


@pytest.mark.parametrize(
    ("size", "texts"),
    [
        (6, [f"{CHANGE} -c 12 -m 262140 -memory-pin"]),
        (16, [f"{CHANGE} -c 16 -m 262140 -memory-pin"]),
        (24, [f"{SET} -NumCpu '16' -CoresPerSocket '16' -Confirm:$false",
              f"{CHANGE} -m 262140 -memory-pin"]),
        (unknown(), [f"{SET} -NumCpu '16' -CoresPerSocket '16' -Confirm:$false",
                     f"{CHANGE} -m 262140 -memory-pin"]),
    ],
)  # fmt: skip
def test_processors_in_whole_sockets_and_memory_in_steps_of_4_mb(size, texts):
    node = processors((1, 1))["numa_nodes"].value
    cut = tuple(replace(one, memory_bytes=known(256 * GIB - 2**20)) for one in node)
    vm = a_vm(0, A, vcpu_count=24, cores_per_socket=size, memory_bytes=300 * GIB)
    one = result("LOC-002", a_host(gpus=[A], nics=[a_nic()], vms=[vm], numa_nodes=known(cut)))
    assert [fix.text for fix in one.fix] == texts


def test_too_much_memory():
    one = fits(a_vm(0, A, memory_bytes=NODE_MEMORY + 8 * GIB))
    says(one, "fail", "8 GiB too much memory")
    assert "vCPU too many" not in one.note


def test_too_much_of_both():
    vm = a_vm(0, A, vcpu_count=32, memory_bytes=2 * NODE_MEMORY)
    says(fits(vm), "fail", "16 vCPU too many and 256 GiB too much memory")


def test_snc_halves_what_fits():
    vm = a_vm(0, A, vcpu_count=12)
    says(fits(vm), "pass")
    says(fits(vm, **processors((2, 2))), "fail", "at most 8 cores and 128 GiB", "4 vCPU too many")


def test_powered_off_one_node_is_large_enough():
    cut = processors((2, 1))
    gpus = (a_gpu(0, 0), a_gpu(1, 2))
    vm = {"vcpu_count": 12}
    says(fits(a_vm(0, None, **vm), gpus=gpus, **cut), "pass")
    says(fits(a_vm(0, gpus[1], **vm), gpus=gpus, **cut), "pass")
    says(fits(a_vm(0, gpus[0], **vm), gpus=gpus, **cut), "fail")


@pytest.mark.parametrize(
    "poorer",
    [
        with_vm(HEALTHY, vcpu_count=UNKNOWN),
        with_vm(HEALTHY, memory_bytes=UNKNOWN),
        with_gpu(HEALTHY, numa_node=UNKNOWN),
        changed(HEALTHY, numa_nodes=UNKNOWN),
        changed(HEALTHY, core_count=UNKNOWN),
        changed(HEALTHY, pu_count=UNKNOWN),
        with_vm(HEALTHY, host_id=unknown()),
    ],
)
def test_not_knowing_a_size(poorer):
    says(result("LOC-002", poorer), "unknown")


def test_no_gpu_serves_it():
    says(fits(a_vm(), gpus=()), "notapplicable", "no GPU here serves it")


def test_a_node_that_is_not_listed_is_unknown_and_no_pass():
    one = result("LOC-002", host(a_vm(0, a_gpu(0, 7)), gpus=(a_gpu(0, 7),)))
    says(one, "unknown")
    assert "NUMA node 7 is not listed" in one.unseen.detail


# --- what bad locality costs ----------------------------------------------------------------------

BIG = {"vcpu_count": 20, "memory_bytes": 64 * GIB}


def test_the_other_socket_costs_what_the_study_measured():
    one = together(a_vm(0, B, ("vmnic0",)))
    says(one, "fail", "estimate: memory of the other socket answers about 73 % slower")
    assert "frankdenneman.ai" not in one.note, "the check's page cites it, once"


def test_a_cut_socket_costs_little_inside_and_more_outside():
    cut = processors((2, 2))
    inside = fits(a_vm(0, A, **BIG), **cut)
    says(inside, "fail", "another node of the same socket answers about 9 % slower")
    far = together(a_vm(0, A, ("vmnic1",)), nics=(a_nic(1, 2),), **cut)
    says(far, "fail", "78 to 90 % slower")
    near = together(a_vm(0, A, ("vmnic1",)), nics=(a_nic(1, 1),), **cut)
    says(near, "fail", "same socket")


def test_a_vm_that_spans_sockets_costs_the_other_socket():
    says(fits(a_vm(0, A, **BIG)), "fail", "4 vCPU too many; estimate", "73 % slower")


def test_no_estimate_where_there_is_nowhere_else_or_the_nodes_are_not_known():
    alone = fits(a_vm(0, A, vcpu_count=99), gpus=(A,), nics=(N0,), **processors((1,)))
    says(alone, "fail", "too many")
    assert "estimate" not in alone.note
    lost = together(a_vm(0, B, ("vmnic0",)), numa_nodes=unknown())
    says(lost, "fail")
    assert lost.note == ""
