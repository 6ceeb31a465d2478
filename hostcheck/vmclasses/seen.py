"""What judging classes needs of one host, so that the rest of it can go."""

from collections.abc import Sequence

from msgspec import Struct

from hostcheck.capacity.look import look_at
from hostcheck.capacity.seen import Seen
from hostcheck.checks.engine import attempt, subject
from hostcheck.checks.memory import MOST_TIERED
from hostcheck.checks.subjects import takes
from hostcheck.model.fact import Fact, Known, Unknown
from hostcheck.model.host import Host
from hostcheck.model.pci import PciAddress
from hostcheck.model.requirements import GpuModel, Requirements
from hostcheck.model.result import Result
from hostcheck.model.vm import Vm
from hostcheck.model.vm_class import VmClass
from hostcheck.vmclasses.checks.on_host import ON_HOST, given
from hostcheck.vmclasses.vm import Promise, vm_of


class FreeSpan(Struct, frozen=True):
    """Bytes or devices that are free: at least `low`, at most `high`; None: not known."""

    low: int
    high: int | None


class RunningVm(Struct, frozen=True):
    """A running VM with GPUs: what it takes with it when its host is lost."""

    profiles: tuple[str, ...]
    """As vSphere spells them."""
    whole: int
    """Whole devices."""
    memory_bytes: int | None
    known: bool
    """Whether all of its vGPUs have a name."""


class SeenClass(Struct, frozen=True):
    """One class on one host."""

    results: tuple[Result, ...]
    devices: FreeSpan
    """Of the whole devices that the class asks for, those that nobody uses."""


class ClassHost(Struct, frozen=True):
    """One host."""

    name: str
    target: str
    cluster: str
    """Empty: not known, or in none."""
    has_gpu: bool | None
    counted: Seen
    """As capacity counts it."""
    offered: tuple[str, ...]
    """vGPU profiles, as vSphere spells them; none where that is not known."""
    memory: FreeSpan
    """Bytes that can be reserved now."""
    most_memory: int
    """Bytes that one VM may surely have of it, with nothing else on it; 0: not known."""
    guests: tuple[RunningVm, ...] | None
    """None: not known."""
    classes: tuple[SeenClass, ...]
    """In the order of the classes."""


def seen_of(
    host: Host, classes: Sequence[VmClass], needs: Requirements,
    results: tuple[Result, ...] | None = None,
) -> ClassHost:  # fmt: skip
    """Look at a host for classes; `results` are what was judged of it before."""
    gpus = host.gpus
    return ClassHost(
        name=host.name,
        target=host.target,
        cluster=host.cluster.value if isinstance(host.cluster, Known) else "",
        has_gpu=None if isinstance(gpus, Unknown) else bool(gpus.value),
        counted=look_at(host, needs, results),
        offered=() if isinstance(host.profiles_offered, Unknown) else host.profiles_offered.value,
        memory=_memory(host),
        most_memory=_most_memory(host),
        guests=_guests(host),
        classes=tuple(_class(one, host, needs) for one in classes),
    )


def _class(one: VmClass, host: Host, needs: Requirements) -> SeenClass:
    about = subject("vm class", one.name, f"class {one.name}", host=host.name)
    promise = Promise(one, vm_of(one), host)
    results = tuple(check.judge(about, promise, needs, host) for check in ON_HOST)
    return SeenClass(results, _devices(one, promise.vm, host))


def _value(fact: Fact[int]) -> int | None:
    return fact.value if isinstance(fact, Known) else None


def _memory(host: Host) -> FreeSpan:
    """Say how much can be reserved now: surely what DRAM leaves beside all that is known."""
    total, held = _value(host.memory_bytes), _value(host.memory_reserved_bytes)
    if total is None or held is None:
        return FreeSpan(0, total)
    beside, own = _value(host.memory_overhead_bytes), _value(host.memory_hypervisor_bytes)
    high = max(0, total - held)
    if beside is None or own is None:
        return FreeSpan(0, high)
    return FreeSpan(min(high, max(0, _fast(host, total) - held - beside - own)), high)


def _most_memory(host: Host) -> int:
    total, own = _value(host.memory_bytes), _value(host.memory_hypervisor_bytes)
    return 0 if total is None or own is None else max(0, _fast(host, total) - own)


def _fast(host: Host, total: int) -> int:
    """Return how much of the memory is surely DRAM."""
    dram = _value(host.memory_dram_bytes)
    return total // MOST_TIERED if dram is None else min(dram, total)


def _guests(host: Host) -> tuple[RunningVm, ...] | None:
    if isinstance(host.vms, Unknown):
        return None
    found = []
    for vm in host.vms.value:
        if isinstance(vm.power_state, Unknown) or isinstance(vm.devices, Unknown):
            return None
        if vm.power_state.value == "poweredOn":
            named = tuple(one.profile.value for one in vm.vgpus if isinstance(one.profile, Known))
            whole = len(named) == len(vm.vgpus)
            size = _value(vm.memory_bytes)
            found.append(RunningVm(named, len(vm.passthroughs), size, known=whole))
    return tuple(found)


def _devices(one: VmClass, vm: Vm, host: Host) -> FreeSpan:
    """Count the GPUs that the class's whole devices may be, and that nobody uses."""
    if not one.devices:
        return FreeSpan(0, 0)
    alike = attempt(lambda known: {
        gpu.address for each in one.devices for gpu in given(host, each.ids, each.label, known)
    })  # fmt: skip
    gpus = host.gpus
    if isinstance(alike, Unknown):
        kinds = [] if isinstance(gpus, Unknown) else gpus.value
        may = [gpu for gpu in kinds if any(_may(gpu, each, vm) for each in vm.passthroughs)]
        return FreeSpan(0, None if isinstance(gpus, Unknown) else len(may))
    users = _users(host)
    if users is None:
        return FreeSpan(0, len(alike))
    sure = {address for address, _ in users if address}
    loose = sum(not address for address, _ in users)
    free = len(alike - sure)
    return FreeSpan(max(0, free - loose), free)


def _may(gpu: object, device: object, _vm: Vm) -> bool:
    found = attempt(lambda known: takes(device, gpu, known))  # type: ignore[arg-type]
    return found is True


def _users(host: Host) -> list[tuple[PciAddress | None, str]] | None:
    """Return where each whole device of a running VM sits, or None where that is not told."""
    if isinstance(host.vms, Unknown):
        return None
    found: list[tuple[PciAddress | None, str]] = []
    for vm in host.vms.value:
        if isinstance(vm.power_state, Unknown) or isinstance(vm.devices, Unknown):
            return None
        if vm.power_state.value == "poweredOn":
            found += [
                (one.address.value if isinstance(one.address, Known) else None, vm.name)
                for one in vm.passthroughs
            ]
    return found


def models_of(hosts: Sequence[ClassHost]) -> tuple[GpuModel, ...]:
    """Return the kinds of GPU that hosts have."""
    found: dict[str, GpuModel] = {}
    for host in hosts:
        for gpu in () if isinstance(host.counted.gpus, Unknown) else host.counted.gpus:
            if not isinstance(gpu.model, Unknown):
                found.setdefault(gpu.model.key, gpu.model)
    return tuple(found.values())
