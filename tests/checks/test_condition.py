"""GPU-001, GPU-006 to GPU-008: a GPU that its driver lost or gave up, and what that leaves."""

import pytest

from hostcheck.checks.condition import ACTIONS, UNASKED, fit
from hostcheck.checks.subjects import GpuOnHost
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.host import Mode, Passthrough
from tests.checks.synthetic import (
    NEEDS,
    a_gpu,
    a_host,
    a_vm,
    asks,
    result,
    says,
    synthetic,
    unknown,
    with_gpu,
)

BOUND = Passthrough(capable=True, enabled=True, active=True)
TWO = synthetic("2 package, 2 node, 1 gpu/node")
FIRST, SECOND = (gpu.address for gpu in TWO.gpus.value)
UNTOLD = unknown(Why.ABSENT, "this driver does not tell it")
NOT_ASKED = unknown(Why.NOT_ASKED, "the ESXi shell was not asked (--ssh)")


def first(check, **changes):
    return result(check, with_gpu(TWO, 0, **changes), FIRST)


def second(check, **changes):
    """Judge the second GPU after the first one was changed."""
    return result(check, with_gpu(TWO, 0, **changes), SECOND)


# --- GPU-001: listed, and the neighbours ----------------------------------------------------------


def test_all_gpus_are_seen():
    says(first("GPU-001"), "pass", "listed, as all others")


def test_a_lost_gpu_fails_though_vsphere_shows_its_framebuffer():
    says(first("GPU-001", smi_seen=False), "fail", FIRST, "vSphere still shows 80 GiB")
    says(first("GPU-001", smi_seen=False, graphics_memory_bytes=0), "fail", "lists others")


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"smi_seen": False}, "is lost"), ({"given_up": "GPU is lost"}, "is lost"),
     ({"recovery_action": "Reboot"}, "recovery action Reboot"),
     ({"recovery_action": "reboot"}, "recovery action Reboot")],
)  # fmt: skip
def test_the_neighbour_of_a_lost_gpu_is_in_doubt_with_the_reason(changes, words):
    says(second("GPU-001", **changes), "unknown", FIRST, words, "until a reboot")


@pytest.mark.parametrize(
    "changes",
    [{"recovery_action": "Reset"}, {"reset_required": True}, {"given_up": "GPU requires reset"},
     {"ecc_uncorrected": 3}, {"virtualization_mode": "None"},
     {"smi_seen": False, "passthrough": BOUND}],
)  # fmt: skip
def test_what_a_reset_of_one_gpu_mends_is_no_doubt_about_another(changes):
    says(second("GPU-001", **changes), "pass")


@pytest.mark.parametrize("field", ["smi_seen", "given_up", "recovery_action"])
def test_not_knowing_a_neighbour_is_not_knowing(field):
    says(second("GPU-001", **{field: unknown()}), "unknown")


# --- GPU-006: given up ----------------------------------------------------------------------------


@pytest.mark.parametrize("action", ACTIONS)
def test_every_recovery_action_is_a_fail(action):
    one = first("GPU-006", recovery_action=action)
    says(one, "fail", f"recovery action {action}")
    assert any("reboot" in command.text for command in one.fix)
    says(first("GPU-006", recovery_action=action.upper()), "fail", f"recovery action {action}")


@pytest.mark.parametrize("words", ["GPU is lost", "GPU requires reset"])
def test_words_instead_of_values_are_a_fail(words):
    says(first("GPU-006", given_up=words), "fail", words)


def test_a_required_reset_is_a_fail_with_older_drivers():
    says(first("GPU-006", reset_required=True, recovery_action=UNTOLD), "fail", "reset is required")
    says(first("GPU-006", reset_required=False, recovery_action=UNTOLD), "pass", "asks for nothing")


@pytest.mark.parametrize("action", ["Recover IMEX Domain", "Bus Reset", "what is this"])
def test_a_word_of_later_drivers_is_no_pass(action):
    says(first("GPU-006", recovery_action=action), "unknown", action, "not known here")


@pytest.mark.parametrize("action", ["None", "none", "N/A", "n/a", UNTOLD])
def test_no_action_is_a_pass(action):
    says(first("GPU-006", recovery_action=action), "pass")


# --- GPU-007: uncorrected errors ------------------------------------------------------------------


def errors(count, **changes):
    return first("GPU-007", ecc_current=Mode.ENABLED, ecc_uncorrected=count, **changes)


def test_uncorrected_errors():
    says(errors(0), "pass")
    says(errors(5, recovery_action=UNTOLD), "fail", "5 uncorrected")
    says(errors(5, recovery_action="Reset"), "fail", "5 uncorrected")
    says(errors(0, ecc_uncorrected_ever=8), "pass", "8 over the board's life")


def test_a_driver_that_says_that_nothing_is_needed_is_believed():
    says(errors(5, recovery_action="None"), "pass", "no recovery action is needed")
    says(errors(5, recovery_action=unknown()), "unknown")


def test_errors_that_are_not_counted():
    says(errors(UNTOLD), "notapplicable")
    says(errors(unknown()), "unknown")
    says(first("GPU-007", ecc_current=Mode.DISABLED, ecc_uncorrected=UNTOLD), "notapplicable")


# --- GPU-008: the mode ----------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["None", "Host VSGA", "Pass-Through", "VGPU"])
def test_every_other_mode_is_a_fail(mode):
    says(first("GPU-008", virtualization_mode=mode), "fail", mode, "Host VGPU")
    says(first("GPU-008", virtualization_mode=mode.lower()), "fail", mode)
    says(first("GPU-008", virtualization_mode="Host vGPU"), "pass")


def test_a_gpu_that_the_vgpu_commands_do_not_list_is_a_fail():
    says(first("GPU-008", vgpu_listed=False), "fail", "does not list it")
    says(first("GPU-008", vgpu_listed=False, virtualization_mode=UNTOLD), "fail", "does not list")


def test_either_source_is_enough_and_a_lost_one_is_not():
    says(first("GPU-008", virtualization_mode=UNTOLD), "pass")
    says(first("GPU-008", vgpu_listed=UNTOLD), "pass")
    says(first("GPU-008", vgpu_listed=UNTOLD, virtualization_mode=UNTOLD), "notapplicable")
    says(first("GPU-008", vgpu_listed=unknown()), "unknown")
    says(first("GPU-008", virtualization_mode="Host Magic"), "unknown", "Host Magic")


# --- all of them ----------------------------------------------------------------------------------

FACTS = {
    "GPU-006": ("given_up", "recovery_action", "reset_required"),
    "GPU-007": ("ecc_current", "ecc_uncorrected"),
    "GPU-008": ("virtualization_mode", "vgpu_listed"),
}


@pytest.mark.parametrize(("check", "field"), [(c, f) for c, fs in FACTS.items() for f in fs])
def test_an_answer_that_was_lost_is_unknown(check, field):
    says(first(check, **{"ecc_current": Mode.ENABLED, field: unknown()}), "unknown")


@pytest.mark.parametrize(("check", "field"), [(c, f) for c, fs in FACTS.items() for f in fs])
@pytest.mark.parametrize("words", ["Unknown Error", "ERR!"])
def test_what_the_driver_failed_to_get_is_unknown_too(check, field, words):
    failed = unknown(Why.ABSENT, f"nvidia-smi says '{words}'")
    says(first(check, **{"ecc_current": Mode.ENABLED, field: failed}), "unknown")


@pytest.mark.parametrize("check", ["GPU-001", *FACTS])
def test_gpus_in_passthrough_and_hosts_that_were_not_asked_are_another_matter(check):
    says(first(check, passthrough=BOUND, smi_seen=False), "notapplicable", "in passthrough")
    says(first(check, smi_seen=NOT_ASKED), "notapplicable", UNASKED)
    says(first(check, smi_seen=unknown()), "unknown")


@pytest.mark.parametrize("check", FACTS)
def test_a_gpu_that_is_not_listed_has_one_cause(check):
    says(first(check, smi_seen=False, recovery_action=UNTOLD), "notapplicable", "see GPU-001")


# --- what may serve -------------------------------------------------------------------------------

BAD = [{"smi_seen": False}, {"given_up": "GPU is lost"}, {"recovery_action": "Reset"},
       {"reset_required": True}, {"virtualization_mode": "None"}, {"vgpu_listed": False},
       {"ecc_current": Mode.ENABLED, "ecc_uncorrected": 1, "recovery_action": UNTOLD}]  # fmt: skip


@pytest.mark.parametrize("changes", BAD)
def test_a_gpu_that_was_given_up_does_not_fit(changes):
    host = with_gpu(TWO, 0, **changes)
    assert fit(GpuOnHost(host.gpus.value[0], host), NEEDS).value is False


def test_a_good_gpu_fits_and_an_unknown_one_is_unknown():
    assert fit(GpuOnHost(TWO.gpus.value[0], TWO), NEEDS).value is True
    host = with_gpu(TWO, 0, recovery_action=unknown())
    assert isinstance(fit(GpuOnHost(host.gpus.value[0], host), NEEDS), Unknown)


def placed(vgpus, *gpus):
    vm = a_vm(0, None, vgpus=asks(vgpus))
    return a_host(gpus=gpus, vms=(vm,))


@pytest.mark.parametrize("changes", [one for one in BAD if "smi_seen" not in one])
def test_room_on_a_gpu_that_was_given_up_is_none(changes):
    """One GPU has room and was given up, the other is good and full: nothing is left."""
    bad, full = a_gpu(0, 0, **changes), a_gpu(1, 1, profiles_creatable=())
    one = result("VGPU-002", placed("grid_a100d-40c", bad, full))
    says(one, "fail", f"no GPU of {bad.address}, {full.address}")
    good = a_gpu(1, 1)
    says(result("VGPU-002", placed("grid_a100d-40c", a_gpu(0, 0, recovery_action="Reset"), good)),
         "pass", f"{good.address} of")  # fmt: skip


def test_room_on_the_neighbour_of_a_lost_gpu_is_in_doubt():
    host = placed("grid_a100d-40c", a_gpu(0, 0, smi_seen=False), a_gpu(1, 1))
    says(result("VGPU-002", host), "unknown")


def test_the_mode_of_a_gpu_that_was_given_up_helps_nobody():
    on = {"vgpu_mode": "multiInstanceGpu", "mig_current": Mode.ENABLED}
    other = a_gpu(1, 1, **on)
    host = placed("grid_a100d-40c", a_gpu(0, 0, recovery_action="Reset"), other)
    says(result("MIG-002", host), "fail", "no GPU of")
    host = placed("grid_a100d-40c", a_gpu(0, 0, recovery_action=unknown()), other)
    says(result("MIG-002", host), "unknown")
    says(result("MIG-002", placed("grid_a100d-40c", a_gpu(0, 0), other)), "pass")
    alone = placed("grid_a100d-40c", a_gpu(0, 0, recovery_action="Reset"))
    says(result("MIG-002", alone), "pass")
    assert isinstance(alone.gpus, Known)
