"""Which guest proves a GPU: the one with most of it, of those that were named, or a reason."""

import pytest
from msgspec.structs import replace

from hostcheck.assemble.smoke import guest_for, guests_of
from hostcheck.model.fact import Unknown
from hostcheck.model.vm import Vm, VmVgpu
from tests.checks.synthetic import a_gpu, a_host, a_vm, known, static, unknown

A100, A40 = a_gpu(0), a_gpu(0, model="a40")


def vm(name, gpu, *profiles, whole=False, **changes):
    made = a_vm(0, on=gpu)
    vgpus = tuple(VmVgpu(f"PCI device {at}", known(profile)) for at, profile in enumerate(profiles))
    passed = (static(gpu),) if whole else ()
    return replace(
        made, name=name, id=name, vgpus=vgpus, passthroughs=passed,
        gpu_addresses=known((gpu.address,)), power_state=known("poweredOn"), **changes,
    )  # fmt: skip


def choice(gpu, *vms, named=None):
    ids = tuple(one.id for one in vms) if named is None else named
    host = replace(a_host(gpus=(gpu,)), vms=known(vms), smoke_guests=known(ids))
    chosen = guest_for(gpu, host)
    assert guests_of(host) == ((chosen.id,) if isinstance(chosen, Vm) else ())
    return chosen.detail if isinstance(chosen, Unknown) else chosen.name


def test_the_whole_gpu_comes_first_then_a_mig_slice_then_the_largest_profile():
    small, large = vm("small", A100, "grid_a100d-8c"), vm("large", A100, "grid_a100d-40c")
    mig, whole = vm("mig", A100, "grid_a100d-1-10c"), vm("whole", A100, whole=True)
    assert choice(A100, small, large) == "large"
    assert choice(A100, small, large, mig) == "mig"
    assert choice(A100, small, large, mig, whole) == "whole"
    assert choice(A100, vm("b", A100, "grid_a100d-8c"), vm("a", A100, "grid_a100d-8c")) == "a"


def test_a_guest_that_nobody_named_is_never_chosen():
    small, large = vm("small", A100, "grid_a100d-8c"), vm("large", A100, "grid_a100d-40c")
    assert choice(A100, small, large, named=("small",)) == "small"
    assert choice(A100, small, large, named=()) == (
        "no guest on this GPU was named for the smoke test"
    )
    elsewhere = replace(large, gpu_addresses=known(("0000:ff:00.0",)))
    assert "no guest on this GPU" in choice(A100, elsewhere)


@pytest.mark.parametrize(
    ("gpu", "guest", "told"),
    [
        (A40, vm("x", A40, "nvidia_a40-8a"), "x has nvidia_a40-8a: A profiles have no CUDA"),
        (A40, vm("x", A40, "nvidia_a40-2b"), "x has nvidia_a40-2b: B profiles have no CUDA"),
        (A40, vm("x", A40, "nvidia_a40-9z"), "x has nvidia_a40-9z, not in the catalogue"),
        (A40, replace(vm("x", A40), vgpus=(VmVgpu("PCI device 0", unknown()),)),
         "x has a vGPU whose profile is not known (the time limit passed)"),
        (A100, vm("x", A100, "grid_a100d-40c", "grid_a100d-40c"), "x has several GPUs"),
        (A100, replace(vm("x", A100, "grid_a100d-8c"), power_state=known("suspended")),
         "x is suspended"),
        (A100, replace(vm("x", A100, "grid_a100d-8c"), power_state=unknown()),
         "x may be off (the time limit passed)"),
        (A100, replace(vm("x", A100, "grid_a100d-8c"), gpu_addresses=unknown()),
         "x may be on another GPU (the time limit passed)"),
    ],
)  # fmt: skip
def test_a_guest_that_may_not_run_it_is_named_with_its_reason(gpu, guest, told):
    assert choice(gpu, guest).startswith(f"no named guest may run it: {told}")


def test_what_is_not_known_of_the_host_is_the_reason():
    host = replace(a_host(gpus=(A100,), vms=()), smoke_guests=known(("x",)))
    for changes in ({"vms": unknown()}, {"smoke_guests": unknown()}):
        found = guest_for(A100, replace(host, **changes))
        assert isinstance(found, Unknown)
        assert found.detail == "the time limit passed"
    lost = replace(A100, catalogue_key=unknown())
    assert isinstance(guest_for(lost, replace(host, gpus=known((lost,)))), Unknown)
