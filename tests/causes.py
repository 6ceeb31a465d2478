"""The causes for which a VM with a vGPU does not start or runs badly, and who names them.

The list and its order: forums, issues, knowledge-base articles and NVIDIA's guides, by how often
they tell of it. `checks` are those that name the cause; `blind` is what no answer shows.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Cause:
    """One cause. `message` is what vSphere or nvidia-smi says of it."""

    number: int
    title: str
    message: str
    checks: tuple[str, ...]
    blind: str = ""


NO_RESOURCE = (
    "The amount of graphics resource available in the parent resource pool is insufficient"
)
NO_DEVICE = "No graphics device is available for vGPU"
NO_PLUGIN = "Could not initialize plugin 'libnvidia-vgx.so' for vGPU"

CAUSES = (
    Cause(1, "Graphics type not Shared Direct, or not active yet", NO_RESOURCE,
          ("GFX-001", "GFX-002", "GFX-003")),
    Cause(2, "SR-IOV off in the BIOS", NO_PLUGIN, ("PCI-001",),
          "the BIOS switch itself: it is inferred from the GPU's capability"),
    Cause(3, "IOMMU, ARI or Above 4G Decoding off in the BIOS", NO_PLUGIN,
          ("PCI-003", "PCI-004", "PCI-005"),
          "the BIOS switches, and those for ACS, AER and 10-bit tags: vSphere shows none of them; "
          "nor the window of a GPU, which nvidia-smi alone tells (PCI-004)"),
    Cause(4, "Memory of the VM not fully reserved", "Invalid memory setting", ("VM-001",)),
    Cause(5, "ECC on where vGPU needs it off", NO_PLUGIN, ("ECC-001",)),
    Cause(6, "Driver missing, of the wrong package, or not talking",
          "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver",
          ("DRV-001", "DRV-002", "DRV-003", "DRV-004")),
    Cause(7, "A reboot is missing after a change", "none: what is set looks right",
          ("DRV-005", "ECC-002", "HOST-003", "MIG-001")),
    Cause(8, "GPU given to passthrough", NO_DEVICE, ("VGPU-001",)),
    Cause(9, "Profile not supported by this GPU or release", NO_DEVICE, ("VGPU-001", "VGPU-003")),
    Cause(10, "GPU full, or locked to another size", NO_DEVICE, ("VGPU-002", "VGPU-009"),
          "what other VMs start between the preflight and the power-on"),
    Cause(11, "MIG on under a time-sliced profile, or off under a MIG-backed one", NO_DEVICE,
          ("MIG-002", "VGPU-003")),
    Cause(12, "Mixed sizes on a GPU that runs one size", NO_DEVICE, ("VGPU-002",),
          "the scheduler's policy: fixed share excludes mixed sizes, and only the log tells it"),
    Cause(13, "MMIO space too small, or a VM with BIOS firmware",
          "PCIPassthru: total number of pages needed exceeds limit",
          ("VM-002", "VM-004", "VM-025")),
    Cause(14, "Several vGPUs that do not go together", "Module 'DevicePowerOn' power on failed.",
          ("VGPU-001", "VGPU-004")),
    Cause(15, "Display mode on, on a workstation board", NO_PLUGIN, ("PCI-002",)),
    Cause(16, "NVLink fabric not joined, or broken up by a fractional vGPU", NO_DEVICE,
          ("GPU-005", "GRP-001", "GRP-002"),
          "the partitions of the Fabric Manager: they go by module ids that ESXi does not tell"),
    Cause(17, "Admission by host memory, resource pool or DRS",
          "The host does not have sufficient memory resources",
          ("HOST-001", "HOST-002", "HOST-004", "MEM-001", "MEM-002"),
          "vSphere HA's admission, which is decided at the power-on"),
    Cause(18, "GPU lost, given up by its driver, or damaged",
          "Unable to determine the device handle for GPU; GPU requires reset",
          ("GPU-001", "GPU-002", "GPU-003", "GPU-004", "GPU-006", "GPU-007", "GPU-008",
           "HOST-013", "VGPU-001"),
          "Xid errors of the past: they are in the host's log alone; with the API alone, that the "
          "driver lost a GPU or gave it up"),
    Cause(19, "Guest driver or licence", "the guest's driver fails, or it is slow",
          ("DRV-006", "VGPU-005"),
          "the guest driver and the licence of a VM that is off: only the running guest tells"),
    Cause(20, "Unified memory, debugger or profiler set; hot migration or evacuation off",
          "vGPU hot migration is not enabled.",
          ("HOST-008", "VGPU-006", "VGPU-007", "VM-005")),
    Cause(21, "Virtual hardware newer than the host's release",
          "The virtual machine's virtual hardware version is not supported on the host.",
          ("VM-014",)),
    Cause(22, "More vCPUs than the host has logical processors",
          "The host hardware does not have enough logical CPUs", ("VM-015",)),
    Cause(23, "CPU reservation: wanted by latency sensitivity, or more than host or pool have left",
          "The host does not have sufficient CPU resources", ("VM-016", "VM-017", "VM-018"),
          "what other VMs reserve between the preflight and the power-on"),
    Cause(24, "Tied to other hosts: files, networks, rules of the cluster, processor features",
          "The virtual machine if powered on or VMotioned, would violate a VM-Host affinity rule.",
          ("VM-019", "VM-020", "VM-021", "VM-022", "VM-023"),
          "a datastore that is mounted and does not answer"),
    Cause(25, "Passthrough device that is not where, or what, the VM says",
          "The systemId does not match the current system",
          ("VM-006", "VM-007")),
    Cause(26, "Profile under the name that another driver gives it", NO_DEVICE, ("VGPU-003",),
          "whether vSphere takes grid_ for nvidia_: no source tells"),
    Cause(27, "Whole GPU of a board with NVSwitch", "none: it starts, and its NVLink does not",
          ("VM-026",)),
    Cause(28, "Driver branch that no longer drives the GPU",
          "is supported through the NVIDIA 580.xx Legacy drivers", ("DRV-003", "DRV-007")),
    Cause(30, "Memory of the host that is the NVMe of a tier", "The host does not have sufficient "
          "memory resources", ("MEM-001",),
          "whether ESXi lets an NVMe tier carry reserved memory: no text of the vendor says"),
    Cause(31, "IOMMU or passthrough switched off by a boot option", NO_PLUGIN, ("PCI-006",)),
    Cause(32, "A boot option that waits for a reboot, or makes up the NUMA nodes",
          "none: it is slow, or changes with the next reboot", ("HOST-007", "NUMA-002", "PCI-008"),
          "whether made-up vGPU devices are in use: only their number is an option"),
    Cause(33, "PCIe hot-plug takes a GPU away as it is reset, on HPE servers",
          "Device 6:0.0 is not a passthrough device.", ("PCI-007",),
          "whether it happens: the log has PCIEHP lines then"),
)  # fmt: skip
