"""ECC, MIG, GPU: the state of each GPU as its driver tells it."""

from collections.abc import Callable

from hostcheck.checks.condition import told
from hostcheck.checks.engine import Facts, check, judge, not_applicable, run, unsure
from hostcheck.checks.kinds import model_of
from hostcheck.checks.subjects import (
    PASSED_THROUGH,
    GpuOnHost,
    every_gpu,
    given_away,
)
from hostcheck.model.fact import Fact
from hostcheck.model.host import Host, Mode
from hostcheck.model.release import release_of
from hostcheck.model.requirements import Architecture, GpuModel, Requirements
from hostcheck.model.result import Phase, Severity, Verdict

GUIDE = "https://docs.nvidia.com/grid/17.0/grid-vgpu-user-guide/"
TROUBLESHOOTING = (
    "https://docs.nvidia.com/datacenter/cloud-native/gpu-operator/latest/troubleshooting.html"
)
FIRST_BRANCH_WITH_ECC = 430
"""vGPU 9.0: before it, no vGPU started on a GPU with ECC on."""
BEFORE_AMPERE = (Architecture.PASCAL, Architecture.VOLTA, Architecture.TURING)
WITH_FABRIC = (Architecture.HOPPER, Architecture.BLACKWELL)
NO_FABRIC = "N/A"
WAITING = ("Not Started", "In Progress")
HEALTHY, ILL = "Healthy", ("Unhealthy", "Limited Capacity")
BEFORE_ROW_REMAPPING = (Architecture.MAXWELL, *BEFORE_AMPERE)


def _forbidden(model: GpuModel, host: Host, known: Facts) -> str:
    """Say why ECC must be off, empty when it may be on.

    Ampere and later GPUs are unknown to releases before 9.0, so their release need not be read.
    """
    if model.architecture is Architecture.MAXWELL:
        return "Maxwell boards never run vGPU with ECC on"
    if model.architecture in BEFORE_AMPERE:
        branch = release_of(known(host.driver_version))[0]
        if branch < FIRST_BRANCH_WITH_ECC:
            return f"driver branch {branch} is vGPU 8 or older, which needs ECC off"
    return ""


@check(
    "ECC-001",
    title="ECC is off where vGPU needs it off",
    severity=Severity.REQUIRED,
    source=GUIDE,
    each=every_gpu,
    of_vgpus=True,
    phase=Phase.MODES,
    why=(
        "vGPU before release 9.0, and the Maxwell boards M60 and M6 with any release, do not "
        "start with ECC on. Everywhere else ECC may stay on: on HBM boards it costs nothing, on "
        "GDDR boards 1/16 of the framebuffer."
    ),
    experience=(
        "the message is from reports of users; NVIDIA's guides say only that a vGPU does not "
        "start with ECC on where it must be off."
    ),
    symptom="Could not initialize plugin 'libnvidia-vgx.so' for vGPU",
    fix="Turn ECC off, or install vGPU 9.0 or later where the board allows it, then reboot.",
    how=(run("nvidia-smi", "nvidia-smi -i {gpu} -e 0"),),
    needs=("maintenance mode", "host reboot"),
)
def ecc_allowed(one: GpuOnHost, needs: Requirements, known: Facts) -> Verdict:
    model = model_of(one.gpu, needs, known)
    if not model.ecc:
        return not_applicable(f"{model.name} has no ECC")
    if not _may_forbid(model):
        return judge(
            ok=True,
            observed=_shown(one.gpu.ecc_current, known),
            expected="ECC on or off",
            note=_cost(model) if known.certainly(one.gpu.ecc_current, Mode.ENABLED) else "",
        )
    if given_away(one.gpu, known):
        return not_applicable(PASSED_THROUGH)
    ecc = known(one.gpu.ecc_current)
    if ecc is Mode.NOT_SUPPORTED:
        return unsure("nvidia-smi says N/A for ECC", "Enabled or Disabled", f"{model.name} has ECC")
    if ecc is Mode.DISABLED:
        return judge(ok=True, observed="ECC off", expected="ECC off, or a release that allows it")
    forbidden = _forbidden(model, one.host, known)
    return judge(
        ok=not forbidden,
        observed="ECC on",
        expected="ECC off" if forbidden else "ECC on or off",
        note=forbidden or _cost(model),
    )


def _may_forbid(model: GpuModel) -> bool:
    return model.architecture is Architecture.MAXWELL or model.architecture in BEFORE_AMPERE


def _shown(ecc: Fact[Mode], known: Facts) -> str:
    for mode, words in ((Mode.ENABLED, "ECC on"), (Mode.DISABLED, "ECC off")):
        if known.certainly(ecc, mode):
            return words
    return "ECC state not read; it never blocks vGPU on this GPU"


def _cost(model: GpuModel) -> str:
    return (
        "costs 64 MB of framebuffer per GB; A and B types do not show ECC to the guest"
        if model.ecc_costs_framebuffer
        else ""
    )


def _no_change_pending(
    current: Mode, pending: Mode, what: str, has_switch: Callable[[], bool]
) -> Verdict:
    """Compare the two; the catalogue is asked only when nvidia-smi says N/A."""
    if Mode.NOT_SUPPORTED in (current, pending):
        if has_switch():
            return unsure(f"nvidia-smi says N/A for {what}", "Enabled or Disabled")
        return not_applicable(f"no {what} switch: nvidia-smi says N/A")
    return judge(
        ok=current is pending,
        observed=f"{what} {current.value} now, {pending.value} after the next reboot",
        expected="the same now and after the next reboot",
        mode=int(current is Mode.ENABLED),
    )


@check(
    "ECC-002",
    title="No ECC change waits for a reboot",
    severity=Severity.RECOMMENDED,
    source=GUIDE,
    each=every_gpu,
    of_vgpus=True,
    phase=Phase.MODES,
    why=(
        "The change takes effect at the next reboot, when nobody looks: framebuffer sizes and, on "
        "old boards, whether vGPUs start at all change with it."
    ),
    fix="Reboot the host to take the change, or set ECC back to what it is now.",
    how=(
        run("esxcli (to take the change)", "esxcli system shutdown reboot --reason 'ECC change'"),
        run("nvidia-smi (to keep it as it is)", "nvidia-smi -i {gpu} -e {mode}"),
    ),
    needs=("maintenance mode", "host reboot"),
)
def no_ecc_change_pending(one: GpuOnHost, needs: Requirements, known: Facts) -> Verdict:
    gpu = one.gpu
    if given_away(gpu, known):
        return not_applicable(PASSED_THROUGH)
    return _no_change_pending(
        known(gpu.ecc_current),
        known(gpu.ecc_pending),
        "ECC",
        lambda: model_of(gpu, needs, known).ecc,
    )


@check(
    "MIG-001",
    title="No MIG change waits for a reboot",
    severity=Severity.RECOMMENDED,
    source=GUIDE,
    each=every_gpu,
    phase=Phase.MODES,
    why=(
        "MIG and time-sliced vGPU types exclude each other on a GPU; on Ampere under ESXi the "
        "mode changes only with a reboot of the host."
    ),
    symptom="No graphics device is available for vGPU",
    fix="Reboot the host to take the change, or set MIG back to what it is now.",
    how=(
        run("esxcli (to take the change)", "esxcli system shutdown reboot --reason 'MIG change'"),
        run("nvidia-smi (to keep it as it is)", "nvidia-smi -i {gpu} -mig {mode}"),
    ),
    needs=("maintenance mode", "host reboot"),
)
def no_mig_change_pending(one: GpuOnHost, needs: Requirements, known: Facts) -> Verdict:
    gpu = one.gpu
    if given_away(gpu, known):
        return not_applicable(PASSED_THROUGH)
    return _no_change_pending(
        known(gpu.mig_current),
        known(gpu.mig_pending),
        "MIG",
        lambda: model_of(gpu, needs, known).mig,
    )


@check(
    "GPU-002",
    title="The GPU's memory waits for no repair",
    severity=Severity.RECOMMENDED,
    source=TROUBLESHOOTING,
    each=every_gpu,
    phase=Phase.GPU,
    why=(
        "A row remapping or page retirement that is pending takes effect at the next reset, as "
        "does the repair of a memory channel or of a TPC; new work may still be started. One that "
        "failed, memory that cannot be repaired and too many SRAM errors mean that the GPU must "
        "be replaced."
    ),
    fix=(
        "Reset the GPU by a reboot of the host; replace it when remapping has failed, or its "
        "memory cannot be repaired."
    ),
    how=(run("esxcli (where a repair waits)", "esxcli system shutdown reboot --reason {repair}"),),
    needs=("maintenance mode", "host reboot"),
)
def memory_healthy(one: GpuOnHost, needs: Requirements, known: Facts) -> Verdict:
    gpu = one.gpu
    expected = "no repair pending"
    model = model_of(gpu, needs, known)
    if not model.ecc:
        return not_applicable(f"{model.name} has no ECC, and so no page retirement")
    if given_away(gpu, known):
        return not_applicable(PASSED_THROUGH)
    if repairs := told(gpu.repairs, known):
        waits = all("pending" in one for one in repairs)
        repair = "memory repair" if waits else None
        return judge(ok=False, observed=", ".join(repairs), expected=expected, repair=repair)
    if model.architecture in BEFORE_ROW_REMAPPING:
        pending = known(gpu.pages_retire_pending)
        observed = "page retirement pending" if pending else "no page retirement pending"
        return judge(ok=not pending, observed=observed, expected=expected, repair="page retirement")
    if known(gpu.rows_remap_failed):
        return judge(
            ok=False, observed="row remapping failed", expected=expected, note="replace it"
        )
    pending = known(gpu.rows_remap_pending)
    observed = "row remapping pending" if pending else "no row remapping pending or failed"
    return judge(ok=not pending, observed=observed, expected=expected, repair="row remapping")


@check(
    "GPU-003",
    title="The PCIe link of the GPU is at its full width",
    severity=Severity.RECOMMENDED,
    source=GUIDE,
    each=every_gpu,
    phase=Phase.GPU,
    why=(
        "A GPU in a slot that gives it half its lanes, or one that is badly seated, moves data at "
        "half the rate. The generation is not judged: an idle GPU lowers it."
    ),
    fix="Move the GPU to a slot with all its lanes, reseat it, or mend the slot's bifurcation.",
    needs=("maintenance mode", "host reboot"),
)
def link_at_full_width(one: GpuOnHost, _needs: Requirements, known: Facts) -> Verdict:
    if given_away(one.gpu, known):
        return not_applicable(PASSED_THROUGH)
    link = known(one.gpu.link)
    return judge(
        ok=link.width >= link.width_max,
        observed=f"x{link.width}",
        expected=f"x{link.width_max}",
    )


@check(
    "GPU-004",
    title="The GPU's infoROM is sound",
    severity=Severity.RECOMMENDED,
    source=TROUBLESHOOTING,
    each=every_gpu,
    phase=Phase.GPU,
    why="A GPU with a corrupted infoROM has lost its record of bad memory and of its own settings.",
    symptom="WARNING: infoROM is corrupted at gpu",
    fix="Have the GPU repaired or replaced.",
    needs=("maintenance mode", "host reboot"),
)
def inforom_sound(one: GpuOnHost, _needs: Requirements, known: Facts) -> Verdict:
    if given_away(one.gpu, known):
        return not_applicable(PASSED_THROUGH)
    corrupted = known(one.gpu.inforom_corrupted)
    return judge(
        ok=not corrupted,
        observed="infoROM corrupted" if corrupted else "no complaint of nvidia-smi",
        expected="no complaint of nvidia-smi",
    )


@check(
    "GPU-005",
    title="The GPU has joined its NVLink fabric, and the fabric is healthy",
    severity=Severity.RECOMMENDED,
    source=TROUBLESHOOTING,
    each=every_gpu,
    phase=Phase.GPU,
    why=(
        "On boards with NVSwitch the Fabric Manager joins the GPUs; before it has, no group of "
        "vGPUs that are linked by NVLink starts. In its modes for virtualization it joins a GPU "
        "when a partition with it is activated, so that an idle GPU is waiting and no fault."
    ),
    symptom="No graphics device is available for vGPU",
    fix="Look into the Fabric Manager's log; restart it; reboot the host.",
    how=(run("esxcli", "esxcli system shutdown reboot --reason 'NVLink fabric'"),),
    needs=("maintenance mode", "host reboot"),
)
def fabric_joined(one: GpuOnHost, needs: Requirements, known: Facts) -> Verdict:
    model = model_of(one.gpu, needs, known)
    if model.architecture not in WITH_FABRIC:
        return not_applicable(f"{model.architecture.value}: its driver tells of no fabric")
    if given_away(one.gpu, known):
        return not_applicable(PASSED_THROUGH)
    gpu = one.gpu
    state, status = known(gpu.fabric_state), known(gpu.fabric_status)
    if state == NO_FABRIC:
        return not_applicable("the GPU is in no NVLink fabric")
    health = told(gpu.fabric_health, known) or NO_FABRIC
    faults = told(gpu.fabric_faults, known) or ()
    expected = "Completed, Success, Healthy where that is told"
    observed = ", ".join((state, status, *(() if health == NO_FABRIC else (health,)), *faults))
    if health in ILL or faults:
        return judge(ok=False, observed=observed, expected=expected)
    if state in WAITING and status == NO_FABRIC:
        return unsure(observed, expected, "waiting for the Fabric Manager, or for a partition")
    if health not in (HEALTHY, NO_FABRIC):
        return unsure(observed, expected, "this word for the fabric's health is not known here")
    return judge(
        ok=(state, status) == ("Completed", "Success"), observed=observed, expected=expected
    )
