"""MEM: whether host and resource pool can promise the VM its memory now."""

from hostcheck.checks.engine import Facts, check, judge, not_applicable, run, unsure
from hostcheck.checks.subjects import (
    ROOT_POOL,
    Placement,
    changeable,
    every_placement,
    megabytes,
    runs_here,
)
from hostcheck.model.fact import Fact, Unknown
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import Severity, Verdict
from hostcheck.model.vm import Vm
from hostcheck.words import gib

MOST_TIERED = 5
"""A memory tier may have four times the DRAM (esxcli memtier: --tier-size-pct 1 to 400), so that at
least a fifth of a host's memory is DRAM, whether it says so or not."""
TIERED = "in DRAM alone it does not fit, and no source says that NVMe may carry reserved memory"
LEAST_MEMORY = 2**30
"""Less is no answer for a VM with a GPU."""
FAULTS = (
    "https://developer.broadcom.com/xapis/virtual-infrastructure-json-api/latest/data-structures/"
)
HOST_FAULT = FAULTS + "InsufficientHostMemoryCapacityFault"
POOL_FAULT = FAULTS + "InsufficientMemoryResourcesFault"


@check(
    "MEM-001",
    title="The host has the VM's memory to give away now",
    severity=Severity.RECOMMENDED,
    source=HOST_FAULT,
    each=every_placement,
    decides_now=True,
    why=(
        "All memory of a VM with a GPU is reserved, so that it must be there in full, beside what "
        "the running VMs have reserved, what ESXi needs to run each of them, and what it keeps "
        "for itself. The last is estimated from the memory that vCenter calls effective for VMs; "
        "where these decide, this check does not. Of a host with memory tiering only the DRAM "
        "counts for sure: vSphere adds the NVMe tier to the host's memory, which by default "
        "doubles it (Mem.TierNVMePct 100: VMware's blog on memory tiering, "
        "blogs.vmware.com/cloud-foundation)."
    ),
    symptom="The host does not have sufficient memory resources to satisfy the reservation.",
    fix=(
        "Stop or move a VM of this host, give this one less memory, or start it on another host. "
        "What is left now is left for one VM: change one, start it, and judge the next."
    ),
    how=(
        run("vSphere Client", "{host} > VMs > another VM > Power > Shut Down Guest OS, or Migrate"),
        run(
            "govc (less memory, of this VM alone)",
            "govc vm.change -vm {vm} -m {megabytes} -memory-pin",
        ),
    ),
    needs=("VM power off",),
)
def host_has_memory(placed: Placement, _needs: Requirements, known: Facts) -> Verdict:
    vm, host = placed.vm, placed.host
    known(vm.devices)
    if runs_here(placed, known):
        return not_applicable("the VM runs already")
    total, held = known(host.memory_bytes), known(host.memory_reserved_bytes)
    need, free = known(vm.memory_bytes), total - held
    told = f"{gib(need)} wanted; {gib(held)} of {gib(total)} reserved by running VMs"
    expected = "the VM's memory, reserved in full, beside theirs and ESXi's own"
    if need > free:
        dram = host.memory_dram_bytes
        fast = total if isinstance(dram, Unknown) else min(total, dram.value)
        other = (host.memory_overhead_bytes, host.memory_hypervisor_bytes)
        return judge(
            ok=False,
            observed=told,
            expected=expected,
            note=f"{gib(need - free)} too little, whatever ESXi keeps for itself",
            megabytes=_fitting(vm, fast - held, *other),
        )
    beside = known(vm.memory_overhead_bytes) + known(host.memory_overhead_bytes)
    own = known(host.memory_hypervisor_bytes)
    observed = f"{told}; about {gib(beside)} to run them and {gib(own)} for ESXi"
    if need + beside + own > free:
        return unsure(observed, expected, "it depends on what ESXi really needs")
    if need + beside + own + held > total // MOST_TIERED:
        fast = known(host.memory_dram_bytes)
        if need + beside + own + held > fast:
            slow = f"{gib(total - fast)} of the host's memory are an NVMe tier"
            return unsure(f"{observed}; {slow}", expected, TIERED)
    return judge(ok=True, observed=observed, expected=expected)


def _fitting(vm: Vm, free: int, *beside: Fact[int]) -> int | None:
    """Return how many megabytes would fit now, or None: nothing does, or it cannot be told.

    What ESXi needs beside them is taken off first: the command must not fail by the same check.
    """
    for one in (vm.memory_overhead_bytes, *beside):
        if isinstance(one, Unknown):
            return None
        free -= one.value
    return megabytes(free) if free >= LEAST_MEMORY else None


@check(
    "MEM-002",
    title="The VM's resource pool can reserve the VM's memory now",
    severity=Severity.RECOMMENDED,
    source=POOL_FAULT,
    each=every_placement,
    decides_now=True,
    why=(
        "A VM is powered on only if its resource pool can reserve its memory and what ESXi needs "
        "beside it. A pool with a fixed reservation has that and no more; an expandable one "
        "borrows from its parents as far as they have something left. Whether a host with memory "
        "tiers has the DRAM is MEM-001's question."
    ),
    symptom=(
        "The available Memory resources in the parent resource pool are insufficient for the "
        "operation."
    ),
    fix=(
        "Raise the reservation of the pool, make it expandable, or move the VM into another pool; "
        "where it is the root pool, Resources, the memory of the cluster or host is given away."
    ),
    how=(
        run(
            "vSphere Client",
            "{pool} > Edit Resource Settings > Memory > Reservation Type: Expandable",
        ),
        run("govc", "govc pool.change -mem.expandable=true {pool_id}"),
        run(
            "govc (instead, less memory of this VM alone)",
            "govc vm.change -vm {vm} -m {megabytes} -memory-pin",
        ),
    ),
    needs=("VM power off",),
)
def pool_has_memory(placed: Placement, _needs: Requirements, known: Facts) -> Verdict:
    vm = placed.vm
    known(vm.devices)
    if runs_here(placed, known):
        return not_applicable("the VM runs already")
    pools = known(vm.pools)
    if not pools:
        return not_applicable("the VM is in no resource pool yet")
    pool = pools[0]
    need, left = known(vm.memory_bytes), known(pool.unreserved_bytes)
    told = f"{gib(need)} wanted; pool {pool.name} can still reserve {gib(left)}"
    expected = "the VM's memory and what ESXi needs beside it"
    if need > left:
        note = f"{gib(need - left)} too little"
        return judge(
            ok=False,
            observed=told,
            expected=expected,
            note=note,
            pool=None if pool.name == ROOT_POOL else pool.name,
            pool_id=changeable(pool),
            megabytes=_fitting(vm, left),
        )
    beside = known(vm.memory_overhead_bytes)
    observed = f"{told}; about {gib(beside)} beside it"
    if need + beside > left:
        return unsure(observed, expected, "it depends on what ESXi really needs")
    return judge(ok=True, observed=observed, expected=expected)
