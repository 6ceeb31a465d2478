"""VM-002, VM-004, VM-025, VM-026: firmware and address space of a VM with a whole GPU."""

import pytest

from hostcheck.model.host import Passthrough
from hostcheck.model.pci import PciId
from hostcheck.model.requirements import Architecture
from tests.checks.synthetic import (
    GIB,
    a_gpu,
    a_host,
    a_vm,
    asks,
    dynamic,
    known,
    result,
    says,
    static,
    unknown,
)

GIVEN = Passthrough(capable=True, enabled=True, active=True)
NIC = PciId(0x15B3, 0x101D)


def mmio(size="256", on="TRUE"):
    return {"options": {"pciPassthru.use64bitMMIO": on, "pciPassthru.64bitMMIOSizeGB": size}}


def judged(check, *profiles, model="a100-pcie-80", **vm):
    """Judge a VM with vGPUs, powered off."""
    gpu = a_gpu(model=model)
    return result(check, a_host(gpus=[gpu], vms=[a_vm(**{"vgpus": asks(*profiles), **vm})]))


def whole(check, *models, host=None, **vm):
    """Judge a VM with whole GPUs by fixed passthrough, powered off."""
    gpus = [a_gpu(index, 0, model, passthrough=GIVEN) for index, model in enumerate(models)]
    one = a_vm(**{"vgpus": (), "passthroughs": tuple(map(static, gpus)), **vm})
    return result(check, a_host(gpus=gpus, vms=[one], **(host or {})))


@pytest.mark.parametrize("check", ["VM-002", "VM-004", "VM-025", "VM-026"])
def test_a_vm_whose_devices_are_not_known(check):
    says(judged(check, "grid_a100d-80c", devices=unknown()), "unknown")
    says(judged(check, unknown()), "notapplicable" if check == "VM-026" else "unknown")


# --- VM-002, VM-025: firmware ---------------------------------------------------------------------

FIRMWARE = pytest.mark.parametrize(
    ("firmware", "status"), [("efi", "pass"), ("bios", "fail"), (unknown(), "unknown")]
)


@FIRMWARE
def test_firmware_of_a_vm_with_a_whole_gpu(firmware, status):
    says(judged("VM-002", "grid_a100d-80c", firmware=firmware), status)
    for model in ("a100-pcie-80", "a2", "v100-pcie-16", "l40s"):
        says(whole("VM-002", model, firmware=firmware), status)
    says(judged("VM-025", "grid_a100d-80c", firmware=firmware), "notapplicable", "see VM-002")


@FIRMWARE
def test_firmware_of_a_vm_with_a_part(firmware, status):
    for profile in ("grid_a100d-40c", "grid_a100d-3-40c"):
        says(judged("VM-002", profile, firmware=firmware), "notapplicable")
        says(judged("VM-025", profile, firmware=firmware), status)


@pytest.mark.parametrize("model", ["rtx-a6000", "p40", "rtx-pro-4500-bse"])
def test_bios_firmware_where_nobody_knows_what_the_board_maps(model):
    says(whole("VM-002", model, firmware="bios"), "unknown")
    says(whole("VM-002", model), "pass")


def test_a_board_that_is_not_listed_asks_what_its_memory_says():
    told = {
        "catalogue_key": unknown(), "architecture": Architecture.BLACKWELL, "passthrough": GIVEN,
    }  # fmt: skip

    def one(check, memory, **vm):
        gpu = a_gpu(**told, framebuffer_bytes=memory, graphics_memory_bytes=memory,
                    own_types=unknown())  # fmt: skip
        given = a_vm(**{"vgpus": (), "passthroughs": (static(gpu),), **vm})
        return result(check, a_host(gpus=[gpu], vms=[given]))

    says(one("VM-002", 48 * GIB), "pass")
    says(one("VM-002", 48 * GIB, firmware="bios"), "fail")
    says(one("VM-004", 48 * GIB, **mmio(size="256")), "pass")
    for check in ("VM-002", "VM-004"):
        says(one(check, unknown(), firmware="bios", options={}), "unknown")


@pytest.mark.parametrize("model", ["t4", "m60", "m10"])
def test_a_small_window_needs_neither(model):
    says(whole("VM-002", model, firmware="bios"), "notapplicable")
    says(whole("VM-004", model, options={}), "notapplicable")


# --- VM-004: 64-bit MMIO space --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        (mmio(), "pass"),
        (mmio(size="512"), "pass"),
        (mmio(on="true"), "pass"),
        (mmio(size="128"), "fail"),
        (mmio(on="FALSE"), "fail"),
        (mmio(size="lots"), "fail"),
        ({"options": {}}, "fail"),
        ({"options": unknown()}, "unknown"),
    ],
)
def test_space_of_a_whole_a100_80(settings, status):
    for one in (
        judged("VM-004", "grid_a100d-80c", **settings),
        whole("VM-004", "a100-pcie-80", **settings),
    ):
        says(one, status)
        if status == "fail":
            assert "256 GiB for 1 whole GPU" in one.expected


def test_two_whole_gpus_need_the_power_of_two_after_their_sum():
    one = judged("VM-004", "grid_a100d-80c", "grid_a100d-80c", **mmio())
    says(one, "fail", "512 GiB for 2 whole GPUs")
    assert one.fix[0].text.endswith("-e pciPassthru.64bitMMIOSizeGB=512")
    says(whole("VM-004", "a100-pcie-80", "a100-pcie-80", **mmio("512")), "pass")


def test_between_what_is_mapped_and_the_rule_nothing_is_sure():
    three = ["a30"] * 3
    says(whole("VM-004", *three, **mmio("96")), "fail", "256 GiB for 3 whole GPUs")
    says(whole("VM-004", *three, **mmio("128")), "unknown", "it is a rule, and no table")
    says(whole("VM-004", *three, **mmio("256")), "pass")


def test_gpus_of_two_kinds_are_added_up():
    says(whole("VM-004", "a30", "a100-pcie-80", **mmio("128")), "fail", "256 GiB for 2 whole")
    says(whole("VM-004", "a30", "a100-pcie-80", **mmio("256")), "pass")


@pytest.mark.parametrize("profile", ["grid_a100d-40c", "grid_a100d-3-40c"])
def test_a_part_of_a_gpu_fits_the_default(profile):
    says(judged("VM-004", profile, options={}), "notapplicable")


def test_a_small_vm_with_a_vgpu_needs_no_setting():
    says(judged("VM-004", "grid_a100d-80c", options={}, memory_bytes=16 * GIB), "notapplicable")
    says(judged("VM-004", "grid_a100d-80c", options={}, memory_bytes=unknown()), "unknown")
    says(whole("VM-004", "a100-pcie-80", options={}, memory_bytes=16 * GIB), "fail")


@pytest.mark.parametrize(
    ("model", "enough"),
    [
        ("l40s", "128"),
        ("b200", "512"),
        ("b300", "1024"),
        ("rtx-pro-6000-bse", "256"),
        ("p40", "64"),
    ],
)
def test_a_board_that_no_table_names_is_never_taken_for_a_small_one(model, enough):
    less = str(int(enough) // 2)
    says(whole("VM-004", model, **mmio(enough)), "pass", f"{enough} GiB for 1 whole GPU")
    says(whole("VM-004", model, **mmio(less)), "unknown", f"{enough} GiB is inferred")


def test_without_the_setting_a_board_that_maps_all_its_memory_does_not_start():
    for model in ("l40s", "b200", "a16", "a2"):
        says(whole("VM-004", model, options={}), "fail")
    says(whole("VM-004", "rtx-pro-6000-bse", options={}), "unknown")
    says(judged("VM-004", "nvidia_a16-16q", model="a16", options={}), "unknown", "no table names")


@pytest.mark.parametrize("model", ["rtx-a6000", "rtx-5000-ada"])
def test_a_workstation_board_maps_what_its_display_mode_says(model):
    says(whole("VM-004", model, options={}), "unknown", "display mode")


def test_an_adapter_or_a_sound_function_beside_a_gpu_is_no_second_one():
    gpu = a_gpu(model="a30", passthrough=GIVEN)
    beside = (
        static("0000:3b:00.0", device=NIC, there=(NIC,), gpu=False),
        dynamic("15b3:101d", gpu=False),
        static("0000:18:00.1", device=PciId(0x10DE, 0x10F8), there=(), gpu=False),
    )
    vm = a_vm(vgpus=(), passthroughs=(static(gpu), *beside), **mmio("64"))
    says(result("VM-004", a_host(gpus=[gpu], vms=[vm])), "pass", "64 GiB for 1 whole GPU")


def test_a_dynamic_device_that_may_get_either_of_two_boards():
    small, large = a_gpu(0, 0, "a30"), a_gpu(1, 1, "a100-pcie-80")
    ids = [str(PciId(one.pci_id.vendor, one.pci_id.device)) for one in (small, large)]

    def told(size):
        vm = a_vm(vgpus=(), passthroughs=(dynamic(*ids),), **mmio(size))
        return result("VM-004", a_host(gpus=[small, large], vms=[vm]))

    says(told("32"), "fail")
    says(told("64"), "unknown")
    says(told("256"), "pass")


def test_not_knowing_whether_a_device_is_a_gpu():
    gpu = a_gpu()
    for check in ("VM-002", "VM-004", "VM-026", "VM-008", "VGPU-001"):
        vm = a_vm(vgpus=(), passthroughs=(static(gpu, gpu=unknown()),))
        says(result(check, a_host(gpus=[gpu], vms=[vm])), "unknown")


# --- VM-026: NVSwitch -----------------------------------------------------------------------------

SWITCHES = {"nvswitches": known(("0000:05:00.0", "0000:06:00.0"))}


def test_a_whole_gpu_of_a_board_with_nvswitch():
    says(whole("VM-026", "h100-sxm-80", host=SWITCHES), "fail", "2 NVSwitch devices")
    says(whole("VM-026", "h100-sxm-80", host={"nvswitches": ()}), "pass")
    says(whole("VM-026", "h100-sxm-80", host={"nvswitches": unknown()}), "unknown")


def test_a_board_whose_switches_are_no_pci_devices():
    says(whole("VM-026", "b200", host={"nvswitches": ()}), "fail", "the board always has it")


def test_vgpus_of_such_a_board_are_what_is_supported():
    gpu = a_gpu(model="h100-sxm-80")
    vm = a_vm(vgpus=asks("nvidia_h100xm-80c"))
    says(result("VM-026", a_host(gpus=[gpu], vms=[vm], **SWITCHES)), "notapplicable")


@pytest.mark.parametrize(
    ("check", "wrong"), [("VM-002", {"firmware": "bios"}), ("VM-004", mmio("64"))]
)
def test_a_vm_that_runs_is_not_said_to_be_unable_to_start(check, wrong):
    says(whole(check, "a100-pcie-80", **wrong), "fail")
    gpu = a_gpu(0, 0, "a100-pcie-80", passthrough=GIVEN)
    runs = {"power_state": known("poweredOn"), "gpu_addresses": known((gpu.address,))}
    vm = a_vm(vgpus=(), passthroughs=(static(gpu),), **runs, **wrong)
    says(result(check, a_host(gpus=[gpu], vms=[vm])), "unknown", "it runs")
    vm = a_vm(vgpus=(), passthroughs=(static(gpu),), **{**runs, "power_state": unknown()}, **wrong)
    says(result(check, a_host(gpus=[gpu], vms=[vm])), "unknown")
