"""What checks are asked about: each function lists the subjects of one host."""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import TypeVar, cast

from msgspec import Struct

from hostcheck.checks.engine import Facts, Subjects, attempt, subject, subjects
from hostcheck.checks.kinds import serves
from hostcheck.model.fact import Known, Unknown
from hostcheck.model.host import Host, PhysicalGpu, Testimony, VgpuInstance
from hostcheck.model.opinion import Opinion
from hostcheck.model.pci import PciId
from hostcheck.model.requirements import Requirements, bare
from hostcheck.model.result import About, Subject
from hostcheck.model.vm import TO_BE, Pool, Vm, VmPassthrough

T = TypeVar("T")


class GpuOnHost(Struct, frozen=True):
    """A GPU and the host around it."""

    gpu: PhysicalGpu
    host: Host


class VgpuOnHost(Struct, frozen=True):
    """A running vGPU and the host around it."""

    vgpu: VgpuInstance
    host: Host


class Placement(Struct, frozen=True, dict=True):
    """A VM on a host: where it runs, or where it might. It keeps what is found `once`."""

    vm: Vm
    host: Host


@subjects("Host", About.HOST)
def every_host(host: Host) -> Subjects[Host]:
    return [(subject("host", host.id, host.name, host=host.name), host)]


@subjects("NVIDIA GPU", About.GPU)
def every_gpu(host: Host) -> Subjects[GpuOnHost]:
    if isinstance(host.gpus, Unknown):
        return host.gpus
    return [(gpu_subject(gpu, host), GpuOnHost(gpu, host)) for gpu in host.gpus.value]


def gpu_subject(gpu: PhysicalGpu, host: Host) -> Subject:
    """Name a GPU."""
    name = f"GPU {gpu.address} {gpu.name}"
    if isinstance(gpu.slot, Known):
        name += f" in {gpu.slot.value}"
    return subject("gpu", gpu.address, name, host=host.name, gpu=gpu.address)


@subjects("Host with an NVIDIA GPU", About.GPU)
def every_host_with_gpu(host: Host) -> Subjects[Host]:
    if isinstance(host.gpus, Unknown):
        return host.gpus
    return every_host(host) if host.gpus.value else []


@subjects("VM with a GPU", About.VM)
def every_vm(host: Host) -> Subjects[Vm]:
    if isinstance(host.vms, Unknown):
        return host.vms
    return [(vm_subject(vm, host), vm) for vm in host.vms.value]


def vm_subject(vm: Vm, host: Host) -> Subject:
    """Name a VM."""
    name = f"the {TO_BE}" if vm.name == TO_BE else f"VM {vm.name}"
    return subject(
        "vm", vm.id, name, host=host.name, vm=vm.name, vm_id=f"VirtualMachine-{vm.id}"
    )  # fmt: skip


@subjects("VM with a GPU on a host", About.VM)
def every_placement(host: Host) -> Subjects[Placement]:
    if isinstance(host.vms, Unknown):
        return host.vms
    return [(vm_subject(vm, host), Placement(vm, host)) for vm in host.vms.value]


@subjects("VM that vCenter itself was asked about", About.VM)
def every_opinion(host: Host) -> Subjects[Opinion]:
    if isinstance(host.vms, Unknown):
        return host.vms if host.opinions else []
    by_id = {vm.id: vm for vm in host.vms.value}
    return [
        (vm_subject(by_id[one.vm_id], host), one) for one in host.opinions if one.vm_id in by_id
    ]


@subjects("Running vGPU", About.GPU)
def every_running_vgpu(host: Host) -> Subjects[VgpuOnHost]:
    if isinstance(host.gpus, Unknown):
        return host.gpus
    if not host.gpus.value:
        return []
    if isinstance(host.vgpu_instances, Unknown):
        return host.vgpu_instances
    return [
        (
            subject(
                "vgpu",
                f"{one.address} {index}",
                f"vGPU {one.profile} of {one.vm_name}",
                host=host.name,
                gpu=one.address,
                vm=one.vm_name,
            ),
            VgpuOnHost(one, host),
        )
        for index, one in enumerate(host.vgpu_instances.value)
    ]


@subjects("Fact that several sources tell", About.SOURCES)
def every_testimony(host: Host) -> Subjects[Testimony]:
    return [
        (subject("agreement", one.topic, one.topic, host=host.name), one)
        for one in host.testimonies
    ]


def given_away(gpu: PhysicalGpu, known: Facts) -> bool:
    """Say whether the GPU is in passthrough: then it serves whole, and no vGPU is asked of it."""
    return known(gpu.passthrough).active


PASSED_THROUGH = "in passthrough: the GPU is given to a VM as a whole"


Look = Callable[[Placement, Requirements, Facts], T]


def once(look: Look[T]) -> Look[T]:
    """Let all checks of a VM share what a function finds, and the facts that it opens for that.

    What makes it leave a check makes it leave each. It does not ask what a policy expects.
    """
    name = f"{look.__module__}.{look.__qualname__}"

    @wraps(look)
    def shared(placed: Placement, needs: Requirements, known: Facts) -> T:
        kept = vars(placed).get(name)
        if kept is None or kept[0] is not needs:
            opened = Facts()
            found = attempt(lambda each: look(placed, needs, each), opened)
            kept = vars(placed)[name] = needs, opened, found
        known.rest_on(kept[1])
        if isinstance(kept[2], Unknown):
            known.leave(kept[2])
        return cast(T, kept[2])

    return shared


@once
def serving_gpus(placed: Placement, needs: Requirements, known: Facts) -> tuple[PhysicalGpu, ...]:
    """Return the GPUs that serve the VM, or that could: by profile, address or allowed id.

    Leaves the check when the VM's devices, the host's GPUs or what one of them serves is unknown.
    """
    vm = placed.vm
    known(vm.devices)
    gpus = known(placed.host.gpus)
    if runs_here(placed, known):
        now = known(vm.gpu_addresses)
        return tuple(gpu for gpu in gpus if gpu.address in now)
    return tuple(_could_serve(vm, gpus, needs, known))


def runs_here(placed: Placement, known: Facts) -> bool:
    """Say whether the VM runs on this host now; leaves the check when that is not known."""
    vm = placed.vm
    if not isinstance(vm.host_id, Unknown) and vm.host_id.value != placed.host.id:
        return False
    return known(vm.power_state) == "poweredOn" and bool(known(vm.host_id))


def takes_all(placed: Placement, known: Facts) -> bool:
    """Say whether the VM works on all of its serving GPUs: vSphere will not choose one of them."""
    vm = placed.vm
    fixed = not vm.vgpus and all(device.kind == "static" for device in whole_gpus(vm, known))
    return fixed or runs_here(placed, known)


def serving(placed: Placement, needs: Requirements) -> tuple[PhysicalGpu, ...] | Unknown:
    """Return the GPUs that could serve the VM, or what is missing to tell."""
    return attempt(lambda known: serving_gpus(placed, needs, known))


def _could_serve(
    vm: Vm, gpus: tuple[PhysicalGpu, ...], needs: Requirements, known: Facts
) -> Iterator[PhysicalGpu]:
    """Yield the GPUs that could serve a VM; with no GPU nothing is asked of the VM."""
    profiles = profiles_of(vm, known) if gpus else ()
    for gpu in gpus:
        if profiles:
            served = all(serves(gpu, profile, needs, known) for profile in profiles)
            if served and not given_away(gpu, known):
                yield gpu
            continue
        devices = whole_gpus(vm, known)
        for device in devices:
            if device.kind == "static":
                known(device.address)
        if any(takes(device, gpu, known) for device in devices):
            yield gpu


def whole_gpus(vm: Vm, known: Facts) -> tuple[VmPassthrough, ...]:
    """Return the whole devices of the VM that are GPUs; leaves the check at one that may be."""
    return tuple(device for device in vm.passthroughs if known(device.gpu))


def takes(device: VmPassthrough, gpu: PhysicalGpu, known: Facts) -> bool:
    """Say whether a whole device of a VM is that GPU, or may be: by address, or by allowed ids.

    Which one a running VM was given tells nothing of another host.
    """
    if device.kind == "static":
        return known(device.address) == gpu.address
    ids = {str(gpu.pci_id), str(PciId(gpu.pci_id.vendor, gpu.pci_id.device))}
    return not ids.isdisjoint(device.allowed)


def profiles_of(vm: Vm, known: Facts) -> tuple[str, ...]:
    """Return the vGPU types that the VM asks for; leaves the check when one has no name."""
    return tuple(sorted({known(vgpu.profile) for vgpu in vm.vgpus}))


def able_profiles(host: Host, known: Facts) -> set[str]:
    """Return the vGPU types of which the host tells what a VM can do with them, as compared."""
    told = host.vgpu_abilities
    return {bare(one.profile) for one in known(told)} if isinstance(told, Known) else set()


def addresses(gpus: tuple[PhysicalGpu, ...]) -> str:
    """Name GPUs in a sentence."""
    return ", ".join(gpu.address for gpu in gpus) or "no GPU"


ROOT_POOL = "Resources"
"""vSphere's name for the pool of a whole cluster or host, which cannot be made larger."""


def changeable(pool: Pool) -> str | None:
    """Return what govc calls a pool by, or None: it is the root, or its id is not known."""
    return f"ResourcePool:{pool.id}" if pool.id and pool.name != ROOT_POOL else None


MEMORY_STEP_MB = 4
"""vSphere takes a VM's memory in multiples of this."""


def megabytes(size: int) -> int:
    """Return the largest memory that a VM may be given and that is not above a size, in MB."""
    return size // 2**20 // MEMORY_STEP_MB * MEMORY_STEP_MB
