"""Memory of a host: what of it is DRAM, what its running VMs hold, what ESXi keeps for itself."""

from collections.abc import Callable

from hostcheck.assemble.book import Answer
from hostcheck.assemble.vms import Answers
from hostcheck.model.fact import Fact, Known, Reading, Unknown, Why
from hostcheck.model.host import MemoryTier
from hostcheck.model.release import is_before
from hostcheck.parsers.vim_compute_resource import ComputeResource
from hostcheck.parsers.vim_host_system import HostSystem
from hostcheck.parsers.vim_virtual_machine import Footprint

ALIKE = 0.01
"""By how much hosts of one size may differ in memory."""
NVME_TIERS_SINCE = (8, 0, 3)
"""First release, and first version of the API, that can take NVMe devices for memory."""
TIERS = "HostSystem hardware.memoryTierInfo"


def dram(system: Answer[HostSystem]) -> Fact[int]:
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


def reserved(system: Answer[HostSystem], answers: Answers) -> Fact[int]:
    """Add up the reservations of the VMs that run on this host."""
    return _sum(system, answers, _reservation)


def overhead(system: Answer[HostSystem], answers: Answers) -> Fact[int]:
    """Add up what ESXi needed beside them to power those VMs on."""
    return _sum(system, answers, lambda vm: vm.memory_overhead_bytes)


def _reservation(vm: Footprint) -> Reading[int]:
    return vm.memory_bytes if vm.memory_locked_to_max is True else vm.memory_reserved_bytes


def _sum(
    system: Answer[HostSystem], answers: Answers, amount: Callable[[Footprint], Reading[int]]
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


def used_by_hypervisor(system: Answer[HostSystem], cluster: Answer[ComputeResource]) -> Fact[int]:
    """Return what ESXi keeps of this host's memory: the part that is not effective for VMs.

    vCenter tells sums over the cluster. They are shared out by size; where some hosts are away,
    only among hosts of one size can it be told what the others have.
    """
    size = system.fact(lambda one: one.memory_bytes)
    told = cluster.fact(lambda one: one.memory)
    if isinstance(size, Unknown):
        return size
    if isinstance(told, Unknown):
        return told
    memory, sources = told.value, tuple(sorted({*size.sources, *told.sources}))
    if memory.effective_host_count == memory.host_count and memory.total_bytes > 0:
        share = size.value / memory.total_bytes
        return Known(round(share * (memory.total_bytes - memory.effective_bytes)), sources)
    same = abs(memory.total_bytes - size.value * memory.host_count)
    if memory.effective_host_count > 0 and same <= ALIKE * memory.total_bytes:
        effective = memory.effective_bytes // memory.effective_host_count
        return Known(max(size.value - effective, 0), sources)
    detail = "some hosts of the cluster are away, and its hosts are of different sizes"
    return Unknown(Why.ABSENT, detail, "ComputeResource summary.effectiveMemory")
