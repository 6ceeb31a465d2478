"""VGPU-003, VGPU-004, MIG-002, DRV-004, VM-003, VM-005: what a profile needs of host and VM."""

import pytest

from hostcheck.model.fact import Why
from hostcheck.model.host import Mode, Software, VgpuAbility, VgpuInstance
from tests.checks.synthetic import (
    NEEDS,
    a_gpu,
    a_host,
    a_vm,
    asks,
    known,
    result,
    says,
    static,
    unknown,
    with_gpu,
)

OFF = {"power_state": "poweredOff", "gpu_addresses": unknown(Why.ABSENT, "off")}
AIE = Software("NVD-AIE_ESXi_8.0.0_Driver", "550.54.16-1OEM.800.1.0.20613240", "NVIDIA")
GRAPHICS = Software("NVD-VMware_ESXi_8.0.0_Driver", "550.54.16-1OEM.800.1.0.20613240", "NVD")
DAEMON = Software("nvdgpumgmtdaemon", "550.54.16-1OEM.700.1.0.15843807", "NVD")


def judged(check, *profiles, model="a100-pcie-80", gpu=None, vm=None, **host):
    gpu = a_gpu(model=model, **(gpu or {}))
    one = a_vm(**{**OFF, "vgpus": asks(*profiles), **(vm or {})})
    return result(check, a_host(gpus=[gpu], vms=[one], **host))


# --- VGPU-003 -------------------------------------------------------------------------------------


def test_a_profile_that_vsphere_offers():
    offered = ("grid_a100d-80c", "grid_a100d-40c")
    says(judged("VGPU-003", "grid_a100d-40c", profiles_offered=offered), "pass", "2 profiles")


@pytest.mark.parametrize(
    ("wanted", "offered"),
    [
        ("grid_a100d-40c", "nvidia_a100d-40c"),
        ("nvidia_a100d-40c", "grid_a100d-40c"),
        ("GRID_A100D-40C", "grid_a100d-40c"),
        ("a100d-40c", "grid_a100d-40c"),
        ("GRID A100D-40C", "grid_a100d-40c"),
    ],
)
def test_a_profile_that_is_offered_in_the_other_spelling_alone(wanted, offered):
    one = judged("VGPU-003", wanted, profiles_offered=("grid_a100d-80c", offered))
    says(one, "unknown", f"{offered} is offered, {wanted} is not")
    both = judged("VGPU-003", wanted, profiles_offered=(wanted, offered))
    says(both, "pass")
    says(judged("VGPU-001", wanted, profiles_offered=(offered,)), "pass")
    two = judged("VGPU-003", wanted, "grid_a100d-80c", profiles_offered=(offered,))
    says(two, "fail", "not offered: grid_a100d-80c")


def test_a_profile_that_vsphere_does_not_offer():
    offers = {"profiles_offered": ("grid_a100d-80c",)}
    one = judged("VGPU-003", "grid_a100d-40c", vgpu_abilities=(), **offers)
    says(one, "fail", "not offered: grid_a100d-40c")
    says(judged("VGPU-003", "grid_a100d-40c", vgpu_abilities=unknown(), **offers), "fail")


def test_a_profile_that_is_not_offered_and_can_do_something():
    wanted = "grid_a100d-40c"
    able = (VgpuAbility("nvidia_a100d-40c", True, True, True, True),)
    offers = {"profiles_offered": ("grid_a100d-80c",), "vgpu_abilities": able}
    says(judged("VGPU-003", wanted, **offers), "unknown", "the host tells what they can do")
    says(judged("VGPU-003", wanted, "grid_a100d-16c", **offers), "fail", "grid_a100d-16c")


def test_a_host_that_offers_nothing():
    one = judged("VGPU-003", "grid_a100d-40c", profiles_offered=(), vgpu_abilities=())
    says(one, "fail", "no profile is offered")


def test_offers_that_could_not_be_read():
    says(judged("VGPU-003", "grid_a100d-40c", profiles_offered=unknown()), "unknown")


@pytest.mark.parametrize("check", ["VGPU-003", "MIG-002", "DRV-004"])
def test_whole_devices_ask_for_no_profile(check):
    says(judged(check, vm={"passthroughs": (static(a_gpu()),)}), "notapplicable")


# --- VGPU-002: series beside each other -----------------------------------------------------------


def beside(profile, runs="nvidia_a40-8q", **host):
    """A profile that the driver would create on a GPU on which a VM with another one runs."""
    gpu = a_gpu(model="a40", profiles_creatable=("nvidia_a40-8q",) * 2 + (
        "nvidia_a40-8c", "nvidia_a40-8a"))  # fmt: skip
    busy = a_vm(id="vm-run", name="busy", vgpus=asks(runs), gpu_addresses=(gpu.address,))
    wanted = a_vm(**{**OFF, "id": "vm-new", "name": "new", "vgpus": asks(profile)})
    vms = host.pop("vms", [busy, wanted])
    one = with_gpu(a_host(gpus=[gpu], vms=vms, **host), vm_ids=("vm-run",))
    return result("VGPU-002", one, subject="vm-new")


@pytest.mark.parametrize(
    ("profile", "version", "status"),
    [
        ("nvidia_a40-8q", "7.0.3", "pass"), ("nvidia_a40-8c", "7.0.3", "fail"),
        ("nvidia_a40-8c", "8.0.1", "fail"), ("nvidia_a40-8c", "8.0.2", "pass"),
        ("nvidia_a40-8a", "9.0.0", "pass"),
    ],
)  # fmt: skip
def test_series_share_a_gpu_since_8_0_u2(profile, version, status):
    one = beside(profile, version=version)
    says(one, status)
    if status == "fail":
        assert "ESXi before 8.0 U2 lets a GPU run only one" in one.note


def test_only_the_gpu_that_another_series_runs_on_is_said_to_have_none():
    room = {"profiles_creatable": ("nvidia_a40-48q", "nvidia_a40-8c")}
    gpus = [a_gpu(index, index, model="a40", **room) for index in (0, 1)]
    busy = a_vm(id="vm-run", vgpus=asks("nvidia_a40-8c"), gpu_addresses=(gpus[1].address,))
    wanted = a_vm(**{**OFF, "id": "vm-new", "vgpus": asks("nvidia_a40-48q", "nvidia_a40-48q")})
    host = with_gpu(a_host(gpus=gpus, vms=[busy, wanted], version="8.0.1"), 0, vm_ids=())
    one = result("VGPU-002", with_gpu(host, 1, vm_ids=("vm-run",)), subject="vm-new")
    says(one, "fail")
    assert f"{gpus[1].address} has room, but a vGPU of another series" in one.note
    assert str(gpus[0].address) not in one.note


def test_series_that_cannot_be_told_leave_room_open():
    says(beside("nvidia_a40-8q", version=unknown()), "unknown")
    odd = beside("nvidia_a40-8q", runs="odd", version="8.0.0")
    says(odd, "unknown")
    assert odd.unseen.detail == "odd tells no series"
    lost = beside("nvidia_a40-8q", version="8.0.0", vms=[a_vm(
        **{**OFF, "id": "vm-new", "name": "new", "vgpus": asks("nvidia_a40-8q")})])  # fmt: skip
    says(lost, "unknown")
    assert lost.unseen.detail == "vm-run runs on it and is not listed"
    unread = a_vm(id="vm-run", devices=unknown(), vgpus=())
    new = a_vm(**{**OFF, "id": "vm-new", "vgpus": asks("nvidia_a40-8q")})
    says(beside("nvidia_a40-8q", version="8.0.0", vms=[unread, new]), "unknown")


# --- VGPU-002: a place for each vGPU of a VM ------------------------------------------------------


def places(number, *, busy=0, profile="grid_a100d-40c", gpus=1, strange=()):
    """Empty GPUs, of which some have a vGPU already, and a VM of so many."""
    made = [a_gpu(at, profiles_creatable=(profile,)) for at in range(gpus)]
    there = [
        a_vm(at, made[at], id=f"vm-run-{at}", vgpus=asks(profile)) for at in range(busy)
    ]  # fmt: skip
    new = a_vm(9, **{**OFF, "id": "vm-new", "vgpus": asks(*[profile] * number)})
    host = a_host(gpus=made, vms=[*there, new], version="8.0.3")
    return result("VGPU-002", with_gpu(host, vm_ids=strange) if strange else host, "vm-new")


@pytest.mark.parametrize(
    ("number", "gpus", "busy", "status"),
    [
        (2, 1, 0, "pass"), (3, 1, 0, "fail"), (16, 1, 0, "fail"), (4, 2, 0, "pass"),
        (5, 2, 0, "fail"), (2, 2, 2, "pass"), (3, 2, 2, "fail"), (3, 2, 1, "pass"),
        (4, 2, 1, "fail"),
    ],
)  # fmt: skip
def test_a_vm_needs_a_place_for_each_of_its_vgpus(number, gpus, busy, status):
    one = places(number, gpus=gpus, busy=busy)
    says(one, status)
    if status == "fail":
        assert one.expected == f"room for {number} vGPUs"


@pytest.mark.parametrize(
    ("model", "modes", "wanted", "status"),
    [
        ("a100-pcie-80", ("multiInstanceGpu", "sameSize"), ["grid_a100d-7-80c"], "pass"),
        ("a100-pcie-80", ("multiInstanceGpu", "sameSize"), ["grid_a100d-7-80c"] * 2, "fail"),
        ("a100-pcie-80", ("multiInstanceGpu",) * 2, ["grid_a100d-7-80c"] * 2, "pass"),
        ("a100-pcie-80", ("multiInstanceGpu", "sameSize"), ["grid_a100d-80c"] * 2, "fail"),
        ("a100-pcie-80", ("sameSize", unknown()), ["grid_a100d-80c"] * 2, "unknown"),
        ("h100-sxm-80", ("multiInstanceGpu", "sameSize"), ["nvidia_h100xm-7-80c"] * 2, "unknown"),
        ("h100-sxm-80", ("multiInstanceGpu",) * 2, ["nvidia_h100xm-7-80c"] * 2, "pass"),
    ],
)  # fmt: skip
def test_a_gpu_in_the_other_mig_mode_is_no_room(model, modes, wanted, status):
    """Where the driver was not asked, each empty GPU was room once: GO, and capacity said one."""
    unasked = {"profiles_creatable": unknown(Why.NOT_ASKED, "--ssh")}
    gpus = [
        a_gpu(at, model=model, **unasked, vgpu_mode=mode)
        for at, mode in enumerate(modes)
    ]  # fmt: skip
    vm = a_vm(**{**OFF, "id": "vm-new", "vgpus": asks(*wanted)})
    says(result("VGPU-002", a_host(gpus=gpus, vms=[vm], version="8.0.3"), "vm-new"), status)


def test_places_that_cannot_be_counted_are_not_known():
    says(places(2, strange=("vm-strange",)), "unknown")
    says(places(3, strange=("vm-strange",)), "fail", "2 at most")
    says(places(1, strange=("vm-strange",)), "pass")


def test_places_of_a_gpu_whose_room_is_not_known():
    gpus = [
        a_gpu(0, profiles_creatable=("grid_a100d-40c",)), a_gpu(1, profiles_creatable=unknown()),
    ]  # fmt: skip
    for number, status in ((2, "pass"), (3, "unknown"), (4, "unknown"), (5, "fail")):
        vm = a_vm(**{**OFF, "vgpus": asks(*["grid_a100d-40c"] * number)})
        says(result("VGPU-002", a_host(gpus=gpus, vms=[vm])), status)


@pytest.mark.parametrize(("told", "status"), [(True, "fail"), (False, "unknown")])
def test_the_driver_tells_on_which_gpu_the_vgpus_of_a_vm_sit(told, status):
    profiles = ("grid_a100d-40c", "grid_a100d-20c")
    gpus = [a_gpu(at, profiles_creatable=profiles) for at in range(2)]
    run = a_vm(1, gpus[0], id="vm-run", name="run", vgpus=asks(*profiles),
               gpu_addresses=tuple(gpu.address for gpu in gpus))  # fmt: skip
    new = a_vm(9, **{**OFF, "id": "vm-new", "vgpus": asks(*[profiles[0]] * 4)})
    there = [
        VgpuInstance(gpu.address, "run", profile, known("550.54.14"), known("Licensed"))
        for gpu, profile in zip(gpus, profiles, strict=True)
    ]
    host = a_host(
        gpus=gpus, vms=[run, new], version="8.0.3",
        vgpu_instances=tuple(there) if told else unknown(),
    )  # fmt: skip
    says(result("VGPU-002", host, "vm-new"), status)


# --- VGPU-004 -------------------------------------------------------------------------------------


def test_one_vgpu_is_not_combined():
    says(judged("VGPU-004", "grid_a100d-40c"), "notapplicable", "1 vGPU")


@pytest.mark.parametrize(
    ("version", "status"), [("7.0.3", "fail"), ("8.0.0", "pass"), ("9.0.0", "pass")]
)
def test_fractional_types_are_combined_since_vsphere_8(version, status):
    one = judged("VGPU-004", "grid_a100d-40c", "grid_a100d-40c", version=version)
    says(one, status, "2 vGPUs")


@pytest.mark.parametrize("version", ["7.0.3", unknown()])
def test_full_framebuffer_types_are_combined_on_any_release(version):
    says(judged("VGPU-004", "grid_a100d-80c", "grid_a100d-80c", version=version), "pass")


def test_fractional_types_on_a_release_that_is_not_known():
    says(judged("VGPU-004", "grid_a100d-40c", "grid_a100d-40c", version=unknown()), "unknown")


@pytest.mark.parametrize("series", ["a", "b"])
def test_a_and_b_types_are_never_combined(series):
    name = f"nvidia_a40-2{series}"
    one = judged("VGPU-004", name, name, model="a40")
    says(one, "fail", "A and B types cannot be combined")


def test_types_of_two_series_are_not_combined():
    one = judged("VGPU-004", "nvidia_a40-8q", "nvidia_a40-8c", model="a40")
    says(one, "fail", "must be of one series")
    says(judged("VGPU-004", "nvidia_a40-8q", "nvidia_a40-16q", model="a40"), "pass")
    media = ("grid_a100d-1-10cme", "grid_a100d-1-10c")
    says(judged("VGPU-004", *media), "pass", "A100D-1-10CME")


@pytest.mark.parametrize(
    ("profile", "status"), [("grid_p40-24q", "pass"), ("grid_p40-12q", "fail")]
)
def test_pascal_combines_the_full_framebuffer_only(profile, status):
    says(judged("VGPU-004", profile, profile, model="p40"), status)


def test_a_type_that_the_catalogue_does_not_list():
    one = judged("VGPU-004", "grid_a100d-41c", "grid_a100d-41c")
    says(one, "unknown")
    assert "grid_a100d-41c is not among the profiles" in one.unseen.detail


# --- Names without the board ----------------------------------------------------------------------

RTX_PRO = "nvidia_rtx_pro_6000_blackwell_dc-96q"


def test_the_catalogue_may_leave_the_board_out_of_a_name():
    one = judged("VGPU-004", RTX_PRO, RTX_PRO, model="rtx-pro-6000-bse")
    says(one, "pass", "2 vGPUs: DC-96Q")


def test_two_whole_vgpus_of_such_a_name_need_two_gpus():
    one = judged(
        "VGPU-002", RTX_PRO, RTX_PRO, model="rtx-pro-6000-bse",
        gpu={"profiles_creatable": (RTX_PRO,), "vm_ids": ()},
    )  # fmt: skip
    says(one, "fail")
    assert one.expected == "2 GPUs with room"


# --- MIG-002 --------------------------------------------------------------------------------------

SILENT = unknown(Why.ABSENT, "the server did not set it")


@pytest.mark.parametrize(
    ("profile", "mode", "status"),
    [
        ("grid_a100d-40c", "sameSize", "pass"),
        ("grid_a100d-40c", "multiInstanceGpu", "fail"),
        ("grid_a100d-3-40c", "multiInstanceGpu", "pass"),
        ("grid_a100d-3-40c", "mixedSize", "fail"),
        ("grid_a100d-3-40c", unknown(), "unknown"),
    ],
)
def test_vsphere_tells_the_mode_since_8_0_3(profile, mode, status):
    gpu = {"vgpu_mode": mode, "mig_current": unknown(Why.NOT_ASKED)}
    says(judged("MIG-002", profile, gpu=gpu), status)


@pytest.mark.parametrize(
    ("profile", "mode", "status"),
    [
        ("grid_a100d-40c", Mode.DISABLED, "pass"),
        ("grid_a100d-40c", Mode.ENABLED, "fail"),
        ("grid_a100d-3-40c", Mode.ENABLED, "pass"),
        ("grid_a100d-3-40c", Mode.DISABLED, "fail"),
        ("grid_a100d-40c", unknown(), "unknown"),
    ],
)
def test_before_that_nvidia_smi_tells_it(profile, mode, status):
    gpu = {"vgpu_mode": SILENT, "mig_current": mode}
    says(judged("MIG-002", profile, gpu=gpu, version="8.0.2"), status)
    lost = judged("MIG-002", profile, gpu=gpu, version="8.0.3")
    says(lost, "unknown")  # which tells it, and did not: it may say otherwise


@pytest.mark.parametrize("profile", ["grid_a100d-40c", "grid_a100d-3-40c"])
@pytest.mark.parametrize(("said", "mig"), [("sameSize", True), ("multiInstanceGpu", False)])
def test_where_vsphere_and_nvidia_smi_name_two_modes_none_is_taken(profile, said, mig):
    """Whichever is right: in capacity it was not known, and MIG-002 believed vSphere."""
    gpu = {"vgpu_mode": said, "mig_current": Mode.ENABLED if mig else Mode.DISABLED}
    one = judged("MIG-002", profile, gpu=gpu)
    says(one, "unknown")
    assert one.unseen.detail.startswith(f"vSphere says {said}, nvidia-smi says MIG ")
    unasked = {"profiles_creatable": unknown(Why.NOT_ASKED, "--ssh")}
    says(judged("VGPU-002", profile, gpu={**gpu, **unasked}), "unknown")


@pytest.mark.parametrize(
    ("why", "status"),
    [
        (Why.NOT_ASKED, "pass"), (Why.UNREACHABLE, "pass"), (Why.DENIED, "pass"),
        (Why.TIMEOUT, "unknown"), (Why.UNPARSED, "unknown"), (Why.ABSENT, "unknown"),
    ],
)  # fmt: skip
def test_an_answer_that_was_lost_might_have_contradicted(why, status):
    """Losing it must not make a pass of what is not known; a shell that is closed says nothing."""
    says(judged("MIG-002", "grid_a100d-40c", gpu={"mig_current": unknown(why)}), status)


def test_a_word_for_no_mode_is_not_known_of_a_board_that_has_mig():
    gpu = {"vgpu_mode": known("none"), "mig_current": unknown(Why.NOT_ASKED)}
    says(judged("MIG-002", "grid_a100d-40c", gpu=gpu), "unknown")
    says(judged("MIG-002", "nvidia_a40-8q", model="a40", gpu=gpu), "pass", "MIG off")


def test_a_mode_that_its_board_has_not_is_not_known():
    one = judged("MIG-002", "nvidia_a40-8q", model="a40", gpu={"vgpu_mode": "multiInstanceGpu"})
    says(one, "unknown")
    assert "multiInstanceGpu of NVIDIA A40" in one.unseen.detail


@pytest.mark.parametrize(
    ("model", "version", "vm_ids", "status"),
    [
        ("h100-sxm-80", "8.0.3", (), "unknown"), ("h100-sxm-80", "9.0.0", (), "unknown"),
        ("h100-sxm-80", "8.0.2", (), "fail"), ("h100-sxm-80", "8.0.3", ("vm-7",), "fail"),
        ("a100-pcie-80", "9.0.0", (), "fail"), ("h100-sxm-80", "8.0.3", unknown(), "unknown"),
        ("h100-sxm-80", unknown(), (), "unknown"), ("a100-pcie-80", unknown(), (), "fail"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["40c", "3-40c"])
def test_an_empty_hopper_may_change_its_mode(model, version, vm_ids, status, form):
    """It is no NO-GO and no pass: nobody at NVIDIA or VMware wrote that it does."""
    name = {"h100-sxm-80": "nvidia_h100xm-", "a100-pcie-80": "grid_a100d-"}[model] + form
    mode = "sameSize" if form.startswith("3") else "multiInstanceGpu"
    vm = a_vm(**OFF, vgpus=asks(name))
    host = a_host(gpus=[a_gpu(model=model)], vms=[vm], version=version)
    says(result("MIG-002", with_gpu(host, vgpu_mode=mode, vm_ids=vm_ids)), status)


def test_a_board_without_mig_needs_no_mode():
    gpu = {"vgpu_mode": unknown(), "mig_current": unknown()}
    says(judged("MIG-002", "nvidia_a40-8q", model="a40", gpu=gpu), "pass", "MIG off")


def test_types_of_both_forms_in_one_vm():
    one = judged("MIG-002", "grid_a100d-40c", "grid_a100d-3-40c")
    says(one, "fail", "MIG-backed and time-sliced")


def test_a_vm_that_runs_has_found_its_gpu():
    gpu = a_gpu(vgpu_mode="multiInstanceGpu")
    one = result("MIG-002", a_host(gpus=[gpu], vms=[a_vm(on=gpu)]))
    says(one, "notapplicable", "runs already")


def test_one_gpu_of_two_in_the_right_mode_is_named():
    gpus = [a_gpu(0, vgpu_mode="multiInstanceGpu"), a_gpu(1, 1, vgpu_mode="sameSize")]
    one = result("MIG-002", a_host(gpus=gpus, vms=[a_vm(**OFF, vgpus=asks("grid_a100d-40c"))]))
    says(one, "pass")
    assert one.observed.startswith(gpus[1].address)


def test_the_mode_is_changed_on_a_gpu_that_no_vm_uses():
    gpus = [a_gpu(index, index, vgpu_mode="multiInstanceGpu") for index in (0, 1)]
    running = a_vm(1, gpus[0], vgpus=asks("grid_a100d-3-40c"))
    wants = a_vm(0, **OFF, vgpus=asks("grid_a100d-40c"))
    one = result("MIG-002", a_host(gpus=gpus, vms=[wants, running]), wants.id)
    says(one, "fail")
    assert one.fix[1].text == f"nvidia-smi -i {gpus[1].address} -mig 0"


# --- DRV-004 --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "packages", "status"),
    [
        ("grid_a100d-40c", (AIE, DAEMON), "pass"),
        ("grid_a100d-40c", (GRAPHICS, DAEMON), "fail"),
        ("nvidia_a40-8q", (GRAPHICS,), "pass"),
        ("nvidia_a40-8q", (AIE,), "fail"),
        ("nvidia_a40-1b", (AIE, DAEMON), "fail"),
        ("nvidia_a40-8q", (DAEMON,), "notapplicable"),
        ("nvidia_a40-8q", (), "notapplicable"),
        ("nvidia_a40-8q", unknown(), "unknown"),
        ("grid_a100d-1-10cme", (AIE, DAEMON), "pass"),
        ("grid_a100d-1-10cme", (GRAPHICS,), "fail"),
        ("nvidia_rtx_pro_6000_blackwell_dc-2-24qgfx", (GRAPHICS,), "pass"),
        ("nvidia_rtx_pro_6000_blackwell_dc-2-24cgfx", (AIE,), "pass"),
        ("nvidia_rtx_pro_6000_blackwell_dc-2-24cgfx", (GRAPHICS,), "fail"),
        ("grid_v100d-2b4", (GRAPHICS,), "pass"),
        ("grid_v100d-2b4", (AIE,), "fail"),
        ("nvidia_new-board", (AIE,), "unknown"),
    ],
)
def test_the_package_makes_the_series(profile, packages, status):
    model = "a40" if "a40" in profile else "a100-pcie-80"
    host = {"driver_packages": packages, "profiles_offered": ()}
    says(judged("DRV-004", profile, model=model, **host), status)


@pytest.mark.parametrize(
    ("version", "status"), [("460.73", "pass"), ("510.47.03", "unknown"), ("535.129.03", "fail")]
)
def test_c_types_left_the_graphics_package_between_470_and_535(version, status):
    package = (Software("NVIDIA-VMware_ESXi_7.0.2_Driver", f"{version}-1OEM.702", "NVIDIA"),)
    host = {"driver_packages": package, "profiles_offered": ()}
    says(judged("DRV-004", "grid_a100d-40c", **host), status)


@pytest.mark.parametrize(
    ("profile", "package"), [("grid_a100d-40c", GRAPHICS), ("nvidia_a40-8q", AIE)]
)
def test_what_vsphere_offers_is_made_whatever_the_package_is_called(profile, package):
    model = "a40" if "a40" in profile else "a100-pcie-80"
    host = {"model": model, "driver_packages": (package,)}
    one = judged("DRV-004", profile, profiles_offered=(profile,), **host)
    says(one, "pass", f"vSphere offers {profile}")
    says(judged("DRV-004", profile, profiles_offered=unknown(), **host), "unknown")


# --- VM-003 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "status"), [(14, "fail"), (16, "fail"), (17, "pass"), (22, "pass"),
                            (unknown(), "unknown")],
)  # fmt: skip
def test_hardware_version(version, status):
    says(judged("VM-003", "grid_a100d-40c", vm={"hardware_version": version}), status)


@pytest.mark.parametrize(("release", "status"), [("6.7.0", "notapplicable"), ("7.0.0", "fail")])
def test_no_hardware_is_asked_that_the_host_cannot_run(release, status):
    vm = {"hardware_version": 14}
    one = judged("VM-003", "grid_a100d-40c", vm=vm, version=release, api_version="6.7.3")
    says(one, status, "vmx-14")
    lost = judged("VM-003", "grid_a100d-40c", vm=vm, version=unknown())
    says(lost, "unknown")


@pytest.mark.parametrize("check", ["VM-003", "VGPU-003", "VGPU-004", "MIG-002"])
def test_a_vm_whose_devices_are_not_known(check):
    says(judged(check, "grid_a100d-40c", vm={"devices": unknown()}), "unknown")


def test_known_words_are_words():
    """The builder makes Known facts of plain values; this file leans on it."""
    assert a_vm(firmware="efi").firmware == known("efi")


# --- VM-005 ---------------------------------------------------------------------------------------


UVM = {"options": {"pciPassthru0.cfg.enable_uvm": "1"}}


@pytest.mark.parametrize(
    ("profile", "settings", "status"),
    [
        ("grid_a100d-40c", UVM, "fail"),
        ("grid_a100d-80c", UVM, "pass"),
        ("grid_a100d-3-40c", UVM, "pass"),
        ("grid_a100d-40c", {"options": {"pciPassthru0.cfg.enable_uvm": "0"}}, "pass"),
        ("grid_a100d-40c", {"options": {"pciPassthru1.cfg.enable_profiling": "1"}}, "fail"),
        ("grid_a100d-40c", {"options": {}}, "pass"),
        ("grid_a100d-40c", {"options": unknown()}, "unknown"),
    ],
)
def test_unified_memory(profile, settings, status):
    says(judged("VM-005", profile, vm=settings), status)


def test_the_setting_that_is_on_is_the_one_to_remove():
    on = {"options": {"pciPassthru3.cfg.enable_profiling": "1"}}
    one = judged("VM-005", "grid_a100d-40c", vm=on)
    assert one.fix[0].text.endswith("-e pciPassthru3.cfg.enable_profiling=0")


def test_unified_memory_that_is_allowed_still_stops_vmotion():
    assert "vMotion" in judged("VM-005", "grid_a100d-80c", vm=UVM).note


# --- VGPU-005 -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("licence", "status"),
    [
        ("Licensed (Expiry: 2026-12-01 5:2:12 GMT)", "pass"),
        ("Licensed", "pass"),
        ("Unlicensed (Restricted)", "fail"),
        ("Unlicensed (Unrestricted)", "fail"),
        (unknown(), "unknown"),
    ],
)
def test_licence(licence, status):
    gpu = a_gpu()
    fact = licence if not isinstance(licence, str) else known(licence)
    running = VgpuInstance(gpu.address, "train-0", "GRID A100D-40C", known("550.90.07"), fact)
    host = a_host(gpus=[gpu], vms=[a_vm(on=gpu)], vgpu_instances=(running,))
    says(result("VGPU-005", host), status)


def test_no_vgpu_runs():
    says(result("VGPU-005", a_host(gpus=[a_gpu()])), "notapplicable")


def test_running_vgpus_that_were_not_read():
    says(result("VGPU-005", a_host(gpus=[a_gpu()], vgpu_instances=unknown())), "unknown")


# --- unverified rows of the catalogue -------------------------------------------------------------


def test_a_row_that_is_not_verified_is_no_ground_for_a_required_fail():
    pair = ("nvidia_p40-8c", "nvidia_p40-12c")
    one = judged("VGPU-004", *pair, model="p40", gpu={"profile_limits": unknown()})
    says(one, "unknown", "combines full-framebuffer types only", "P40-12C, P40-8C is not verified")
    says(judged("VGPU-004", "grid_p40-8q", "grid_p40-12q", model="p40"), "fail")
    says(judged("VGPU-004", *pair, model="p40"), "fail")  # its driver confirms it


def test_every_row_that_is_not_verified_is_a_known_one():
    rows = {
        profile.name
        for model in NEEDS.models.values()
        for profile in model.profiles
        if not profile.verified
    }
    assert {"P40-8C", "DC-2-32C"} <= rows
    assert {key for key, model in NEEDS.models.items() if not model.verified} == {
        "rtx-pro-4500-bse", "rtx-6000d", "gb300",
    }  # fmt: skip
