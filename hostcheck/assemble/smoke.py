"""Which guest proves which GPU, and what it said.

A guest that nobody named is never chosen. A named one is chosen where it runs, and the GPU is the
only one that it has: whole, as a MIG slice, or through a C or Q profile.
"""

import msgspec

from hostcheck import catalog
from hostcheck.assemble.book import Book, Parsed
from hostcheck.assemble.passthrough import may_be_gpu
from hostcheck.model.fact import Fact, Known, Unknown, Why
from hostcheck.model.host import Host, PhysicalGpu
from hostcheck.model.requirements import GpuModel, VgpuProfile
from hostcheck.model.smoke import GpuSmoke, SmokeAnswer
from hostcheck.model.vm import Vm
from hostcheck.parsers import smoke_sparse24
from hostcheck.ways.guest.steps import NAMED

PASSTHROUGH = "passthrough"
COMPUTE_SERIES = ("C", "Q")
"""Profiles whose guests have CUDA; A and B have none."""


def named_in(text: str) -> tuple[str, ...]:
    """Read the list of guests that the user named."""
    return tuple(sorted(set(text.split())))


def guests_of(host: Host) -> tuple[str, ...]:
    """Return the ids of the VMs in which the smoke test is to run, one a GPU at most."""
    if isinstance(host.gpus, Unknown):
        return ()
    chosen = [guest_for(gpu, host) for gpu in host.gpus.value]
    return tuple(dict.fromkeys(vm.id for vm in chosen if isinstance(vm, Vm)))


def guest_for(gpu: PhysicalGpu, host: Host) -> Vm | Unknown:
    """Choose the guest that has most of the GPU, or say why there is none."""
    named = _named_on(gpu, host)
    if isinstance(named, Unknown):
        return named
    reasons = {vm.id: _unfit(vm, gpu) for vm in named}
    fit = [vm for vm in named if not reasons[vm.id]]
    if fit:
        return min(fit, key=lambda vm: (*_share(vm, gpu), vm.name, vm.id))
    if named:
        told = "; ".join(f"{vm.name} {reasons[vm.id]}" for vm in named)
        return Unknown(Why.ABSENT, f"no named guest may run it: {told}", NAMED.text)
    told = "no guest on this GPU was named for the smoke test"
    return Unknown(Why.ABSENT, told, NAMED.text)


def _named_on(gpu: PhysicalGpu, host: Host) -> list[Vm] | Unknown:
    """Return the named VMs that are on the GPU, or may be; or why there can be none."""
    if isinstance(gpu.catalogue_key, Unknown):
        return gpu.catalogue_key
    model = catalog.requirements().models[gpu.catalogue_key.value]
    if not model.sparse:
        return Unknown(Why.ABSENT, f"{model.name} has no sparse tensor cores", NAMED.text)
    if host.smoke_guests is msgspec.UNSET:
        return []
    if isinstance(host.smoke_guests, Unknown):
        return host.smoke_guests
    if isinstance(host.vms, Unknown):
        return host.vms
    named = [vm for vm in host.vms.value if vm.id in host.smoke_guests.value]
    return [vm for vm in named if _may_be_on(vm, gpu, model)]


def _may_be_on(vm: Vm, gpu: PhysicalGpu, model: GpuModel) -> bool:
    """Say whether a VM is on the GPU; where vSphere does not tell, whether its profile fits."""
    if isinstance(vm.gpu_addresses, Known):
        return gpu.address in vm.gpu_addresses.value
    told = [vgpu.profile.value for vgpu in vm.vgpus if isinstance(vgpu.profile, Known)]
    return all(model.serves(profile) for profile in told)


def _unfit(vm: Vm, gpu: PhysicalGpu) -> str:
    """Say why a guest on the GPU cannot prove it; empty when it can."""
    if isinstance(vm.power_state, Unknown):
        return f"may be off ({vm.power_state.detail})"
    if vm.power_state.value != "poweredOn":
        return f"is {vm.power_state.value}"
    if isinstance(vm.gpu_addresses, Unknown):
        return f"may be on another GPU ({vm.gpu_addresses.detail})"
    if len(vm.vgpus) + sum(map(may_be_gpu, vm.passthroughs)) > 1:
        return "has several GPUs, and which of them is this one is not told in the guest"
    return _without_cuda(vm, gpu) if vm.vgpus else ""


def _without_cuda(vm: Vm, gpu: PhysicalGpu) -> str:
    """Say why the VM's vGPU may have no CUDA; empty when it has."""
    told = vm.vgpus[0].profile
    if isinstance(told, Unknown):
        return f"has a vGPU whose profile is not known ({told.detail})"
    profile = _profile(vm, gpu)
    if profile is None:
        return f"has {told.value}, not in the catalogue"
    if profile.series not in COMPUTE_SERIES:
        return f"has {told.value}: {profile.series} profiles have no CUDA"
    return ""


def _profile(vm: Vm, gpu: PhysicalGpu) -> VgpuProfile | None:
    """Return the catalogue's entry of the VM's vGPU type; None for a whole GPU."""
    if not vm.vgpus or isinstance(gpu.catalogue_key, Unknown):
        return None
    told = vm.vgpus[0].profile
    if isinstance(told, Unknown):
        return None
    return catalog.requirements().models[gpu.catalogue_key.value].profile(told.value)


def _device(vm: Vm) -> str:
    """Return what the VM has of the GPU, in vSphere's words."""
    told = vm.vgpus[0].profile if vm.vgpus else None
    return told.value if isinstance(told, Known) else PASSTHROUGH


def _share(vm: Vm, gpu: PhysicalGpu) -> tuple[int, int]:
    """Rank guests: the whole GPU, a MIG slice, a time-sliced vGPU; the larger one first."""
    profile = _profile(vm, gpu)
    if profile is None:
        return (0, 0)
    return (1 if profile.mig else 2, -profile.framebuffer_mib)


def with_smoke(host: Host, book: Book) -> Host:
    """Return the host with what the smoke test said of each GPU; unchanged when nobody asked."""
    if not book.asked(NAMED.wire) and not book.asked(smoke_sparse24.REQUEST.wire):
        return host
    named = book.read(NAMED, named_in).fact(lambda ids: ids)
    host = msgspec.structs.replace(host, smoke_guests=named)
    if not isinstance(host.gpus, Unknown):
        gpus = tuple(
            msgspec.structs.replace(gpu, smoke=_smoke(gpu, host, book)) for gpu in host.gpus.value
        )
        host = msgspec.structs.replace(host, gpus=Known(gpus, host.gpus.sources))
    return msgspec.structs.replace(host, sources=tuple(book.sources))


def _smoke(gpu: PhysicalGpu, host: Host, book: Book) -> Fact[GpuSmoke]:
    vm = guest_for(gpu, host)
    if isinstance(vm, Unknown):
        return vm
    request = smoke_sparse24.REQUEST.of(vm.id)
    left = book.said_beside(request)
    answer: Parsed[SmokeAnswer] = book.read(request, smoke_sparse24.parse)
    if isinstance(answer.value, Unknown) and left:
        unseen = answer.value
        told = f"{unseen.detail}; in guest {vm.name}: {'; '.join(left)}"
        return Unknown(unseen.why, told, unseen.asked, unseen.privilege)
    profile = _profile(vm, gpu)
    return answer.fact(
        lambda said: GpuSmoke(
            vm_id=vm.id,
            vm=vm.name,
            device=_device(vm),
            shared=profile is not None and not profile.mig and profile.max_per_gpu > 1,
            answer=said,
            left=left,
        )
    )
