"""GPU: whether the driver still serves with a GPU, or has lost it or given it up.

A VM starts on a GPU only if all of these checks let it: `fit` asks them at once.
"""

import re
from functools import cache

from hostcheck.checks.engine import (
    Check,
    Facts,
    all_checks,
    check,
    deciding,
    judge,
    look,
    not_applicable,
    run,
    unsure,
)
from hostcheck.checks.subjects import PASSED_THROUGH, GpuOnHost, every_gpu, given_away
from hostcheck.model.fact import Fact, Known, T, Unknown, Why
from hostcheck.model.host import Mode, PhysicalGpu
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import Phase, Severity, Status, Verdict
from hostcheck.words import gib

TROUBLESHOOTING = (
    "https://docs.nvidia.com/datacenter/cloud-native/gpu-operator/latest/troubleshooting.html"
)
RECOVERY = (
    "https://docs.nvidia.com/deploy/a100-gpu-mem-error-mgmt/error-recovery-and-response-flags.html"
)
DCGM_ERRORS = "https://github.com/NVIDIA/DCGM/blob/master/dcgmlib/dcgm_errors.h"
SDK = (
    "https://docs.nvidia.com/vgpu/latest/grid-management-sdk-user-guide/"
    "manage-vgpus-hypervisor-nvml.html"
)
"""A GPU that can host vGPUs reports the mode that nvidia-smi calls Host VGPU."""

RESET = (
    run("esxcli", "esxcli system maintenanceMode set --enable true"),
    run("esxcli (then)", "esxcli system shutdown reboot --reason 'GPU reset'"),
)
"""A reboot resets every GPU of the host."""
UNASKED = "nvidia-smi was not asked, which alone tells"
NO_ACTION = "None"
NOTHING = "N/A"
ACTIONS = ("Reset", "Reboot", "Drain P2P", "Drain and Reset")
"""What a driver may ask for, as the documents of branch 590 list it."""
STOPS_ALL = ("Reboot",)
"""Actions for a fault that may have left the whole host in an inconsistent state."""
LOST = "GPU is lost"
NO_ECC: tuple[Mode | None, ...] = (Mode.DISABLED, Mode.NOT_SUPPORTED)
OF_VGPUS = "Host VGPU"
OTHER_MODES = ("None", "Host VSGA", "Pass-Through", "VGPU")


_FAILED = re.compile(r"\berror\b|err!", re.IGNORECASE)


def told(fact: Fact[T], known: Facts) -> T | None:
    """Return the value, None where this driver does not tell it or nobody asked.

    Leaves the check where the answer was lost, or where the driver failed to get it.
    """
    if isinstance(fact, Unknown) and fact.why in (Why.ABSENT, Why.NOT_ASKED):
        failed = fact.why is Why.ABSENT and _FAILED.search(fact.detail)
        return known(fact) if failed else None
    return known(fact)


def _word(fact: Fact[str], ours: tuple[str, ...], known: Facts) -> str | None:
    """Return a word of the driver's as it is written here, whatever its case; others as told."""
    said = told(fact, known)
    return next((one for one in ours if said and one.casefold() == said.casefold()), said)


def _action(gpu: PhysicalGpu, known: Facts) -> str | None:
    return _word(gpu.recovery_action, (NO_ACTION, NOTHING, *ACTIONS), known)


def _unasked(gpu: PhysicalGpu) -> bool:
    return isinstance(gpu.smi_seen, Unknown) and gpu.smi_seen.why is Why.NOT_ASKED


def _not_the_drivers(gpu: PhysicalGpu, known: Facts) -> str:
    """Say why the driver has nothing to tell of a GPU, empty when it has."""
    if _unasked(gpu):
        return UNASKED
    if given_away(gpu, known):
        return PASSED_THROUGH
    return "" if known(gpu.smi_seen) else "nvidia-smi does not list it: see GPU-001"


@check(
    "GPU-001",
    title="nvidia-smi lists the GPU, and every other GPU of its host",
    severity=Severity.REQUIRED,
    source=TROUBLESHOOTING,
    each=every_gpu,
    phase=Phase.GPU,
    why=(
        "A GPU that fell off the bus stays in the PCI inventory, vSphere may go on showing its "
        "framebuffer, and nvidia-smi may end with status 0 without it. The other GPUs of the host "
        "are then in doubt: as users report, the driver asks for a reboot because of them too."
    ),
    symptom="Unable to determine the device handle for GPU: Unknown Error",
    fix="Look for Xid 79 in the host's log; check power, cooling and seating of the GPU; reboot.",
    how=(
        look("shell", "grep -E 'NVRM: (Xid|GPU)' /var/run/log/vmkernel.log"),
        run("esxcli", "esxcli system shutdown reboot --reason 'GPU lost'"),
    ),
    explains=("DRV-001",),
    needs=("maintenance mode", "host reboot"),
)
def seen_by_its_driver(one: GpuOnHost, _needs: Requirements, known: Facts) -> Verdict:
    gpu = one.gpu
    if _unasked(gpu):
        return not_applicable(UNASKED)
    if given_away(gpu, known):
        return not_applicable(PASSED_THROUGH)
    expected = "every GPU of the host that is not in passthrough in nvidia-smi's list"
    if not known(gpu.smi_seen):
        note = "nvidia-smi lists others" if known.certainly(one.host.smi_answers, True) else ""
        memory = gpu.graphics_memory_bytes
        if isinstance(memory, Known) and memory.value:
            note = f"vSphere still shows {gib(known(memory))} of framebuffer"
        observed = f"nvidia-smi does not list {gpu.address}"
        return judge(ok=False, observed=observed, expected=expected, note=note)
    others = [other for other in known(one.host.gpus) if other.address != gpu.address]
    wrong = [f"{other.address} {said}" for other in others if (said := _stops_all(other, known))]
    if wrong:
        note = "the driver's work on its neighbours may fail too until a reboot"
        return unsure(f"listed, but {', '.join(wrong)}", expected, note)
    return judge(ok=True, observed="listed, as all others", expected=expected)


def _stops_all(gpu: PhysicalGpu, known: Facts) -> str:
    """Say what is with a GPU that puts its neighbours in doubt, empty when nothing is."""
    if not known.certainly(gpu.smi_seen, True) and given_away(gpu, known):
        return ""
    if not known(gpu.smi_seen):
        return "is lost"
    if told(gpu.given_up, known) == LOST:
        return "is lost"
    action = _action(gpu, known)
    return f"asks for the recovery action {action}" if action in STOPS_ALL else ""


@check(
    "GPU-006",
    title="The driver has not given the GPU up",
    severity=Severity.REQUIRED,
    source=RECOVERY,
    each=every_gpu,
    phase=Phase.GPU,
    why=(
        "After some faults a GPU does no new work until it is reset or its host is rebooted. Its "
        "driver says so by a recovery action (from branch 570 on), by a reset that is required "
        '(before), or by "GPU requires reset" and "GPU is lost" in place of any value; vSphere '
        "shows nothing of it."
    ),
    symptom="GPU requires reset",
    fix=(
        "Move or power off the VMs of the host and reboot it, which resets its GPUs. Where it "
        "comes back, look for Xid errors in the host's log and have the GPU replaced."
    ),
    how=RESET,
    needs=("maintenance mode", "host reboot"),
)
def not_given_up(one: GpuOnHost, _needs: Requirements, known: Facts) -> Verdict:
    gpu = one.gpu
    if away := _not_the_drivers(gpu, known):
        return not_applicable(away)
    expected = "no recovery action, no reset required"
    if words := told(gpu.given_up, known):
        return judge(ok=False, observed=f"nvidia-smi says '{words}'", expected=expected)
    if told(gpu.reset_required, known):
        return judge(ok=False, observed="a reset is required", expected=expected)
    action = _action(gpu, known)
    if action in ACTIONS:
        return judge(ok=False, observed=f"recovery action {action}", expected=expected)
    if action not in (None, NO_ACTION, NOTHING):
        return unsure(f"recovery action {action}", expected, "this word is not known here")
    observed = "no recovery action" if action == NO_ACTION else "nvidia-smi asks for nothing"
    return judge(ok=True, observed=observed, expected=expected)


@check(
    "GPU-007",
    title="The GPU had no memory error that ECC could not correct since its driver was loaded",
    severity=Severity.REQUIRED,
    source=DCGM_ERRORS,
    each=every_gpu,
    phase=Phase.GPU,
    why=(
        "Such an error kills the work that it hits, and on many boards the GPU is to be reset "
        "before it does new work: NVIDIA's diagnostics say to drain and reset it. Where the "
        "driver itself says that no action is needed (from branch 570 on), it is believed."
    ),
    symptom="NVRM: Xid 48, Double Bit ECC Error",
    fix=(
        "Move or power off the VMs of the host and reboot it, which resets its GPUs. Where errors "
        "come back, have the GPU replaced."
    ),
    how=RESET,
    needs=("maintenance mode", "host reboot"),
)
def no_uncorrected_errors(one: GpuOnHost, _needs: Requirements, known: Facts) -> Verdict:
    gpu = one.gpu
    if away := _not_the_drivers(gpu, known):
        return not_applicable(away)
    if told(gpu.ecc_current, known) in NO_ECC:
        return not_applicable("ECC is off, and counts nothing")
    count = told(gpu.ecc_uncorrected, known)
    if count is None:
        return not_applicable("nvidia-smi counts no uncorrected errors here")
    ever = gpu.ecc_uncorrected_ever
    before = f"{ever.value} over the board's life" if isinstance(ever, Known) else ""
    expected = "none since the driver was loaded"
    observed = f"{count} uncorrected since the driver was loaded"
    if not count:
        return judge(ok=True, observed=observed, expected=expected, note=before)
    fine = _action(gpu, known) == NO_ACTION
    note = "the driver says that no recovery action is needed" if fine else before
    return judge(ok=fine, observed=observed, expected=expected, note=note)


@check(
    "GPU-008",
    title="The driver runs the GPU in vGPU mode",
    severity=Severity.REQUIRED,
    source=SDK,
    each=every_gpu,
    of_vgpus=True,
    phase=Phase.GPU,
    why=(
        "A driver that runs and has the GPU in no mode for vGPUs, or in the one for shared "
        "graphics (vSGA), makes no vGPU of it. nvidia-smi tells the mode; its vgpu commands then "
        "say that there is no supported device in vGPU mode."
    ),
    symptom="No supported devices in vGPU mode",
    fix=(
        "Make the graphics type Shared Direct and reboot the host. Where it is Shared Direct, see "
        "that the GPU's board can do vGPU, that its display mode is off and that SR-IOV is on; "
        "then set the mode."
    ),
    how=(run("nvidia-smi", "nvidia-smi -i {gpu} -vm 3"),),
    needs=("maintenance mode", "host reboot"),
)
def in_vgpu_mode(one: GpuOnHost, _needs: Requirements, known: Facts) -> Verdict:
    gpu = one.gpu
    if away := _not_the_drivers(gpu, known):
        return not_applicable(away)
    mode = _word(gpu.virtualization_mode, (OF_VGPUS, *OTHER_MODES), known)
    listed = told(gpu.vgpu_listed, known)
    expected = f"mode {OF_VGPUS}, listed by nvidia-smi vgpu"
    if mode in OTHER_MODES or listed is False:
        shown = [f"mode {mode}"] if mode else []
        shown += [] if listed is not False else ["nvidia-smi vgpu does not list it"]
        return judge(ok=False, observed=", ".join(shown), expected=expected)
    if mode is None and listed is None:
        return not_applicable("this nvidia-smi tells no mode")
    if mode not in (None, OF_VGPUS):
        return unsure(f"mode {mode}", expected, "this word is not known here")
    return judge(ok=True, observed=f"mode {mode or 'not told'}, listed", expected=expected)


@cache
def _conditions() -> tuple[Check[GpuOnHost], ...]:
    """Return the checks of a GPU that decide a power-on: the same that a preflight asks."""
    return tuple(one for one in all_checks() if one.each is every_gpu and one.id in deciding())


def unfit(one: GpuOnHost, needs: Requirements) -> str:
    """Return what keeps a VM from starting on a GPU, with the check that says so; else empty."""
    for condition in _conditions():
        verdict, _ = condition.ask(one, needs)
        if not isinstance(verdict, Unknown) and verdict.status is Status.FAIL:
            return f"{verdict.observed} [{condition.id}]"
    return ""


def fit(one: GpuOnHost, needs: Requirements) -> Fact[bool]:
    """Say whether a VM may start on a GPU: as its driver, vSphere and its board's needs tell."""
    missing: Unknown | None = None
    sources: set[int] = set()
    for condition in _conditions():
        verdict, known = condition.ask(one, needs)
        if isinstance(verdict, Unknown):
            missing = missing or (None if verdict.why in condition.manual.forgives else verdict)
        elif verdict.status is Status.UNKNOWN:
            told_so = f"{verdict.observed} [{condition.id}]"
            missing = missing or Unknown(Why.ABSENT, told_so, "nvidia-smi")
        elif verdict.status is Status.FAIL:
            return Known(False, tuple(sorted(known.sources)))
        sources |= known.sources
    return missing or Known(True, tuple(sorted(sources)))
