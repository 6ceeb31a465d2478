"""VM, VGPU: reserved memory, a GPU of the kind, a GPU with room."""

import pytest

from hostcheck.model.fact import Why
from tests.checks.synthetic import (
    GIB,
    a_gpu,
    a_host,
    a_vm,
    asks,
    changed,
    dynamic,
    result,
    says,
    static,
    synthetic,
    unknown,
    with_gpu,
)

A, B = a_gpu(0, 0), a_gpu(1, 1)


def on_host(vm, *gpus, **changes):
    return a_host(gpus=gpus or (A, B), vms=[vm], **changes)


# --- VM-001 ---------------------------------------------------------------------------------------


def memory(locked, reserved=64 * GIB, size=64 * GIB, **changes):
    fields = {
        "memory_locked_to_max": locked, "memory_reserved_bytes": reserved, "memory_bytes": size,
    }  # fmt: skip
    return result("VM-001", on_host(a_vm(**fields, **changes)))


@pytest.mark.parametrize("reserved", [0, 64 * GIB, unknown()])
@pytest.mark.parametrize("size", [64 * GIB, unknown()])
def test_locked_memory_passes_whatever_else_is_known(reserved, size):
    one = memory(True, reserved, size)
    says(one, "pass", "all guest memory reserved, locked")
    assert one.note == ""


@pytest.mark.parametrize("locked", [False, unknown()])
@pytest.mark.parametrize("reserved", [64 * GIB, 65 * GIB])
def test_equal_and_not_locked_passes_with_a_note(locked, reserved):
    says(memory(locked, reserved), "pass", "not locked", "breaks at the next change")


@pytest.mark.parametrize("reserved", [0, 32 * GIB, 64 * GIB - 1])
def test_less_fails(reserved):
    one = memory(False, reserved)
    says(one, "fail", "of 64 GiB reserved", "all memory reserved")
    assert any("-memory-pin" in command.text for command in one.fix)


@pytest.mark.parametrize(
    ("locked", "reserved", "size"),
    [
        (unknown(), 32 * GIB, 64 * GIB),
        (False, unknown(), 64 * GIB),
        (False, 32 * GIB, unknown()),
        (unknown(), unknown(), unknown()),
        (unknown(), unknown(), 64 * GIB),
    ],
)
def test_not_knowing_is_neither(locked, reserved, size):
    says(memory(locked, reserved, size), "unknown")


@pytest.mark.parametrize("locked", [True, False])
def test_a_vm_whose_devices_are_not_known_may_have_no_gpu(locked):
    lost = unknown(Why.DENIED, "NoPermission", "VirtualMachine config.hardware", "System.Read")
    one = memory(locked, devices=lost)
    says(one, "unknown")
    assert one.unseen.privilege == "System.Read"


@pytest.mark.parametrize("check", ["VM-001", "VGPU-001", "VGPU-002", "LOC-001", "LOC-002"])
def test_no_vm_and_unknown_vms(check):
    says(result(check, a_host(gpus=(A,))), "notapplicable")
    says(result(check, changed(a_host(gpus=(A,)), vms=unknown())), "unknown")


# --- VGPU-001 -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "profile", ["grid_a100d-40c", "nvidia_a100d-40c", "grid_a100d-4c", "grid_a100d-1-10c"]
)
def test_a_gpu_of_the_kind(profile):
    says(result("VGPU-001", on_host(a_vm(vgpus=asks(profile)))), "pass", profile, "A100")


@pytest.mark.parametrize(
    "profile", ["grid_a100-40c", "grid_a100dx-40c", "grid_h100-80c", "nvidia_a40-8q"]
)
def test_no_gpu_of_the_kind(profile):
    one = result("VGPU-001", on_host(a_vm(vgpus=asks(profile))))
    says(one, "fail", profile, f"no GPU here serves {profile}")


def test_one_of_two_profiles_is_not_served():
    vm = a_vm(vgpus=asks("grid_a100d-40c", "grid_a40-8q"))
    says(result("VGPU-001", on_host(vm)), "fail", "no GPU here serves grid_a40-8q")


def test_vgpus_of_two_kinds_fail_though_each_kind_is_here():
    vm = a_vm(vgpus=asks("grid_a100d-40c", "grid_a40-8q"))
    host = on_host(vm, A, a_gpu(1, 1, "a40"))
    says(result("VGPU-001", host), "fail", "must be of one kind of GPU")


def test_a_host_without_gpus():
    one = result("VGPU-001", a_host(vms=[a_vm()]))
    says(one, "fail", "no NVIDIA GPU")


def test_a_vgpu_without_a_name_is_unknown():
    for check in ("VGPU-001", "VGPU-002", "LOC-001", "LOC-002"):
        says(result(check, on_host(a_vm(vgpus=asks(unknown())))), "unknown")


@pytest.mark.parametrize(
    "host",
    [
        on_host(a_vm(devices=unknown())),
        changed(on_host(a_vm()), gpus=unknown()),
        with_gpu(on_host(a_vm()), catalogue_key=unknown(Why.ABSENT, "not in it")),
    ],
)
def test_the_kind_is_not_known(host):
    says(result("VGPU-001", host), "unknown")


def test_whole_devices():
    def judged(*devices):
        return result("VGPU-001", on_host(a_vm(vgpus=(), passthroughs=devices)))

    says(judged(static(A)), "pass", A.address)
    says(judged(dynamic("10de:20b5")), "pass", A.address, B.address)
    says(judged(static("0000:ff:00.0")), "unknown", "no GPU here is its", "see VM-006")
    says(judged(dynamic("10de:ffff")), "unknown", "no GPU here")
    says(judged(static(unknown(Why.UNPARSED, "not an address"))), "unknown")


# --- VGPU-002 -------------------------------------------------------------------------------------


def room(*creatable, vm=None):
    gpus = [a_gpu(index, index, profiles_creatable=one) for index, one in enumerate(creatable)]
    return result("VGPU-002", on_host(vm or a_vm(), *gpus))


@pytest.mark.parametrize(
    "name", ["GRID A100D-40C", "NVIDIA A100D-40C", "A100D-40C", "grid_a100d-40c"]
)
def test_room_in_any_spelling(name):
    says(room((name,)), "pass", A.address)


def test_room_on_one_of_two():
    one = room(("GRID A100D-40C",), ())
    says(one, "pass", f"{A.address} of {A.address}, {B.address} can take")


@pytest.mark.parametrize("types", [(), ("GRID A100D-20C",), ("GRID A100D-40CME",)])
def test_no_room(types):
    says(room(types, types), "fail", "no GPU of", "can take grid_a100d-40c")


def test_one_gpu_with_room_is_enough_whatever_is_known_of_the_other():
    says(room(("GRID A100D-40C",), unknown(Why.TIMEOUT)), "pass", f"{A.address} of")


@pytest.mark.parametrize("why", [Why.TIMEOUT, Why.DENIED, Why.NOT_RECORDED])
def test_room_that_was_asked_for_and_not_told(why):
    says(room((), unknown(why)), "unknown")


def test_a_gpu_that_no_vm_uses_has_room_even_if_its_driver_was_not_asked():
    says(room((), unknown(Why.NOT_ASKED)), "pass", f"{B.address} of")


def test_a_gpu_in_use_whose_driver_was_not_asked():
    gpus = [a_gpu(index, index, profiles_creatable=unknown(Why.NOT_ASKED)) for index in (0, 1)]
    others = [a_vm(7, gpus[0]), a_vm(8, gpus[1])]
    host = a_host(gpus=gpus, vms=[a_vm(), *others])
    says(result("VGPU-002", host, a_vm().id), "unknown")


def test_two_whole_gpus_are_needed_for_two_vgpus_of_full_size():
    vm = a_vm(vgpus=asks("grid_a100d-80c", "grid_a100d-80c"))
    says(room(("GRID A100D-80C",), ("GRID A100D-80C",), vm=vm), "pass", "2 GPUs with room")
    says(room(("GRID A100D-80C",), (), vm=vm), "fail", "2 GPUs with room")
    says(room(("GRID A100D-80C",), unknown(), vm=vm), "unknown")


def test_a_running_vm_needs_no_more_room():
    vm = a_vm(0, A)
    says(room((), (), vm=vm), "notapplicable", "runs already")


def test_a_vm_that_runs_elsewhere_needs_room_here():
    vm = a_vm(0, A, host_id="host-2")
    says(room((), (), vm=vm), "fail")


@pytest.mark.parametrize("changes", [{"host_id": unknown()}, {"power_state": unknown()}])
def test_a_vm_of_which_it_is_not_known_whether_it_runs_here(changes):
    says(room((), (), vm=a_vm(0, A, **changes)), "unknown")


def test_a_vm_that_is_off_and_of_no_known_host_may_start_here():
    says(room(("GRID A100D-40C",), vm=a_vm(0, None, host_id=unknown())), "pass")


def test_whole_devices_have_no_profile():
    vm = a_vm(vgpus=(), passthroughs=(static(A),))
    says(room((), vm=vm), "notapplicable", "whole devices only")


def test_a_full_synthetic_host():
    host = synthetic("2 package, 2 node, 1 gpu/node, 1 nic/node, 1 vm/gpu")
    for vm in host.vms.value:
        says(result("VM-001", host, vm.id), "pass")
        says(result("VGPU-001", host, vm.id), "pass")
