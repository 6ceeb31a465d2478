"""The ESXi host as one joined topology. Words are hwloc's; sizes are bytes; times are UTC text."""

from enum import StrEnum

from msgspec import UNSET, Struct, UnsetType

from hostcheck.model.bmc import Bmc
from hostcheck.model.capture import NotRead, Origin
from hostcheck.model.fact import Fact, Known, Unknown, Why, older
from hostcheck.model.host_ref import HostRef
from hostcheck.model.image import HostImage
from hostcheck.model.offer import DeviceGroup, DynamicDevice, OfferedProfile, PerVmLimit
from hostcheck.model.opinion import Opinion
from hostcheck.model.pci import PciAddress, PciId
from hostcheck.model.requirements import Architecture, VgpuProfile
from hostcheck.model.seal import Login
from hostcheck.model.smoke import GpuSmoke
from hostcheck.model.vm import Vm

NOT_READ_YET = Unknown(Why.NOT_ASKED, "the version that read this host did not know of it")
ONLY_PREFLIGHT = Unknown(Why.NOT_ASKED, "only a preflight asks this")
OLDER = older()


class GraphicsType(StrEnum):
    """vSphere API spelling. esxcli says Basic, Shared, Passthru, SharedPassthru."""

    BASIC = "basic"
    SHARED = "shared"
    DIRECT = "direct"
    SHARED_DIRECT = "sharedDirect"


class Mode(StrEnum):
    """A switch as nvidia-smi prints it.

    `NOT_SUPPORTED` is its `N/A`: the board has no such switch, or the driver does not say; only the
    catalogue can tell these apart.
    """

    ENABLED = "enabled"
    DISABLED = "disabled"
    NOT_SUPPORTED = "not supported"


class Package(Struct, frozen=True):
    """One physical processor package. `pus` are logical processor numbers (threads)."""

    os_index: int
    vendor: str
    description: str
    pus: tuple[int, ...]
    node_os_indexes: tuple[int, ...]
    """NUMA nodes whose processors lie on this package."""


class NumaNode(Struct, frozen=True):
    """One NUMA node as ESXi counts it."""

    os_index: int
    memory_bytes: Fact[int]
    pus: tuple[int, ...]
    package_os_indexes: tuple[int, ...]
    """Packages it has processors on: one, or several when the BIOS interleaves nodes."""


class MemoryTier(Struct, frozen=True):
    """A part of a host's memory; `kind` in the API's words: DRAM, PMem, NVMe."""

    kind: str
    size_bytes: int


class Sriov(Struct, frozen=True):
    """SR-IOV as vSphere shows it for one device. A device without the capability has all off."""

    capable: bool
    enabled: bool = False
    active: bool = False
    vf_count: int = 0
    vf_maximum: int = 0


class Passthrough(Struct, frozen=True):
    """DirectPath I/O state of one device."""

    capable: bool
    enabled: bool
    active: bool


class PcieLink(Struct, frozen=True):
    """Negotiated and possible link. The current generation drops when a GPU idles."""

    generation: int
    generation_max: int
    width: int
    width_max: int


class VgpuLimit(Struct, frozen=True):
    """What the driver says of one vGPU type on one GPU, apart from what runs on it now."""

    name: str
    """nvidia-smi's spelling: `NVIDIA A40-8Q`."""
    max_per_gpu: Fact[int]
    """vGPUs of this type and no other."""
    framebuffer_bytes: Fact[int]


class MigSlice(Struct, frozen=True):
    """A MIG GPU instance: memory slices `start` and the following, `size` of them."""

    name: str
    """`MIG 3g.40gb`"""
    id: int
    start: int
    size: int


class PhysicalGpu(Struct, frozen=True):
    """One physical GPU: one PCI function, not one board (an A16 board is four)."""

    address: PciAddress
    pci_id: PciId
    name: str
    catalogue_key: Fact[str]
    """Its entry in the catalogue, found by PCI id and subsystem."""
    bridges: tuple[PciAddress, ...]
    """Upstream PCI bridges, nearest first; the last is the root port."""
    numa_node: Fact[int]
    graphics_active: Fact[GraphicsType]
    graphics_configured: Fact[GraphicsType]
    vgpu_mode: Fact[str]
    """sameSize, mixedSize, multiInstanceGpu or none (API 8.0.3)."""
    graphics_memory_bytes: Fact[int]
    """As vSphere sees it; 0 while no vGPU driver owns the GPU."""
    vm_ids: Fact[tuple[str, ...]]
    """Managed object ids of the VMs on it now."""
    sriov: Fact[Sriov]
    passthrough: Fact[Passthrough]
    hardware_label: Fact[str]
    """What dynamic DirectPath I/O may ask for by name; empty: it has no label (API 7.0.2)."""
    smi_seen: Fact[bool]
    """Whether nvidia-smi lists it."""
    uuid: Fact[str]
    ecc_current: Fact[Mode]
    ecc_pending: Fact[Mode]
    mig_current: Fact[Mode]
    mig_pending: Fact[Mode]
    framebuffer_bytes: Fact[int]
    framebuffer_used_bytes: Fact[int]
    bar1_bytes: Fact[int]
    link: Fact[PcieLink]
    display_mode: Fact[str]
    display_active: Fact[str]
    virtualization_mode: Fact[str]
    """Host VGPU, Pass-Through, None: nvidia-smi's words."""
    host_vgpu_mode: Fact[str]
    """SR-IOV or Non SR-IOV: nvidia-smi's words."""
    inforom_corrupted: Fact[bool]
    fabric_state: Fact[str]
    """NVLink fabric of SXM boards: `Completed`; `N/A` elsewhere. nvidia-smi's words."""
    fabric_status: Fact[str]
    rows_remap_pending: Fact[bool]
    rows_remap_failed: Fact[bool]
    pages_retire_pending: Fact[bool]
    profiles_supported: Fact[tuple[str, ...]]
    """`nvidia-smi vgpu -s`."""
    profile_limits: Fact[tuple[VgpuLimit, ...]]
    """`nvidia-smi vgpu -s -v`: how many of each type the driver allows."""
    profiles_creatable: Fact[tuple[str, ...]]
    """`nvidia-smi vgpu -c`: what can still be started on it now."""
    mig_instances: Fact[tuple[str, ...]]
    """`nvidia-smi mig -lgi`: names of the GPU instances that exist."""
    vgpu_listed: Fact[bool] = NOT_READ_YET
    """Whether `nvidia-smi vgpu` lists it; false too where it says that no GPU is in vGPU mode."""
    given_up: Fact[str] = NOT_READ_YET
    """`GPU is lost`, `GPU requires reset`: nvidia-smi's words instead of values; else empty."""
    recovery_action: Fact[str] = NOT_READ_YET
    """`None`, `Reset`, `Reboot`, `Drain P2P`, `Drain and Reset`: nvidia-smi's words (570)."""
    reset_required: Fact[bool] = NOT_READ_YET
    """Before `recovery_action`."""
    ecc_uncorrected: Fact[int] = NOT_READ_YET
    """Memory errors that ECC could not correct since the driver was loaded; at least so many."""
    ecc_uncorrected_ever: Fact[int] = NOT_READ_YET
    """Over the life of the board; at least so many."""
    repairs: Fact[tuple[str, ...]] = NOT_READ_YET
    """What it needs beside rows and pages: `channel repair pending`, `unrepairable memory` ..."""
    fabric_health: Fact[str] = NOT_READ_YET
    """`Healthy`, `Unhealthy`, `Limited Capacity`, or `N/A`: nvidia-smi's words."""
    fabric_faults: Fact[tuple[str, ...]] = NOT_READ_YET
    """What the health rests on, where that is a fault: `Route Unhealthy: True`."""
    architecture: Fact[Architecture] = NOT_READ_YET
    """Its generation, as the host tells it: nvidia-smi's word, or the chip in vSphere's name."""
    vbios: Fact[str] = NOT_READ_YET
    """Version of its firmware: `92.00.9E.00.10`."""
    own_types: Fact[tuple[VgpuProfile, ...]] = Known(())
    """vGPU types that the host tells and the catalogue lacks, or has with other numbers."""
    serial: Fact[str] = NOT_READ_YET
    """Of the board, as its vendor asks for it: nvidia-smi's words, `N/A` where it has none."""
    slot: Fact[str] | UnsetType = UNSET
    """What is written beside its slot, as the BMC tells; not there where no BMC was asked."""
    smoke: Fact[GpuSmoke] | UnsetType = UNSET
    """The smoke test in a guest on it; not there where the run was not told to smoke test."""
    mig_slices: Fact[tuple[MigSlice, ...]] = NOT_READ_YET
    """Where those of `mig_instances` lie, in the order of their first slices."""


class VgpuAbility(Struct, frozen=True):
    """What a VM with a vGPU of this profile can do on this host while it runs."""

    profile: str
    migrate: bool
    suspend: bool
    memory_snapshot: bool
    disk_snapshot: bool


class VgpuInstance(Struct, frozen=True):
    """One running vGPU, from `nvidia-smi vgpu -q`."""

    address: PciAddress
    vm_name: str
    profile: str
    guest_driver: Fact[str]
    licence: Fact[str]


class Nic(Struct, frozen=True):
    """One physical network adapter."""

    name: str
    address: PciAddress
    link_up: Fact[bool]
    speed_mbps: Fact[int]
    driver: Fact[str]
    bridges: tuple[PciAddress, ...]
    numa_node: Fact[int]
    switches: tuple[str, ...]
    """Names of the virtual switches it is an uplink of."""
    model: Fact[str] = OLDER
    """As the PCI inventory names it: `MT2892 Family [ConnectX-6 Dx]`."""
    firmware: Fact[str] = OLDER
    """`22.36.1010`; vSphere tells it from 8.0.0.1 on."""


class Service(Struct, frozen=True):
    """A host service such as TSM-SSH; policy is on, automatic or off."""

    key: str
    running: bool
    policy: str


class SshService(Struct, frozen=True):
    """SSH that was started for the time a host was asked: when, and when it was stopped again.

    Words beside a time say who else had a hand in it. Not known: it was not done, or not told.
    """

    started: Fact[str]
    stopped: Fact[str]


class Software(Struct, frozen=True):
    """An installed VIB or component."""

    name: str
    version: str
    vendor: str
    installed_on: Fact[str] = Unknown(Why.ABSENT, "this answer has no install dates")
    """ISO 8601 date, without a time. esxcli tells it, the API does not."""


class BootOption(Struct, frozen=True):
    """A boot option of the VMkernel; values are esxcli's words."""

    name: str
    configured: Fact[str]
    """What the next boot will have."""
    runtime: Fact[str]
    """What this boot has."""
    default: Fact[str]


class OtherVms(Struct, frozen=True):
    """The VMs that run on a host and have no GPU: how many, and their memory together."""

    count: int
    memory_bytes: int


class Testimony(Struct, frozen=True):
    """One fact as several sources tell it; each statement is the value in words, or why not.

    The first statement is the one that the checks judge; the others only testify.
    """

    topic: str
    statements: tuple[Fact[str], ...]


class Host(Struct, frozen=True):
    """An ESXi host with everything that is known of it, joined by PCI address."""

    name: str
    id: str
    """Managed object id."""
    cluster: Fact[str]
    sources: tuple[Origin, ...]
    connection_state: Fact[str]
    power_state: Fact[str]
    in_maintenance_mode: Fact[bool]
    reboot_required: Fact[bool]
    boot_time: Fact[str]
    vendor: Fact[str]
    model: Fact[str]
    bios_version: Fact[str]
    bios_date: Fact[str]
    firmware_type: Fact[str]
    version: Fact[str]
    """`8.0.3`"""
    build: Fact[str]
    lockdown_mode: Fact[str]
    services: Fact[tuple[Service, ...]]
    memory_bytes: Fact[int]
    memory_reserved_bytes: Fact[int]
    """What the running VMs here have reserved."""
    memory_overhead_bytes: Fact[int]
    """What ESXi needed beside that to power those VMs on."""
    memory_hypervisor_bytes: Fact[int]
    """What ESXi keeps for itself, as the compute resource's effective memory tells."""
    package_count: Fact[int]
    core_count: Fact[int]
    pu_count: Fact[int]
    packages: Fact[tuple[Package, ...]]
    numa_node_count: Fact[int]
    numa_nodes: Fact[tuple[NumaNode, ...]]
    graphics_default: Fact[GraphicsType]
    assignment_policy: Fact[str]
    profiles_offered: Fact[tuple[str, ...]]
    """vGPU profiles that vSphere offers on this host now."""
    vgpu_abilities: Fact[tuple[VgpuAbility, ...]]
    hot_migration: Fact[bool]
    """Whether vCenter lets VMs with vGPUs move while they run."""
    drs_automation: Fact[str]
    gpus: Fact[tuple[PhysicalGpu, ...]]
    """NVIDIA GPUs of the PCI inventory; virtual functions are not listed."""
    nics: Fact[tuple[Nic, ...]]
    smi_answers: Fact[bool]
    """Whether the vGPU manager talks: nvidia-smi ran and reached the driver."""
    smi_gpu_count: Fact[int]
    driver_version: Fact[str]
    """Of the vGPU manager: `550.54.16`."""
    driver_packages: Fact[tuple[Software, ...]]
    """NVIDIA VIBs and components; known and empty when none is installed."""
    nvlink: Fact[tuple[tuple[str, ...], ...]]
    """`nvidia-smi topo -m` among GPUs, in the order of nvidia-smi: NV12, SYS, X ..."""
    nvlink_order: tuple[PciAddress, ...]
    """GPU addresses in the order of the rows of `nvlink`."""
    vgpu_instances: Fact[tuple[VgpuInstance, ...]]
    vms: Fact[tuple[Vm, ...]]
    """VMs registered here that have a vGPU, a passthrough device or a device group."""
    testimonies: tuple[Testimony, ...]
    memory_dram_bytes: Fact[int] = OLDER
    """What of `memory_bytes` is not the NVMe of a memory tier; all of it where there is none."""
    drs_evacuation: Fact[str] = OLDER
    """The DRS option VgpuMMAutomationTimeoutSecs as written; empty where it is not set."""
    boot_options: Fact[tuple[BootOption, ...]] = OLDER
    """Of the VMkernel, those that concern GPUs, PCI devices and NUMA nodes."""
    offered_profiles: Fact[tuple[OfferedProfile, ...]] = ONLY_PREFLIGHT
    """With size and form, from API 7.0.3."""
    offered_devices: Fact[tuple[DynamicDevice, ...]] = ONLY_PREFLIGHT
    """What dynamic DirectPath I/O may take, with the administrator's labels."""
    offered_groups: Fact[tuple[DeviceGroup, ...]] = ONLY_PREFLIGHT
    per_vm_limits: Fact[tuple[PerVmLimit, ...]] = ONLY_PREFLIGHT
    """How many vGPUs one VM may have; asked for VMs that have several."""
    opinions: tuple[Opinion, ...] = ()
    """What vCenter itself thinks of starting the VM of a preflight here."""
    nvswitches: Fact[tuple[PciAddress, ...]] = NOT_READ_YET
    """NVSwitches that are PCI devices of the host."""
    smoke_guests: Fact[tuple[str, ...]] | UnsetType = UNSET
    """Ids of its VMs that the user named for the smoke test; not there without `--smoke`."""
    target: str = ""
    """vCenter or ESXi that was asked: only there is `id` unique. Earlier versions kept it not."""
    api_version: Fact[str] = OLDER
    """`8.0.3.0`; of 6.7 it tells the update, which `version` does not."""
    core_hz: Fact[int] = OLDER
    """Speed of a core."""
    cpu_reserved_mhz: Fact[int] = OLDER
    """What the running VMs here have reserved."""
    cpu_hypervisor_mhz: Fact[int] = OLDER
    """What ESXi keeps for itself, as the compute resource's effective CPU tells."""
    datastores: Fact[tuple[str, ...]] = OLDER
    """Managed object ids of those that are mounted."""
    networks: Fact[tuple[str, ...]] = OLDER
    """Managed object ids of the port groups that are there."""
    image: Fact[HostImage] = OLDER
    """What vCenter's lifecycle manager says of it and the image of its cluster."""
    bmc: Fact[Bmc] | UnsetType = UNSET
    """The BMC that is known to be this host's; not there where the run was not told to ask BMCs."""
    service_tag: Fact[str] = OLDER
    """What its vendor asks for: Dell's service tag, else the serial number; vSphere tells it."""
    cpu_features: Fact[dict[str, str]] = ONLY_PREFLIGHT
    """`cpuid.avx512f`: `1`, as vSphere compares them with what a VM requires."""
    other_vms: Fact[OtherVms] = OLDER
    """Running VMs that are not in `vms`: they have no GPU."""
    not_read: tuple[NotRead, ...] = ()
    """What was asked beside `sources`: together they are everything that was asked of it."""
    roles: Fact[tuple[str, ...]] = OLDER
    """What vSphere let the account do here: `Read-only`, or `role 1103` of one that is no system's
    own."""
    asked_with: tuple[str, ...] = ()
    """The options of the command that asked it, as `Seal` has them."""
    logins: tuple[Login, ...] = ()
    ssh_service: SshService | UnsetType = UNSET
    """Not there where SSH was not started for the run."""

    @property
    def ref(self) -> HostRef:
        """Say which host it is."""
        return HostRef(self.name, self.target, self.id)
