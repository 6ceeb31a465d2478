"""How many vGPUs of a VM a GPU that has room can take: at least, and at most.

What is not known widens the span: it makes neither room nor the lack of it.
"""

from collections import Counter
from typing import NamedTuple, NoReturn

from hostcheck.checks.engine import Facts, attempt
from hostcheck.checks.kinds import model_of
from hostcheck.model.capacity import GpuMode
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.host import Host, PhysicalGpu
from hostcheck.model.release import is_before
from hostcheck.model.requirements import (
    WITHOUT_SRIOV,
    GpuModel,
    Requirements,
    VgpuProfile,
    bare,
)
from hostcheck.model.vm import Vm

MIXES_SIZES = (8, 0, 3)
"""First release that has a mixed-size mode."""
SERVED_BY = "HostSystem config.graphicsInfo"


class Seats(NamedTuple):
    """How many vGPUs fit."""

    least: int
    most: int


def seats(
    gpu: PhysicalGpu, host: Host, wanted: tuple[str, ...], number: int, needs: Requirements
) -> Seats:
    """Return how many of so many vGPUs fit on a GPU that has room for one of each profile."""
    model = attempt(lambda known: model_of(gpu, needs, known))
    if isinstance(model, Unknown):
        return Seats(1, number)
    names = {bare(name): name for name in wanted}.values()
    spans = [_of(gpu, host, model, name, number) for name in names]
    least = spans[0].least if len(spans) == 1 else 1
    return Seats(min(least, number), min(max(one.most for one in spans), number))


def _of(gpu: PhysicalGpu, host: Host, model: GpuModel, name: str, number: int) -> Seats:
    profile = model.profile(name)
    if profile is None or not profile.verified:
        return Seats(1, number)
    counts = _per_gpu(gpu, host, model, profile)
    most = max((one for one in counts if one is not None), default=number)
    least = min((one or 1 for one in counts), default=1)
    here = attempt(lambda known: _running(gpu, host, known))
    if isinstance(here, Unknown):
        return Seats(1, most)
    held = gpu.mig_instances
    if profile.mig and (isinstance(held, Unknown) or len(held.value) > len(here)):
        return Seats(1, most)
    running = [model.profile(one) for one in here]
    if all(one is not None and _alike(one, profile) for one in running):
        return Seats(max(1, least - len(running)), max(1, most - len(running)))
    return Seats(1, most)


def _alike(one: VgpuProfile, other: VgpuProfile) -> bool:
    """Say whether one takes the place that the other would."""
    if one.mig or other.mig:
        return one.name == other.name
    return one.framebuffer_mib == other.framebuffer_mib


def _per_gpu(
    gpu: PhysicalGpu, host: Host, model: GpuModel, profile: VgpuProfile
) -> tuple[int | None, ...]:
    """Return what an empty GPU takes, in each mode that it may be in; None where none tells."""
    same, mixed = profile.max_per_gpu, profile.max_per_gpu_mixed
    if profile.mig:
        return (same,)
    said, version = gpu.vgpu_mode, host.version
    if isinstance(said, Known) and said.value == GpuMode.SAME_SIZE.value:
        return (same,)
    if isinstance(said, Known) and said.value == GpuMode.MIXED_SIZE.value:
        return (mixed,)
    old = isinstance(version, Known) and is_before(version.value, MIXES_SIZES)
    return (same,) if old or model.architecture in WITHOUT_SRIOV else (same, mixed)


def _running(gpu: PhysicalGpu, host: Host, known: Facts) -> tuple[str, ...]:
    """Return the profiles that run on a GPU; vSphere and its driver must not gainsay each other."""
    ids = known(gpu.vm_ids)
    vms = {vm.id: vm for vm in known(host.vms)} if ids else {}
    found: list[str] = []
    for vm_id in ids:
        if vm_id not in vms:
            _untold(known, f"{vm_id} runs on it and is not listed")
        found += _of_vm(vms[vm_id], host, known)
    told = host.vgpu_instances
    if isinstance(told, Known) and known.certainly(gpu.smi_seen, True):
        said = [one.profile for one in told.value if one.address == gpu.address]
        if all(said) and Counter(map(bare, said)) != Counter(map(bare, found)):
            _untold(known, "vSphere and nvidia-smi do not tell the same of what runs on it")
    return tuple(found)


def _of_vm(vm: Vm, host: Host, known: Facts) -> list[str]:
    """Return the vGPUs of a VM on each of its GPUs: all on the only one, or one on each of many."""
    if known(vm.power_state) != "poweredOn":
        return []
    known(vm.devices)
    profiles = [known(one.profile) for one in vm.vgpus]
    across = sum(
        vm.id in known(gpu.vm_ids) and not known(gpu.passthrough).active for gpu in known(host.gpus)
    )
    if across == 1 or not profiles:
        return profiles
    if len(set(profiles)) > 1 or across != len(profiles):
        _untold(known, f"which vGPUs of VM {vm.name} sit on it is not known")
    return profiles[:1]


def _untold(known: Facts, detail: str) -> NoReturn:
    known.leave(Unknown(Why.ABSENT, detail, SERVED_BY))
