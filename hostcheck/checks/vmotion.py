"""VGPU: whether a VM with a vGPU can move, and where vGPUs of several sizes are put."""

from hostcheck.checks.engine import Facts, attempt, check, judge, look, not_applicable, run
from hostcheck.checks.kinds import kind_of, model_of
from hostcheck.checks.subjects import (
    Placement,
    every_host_with_gpu,
    every_placement,
    given_away,
    profiles_of,
    serving_gpus,
)
from hostcheck.checks.vgpu import UVM
from hostcheck.model.fact import Fact, Known, Unknown, Why
from hostcheck.model.host import Host, PhysicalGpu
from hostcheck.model.release import release_of
from hostcheck.model.requirements import GpuModel, Requirements, bare
from hostcheck.model.result import Severity, Verdict
from hostcheck.model.vm import GpuState, Home

ABILITIES = (
    "https://developer.broadcom.com/xapis/virtual-infrastructure-json-api/latest/data-structures/"
    "HostSharedGpuCapabilities"
)
VMOTION = (
    "https://docs.vmware.com/en/VMware-vSphere/7.0/com.vmware.vsphere.vcenterhost.doc/"
    "GUID-8FE6A0DA-49E9-472B-815B-D630CF2014AD.html"
)
GUIDE = "https://docs.nvidia.com/grid/17.0/grid-vgpu-user-guide/"
POLICY = (
    "https://developer.broadcom.com/xapis/virtual-infrastructure-json-api/latest/data-structures/"
    "HostGraphicsConfig"
)
MODES_SINCE = (8, 0, 3)
"""First vSphere release with a size mode per GPU."""


@check(
    "VGPU-006",
    title="The VM can be migrated and suspended while its vGPU runs",
    severity=Severity.INFORMATIONAL,
    source=ABILITIES,
    each=every_placement,
    why=(
        "The driver tells vSphere for every profile what a running VM with it can do. Unified "
        "memory, debugger and profiler switch migration and suspend off whatever it tells."
    ),
    fix=(
        "Take a profile and a driver release that can, and remove the settings; else plan to "
        "power the VM off before maintenance of its host."
    ),
)
def running_vgpu_moves(placed: Placement, _needs: Requirements, known: Facts) -> Verdict:
    vm = placed.vm
    known(vm.devices)
    wanted = profiles_of(vm, known)
    if not wanted:
        return not_applicable("no vGPU: a whole device never moves with a running VM")
    abilities = {bare(one.profile): one for one in known(placed.host.vgpu_abilities)}
    told, flaws = [], []
    for name in wanted:
        ability = abilities.get(bare(name))
        if ability is None:
            detail = f"vSphere does not say what a VM with {name} can do on this host"
            known.leave(Unknown(Why.ABSENT, detail, "HostSystem config.sharedGpuCapabilities"))
        can = {
            "migrate": ability.migrate,
            "suspend": ability.suspend,
            "memory snapshot": ability.memory_snapshot,
            "disk snapshot": ability.disk_snapshot,
        }
        told.append(f"{name}: {', '.join(what for what, ok in can.items() if ok) or 'nothing'}")
        lacking = [what for what in ("migrate", "suspend") if not can[what]]
        flaws += [f"{name} cannot {' or '.join(lacking)}"] if lacking else []
    if not flaws:
        options = known(vm.options)
        on = sorted(key for key, value in options.items() if UVM.search(key) and value == "1")
        flaws += [f"{', '.join(on)} switches both off"] if on else []
    return judge(
        ok=not flaws,
        observed="; ".join(told),
        expected="migrate and suspend",
        note="; ".join(flaws),
    )


@check(
    "VGPU-007",
    title="VCenter lets VMs with vGPUs move while they run",
    severity=Severity.INFORMATIONAL,
    source=VMOTION,
    each=every_host_with_gpu,
    why=(
        "Without vgpu.hotmigrate.enabled no VM with a vGPU is migrated, so that a host cannot "
        "enter maintenance mode before its vGPU VMs are powered off. The setting is of the whole "
        "vCenter."
    ),
    symptom="vGPU hot migration is not enabled.",
    fix="Set vgpu.hotmigrate.enabled to true, if such VMs are to move; it is in force at once.",
    how=(
        run(
            "vSphere Client",
            "the vCenter of {host} > Configure > Advanced Settings > vgpu.hotmigrate.enabled: true",
        ),
        run("govc", "govc option.set vgpu.hotmigrate.enabled true"),
    ),
)
def hot_migration_enabled(host: Host, _needs: Requirements, known: Facts) -> Verdict:
    on = known(host.hot_migration)
    return judge(
        ok=on,
        observed=f"vgpu.hotmigrate.enabled {'true' if on else 'false'}",
        expected="vgpu.hotmigrate.enabled true",
    )


@check(
    "VGPU-008",
    title="The host is like the VM's own one where a running vGPU needs it",
    severity=Severity.RECOMMENDED,
    source=GUIDE,
    each=every_placement,
    why=(
        "A vGPU moves only to a GPU of the same kind, in the same MIG mode and with the same ECC "
        "state, under a driver that takes what the other has written; of another branch it may "
        "not. Boards of one name are not always of one kind: none moves between an H100 of 80 GB "
        "PCIe and one of 94 GB NVL, nor among H200, H800 and H100."
    ),
    fix=(
        "Make the hosts of a cluster alike: GPUs, MIG mode, ECC, driver branch. Until then move "
        "the VM powered off."
    ),
    how=(
        look(
            "nvidia-smi (how each host stands)",
            "nvidia-smi "
            "--query-gpu=pci.bus_id,name,mig.mode.current,ecc.mode.current,driver_version "
            "--format=csv",
        ),
    ),
)
def like_its_own_host(placed: Placement, needs: Requirements, known: Facts) -> Verdict:
    vm, host = placed.vm, placed.host
    known(vm.devices)
    if not vm.vgpus:
        return not_applicable("no vGPU: a whole device never moves with a running VM")
    if known(vm.host_id) == host.id:
        return not_applicable("its own host")
    there, here = known(vm.home.gpus), _states(placed, needs, known)
    branches = known(vm.home.driver_branch), _branch(host, known)
    if not here:
        return not_applicable("no GPU here serves it: see VGPU-001")
    flaws = [] if set(here) & set(there) else [f"no GPU here is like those on {vm.home.host}"]
    if branches[0] != branches[1]:
        flaws.append(f"driver branch {branches[1]} here, {branches[0]} on {vm.home.host}")
    return judge(
        ok=not flaws,
        observed=f"{_told(here)}; driver branch {branches[1]}",
        expected=f"{_told(there)}; driver branch {branches[0]}",
        note="; ".join(flaws),
    )


def home_of(placed: Placement, needs: Requirements, source: int) -> Home:
    """Return what other hosts are compared with; `source` is where they say they read it."""

    def lifted(fact: tuple[GpuState, ...] | Unknown) -> Fact[tuple[GpuState, ...]]:
        return fact if isinstance(fact, Unknown) else Known(fact, (source,))

    branch = attempt(lambda known: _branch(placed.host, known))
    return Home(
        placed.host.name,
        lifted(attempt(lambda known: _states(placed, needs, known))),
        branch if isinstance(branch, Unknown) else Known(branch, (source,)),
    )


def _states(placed: Placement, needs: Requirements, known: Facts) -> tuple[GpuState, ...]:
    gpus = serving_gpus(placed, needs, known)
    return tuple(sorted({_state(gpu, known) for gpu in gpus}))


def _state(gpu: PhysicalGpu, known: Facts) -> GpuState:
    mig, ecc = known(gpu.mig_current), known(gpu.ecc_current)
    return GpuState(kind_of(gpu, known), mig.value, ecc.value)


def _branch(host: Host, known: Facts) -> str:
    return known(host.driver_version).partition(".")[0]


def _told(states: tuple[GpuState, ...]) -> str:
    told = [f"{one.kind} (MIG {one.mig}, ECC {one.ecc})" for one in states]
    return ", ".join(told) or "no GPU"


@check(
    "VGPU-009",
    title="VGPUs of several sizes are packed, not spread",
    severity=Severity.INFORMATIONAL,
    source=POLICY,
    each=every_host_with_gpu,
    why=(
        "A GPU in same-size mode is locked to the size of its first vGPU. The default policy "
        "spreads vGPUs over the GPUs, so that VMs of one size soon lock them all, and those of "
        "another size find none. In mixed-size mode, and with MIG, the policy does not count."
    ),
    symptom="No graphics device is available for vGPU",
    fix=(
        "Set the policy to consolidation, take profiles of one size, or, from vSphere 8.0 U3 on "
        "and on Ampere and later, mixed-size mode."
    ),
    how=(
        run(
            "vSphere Client",
            "{host} > Configure > Hardware > Graphics > Host Graphics > Edit > Group VMs on GPU "
            "until full (GPU consolidation)",
        ),
        run("esxcli", "esxcli graphics host set --shared-passthru-assignment-policy Consolidation"),
    ),
)
def sizes_are_packed(host: Host, needs: Requirements, known: Facts) -> Verdict:
    wanted = [one for one in _sizes(host, needs, known) if len(one[1]) > 1]
    if not wanted:
        return not_applicable("no VMs that want several sizes of the same two GPUs or more")
    policy = known(host.assignment_policy)
    told = [
        f"{model.name}: {', '.join(f'{one // 1024} GB' for one in sorted(sizes))}"
        for model, sizes in wanted
    ]
    return judge(
        ok=policy == "consolidation",
        observed=f"policy {policy}; {'; '.join(told)} wanted",
        expected="policy consolidation where several sizes are wanted",
    )


def _sizes(host: Host, needs: Requirements, known: Facts) -> list[tuple[GpuModel, set[int]]]:
    """Return the time-sliced sizes wanted of each kind that has several GPUs in same-size mode."""
    release = release_of(known(host.version))
    kinds: dict[str, list[GpuModel]] = {}
    for gpu in known(host.gpus):
        if given_away(gpu, known):
            continue
        if release < MODES_SINCE or known(gpu.vgpu_mode) == "sameSize":
            model = model_of(gpu, needs, known)
            kinds.setdefault(model.key, []).append(model)
    sizes: list[tuple[GpuModel, set[int]]] = [
        (alike[0], set()) for alike in kinds.values() if len(alike) > 1
    ]
    if not sizes:
        return sizes
    for vm in known(host.vms):
        known(vm.devices)
        for name in profiles_of(vm, known):
            for model, wanted in sizes:
                found = model.profile(name) if model.serves(name) else None
                if found is not None and not found.mig:
                    wanted.add(found.framebuffer_mib)
    return sizes
