"""VGPU, MIG, VM: whether host and VM have what the VM's GPU needs of both."""

import re
from collections.abc import Mapping

from hostcheck.checks.condition import fit, unfit
from hostcheck.checks.engine import Facts, check, judge, look, not_applicable, run, unsure
from hostcheck.checks.kinds import is_part, listed, model_of
from hostcheck.checks.modes import in_mig
from hostcheck.checks.room import SWITCHES, has_room, may_switch, never, room_told
from hostcheck.checks.seats import seats
from hostcheck.checks.series import one_series
from hostcheck.checks.subjects import (
    GpuOnHost,
    Placement,
    VgpuOnHost,
    able_profiles,
    addresses,
    every_placement,
    every_running_vgpu,
    profiles_of,
    runs_here,
    serving_gpus,
)
from hostcheck.model.fact import Fact, Known, Unknown
from hostcheck.model.host import GraphicsType, Host, PhysicalGpu
from hostcheck.model.release import release_of
from hostcheck.model.requirements import (
    Architecture,
    GpuModel,
    Requirements,
    bare,
)
from hostcheck.model.result import Phase, Severity, Verdict
from hostcheck.words import count

GUIDE = "https://docs.nvidia.com/grid/17.0/grid-vgpu-user-guide/"
UVM = re.compile(r"^pciPassthru\d+\.cfg\.enable_(uvm|debugging|profiling)$", re.IGNORECASE)
APART = "a vGPU of another series runs on it, and ESXi before 8.0 U2 lets a GPU run only one"
FRACTIONAL_SINCE = 8
"""First vSphere release that gives a VM several fractional vGPUs."""


@check(
    "VGPU-001",
    title="The host has a GPU of the kind that the VM asks for",
    severity=Severity.REQUIRED,
    source=GUIDE,
    each=every_placement,
    rules_out=True,
    why=(
        "A vGPU type belongs to one kind of GPU, and a passthrough device to one address or id; a "
        "host without that kind cannot start the VM."
    ),
    symptom="No graphics device is available for vGPU",
    fix="Give the VM a profile of a GPU that this host has, or start it on another host.",
    how=(run("vSphere Client", "{vm} > Edit Settings > PCI device > Profile; or {vm} > Migrate"),),
)
def profile_served(placed: Placement, needs: Requirements, known: Facts) -> Verdict:
    known(placed.vm.devices)
    wanted = profiles_of(placed.vm, known)
    if not wanted:
        whole = serving_gpus(placed, needs, known)
        expected = "a device that the VM's passthrough asks for"
        if whole:
            return judge(ok=True, observed=addresses(whole), expected=expected)
        return unsure("no GPU here is its passthrough device", expected, "see VM-006, VM-007")
    serving = serving_gpus(placed, needs, known)
    models = [model_of(gpu, needs, known) for gpu in known(placed.host.gpus)]
    unserved = [name for name in wanted if not any(model.serves(name) for model in models)]
    kinds = ", ".join(sorted({model.name for model in models})) or "no NVIDIA GPU"
    note = f"no GPU here serves {', '.join(unserved)}" if unserved else ""
    together = any(all(model.serves(name) for name in wanted) for model in models)
    if not unserved and not together:
        note = "the vGPUs of one VM must be of one kind of GPU"
    elif together and not serving:
        note = "every GPU of that kind is in passthrough"
    return judge(
        ok=bool(serving),
        observed=f"{', '.join(wanted)} on {kinds}",
        expected="a GPU of the profile's kind",
        note=note,
    )


@check(
    "VGPU-002",
    title="The host's GPUs have room for the VM's vGPUs now",
    severity=Severity.RECOMMENDED,
    source=GUIDE,
    each=every_placement,
    decides_now=True,
    why=(
        "A GPU is locked to the size of its first vGPU, may be full, or may be in MIG mode; its "
        "driver lists what can still be started on it. Where the driver was not asked, only a GPU "
        "that no VM uses is known to have room. A VM of several vGPUs needs a place for each."
    ),
    symptom="No graphics device is available for vGPU",
    fix="Stop or move a VM that holds the GPU, or start this one on another host.",
    how=(
        look("nvidia-smi (what can still be started)", "nvidia-smi vgpu -c"),
        run(
            "vSphere Client",
            "{host} > VMs > a VM on that GPU > Migrate, or Power > Shut Down Guest OS",
        ),
    ),
)
def room_for_profile(placed: Placement, needs: Requirements, known: Facts) -> Verdict:
    vm = placed.vm
    known(vm.devices)
    if not vm.vgpus:
        return not_applicable("no vGPU: whole devices only")
    if runs_here(placed, known):
        return not_applicable("the VM runs already")
    gpus = serving_gpus(placed, needs, known)
    if not gpus:
        return not_applicable("no GPU here serves it: see VGPU-001")
    wanted = profiles_of(vm, known)
    rooms = {gpu: has_room(gpu, placed.host, wanted, needs) for gpu in gpus}
    free = tuple(gpu for gpu, room in rooms.items() if known.certainly(room, True))
    number = _gpus_needed(placed, model_of(gpus[0], needs, known), wanted)
    if len(free) < number:
        for room in rooms.values():
            known(room)
    elif len(free) < len(vm.vgpus):
        return _places(placed, rooms, needs, known)
    return judge(
        ok=len(free) >= number,
        observed=f"{addresses(free)} of {addresses(gpus)} can take {', '.join(wanted)}",
        expected=count(number, "GPU") + " with room",
        note="" if len(free) >= number else _idle(gpus, placed.host, wanted, needs),
    )


def _places(
    placed: Placement, rooms: Mapping[PhysicalGpu, Fact[bool]], needs: Requirements, known: Facts
) -> Verdict:
    """Judge whether GPUs have a place for each vGPU of a VM that has more than GPUs have room."""
    wanted, number = profiles_of(placed.vm, known), len(placed.vm.vgpus)
    spans = {
        gpu: seats(gpu, placed.host, wanted, number, needs)
        for gpu, room in rooms.items()
        if not never(room)
    }
    free = tuple(gpu for gpu in spans if known.certainly(rooms[gpu], True))
    least, most = sum(spans[gpu].least for gpu in free), sum(one.most for one in spans.values())
    if least < number <= most:
        for room in rooms.values():
            known(room)
    observed = f"{addresses(free)} of {addresses(tuple(rooms))} can take {', '.join(wanted)}"
    if least >= number:
        return judge(ok=True, observed=observed, expected="1 GPU with room")
    expected = f"room for {count(number, 'vGPU')}"
    if most < number:
        return judge(ok=False, observed=f"{observed}: {most} at most", expected=expected)
    note = "how many fit beside each other is not known"
    return unsure(f"{observed}: {least} for certain", expected, note)


def _idle(
    gpus: tuple[PhysicalGpu, ...], host: Host, wanted: tuple[str, ...], needs: Requirements
) -> str:
    """Say which GPUs have room that is none, and why."""
    told = [
        f"{gpu.address} has room, but {why}"
        for gpu in gpus
        if isinstance(room := room_told(gpu, wanted), Known) and room.value
        if (why := unfit(GpuOnHost(gpu, host), needs) or _apart(gpu, host, wanted))
    ]
    return "; ".join(told)


def _apart(gpu: PhysicalGpu, host: Host, wanted: tuple[str, ...]) -> str:
    one = one_series(gpu, host, wanted)
    return "" if isinstance(one, Unknown) or one.value else APART


def _gpus_needed(placed: Placement, model: GpuModel, wanted: tuple[str, ...]) -> int:
    """Return how many GPUs the VM fills: one for each vGPU of a type that takes a whole GPU."""
    found = [model.profile(name) for name in wanted]
    whole = all(one is not None and one.max_per_gpu == 1 and not one.mig for one in found)
    return len(placed.vm.vgpus) if whole else 1


@check(
    "VGPU-003",
    title="Every vGPU profile of the VM is offered by vSphere on this host",
    severity=Severity.REQUIRED,
    source=GUIDE,
    each=every_placement,
    why=(
        "The driver tells vSphere which types it can make; a type that is missing belongs to "
        "another GPU, another release, the other driver package, or the other MIG mode. A host "
        "whose nvidia-smi works and that offers no type at all has a GPU that its release does "
        "not support. The same type may be called grid_ by one driver and nvidia_ by another; "
        "whether vSphere takes one name for the other no source tells."
    ),
    symptom="No graphics device is available for vGPU",
    fix=(
        "Install the host driver package and release that offer the profile, or take a profile "
        "that this host offers."
    ),
    how=(run("vSphere Client (another profile)", "{vm} > Edit Settings > PCI device > Profile"),),
    needs=("maintenance mode", "host reboot"),
)
def profile_offered(placed: Placement, needs: Requirements, known: Facts) -> Verdict:
    known(placed.vm.devices)
    wanted = profiles_of(placed.vm, known)
    if not wanted:
        return not_applicable("no vGPU: whole devices only")
    gpus = serving_gpus(placed, needs, known)
    if not gpus:
        return not_applicable("no GPU here serves it: see VGPU-001")
    if not any(known(gpu.graphics_active) is GraphicsType.SHARED_DIRECT for gpu in gpus):
        return not_applicable("no GPU of its kind is Shared Direct: see GFX-001")
    offered = known(placed.host.profiles_offered)
    observed = f"{len(offered)} profiles offered" if offered else "no profile is offered"
    expected = f"{', '.join(wanted)} among them"
    spelled = {bare(name): name for name in offered}
    missing = [name for name in wanted if bare(name) not in spelled]
    if missing:
        note = f"not offered: {', '.join(missing)}"
        if {bare(name) for name in missing} <= able_profiles(placed.host, known):
            return unsure(observed, expected, f"{note}; and the host tells what they can do")
        return judge(ok=False, observed=observed, expected=expected, note=note)
    other = [name for name in wanted if name not in offered]
    if other:
        told = "; ".join(f"{spelled[bare(name)]} is offered, {name} is not" for name in other)
        note = f"{told}: whether vSphere takes one name for the other is not known"
        return unsure(observed, expected, note)
    return judge(ok=True, observed=observed, expected=expected)


@check(
    "VGPU-004",
    title="The vGPUs of the VM may be combined in one VM",
    severity=Severity.REQUIRED,
    source=GUIDE,
    each=every_placement,
    why=(
        "All vGPUs of a VM are of one kind of board and of one series. vSphere 7 combines only "
        "full-framebuffer types; A and B types are never combined, and on Maxwell and Pascal only "
        "the full-framebuffer Q type is."
    ),
    symptom="Module 'DevicePowerOn' power on failed.",
    fix="Give the VM one vGPU, or several of the full-framebuffer C or Q type.",
    how=(run("vSphere Client", "{vm} > Edit Settings > PCI devices"),),
    needs=("VM power off",),
)
def vgpus_go_together(placed: Placement, needs: Requirements, known: Facts) -> Verdict:
    known(placed.vm.devices)
    number = len(placed.vm.vgpus)
    if number <= 1:
        return not_applicable(f"{count(number, 'vGPU')}: nothing to combine")
    serving = serving_gpus(placed, needs, known)
    if not serving:
        return not_applicable("no GPU here serves it")
    model = model_of(serving[0], needs, known)
    profiles = [listed(model, name, known) for name in profiles_of(placed.vm, known)]
    fractional = [one.name for one in profiles if one.mig or is_part(one, model)]
    observed = f"{number} vGPUs: {', '.join(sorted(one.name for one in profiles))}"
    refused = ""
    if any(one.series in ("A", "B") for one in profiles):
        refused = "A and B types cannot be combined"
    elif len({one.series for one in profiles}) > 1:
        refused = "the vGPUs of one VM must be of one series"
    elif fractional and model.architecture in (Architecture.MAXWELL, Architecture.PASCAL):
        refused = f"{model.architecture.value} combines full-framebuffer types only"
    elif fractional and release_of(known(placed.host.version))[0] < FRACTIONAL_SINCE:
        refused = "before vSphere 8 a VM combines full-framebuffer types only"
    return judge(ok=not refused, observed=observed, expected="types that combine", note=refused)


@check(
    "MIG-002",
    title="A GPU is in the MIG mode that the VM's vGPU profile needs",
    severity=Severity.REQUIRED,
    source=GUIDE,
    each=every_placement,
    phase=Phase.MODES,
    why=(
        "A GPU in MIG mode makes MIG-backed types only, and one that is not makes time-sliced "
        "types only. vSphere 8.0 U3 and later tells the mode, and nvidia-smi does; where they name "
        "two, none is taken. "
        "An empty Hopper or later may change its mode by itself when a VM starts (8.0 U3 and "
        "later; one engineer's account, no document): there a wrong mode is no NO-GO."
    ),
    symptom="No graphics device is available for vGPU",
    fix=(
        "Take a profile of the GPU's mode, or change the mode of a GPU that no VM uses; on Ampere "
        "that needs a reboot of the host."
    ),
    how=(
        run("vSphere Client (another profile)", "{vm} > Edit Settings > PCI device > Profile"),
        run("nvidia-smi (the mode, of a GPU that no VM uses)", "nvidia-smi -i {gpu} -mig {mode}"),
    ),
    explains=("VGPU-003",),
    needs=("maintenance mode", "host reboot"),
)
def mode_fits_profile(placed: Placement, needs: Requirements, known: Facts) -> Verdict:
    vm = placed.vm
    known(vm.devices)
    wanted = profiles_of(vm, known)
    if not wanted:
        return not_applicable("no vGPU: whole devices only")
    if runs_here(placed, known):
        return not_applicable("the VM runs already")
    gpus = serving_gpus(placed, needs, known)
    if not gpus:
        return not_applicable("no GPU here serves it")
    backed = {listed(model_of(gpus[0], needs, known), name, known).mig for name in wanted}
    form = "MIG-backed" if True in backed else "time-sliced"
    to_change = next((gpu for gpu in gpus if known.certainly(gpu.vm_ids, ())), gpus[0])
    if len(backed) > 1:
        return judge(
            ok=False,
            observed="MIG-backed and time-sliced types",
            expected="types of one form",
            gpu=to_change.address,
        )
    fitting = tuple(
        gpu
        for gpu in gpus
        if known(in_mig(placed.host, gpu, model_of(gpu, needs, known))) in backed
    )
    others = [gpu for gpu in gpus if gpu not in fitting]
    spare = [gpu for gpu in others if not never(fit(GpuOnHost(gpu, placed.host), needs))]
    if fitting and spare:  # a mode that only a GPU has which serves nobody is nobody's
        serves = [(gpu, fit(GpuOnHost(gpu, placed.host), needs)) for gpu in fitting]
        good = tuple(gpu for gpu, fact in serves if known.certainly(fact, True))
        fitting = good or tuple(gpu for gpu, fact in serves if known(fact))
    observed = f"{addresses(fitting)} of {addresses(gpus)}"
    expected = f"a GPU with MIG {'on' if True in backed else 'off'}: the type is {form}"
    if not fitting and any(may_switch(gpu, placed.host, needs, known) for gpu in spare or gpus):
        return unsure(observed, expected, SWITCHES)
    return judge(
        ok=bool(fitting),
        observed=observed,
        expected=expected,
        gpu=to_change.address,
        mode=int(True in backed),
    )


@check(
    "VM-005",
    title="Unified memory, debugger and profiler are not set for a time-sliced part of a GPU",
    severity=Severity.RECOMMENDED,
    source=GUIDE,
    each=every_placement,
    why=(
        "Unified memory works on MIG-backed types and on the full-framebuffer type; on a "
        "time-sliced part of a GPU the setting is a fault. With any of the three on, the VM is "
        "neither migrated nor suspended."
    ),
    symptom="vGPU hot migration is not enabled.",
    fix="Remove the setting, or take the full-framebuffer or a MIG-backed type.",
    how=(run("govc", "govc vm.change -vm {vm} -e {setting}=0"),),
    needs=("VM power off",),
)
def no_uvm_on_a_part(placed: Placement, needs: Requirements, known: Facts) -> Verdict:
    vm = placed.vm
    known(vm.devices)
    wanted = profiles_of(vm, known)
    if not wanted:
        return not_applicable("no vGPU: whole devices only")
    options = known(vm.options)
    on = sorted(key for key, value in options.items() if UVM.search(key) and value == "1")
    if not on:
        return judge(ok=True, observed="not set", expected="not set on a part of a GPU")
    gpus = serving_gpus(placed, needs, known)
    if not gpus:
        return not_applicable("no GPU here serves it: see VGPU-001")
    model = model_of(gpus[0], needs, known)
    parts = [name for name in wanted if is_part(listed(model, name, known), model)]
    return judge(
        ok=not parts,
        observed=f"{', '.join(on)} set for {', '.join(wanted)}",
        expected="not set on a part of a GPU",
        note="" if parts else "vMotion and suspend are off while it is set",
        setting=tuple(on),
    )


@check(
    "VGPU-005",
    title="The running vGPU is licensed",
    severity=Severity.RECOMMENDED,
    source=GUIDE,
    each=every_running_vgpu,
    why=(
        "An unlicensed vGPU starts and is then slowed down, first a little, after a day to a crawl."
    ),
    symptom="Unlicensed (Restricted)",
    fix=(
        "Give the guest a licence of the profile's series: vWS for Q, vPC or vWS for B, vApps for "
        "A, AI Enterprise for C."
    ),
    how=(look("nvidia-smi (which vGPU has which licence)", "nvidia-smi vgpu -q"),),
)
def licensed(one: VgpuOnHost, _needs: Requirements, known: Facts) -> Verdict:
    licence = known(one.vgpu.licence)
    return judge(
        ok=licence.startswith("Licensed"),
        observed=f"{one.vgpu.profile} of {one.vgpu.vm_name}: {licence}",
        expected="Licensed",
    )
