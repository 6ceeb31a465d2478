"""VM-006, VM-007, VM-008: whole devices that a VM asks for."""

import pytest

from hostcheck.model.fact import Why
from hostcheck.model.host import Passthrough
from hostcheck.model.pci import PciId
from tests.checks.synthetic import (
    A100,
    a_gpu,
    a_host,
    a_vm,
    asks,
    changed,
    dynamic,
    known,
    result,
    says,
    static,
    unknown,
)

GIVEN = Passthrough(capable=True, enabled=True, active=True)
A = a_gpu(0, 0, passthrough=GIVEN)
B = a_gpu(1, 1, passthrough=GIVEN)


def judged(check, *devices, gpus=(A, B), vm=None, **host):
    one = a_vm(0, None, vgpus=(), passthroughs=devices, **(vm or {}))
    return result(check, a_host(gpus=gpus, vms=[one], **host))


@pytest.mark.parametrize("check", ["VM-006", "VM-007", "VM-008"])
def test_a_vgpu_is_no_whole_device(check):
    host = a_host(gpus=(A,), vms=[a_vm()])
    says(result(check, host), "notapplicable")
    says(result(check, changed(host, vms=unknown())), "unknown")
    says(judged(check, vm={"devices": unknown()}), "unknown")


# --- VM-006 ---------------------------------------------------------------------------------------


def test_the_device_is_there():
    says(judged("VM-006", static(A)), "pass", A.address, "10de:20b5")


def test_another_board_sits_at_the_address():
    other = PciId(0x10DE, 0x2235)
    one = judged("VM-006", static(A, there=(other,)))
    says(one, "fail", "10de:2235, the VM names 10de:20b5", f"sits at {A.address}, {B.address}")


def test_nothing_sits_at_the_address_any_more():
    gone = static("0000:ff:00.0", device=PciId(0x10DE, 0x1EB8))
    says(judged("VM-006", gone), "fail", "0000:ff:00.0: nothing", "no GPU here is 10de:1eb8")


@pytest.mark.parametrize(("written", "meant"), [("0000:42:00.0", 0x66), ("0000:66:00.0", 0x42)])
def test_a_bus_in_the_wrong_base_is_named(written, meant):
    gpu = a_gpu(0, 0, address=f"0000:{meant:02x}:00.0")
    one = judged("VM-006", static(written), gpus=(gpu,))
    says(one, "fail", f"it sits at {gpu.address}", "wrong base")


def test_a_bus_that_no_base_explains_is_not_called_one():
    one = judged("VM-006", static("0000:af:00.0"))
    says(one, "fail")
    assert "wrong base" not in one.note


@pytest.mark.parametrize("what", ["device", "there"])
def test_not_knowing_the_ids(what):
    says(judged("VM-006", static(A, **{what: unknown()})), "unknown")


def test_an_address_that_cannot_be_read():
    decimal = unknown(Why.UNPARSED, "its bus is written in decimal")
    one = judged("VM-006", static(decimal))
    says(one, "unknown")
    assert "decimal" in one.unseen.detail


def test_an_unknown_inventory_hides_where_it_is_and_not_that_it_is_wrong():
    host = {"gpus": unknown()}
    one = a_vm(0, None, vgpus=(), passthroughs=(static("0000:ff:00.0"),))
    says(result("VM-006", changed(a_host(vms=[one]), **host)), "fail", "not known")


def test_on_another_host_the_system_id_is_not_compared():
    says(judged("VM-006", static(A), vm={"host_id": "host-2"}), "unknown", "systemId")


# --- VM-007 ---------------------------------------------------------------------------------------


def test_any_device_of_the_kind():
    says(judged("VM-007", dynamic(str(A100))), "pass", A.address, B.address)


def test_no_device_of_the_kind():
    says(judged("VM-007", dynamic("10de:2235")), "fail", "no GPU here has such an id")


def test_a_device_that_may_also_be_an_adapter_is_not_said_to_be_missing():
    mixed = dynamic("10de:2235", "15b3:101d")
    says(judged("VM-007", mixed), "unknown", "may also be 15b3:101d")
    says(judged("VM-007", dynamic(str(A100), "15b3:101d")), "pass")


@pytest.mark.parametrize(
    ("labels", "status"),
    [
        (("ml", ""), "pass"),
        (("", "ml"), "pass"),
        (("ml", unknown()), "pass"),
        (("", ""), "fail"),
        (("ML", "other"), "fail"),
        (("", unknown()), "unknown"),
    ],
)
def test_a_label(labels, status):
    gpus = [
        a_gpu(index, index, passthrough=GIVEN, hardware_label=label)
        for index, label in enumerate(labels)
    ]
    one = judged("VM-007", dynamic(str(A100), hardware_label="ml"), gpus=gpus)
    says(one, status)
    if status == "fail":
        assert "none is labelled ml" in one.note


def test_a_label_that_the_vm_does_not_tell():
    says(judged("VM-007", dynamic(str(A100), hardware_label=unknown())), "unknown")


@pytest.mark.parametrize("id_", ["8086:1563", "15b3:101d"])
def test_an_adapter_is_no_gpu(id_):
    says(judged("VM-007", dynamic(id_)), "notapplicable")


# --- VM-008 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("device", [static(A), dynamic(str(A100))])
def test_in_passthrough_and_free(device):
    says(judged("VM-008", device), "pass", "1 GPU in active passthrough")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (Passthrough(capable=True, enabled=False, active=False), "is not in passthrough"),
        (Passthrough(capable=True, enabled=True, active=False), "waits for a reboot"),
    ],
)
def test_not_in_passthrough(state, words):
    gpu = a_gpu(0, 0, passthrough=state)
    for device in (static(gpu), dynamic(str(A100))):
        one = judged("VM-008", device, gpus=(gpu,))
        says(one, "fail", f"{gpu.address} {words}")
        (_, command) = one.fix
        waits = state.enabled
        assert command.text.startswith("esxcli system shutdown reboot") is waits
        assert (f"--device-id {gpu.address} " in command.text) is not waits


def test_one_of_two_is_enough_for_one():
    shared = a_gpu(1, 1)
    says(judged("VM-008", dynamic(str(A100)), gpus=(A, shared)), "pass")
    two = judged("VM-008", dynamic(str(A100)), dynamic(str(A100)), gpus=(A, shared))
    says(two, "fail", f"{shared.address} is not in passthrough", "2 GPUs in active")


def test_more_than_there_are():
    three = [dynamic(str(A100)) for _ in range(3)]
    says(judged("VM-008", *three), "fail", "1 GPU too few")


def test_another_vm_has_it():
    holder = a_vm(7, A, vgpus=(), passthroughs=(static(A),))
    wants = a_vm(0, None, vgpus=(), passthroughs=(static(A),))
    one = result("VM-008", a_host(gpus=(A, B), vms=[wants, holder]), wants.id)
    says(one, "fail", f"{A.address} is in use by vm-7")


def test_only_gpus_of_the_label_count():
    labelled = dynamic(str(A100), hardware_label="ml")
    tagged = a_gpu(1, 1, hardware_label="ml")
    says(judged("VM-008", labelled, gpus=(A, tagged)), "fail", f"{tagged.address} is not in")
    lost = a_gpu(1, 1, hardware_label=unknown())
    says(judged("VM-008", labelled, gpus=(A, lost)), "unknown")


@pytest.mark.parametrize("what", ["passthrough", "vm_ids"])
def test_not_knowing_whether_it_is_free(what):
    host = a_host(vms=[a_vm(0, None, vgpus=(), passthroughs=(static(A),))])
    gpu = a_gpu(0, 0, **{"passthrough": GIVEN, what: unknown()})
    says(result("VM-008", changed(host, gpus=(gpu,))), "unknown")


def test_a_running_vm_has_it():
    vm = a_vm(0, A, vgpus=(), passthroughs=(static(A),))
    says(result("VM-008", a_host(gpus=(A,), vms=[vm])), "notapplicable", "runs already")


def test_a_vm_may_have_both():
    vm = a_vm(0, None, vgpus=asks("grid_a100d-4c"), passthroughs=(static(A),))
    says(result("VM-008", a_host(gpus=(A, a_gpu(1, 1)), vms=[vm])), "pass")
    assert known(A.address) == vm.passthroughs[0].address
