"""Memory and CPU of a host: what is there, what running VMs hold, what ESXi keeps for itself."""

from collections.abc import Callable
from typing import NamedTuple

from hostcheck.assemble.book import Parsed
from hostcheck.assemble.placement import Answers
from hostcheck.model.fact import Fact, Known, Reading, Unknown, Why
from hostcheck.model.host import MemoryTier, OtherVms
from hostcheck.model.release import is_before
from hostcheck.model.vm import Vm
from hostcheck.parsers.vim_compute_resource import ComputeResource
from hostcheck.parsers.vim_host_system import HostSystem
from hostcheck.parsers.vim_virtual_machine import Footprint

ALIKE = 0.01
"""By how much hosts of one size may differ in memory or CPU."""
MHZ = 1_000_000
NVME_TIERS_SINCE = (8, 0, 3)
"""First release, and first version of the API, that can take NVMe devices for memory."""
TIERS = "HostSystem hardware.memoryTierInfo"


def dram(system: Parsed[HostSystem]) -> Fact[int]:
    """Return what of the host's memory is no NVMe tier.

    `memorySize` counts the NVMe of a tier as memory. Persistent memory that the hardware itself
    hides behind DRAM is all the memory there is.
    """
    return system.fact(_dram)


def _dram(one: HostSystem) -> Reading[int]:
    total, tiers = one.memory_bytes, one.memory_tiers
    if isinstance(total, Unknown):
        return total
    if not isinstance(tiers, Unknown) and any(tier.kind == "NVMe" for tier in tiers):
        return _listed(total, tiers)
    if not isinstance(one.version, Unknown) and is_before(one.version, NVME_TIERS_SINCE):
        return total
    if isinstance(one.memory_tiering, Unknown):
        return one.memory_tiering
    if one.memory_tiering in ("noTiering", "hardwareTiering"):
        return total
    if one.memory_tiering != "softwareTiering":
        detail = f"a kind of memory tiering that is not known: {one.memory_tiering!r}"
        return Unknown(Why.UNPARSED, detail, "HostSystem hardware.memoryTieringType")
    return tiers if isinstance(tiers, Unknown) else _listed(total, tiers)


def _listed(total: int, tiers: tuple[MemoryTier, ...]) -> Reading[int]:
    """Add up what is DRAM; the tiers of memory that software manages make the host's memory."""
    fast = sum(tier.size_bytes for tier in tiers if tier.kind == "DRAM")
    if not 0 < fast <= total:
        told = ", ".join(f"{tier.kind} {tier.size_bytes}" for tier in tiers) or "none"
        return Unknown(Why.UNPARSED, f"tiers that do not make {total} bytes: {told}", TIERS)
    return fast


def reserved(system: Parsed[HostSystem], answers: Answers) -> Fact[int]:
    """Add up the reservations of the VMs that run on this host."""
    return _sum(system, answers, _reservation)


def overhead(system: Parsed[HostSystem], answers: Answers) -> Fact[int]:
    """Add up what ESXi needed beside them to power those VMs on."""
    return _sum(system, answers, lambda vm: vm.memory_overhead_bytes)


def reserved_cpu(system: Parsed[HostSystem], answers: Answers) -> Fact[int]:
    """Add up the MHz that the VMs that run on this host have reserved."""
    return _sum(system, answers, lambda vm: vm.cpu_reserved_mhz)


def others_of(
    system: Parsed[HostSystem], answers: Answers, vms: Fact[tuple[Vm, ...]]
) -> Fact[OtherVms]:
    """Count the VMs that run here and have no GPU; one that is not known leaves it open."""
    if isinstance(system.value, Unknown):
        return system.value
    if isinstance(vms, Unknown):
        return vms
    listed = {vm.id for vm in vms.value}
    others = {vm_id: one for vm_id, one in answers.items() if vm_id not in listed}
    memory = _sum(system, others, lambda vm: vm.memory_bytes)
    number = _sum(system, others, lambda _: 1)
    if isinstance(memory, Unknown):
        return memory
    if isinstance(number, Unknown):
        return number
    return Known(OtherVms(number.value, memory.value), (system.source,))


def _reservation(vm: Footprint) -> Reading[int]:
    """Return what a VM has reserved, which is all of its memory where that is locked."""
    locked, told = vm.memory_locked_to_max, vm.memory_reserved_bytes
    if locked is True:
        return vm.memory_bytes
    if locked is False or (told == vm.memory_bytes and not isinstance(told, Unknown)):
        return told
    return locked


def _sum(
    system: Parsed[HostSystem], answers: Answers, amount: Callable[[Footprint], Reading[int]]
) -> Fact[int]:
    """Add up an amount of every VM that runs here; one that is not known leaves the sum open.

    A VM of another host, which a preflight looks at here, holds nothing here.
    """
    if isinstance(system.value, Unknown):
        return system.value
    total, sources = 0, []
    for answer in answers.values():
        if isinstance(answer.value, Unknown):
            return answer.value
        vm = answer.value
        if not isinstance(vm.host_id, Unknown) and vm.host_id != system.value.id:
            continue
        if isinstance(vm.power_state, Unknown):
            return vm.power_state
        if vm.power_state == "poweredOn":
            held = amount(vm)
            if isinstance(held, Unknown):
                return held
            total += held
        sources.append(answer.source)
    return Known(total, tuple(sorted({system.source, *sources})))


def used_by_hypervisor(system: Parsed[HostSystem], cluster: Parsed[ComputeResource]) -> Fact[int]:
    """Return what ESXi keeps of this host's memory: the part that is not effective for VMs."""
    size = system.fact(lambda one: one.memory_bytes)
    told = cluster.fact(lambda one: one.memory)
    if isinstance(told, Unknown):
        return size if isinstance(size, Unknown) else told
    one = told.value
    sums = _Sums(one.host_count, one.effective_host_count, one.total_bytes, one.effective_bytes)
    return _kept(size, sums, told.sources, "effectiveMemory")


def cpu_used_by_hypervisor(
    system: Parsed[HostSystem], cluster: Parsed[ComputeResource]
) -> Fact[int]:
    """Return the MHz that ESXi keeps for itself, told in the same way."""
    size = system.fact(_mhz)
    told = cluster.fact(lambda one: one.cpu)
    if isinstance(told, Unknown):
        return size if isinstance(size, Unknown) else told
    one = told.value
    sums = _Sums(one.host_count, one.effective_host_count, one.total_mhz, one.effective_mhz)
    return _kept(size, sums, told.sources, "effectiveCpu")


def _mhz(one: HostSystem) -> Reading[int]:
    if isinstance(one.core_count, Unknown):
        return one.core_count
    return one.core_hz if isinstance(one.core_hz, Unknown) else one.core_count * one.core_hz // MHZ


class _Sums(NamedTuple):
    """What vCenter tells of a cluster: hosts, those that run, and an amount of each."""

    hosts: int
    effective_hosts: int
    total: int
    effective: int


def _kept(size: Fact[int], sums: _Sums, told_by: tuple[int, ...], name: str) -> Fact[int]:
    """Share out by size what is not effective.

    Where some hosts are away, only among hosts of one size can it be told what the others have.
    """
    if isinstance(size, Unknown):
        return size
    sources = tuple(sorted({*size.sources, *told_by}))
    if sums.effective_hosts == sums.hosts and sums.total > 0:
        return Known(round(size.value / sums.total * (sums.total - sums.effective)), sources)
    same = abs(sums.total - size.value * sums.hosts)
    if sums.effective_hosts > 0 and same <= ALIKE * sums.total:
        return Known(max(size.value - sums.effective // sums.effective_hosts, 0), sources)
    detail = "some hosts of the cluster are away, and its hosts are of different sizes"
    return Unknown(Why.ABSENT, detail, f"ComputeResource summary.{name}")
