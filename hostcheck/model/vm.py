"""A virtual machine, as far as a vGPU and its placement are concerned. Memory is in bytes."""

from msgspec import Struct

from hostcheck.model.fact import Fact, Known, Unknown, Why, older
from hostcheck.model.pci import PciAddress, PciId

KEPT_OPTIONS = (
    "numa.", "cpuid.", "sched.cpu.", "sched.mem.", "pciPassthru", "firmware", "vvtd.",
    "amd.iommu.", "hypervisor.cpuid.", "svga.present", "mem.hotadd",
)  # fmt: skip
"""Beginnings of the advanced settings that are kept. All others never leave the transport."""
TO_BE = "VM to be"
"""What a VM is called that is described and does not exist."""


class VmVgpu(Struct, frozen=True):
    """A vGPU of the VM (`VirtualPCIPassthrough` with a VMIOP backing)."""

    label: str
    profile: Fact[str]


class VmPassthrough(Struct, frozen=True):
    """A whole device given to the VM: static (`address`) or dynamic (`allowed`) DirectPath I/O."""

    label: str
    kind: str
    """static, dynamic or dvx."""
    address: Fact[PciAddress]
    """Where it sits now; for a dynamic device only known while the VM runs."""
    allowed: tuple[str, ...]
    """`10de:20b7` ids that a dynamic device accepts, with the subsystem where it names one."""
    device: Fact[PciId]
    """What the VM's configuration says sits at the fixed address: vendor and device."""
    there: Fact[tuple[PciId, ...]]
    """What sits there on this host: one device, or none."""
    hardware_label: Fact[str]
    """The label that a dynamic device asks for; empty: any."""
    gpu: Fact[bool] = Known(True)
    """Whether it is an NVIDIA GPU, by the ids that the VM names: no adapter, no audio function, no
    NVSwitch. Earlier versions took every device of such a VM for one."""


class VmNic(Struct, frozen=True):
    """A network adapter of the VM and the host adapters that may carry its traffic."""

    label: str
    network: str
    uplinks: Fact[tuple[str, ...]]
    """Host adapter names (vmnicN)."""
    network_id: str = ""
    """Managed object id of the network, where the adapter tells it."""
    starts_connected: bool = True


class GpuState(Struct, frozen=True, order=True):
    """What two GPUs must have in common for a running vGPU to move between them."""

    kind: str
    mig: str
    ecc: str


class Home(Struct, frozen=True):
    """The GPUs that serve a VM, or could, on its own host, and the branch of their driver."""

    host: str
    gpus: Fact[tuple[GpuState, ...]]
    driver_branch: Fact[str]


_NOT_COMPARED = Unknown(Why.NOT_ASKED, "a preflight compares hosts with the one that the VM is on")
NO_HOME = Home("", _NOT_COMPARED, _NOT_COMPARED)


class Pool(Struct, frozen=True):
    """A resource pool."""

    name: str
    unreserved_bytes: Fact[int]
    """What it can still promise to a VM, with what it may borrow from its parents."""
    unreserved_mhz: Fact[int] = older()
    """The same of its processors."""
    id: str = ""
    """Managed object id. Earlier versions kept it not."""


class VmDatastore(Struct, frozen=True, order=True):
    """A datastore that holds files of the VM."""

    id: str
    """Managed object id."""
    name: str
    """Empty where no disk tells it."""
    disks: tuple[str, ...]
    """Labels of the virtual disks on it; without any it holds the VM's other files, or an image."""


class VmRule(Struct, frozen=True):
    """A rule of the cluster about the VM, as it stands on one host."""

    name: str
    kind: str
    """must run on, must not run on, should run on, should not run on, apart from, together with."""
    mandatory: bool
    kept: Fact[bool]
    """Whether it would be kept by starting the VM here now."""


class Vm(Struct, frozen=True):
    """A VM that has, or asks for, a GPU."""

    name: str
    id: str
    host_id: Fact[str]
    """Managed object id of the host that it is registered on."""
    power_state: Fact[str]
    hardware_version: Fact[int]
    """20 for `vmx-20`."""
    firmware: Fact[str]
    vcpu_count: Fact[int]
    cores_per_socket: Fact[int]
    memory_bytes: Fact[int]
    memory_reserved_bytes: Fact[int]
    memory_locked_to_max: Fact[bool]
    """"Reserve all guest memory"."""
    memory_overhead_bytes: Fact[int]
    """What ESXi needs beside the guest's memory to power it on."""
    pools: Fact[tuple[Pool, ...]]
    """The resource pool it is in, if it is in one."""
    cpu_hot_add: Fact[bool]
    memory_hot_add: Fact[bool]
    vnuma_with_hot_add: Fact[bool]
    """Whether virtual NUMA is shown to the guest though processors can be added (API 8.0)."""
    viommu: Fact[bool]
    """A virtual IOMMU, by whichever setting."""
    vbs: Fact[bool]
    """Virtualization-based security."""
    sev: Fact[bool]
    sev_snp: Fact[bool]
    tdx: Fact[bool]
    latency_sensitivity: Fact[str]
    cores_per_numa_node: Fact[int]
    options: Fact[dict[str, str]]
    """The advanced settings this tool knows (numa.*, sched.*, pciPassthru*); all others are
    dropped before anything is stored, because guestinfo may hold secrets."""
    devices: Fact[int]
    """How many virtual devices were read."""
    vgpus: tuple[VmVgpu, ...]
    passthroughs: tuple[VmPassthrough, ...]
    device_groups: Fact[tuple[str, ...]]
    nics: tuple[VmNic, ...]
    gpu_addresses: Fact[tuple[PciAddress, ...]]
    """Physical GPUs that serve it now; known only while it runs."""
    cpu_reserved_mhz: Fact[int] = older()
    threads_per_core: Fact[int] = older()
    """vCPUs that share a core of a latency-sensitive VM (virtual hyperthreading); 1 without."""
    connection_state: Fact[str] = older()
    """connected, disconnected, orphaned, inaccessible or invalid."""
    datastores: Fact[tuple[VmDatastore, ...]] = older()
    networks: Fact[tuple[str, ...]] = older()
    """Managed object ids."""
    numa_nodes: Fact[tuple[int, ...]] = older()
    """Home nodes of its NUMA clients, as ESXi's scheduler tells; known only while it runs."""
    rules: Fact[tuple[VmRule, ...]] = older()
    """Enabled rules of this host's cluster that name it."""
    cpu_features: Fact[dict[str, str]] = Unknown(Why.NOT_ASKED, "only a preflight asks this")
    """`cpuid.lm`: `Bool:Min:1`, what the host must be capable of."""
    home: Home = NO_HOME
    """What it has on the host it is registered on; told to the other candidates of a preflight."""
