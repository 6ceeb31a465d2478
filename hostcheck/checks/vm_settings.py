"""VM: settings of the VM that do not go with a GPU."""

from hostcheck.checks.engine import Facts, check, judge, not_applicable, run
from hostcheck.checks.kinds import model_of
from hostcheck.checks.subjects import (
    Placement,
    every_placement,
    every_vm,
    serving_gpus,
)
from hostcheck.model.fact import Fact, Unknown, Why
from hostcheck.model.release import release_of
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import Severity, Verdict
from hostcheck.model.vm import Vm

VNUMA = (
    "https://docs.vmware.com/en/VMware-vSphere/8.0/vsphere-resource-management/"
    "GUID-17B629DE-75DF-4C23-B831-08107007FBB9.html"
)
DIRECTPATH = (
    "https://docs.vmware.com/en/VMware-vSphere/8.0/vsphere-networking/"
    "GUID-FAD98A33-EBFC-40D2-9BD2-195C0E620341.html"
)
VIOMMU = "https://knowledge.broadcom.com/external/article?legacyId=88161"
VBS = (
    "https://docs.vmware.com/en/VMware-vSphere/8.0/vsphere-security/"
    "GUID-8361F64B-DE1D-4FF1-A9FC-4DDE7056DC23.html"
)
SEV = (
    "https://docs.vmware.com/en/VMware-vSphere/7.0/com.vmware.vsphere.security.doc/"
    "GUID-FB511CBA-4B89-469F-9799-D1347E1F2B0A.html"
)
VNUMA_FROM = 9
"""vCPUs from which on a VM is shown NUMA nodes."""
EIGHT = 8
"""vSphere 8 shows virtual NUMA in spite of hot add, and lets SR-IOV vGPUs have a virtual IOMMU."""
INTERRUPTS_FROM = 128
"""vCPUs from which on a VM needs the interrupt remapping of a virtual IOMMU."""
ALLOWED = ("pciPassthru.vmiop.allowViommu", "pciPassthru.vmiop.enableViommu")


def _major(placed: Placement, known: Facts) -> int:
    return release_of(known(placed.host.version))[0]


@check(
    "VM-009",
    title="CPU hot add does not hide the NUMA nodes from the VM's guest",
    severity=Severity.RECOMMENDED,
    source=VNUMA,
    each=every_placement,
    why=(
        "CPU hot add switches virtual NUMA off; from nine vCPUs on the guest then spreads its "
        "work and memory as if all of it were equally near to the GPU. Since vSphere 8 virtual "
        "NUMA can be shown all the same."
    ),
    fix="Turn CPU hot add off.",
    how=(
        run("vSphere Client", "{vm} > Edit Settings > CPU > CPU Hot Plug: off"),
        run("govc", "govc vm.change -vm {vm} -cpu-hot-add-enabled=false"),
    ),
    needs=("VM power off",),
)
def vnuma_is_shown(placed: Placement, _needs: Requirements, known: Facts) -> Verdict:
    vm = placed.vm
    known(vm.devices)
    expected = "CPU hot add off, or fewer than nine vCPUs"
    if not known(vm.cpu_hot_add):
        return judge(ok=True, observed="CPU hot add off", expected=expected)
    count = known(vm.vcpu_count)
    observed = f"CPU hot add on, {count} vCPUs"
    if count < VNUMA_FROM:
        return judge(ok=True, observed=observed, expected=expected)
    shown = _major(placed, known) >= EIGHT and known(vm.vnuma_with_hot_add)
    note = "virtual NUMA is shown all the same" if shown else "the guest sees one NUMA node"
    return judge(ok=shown, observed=observed, expected=expected, note=note)


@check(
    "VM-010",
    title="Memory hot add is off",
    severity=Severity.RECOMMENDED,
    source=DIRECTPATH,
    each=every_vm,
    why=(
        "A VM with a GPU has all its memory reserved when it starts; memory that came later would "
        "not be. VMware's list of what does not go with passthrough devices that can be plugged "
        "names memory hot plug."
    ),
    fix="Turn memory hot add off, and plan memory changes with the VM powered off.",
    how=(
        run("vSphere Client", "{vm} > Edit Settings > Memory > Memory Hot Plug: off"),
        run("govc", "govc vm.change -vm {vm} -memory-hot-add-enabled=false"),
    ),
    needs=("VM power off",),
)
def no_memory_hot_add(vm: Vm, _needs: Requirements, known: Facts) -> Verdict:
    known(vm.devices)
    on = known(vm.memory_hot_add)
    observed = f"memory hot add {'on' if on else 'off'}"
    return judge(ok=not on, observed=observed, expected="memory hot add off")


@check(
    "VM-011",
    title="A VM with a vGPU has no virtual IOMMU, or one that vSphere lets it have",
    severity=Severity.REQUIRED,
    source=VIOMMU,
    each=every_placement,
    why=(
        "Before vSphere 8 a VM with a vGPU and a virtual IOMMU does not start. Since then it does "
        "on GPUs that use SR-IOV, where both advanced settings allow it; a VM with more than 127 "
        "vCPUs needs one, and its Linux guest must then be started with iommu=pt."
    ),
    symptom=(
        "The virtual machine cannot be powered on because IOMMU virtualization is not allowed "
        "with VGPU"
    ),
    fix="Turn the virtual IOMMU off, or, on vSphere 8 and a GPU with SR-IOV, allow it.",
    how=(
        run("vSphere Client", "{vm} > Edit Settings > CPU > I/O MMU: off"),
        run("govc", "govc vm.change -vm {vm} -iommu-enabled=false"),
        run(
            "govc (ESXi 8.0 and later, instead, on a GPU with SR-IOV)",
            "govc vm.change -vm {vm} -e pciPassthru.vmiop.allowViommu=TRUE -e "
            "pciPassthru.vmiop.enableViommu=TRUE",
        ),
    ),
    needs=("VM power off",),
)
def no_virtual_iommu(placed: Placement, needs: Requirements, known: Facts) -> Verdict:
    vm = placed.vm
    known(vm.devices)
    if not vm.vgpus:
        return not_applicable("no vGPU: whole devices only")
    expected = "no virtual IOMMU, or one that is allowed"
    if not known(vm.viommu):
        many = not isinstance(vm.vcpu_count, Unknown) and vm.vcpu_count.value >= INTERRUPTS_FROM
        note = "a VM with more than 127 vCPUs needs one to have all its interrupts" if many else ""
        return judge(ok=True, observed="no virtual IOMMU", expected=expected, note=note)
    observed = "virtual IOMMU on"
    if _major(placed, known) < EIGHT:
        note = f"vSphere {known(placed.host.version)} never allows it"
        return judge(ok=False, observed=observed, expected=expected, note=note)
    options = {key.lower(): value.upper() for key, value in known(vm.options).items()}
    missing = [key for key in ALLOWED if options.get(key.lower()) != "TRUE"]
    if missing:
        note = f"not set: {', '.join(missing)}"
        return judge(ok=False, observed=observed, expected=expected, note=note)
    gpus = serving_gpus(placed, needs, known)
    older = [gpu for gpu in gpus if model_of(gpu, needs, known).sriov != "required"]
    return judge(
        ok=not older,
        observed=f"{observed}, allowed",
        expected=expected,
        note="vGPUs of this GPU use no SR-IOV: it is not supported with them" if older else "",
    )


@check(
    "VM-012",
    title="Virtualization-based security is off",
    severity=Severity.RECOMMENDED,
    source=VBS,
    each=every_vm,
    why=(
        "VMware names PCI passthrough, and hot add of processors and memory, among what is not "
        "supported in a VM with virtualization-based security. Such VMs often have a virtual "
        "IOMMU too."
    ),
    fix="Turn it off in the guest first, then in the VM.",
    how=(
        run(
            "vSphere Client",
            "{vm} > Edit Settings > VM Options > Virtualization Based Security: off",
        ),
        run(
            "PowerCLI",
            "$s = New-Object VMware.Vim.VirtualMachineConfigSpec; $s.Flags = New-Object "
            "VMware.Vim.VirtualMachineFlagInfo; $s.Flags.VbsEnabled = $false; (Get-VM -Id "
            "{vm_id}).ExtensionData.ReconfigVM($s)",
        ),
    ),
    needs=("VM power off",),
)
def no_virtualization_based_security(vm: Vm, _needs: Requirements, known: Facts) -> Verdict:
    known(vm.devices)
    on = known(vm.vbs)
    observed = f"virtualization-based security {'on' if on else 'off'}"
    return judge(ok=not on, observed=observed, expected="virtualization-based security off")


@check(
    "VM-013",
    title="No confidential computing in a VM with a GPU",
    severity=Severity.RECOMMENDED,
    source=SEV,
    each=every_placement,
    decides_now=True,
    forgives=(Why.ABSENT, Why.NOT_ASKED, Why.NOT_RECORDED),
    why=(
        "With AMD SEV or Intel TDX the memory of the VM is encrypted. In most releases that goes "
        "with neither vGPU nor passthrough, and VMware names vMotion too among what is not "
        "supported."
    ),
    symptom="Module 'DevicePowerOn' power on failed.",
    fix="Turn it off for the VM, or give the GPU to a VM without it.",
    how=(
        run(
            "vSphere Client",
            "{vm} > Edit Settings > VM Options > Encryption > Confidential Computing: off",
        ),
        run(
            "PowerCLI",
            "$s = New-Object VMware.Vim.VirtualMachineConfigSpec; $s.{setting} = $false; "
            "(Get-VM -Id {vm_id}).ExtensionData.ReconfigVM($s)",
        ),
    ),
    needs=("VM power off",),
)
def no_encrypted_memory(placed: Placement, _needs: Requirements, known: Facts) -> Verdict:
    vm = placed.vm
    known(vm.devices)
    kinds: dict[str, tuple[Fact[bool], tuple[int, ...]]] = {
        "AMD SEV-ES": (vm.sev, (7, 0, 1)),
        "AMD SEV-SNP": (vm.sev_snp, (9, 0, 0)),
        "Intel TDX": (vm.tdx, (9, 0, 0)),
    }
    on = [name for name, (fact, _) in kinds.items() if known.certainly(fact, True)]
    settings = {
        "AMD SEV-ES": "SevEnabled",
        "AMD SEV-SNP": "SevSnpEnabled",
        "Intel TDX": "TdxEnabled",
    }
    if not on:
        release = release_of(known(placed.host.version))
        for fact, since in kinds.values():
            if release >= since:
                known(fact)
    observed = f"{', '.join(on)} on" if on else "memory not encrypted"
    return judge(
        ok=not on,
        observed=observed,
        expected="no AMD SEV, no Intel TDX",
        setting=tuple(settings[name] for name in on),
    )
