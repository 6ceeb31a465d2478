"""VM: what the VM itself must have."""

from hostcheck.checks.engine import Facts, check, judge, not_applicable, run
from hostcheck.checks.needs import newest_hardware
from hostcheck.checks.subjects import Placement, every_placement, every_vm
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import Severity, Verdict
from hostcheck.model.vm import Vm
from hostcheck.words import gib

RESERVATION = "https://frankdenneman.ai/2022-10-18-could-not-initialize-plugin/"
VM_OPERATOR = "https://github.com/vmware-tanzu/vm-operator"
GPU_HARDWARE_VERSION = 17


@check(
    "VM-001",
    title="All memory of the VM is reserved",
    severity=Severity.REQUIRED,
    source=RESERVATION,
    each=every_vm,
    why=(
        "A device that reads and writes guest memory by itself needs all of it in place; vSphere "
        "refuses to start the VM otherwise."
    ),
    symptom="Invalid memory setting: memory reservation (sched.mem.min) should be equal to memsize",
    fix="Reserve all guest memory, locked, so that it stays so when the memory size changes.",
    how=(
        run(
            "vSphere Client",
            "{vm} > Edit Settings > Memory > Reserve all guest memory (All locked)",
        ),
        run("govc", "govc vm.change -vm {vm} -memory-pin"),
    ),
    needs=("VM power off",),
)
def memory_reserved(vm: Vm, _needs: Requirements, known: Facts) -> Verdict:
    known(vm.devices)
    expected = "all memory reserved"
    if known.certainly(vm.memory_locked_to_max, True):
        return judge(ok=True, observed="all guest memory reserved, locked", expected=expected)
    memory, reserved = known(vm.memory_bytes), known(vm.memory_reserved_bytes)
    observed = f"{gib(reserved)} of {gib(memory)} reserved"
    if reserved >= memory:
        note = "equal today and not locked: it breaks at the next change of the memory size"
        return judge(ok=True, observed=f"{observed}, not locked", expected=expected, note=note)
    known(vm.memory_locked_to_max)
    return judge(ok=False, observed=observed, expected=expected)


@check(
    "VM-003",
    title="The VM's hardware version is 17 or later, where its host runs that",
    severity=Severity.RECOMMENDED,
    source=VM_OPERATOR,
    each=every_placement,
    why=(
        "VMware's own VM Operator asks for version 17 before it gives a VM a vGPU or passthrough "
        "device; older versions miss what current GPUs need."
    ),
    experience="17 is a constant of VM Operator; no text of NVIDIA's names a version.",
    fix=(
        "Upgrade the compatibility of the VM, after a backup: it cannot be undone, and no host "
        "before ESXi 7.0 starts the VM then. A host before ESXi 7.0 is upgraded first."
    ),
    how=(run("govc (ESXi 7.0 and later)", "govc vm.upgrade -vm {vm} -version 17"),),
    needs=("VM power off",),
)
def hardware_version(placed: Placement, needs: Requirements, known: Facts) -> Verdict:
    known(placed.vm.devices)
    version = known(placed.vm.hardware_version)
    observed, expected = f"vmx-{version}", f"vmx-{GPU_HARDWARE_VERSION} or later"
    if version >= GPU_HARDWARE_VERSION:
        return judge(ok=True, observed=observed, expected=expected)
    newest = newest_hardware(placed.host, needs, known).hardware_version
    if newest < GPU_HARDWARE_VERSION:
        return not_applicable(f"{observed}; the host runs no more than vmx-{newest}")
    return judge(ok=False, observed=observed, expected=expected)
