"""VM: whether host and resource pool can promise the VM its CPU now."""

from hostcheck.checks.engine import Facts, check, judge, not_applicable, run, unsure
from hostcheck.checks.subjects import ROOT_POOL, Placement, changeable, every_placement, runs_here
from hostcheck.model.fact import Unknown
from hostcheck.model.host import Host
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import Severity, Verdict
from hostcheck.words import count

MHZ = 1_000_000
LATENCY = (
    "https://docs.vmware.com/en/VMware-vSphere/8.0/vsphere-vm-administration/"
    "GUID-F5DAC793-7B13-418F-949E-0CD80CEC5D1E.html"
)
FAULTS = (
    "https://developer.broadcom.com/xapis/virtual-infrastructure-json-api/latest/data-structures/"
)
HOST_FAULT = FAULTS + "InsufficientHostCpuCapacityFault"
POOL_FAULT = FAULTS + "InsufficientCpuResourcesFault"
EXCLUSIVE = "high"
RUNS = "the VM runs already"
NOTHING = "no CPU is reserved"


@check(
    "VM-016",
    title="A VM of high latency sensitivity has all of its CPU reserved",
    severity=Severity.REQUIRED,
    source=LATENCY,
    each=every_placement,
    why=(
        "High latency sensitivity gives each vCPU a core of its own, and vSphere wants the CPU "
        "reserved for it in full: vCPUs times the speed of a core of the host, half of that where "
        "two vCPUs share a core (virtual hyperthreading). On a host with faster cores it is more."
    ),
    symptom=(
        "Invalid CPU reservation for the latency-sensitive VM, (sched.cpu.min) should be at least"
    ),
    fix="Reserve the CPU in full, or set the latency sensitivity back to normal.",
    how=(
        run("vSphere Client", "{vm} > Edit Settings > CPU > Reservation: {mhz} MHz"),
        run("govc", "govc vm.change -vm {vm} -cpu.reservation {mhz}"),
        run("govc (back to normal)", "govc vm.change -vm {vm} -latency normal"),
    ),
    needs=("VM power off",),
)
def latency_is_paid_for(placed: Placement, _needs: Requirements, known: Facts) -> Verdict:
    vm, host = placed.vm, placed.host
    known(vm.devices)
    level = known(vm.latency_sensitivity)
    if level != EXCLUSIVE:
        return not_applicable(f"latency sensitivity {level}")
    vcpus, threads = known(vm.vcpu_count), max(1, known(vm.threads_per_core))
    speed, reserved = known(host.core_hz) // MHZ, known(vm.cpu_reserved_mhz)
    need = vcpus * speed // threads
    share = f", {threads} to a core" if threads > 1 else ""
    return judge(
        ok=reserved >= need,
        observed=f"{reserved} MHz reserved for {count(vcpus, 'vCPU')}{share}",
        expected=f"{need} MHz on cores of {speed} MHz",
        mhz=need,
    )


@check(
    "VM-017",
    title="The host has the CPU that the VM reserves to give away now",
    severity=Severity.RECOMMENDED,
    source=HOST_FAULT,
    each=every_placement,
    decides_now=True,
    why=(
        "What a VM has reserved must be free of other reservations when it starts: of the cores "
        "of the host times their speed, less what the running VMs have reserved and what ESXi "
        "keeps for itself. The last is estimated from the CPU that vCenter calls effective for "
        "VMs; where it decides, this check does not."
    ),
    symptom="The host does not have sufficient CPU resources to satisfy the reservation.",
    fix="Stop or move a VM of this host, reserve less for this one, or start it on another host.",
    how=(
        run("vSphere Client", "{host} > VMs > Power > Shut Down Guest OS, or Migrate"),
        run("govc (reserve less)", "govc vm.change -vm {vm} -cpu.reservation {mhz}"),
    ),
)
def host_has_cpu(placed: Placement, _needs: Requirements, known: Facts) -> Verdict:
    vm, host = placed.vm, placed.host
    known(vm.devices)
    if runs_here(placed, known):
        return not_applicable(RUNS)
    need = known(vm.cpu_reserved_mhz)
    if not need:
        return not_applicable(NOTHING)
    total, held = _mhz_of(host, known), known(host.cpu_reserved_mhz)
    free = total - held
    told = f"{need} MHz wanted; {held} of {total} MHz reserved by running VMs"
    expected = "the VM's reservation beside theirs and ESXi's own"
    if need > free:
        note = f"{need - free} MHz too little, whatever ESXi keeps for itself"
        kept = host.cpu_hypervisor_mhz
        mhz = None if isinstance(kept, Unknown) else max(free - kept.value, 0)
        return judge(ok=False, observed=told, expected=expected, note=note, mhz=mhz)
    own = known(host.cpu_hypervisor_mhz)
    observed = f"{told}; about {own} MHz for ESXi"
    if need + own > free:
        return unsure(observed, expected, "it depends on what ESXi really needs")
    return judge(ok=True, observed=observed, expected=expected)


def _mhz_of(host: Host, known: Facts) -> int:
    return known(host.core_count) * known(host.core_hz) // MHZ


@check(
    "VM-018",
    title="The VM's resource pool can reserve the CPU that the VM reserves now",
    severity=Severity.RECOMMENDED,
    source=POOL_FAULT,
    each=every_placement,
    decides_now=True,
    why=(
        "A VM is powered on only if its resource pool can reserve what the VM has reserved. A "
        "pool with a fixed reservation has that and no more; an expandable one borrows from its "
        "parents as far as they have something left."
    ),
    symptom=(
        "The available CPU resources in the parent resource pool are insufficient for the "
        "operation."
    ),
    fix=(
        "Raise the reservation of the pool, make it expandable, reserve less for the VM, or move "
        "it into another pool; where it is the root pool, Resources, the CPU of the cluster or "
        "host is given away."
    ),
    how=(
        run(
            "vSphere Client", "{pool} > Edit Resource Settings > CPU > Reservation Type: Expandable"
        ),
        run("govc", "govc pool.change -cpu.expandable=true {pool_id}"),
        run("govc (reserve less)", "govc vm.change -vm {vm} -cpu.reservation {mhz}"),
    ),
)
def pool_has_cpu(placed: Placement, _needs: Requirements, known: Facts) -> Verdict:
    vm = placed.vm
    known(vm.devices)
    if runs_here(placed, known):
        return not_applicable(RUNS)
    need = known(vm.cpu_reserved_mhz)
    if not need:
        return not_applicable(NOTHING)
    pools = known(vm.pools)
    if not pools:
        return not_applicable("the VM is in no resource pool yet")
    pool = pools[0]
    left = known(pool.unreserved_mhz)
    return judge(
        ok=need <= left,
        observed=f"{need} MHz wanted; pool {pool.name} can still reserve {left} MHz",
        expected="the VM's reservation",
        note="" if need <= left else f"{need - left} MHz too little",
        pool=None if pool.name == ROOT_POOL else pool.name,
        pool_id=changeable(pool),
        mhz=max(left, 0),
    )
