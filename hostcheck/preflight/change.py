"""What if a VM that exists had other hardware: the VM as it would be, on a host."""

import msgspec

from hostcheck.errors import UsageError
from hostcheck.model.capture import Origin, Wire
from hostcheck.model.fact import Fact, Known, Unknown, Why
from hostcheck.model.host import Host
from hostcheck.model.vm import Vm, VmVgpu
from hostcheck.preflight.ask import RUNS
from hostcheck.words import count, gib

MIB = 1024 * 1024
UNTOLD = "a change in thought does not tell it"


class VmChange(msgspec.Struct, frozen=True):
    """What a VM is given in thought; 0 and empty leave it as it is. `count` is of its vGPUs."""

    vcpus: int = 0
    memory_mb: int = 0
    profile: str = ""
    count: int = 0

    def __bool__(self) -> bool:
        return self != NOTHING

    def told(self, vm: Vm) -> str:
        """Say what differs, and what it is now: `16 vCPUs (now 8) and 64 GiB (now 32 GiB)`."""
        parts = []
        if self.vcpus:
            now = _shown(vm.vcpu_count)
            parts.append(f"{count(self.vcpus, 'vCPU')} (now {now})")
        if self.memory_mb:
            held = vm.memory_bytes
            now = gib(held.value) if isinstance(held, Known) else "not known"
            parts.append(f"{gib(self.memory_mb * MIB)} of memory (now {now})")
        if self.profile or self.count:
            parts.append(f"{_counted(self.vgpus(vm))} (now {_counted(vm.vgpus)})")
        return " and ".join(parts)

    def vgpus(self, vm: Vm) -> tuple[VmVgpu, ...]:
        """Return its vGPUs. Raises UsageError where it is not clear which profile is meant."""
        if not (self.profile or self.count):
            return vm.vgpus
        here = {one.profile for one in vm.vgpus}
        if not self.profile and len(here) != 1:
            told = "has vGPUs of several profiles" if here else "has no vGPU"
            raise UsageError(f"{vm.name} {told}: --count needs --profile too")
        profile = Known(self.profile) if self.profile else next(iter(here))
        number = self.count or len(vm.vgpus) or 1
        return tuple(VmVgpu(f"PCI device {at}", profile) for at in range(number))

    def on(self, vm: Vm, source: int) -> Vm:
        """Return the VM as it would be, told by that source.

        Raises UsageError for a VM that runs: what it holds of its host now is not taken away.
        """
        if isinstance(vm.power_state, Known) and vm.power_state.value == RUNS:
            raise UsageError(
                f"{vm.name} runs: a change is judged of a VM that is off; leave --vcpus, --memory, "
                "--profile and --count out, or describe a VM to be with --spec"
            )
        changed = vm
        sources = (source,)
        if self.vcpus:
            changed = msgspec.structs.replace(
                changed,
                vcpu_count=Known(self.vcpus, sources),
                cores_per_socket=_sockets(vm.cores_per_socket, self.vcpus),
            )
        if self.memory_mb:
            memory = Known(self.memory_mb * MIB, sources)
            changed = msgspec.structs.replace(
                changed, memory_bytes=memory, memory_reserved_bytes=_reserved(vm, memory)
            )
        overhead = self._overhead(vm, source)
        return msgspec.structs.replace(
            changed, vgpus=self.vgpus(vm), memory_overhead_bytes=overhead
        )

    def _overhead(self, vm: Vm, source: int) -> Fact[int]:
        """Return what ESXi would need beside its memory, at most.

        That grows with memory and with vCPUs, and by no more than both together.
        """
        held = vm.memory_overhead_bytes
        if isinstance(held, Unknown):
            return held
        grown = held.value
        for wanted, now in (
            (self.vcpus, vm.vcpu_count), (self.memory_mb * MIB, vm.memory_bytes)
        ):  # fmt: skip
            if not wanted:
                continue
            if isinstance(now, Unknown):
                return now
            grown = grown * max(wanted, now.value) // max(now.value, 1)
        return held if grown == held.value else Known(grown, (*held.sources, source))


NOTHING = VmChange()


def changed(host: Host, vm_id: str, change: VmChange) -> Host:
    """Return a host on which that VM is as it would be; where its VMs are not known, as it is."""
    if not change or isinstance(host.vms, Unknown):
        return host
    told = Origin(Wire.GIVEN, "what the VM would have", vm_id, "")
    at = len(host.sources)
    vms = tuple(change.on(one, at) if one.id == vm_id else one for one in host.vms.value)
    known = Known(vms, host.vms.sources)
    return msgspec.structs.replace(host, sources=(*host.sources, told), vms=known)


def _sockets(cores: Fact[int], vcpus: int) -> Fact[int]:
    """Return the cores of a socket: as now, where whole sockets come out."""
    if isinstance(cores, Known) and (not cores.value or vcpus % cores.value):
        return Unknown(Why.NOT_ASKED, UNTOLD, "VirtualMachine config.hardware")
    return cores


def _reserved(vm: Vm, memory: Known[int]) -> Fact[int]:
    """Return what is reserved: all of it with "reserve all guest memory", else what is now."""
    locked = vm.memory_locked_to_max
    if isinstance(locked, Unknown):
        return locked
    return memory if locked.value else vm.memory_reserved_bytes


def _shown(fact: Fact[int]) -> str:
    return "not known" if isinstance(fact, Unknown) else str(fact.value)


def _counted(vgpus: tuple[VmVgpu, ...]) -> str:
    """Return `2 x grid_a100d-40c`."""
    names = [
        "a profile that is not known" if isinstance(one.profile, Unknown) else one.profile.value
        for one in vgpus
    ]
    counts = [f"{names.count(name)} x {name}" for name in dict.fromkeys(names)]
    return ", ".join(counts) or "no vGPU"
