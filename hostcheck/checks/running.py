"""What runs on a GPU, as vSphere and nvidia-smi tell it."""

from collections import Counter

from hostcheck.checks.modes import SERVED_BY
from hostcheck.model.capacity import RunningVgpu
from hostcheck.model.fact import Fact, Known, Unknown, Why, holds
from hostcheck.model.host import Host, PhysicalGpu
from hostcheck.model.requirements import bare
from hostcheck.model.vm import Vm
from hostcheck.words import count, some


def running_on(host: Host, gpu: PhysicalGpu) -> Fact[tuple[RunningVgpu, ...]]:
    """Join the VMs that vSphere lists on a GPU with their vGPUs; nvidia-smi must not gainsay it."""
    if isinstance(gpu.vm_ids, Unknown):
        return gpu.vm_ids
    if gpu.vm_ids.value and isinstance(host.vms, Unknown):
        return host.vms
    vms = {} if isinstance(host.vms, Unknown) else {vm.id: vm for vm in host.vms.value}
    found: list[RunningVgpu] = []
    for vm_id in gpu.vm_ids.value:
        vm = vms.get(vm_id)
        if vm is None:
            return _absent(f"{vm_id} runs on it, and what vGPUs it has is not known")
        here = _vgpus_here(vm, host, gpu)
        if isinstance(here, Unknown):
            return here
        found += [RunningVgpu(vm.name, vm.id, profile) for profile in here]
    running = tuple(sorted(found, key=lambda one: (one.vm, one.vm_id, one.profile)))
    return _gainsaid(host, gpu, running) or Known(running, gpu.vm_ids.sources)


def _absent(detail: str, asked: str = SERVED_BY) -> Unknown:
    return Unknown(Why.ABSENT, detail, asked)


def _vgpus_here(vm: Vm, host: Host, gpu: PhysicalGpu) -> tuple[str, ...] | Unknown:
    """Return the profiles of a VM's vGPUs on one GPU; a VM may have several, on several GPUs."""
    if isinstance(vm.power_state, Unknown):
        return vm.power_state
    if vm.power_state.value != "poweredOn":
        return ()
    if isinstance(vm.devices, Unknown):
        return vm.devices
    named: list[str] = []
    for one in vm.vgpus:
        if isinstance(one.profile, Unknown):
            return one.profile
        named.append(one.profile.value)
    profiles = tuple(named)
    across = _gpus_under(vm, host)
    if isinstance(across, Unknown):
        return profiles if len(profiles) == 1 else across
    if profiles and across == 1:
        return profiles
    if len(set(profiles)) == 1 and across == len(profiles):
        return profiles[:1]
    told = _told_by_driver(vm, host, gpu)
    many = f"{count(len(profiles), 'vGPU')}, {count(across, 'GPU')}"
    return told or _absent(f"which vGPUs of VM {vm.name} sit on it is not known: it has {many}")


def _gpus_under(vm: Vm, host: Host) -> int | Unknown:
    """Count the GPUs that vSphere lists a VM on, but for those it has as a whole."""
    count = 0
    for gpu in () if isinstance(host.gpus, Unknown) else host.gpus.value:
        if isinstance(gpu.vm_ids, Unknown):
            return gpu.vm_ids
        whole = isinstance(gpu.passthrough, Known) and gpu.passthrough.value.active
        count += vm.id in gpu.vm_ids.value and not whole
    return count


def _told_by_driver(vm: Vm, host: Host, gpu: PhysicalGpu) -> tuple[str, ...]:
    """Return a VM's vGPUs on one GPU as nvidia-smi lists them; empty when it does not."""
    if isinstance(host.vgpu_instances, Unknown):
        return ()
    told = tuple(
        one.profile
        for one in host.vgpu_instances.value
        if (one.address, one.vm_name) == (gpu.address, vm.name)
    )
    return told if all(told) else ()


def _gainsaid(host: Host, gpu: PhysicalGpu, running: tuple[RunningVgpu, ...]) -> Unknown | None:
    """Return the disagreement of vSphere and nvidia-smi on what runs, if both tell."""
    if isinstance(host.vgpu_instances, Unknown) or not holds(gpu.smi_seen, True):
        return None
    told = [one.profile for one in host.vgpu_instances.value if one.address == gpu.address]
    ours = [one.profile for one in running]
    if not all(told) or Counter(map(bare, told)) == Counter(map(bare, ours)):
        return None
    return _absent(
        f"vSphere says that {some(ours) or 'no vGPU'} runs on it, "
        f"nvidia-smi says {some(told) or 'no vGPU'}",
        "nvidia-smi vgpu -q",
    )
