"""A fleet of ESXi hosts, told once.

Everything the peers serve (API objects, shell outputs, esxcli answers) is derived from these frozen
dataclasses, so the two sides of one host always agree unless a field here says that they must not.
Break a host with `dataclasses.replace(host, field=...)`. PCI addresses are canonical text
(`0000:af:00.0`), memory is bytes unless the name says `_mb` or `_mib`, booleans are settings.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

GIB = 1 << 30
NVIDIA = 0x10DE
CANARY = "s3cr3t-canary"
"""Planted in every VM's guestinfo; it must never turn up in anything the auditor writes."""


@dataclass(frozen=True)
class GpuModel:
    """What every GPU of one kind has in common. `mib` is the framebuffer with ECC on and off."""

    key: str
    name: str
    """As the driver calls it."""
    raw_name: str
    """As the PCI database calls it, seen while no driver owns the GPU."""
    device: int
    subsystem: int
    architecture: str
    mib: tuple[int, int]
    bar1_mib: int
    generation: int
    family: str
    """Stem of the vGPU types: A100D."""
    prefix: str
    """`grid` or `nvidia`: how vSphere begins the profile names."""
    sizes: tuple[tuple[str, tuple[int, ...]], ...]
    """Time-sliced types: series and framebuffer sizes in GiB."""
    mig_types: tuple[str, ...] = ()
    virtual_functions: int = 0
    """How many its driver makes; 0 for generations whose vGPUs do without."""
    width: int = 16
    watts: int = 250
    mib_gib: int = 16
    """Nominal framebuffer of one GPU in GiB."""

    @property
    def time_sliced(self) -> tuple[str, ...]:
        """Type names such as `A100D-80C`."""
        return tuple(f"{self.family}-{gib}{series}" for series, all_ in self.sizes for gib in all_)

    @property
    def mig(self) -> tuple[str, ...]:
        """MIG-backed type names such as `A100D-3-40C`."""
        return tuple(f"{self.family}-{name}" for name in self.mig_types)

    def profile(self, type_name: str) -> str:
        """vSphere's spelling of a type: `grid_a100d-80c`."""
        return f"{self.prefix}_{type_name.lower()}"

    def product(self, type_name: str) -> str:
        """nvidia-smi's spelling of a type: `GRID A100D-80C`."""
        return f"{self.prefix.upper()} {type_name}"


_A80 = ("1-10C", "1-10CME", "1-20C", "2-20C", "3-40C", "4-40C", "7-80C")
_C48 = ("C", (4, 6, 8, 12, 16, 24, 48))
_Q48 = ("Q", (1, 2, 3, 4, 6, 8, 12, 16, 24, 48))
_A48 = ("A", (1, 2, 3, 4, 6, 8, 12, 16, 24, 48))
_Q16, _A16 = ("Q", (1, 2, 4, 8, 16)), ("A", (1, 2, 4, 8, 16))

MODELS = {
    model.key: model
    for model in (
        GpuModel(
            "m60", "Tesla M60", "GM204GL [Tesla M60]", 0x13F2, 0x115E, "Maxwell", (7679, 8191), 256,
            3, "M60", "grid", (("A", (1, 2, 4, 8)), ("B", (1, 2)), ("Q", (1, 2, 4, 8))),
            watts=150, mib_gib=8,
        ),
        GpuModel(
            "p4", "Tesla P4", "GP104GL [Tesla P4]", 0x1BB3, 0x11D8, "Pascal", (7680, 8192), 256, 3,
            "P4", "grid", (("A", (1, 2, 4, 8)), ("B", (1, 2)), ("C", (4, 8)), ("Q", (1, 2, 4, 8))),
            watts=75, mib_gib=8,
        ),
        GpuModel(
            "t4", "Tesla T4", "TU104GL [Tesla T4]", 0x1EB8, 0x12A2, "Turing", (15360, 16384), 256,
            3, "T4", "grid", (_A16, ("B", (1, 2)), ("C", (4, 8, 16)), _Q16), watts=70,
        ),
        GpuModel(
            "a16", "NVIDIA A16", "GA107GL [A2 / A16]", 0x25B6, 0x14A9, "Ampere", (15105, 16129),
            16384, 4, "A16", "nvidia", (_A16, ("B", (1, 2)), ("C", (4, 8, 16)), _Q16),
            virtual_functions=16, width=4, watts=62,
        ),
        GpuModel(
            "a30", "NVIDIA A30", "GA100GL [A30 PCIe]", 0x20B7, 0x1532, "Ampere", (24576, 24576),
            32768, 4, "A30", "nvidia", (("C", (4, 6, 8, 12, 24)),),
            ("1-6C", "1-6CME", "2-12C", "2-12CME", "4-24C"), 16, watts=165, mib_gib=24,
        ),
        GpuModel(
            "a40", "NVIDIA A40", "GA102GL [A40]", 0x2235, 0x145A, "Ampere", (46068, 49140), 65536,
            4, "A40", "nvidia", (_A48, ("B", (1, 2)), _C48, _Q48),
            virtual_functions=32, watts=300, mib_gib=48,
        ),
        GpuModel(
            "a100-pcie-40", "NVIDIA A100-PCIE-40GB", "GA100 [A100 PCIe 40GB]", 0x20F1, 0x145F,
            "Ampere", (40960, 40960), 65536, 4, "A100", "grid", (("C", (4, 5, 8, 10, 20, 40)),),
            ("1-5C", "1-5CME", "1-10C", "2-10C", "3-20C", "4-20C", "7-40C"), 16, mib_gib=40,
        ),
        GpuModel(
            "a100-pcie-80", "NVIDIA A100 80GB PCIe", "GA100 [A100 PCIe 80GB]", 0x20B5, 0x1533,
            "Ampere", (81920, 81920), 131072, 4, "A100D", "grid",
            (("C", (4, 8, 10, 16, 20, 40, 80)),), _A80, 16, watts=300, mib_gib=80,
        ),
        GpuModel(
            "l40s", "NVIDIA L40S", "AD102GL [L40S]", 0x26B9, 0x1851, "Ada Lovelace",
            (46068, 49140), 65536, 4, "L40S", "nvidia", (_A48, ("B", (1, 2)), _C48, _Q48),
            virtual_functions=32, watts=350, mib_gib=48,
        ),
        GpuModel(
            "h100-sxm-80", "NVIDIA H100 80GB HBM3", "GH100 [H100 SXM5 80GB]", 0x2330, 0x16C1,
            "Hopper", (81559, 81559), 131072, 5, "H100XM", "nvidia",
            (("C", (4, 5, 8, 10, 16, 20, 40, 80)),), _A80, 16, watts=700, mib_gib=80,
        ),
        GpuModel(  # made up: a board that came after the catalogue, with types of its own
            "newer", "NVIDIA NB40", "GB302GL [NB40]", 0x3FF0, 0x1FF0, "Blackwell", (46068, 49140),
            65536, 5, "NB40", "nvidia", (_C48, _Q48), virtual_functions=32, watts=300, mib_gib=48,
        ),
    )
}  # fmt: skip


@dataclass(frozen=True)
class MigInstance:
    """A GPU instance as `nvidia-smi mig -lgi` lists it."""

    name: str
    profile_id: int
    instance_id: int
    start: int
    size: int


@dataclass(frozen=True)
class Gpu:
    """One physical GPU in its slot. `ecc` and `mig` are (current, pending).

    `ecc` None is a board without ECC; `mig` None is off where the model knows MIG.
    """

    address: str
    model_key: str
    node: int
    bridges: tuple[str, ...] = ()
    """Upstream bridges, nearest first; empty: one root port on the bus before it."""
    graphics_active: str = "sharedDirect"
    graphics_configured: str = "sharedDirect"
    vgpu_mode: str = "sameSize"
    label: str = ""
    """Hardware label, for dynamic DirectPath I/O."""
    sriov: bool = True
    """SR-IOV switched on in the BIOS."""
    ecc: tuple[bool, bool] | None = (True, True)
    mig: tuple[bool, bool] | None = None
    mig_instances: tuple[MigInstance, ...] = ()
    lost: bool = False
    """Fallen off the bus: in the PCI inventory, but nvidia-smi has lost its handle."""
    lost_now: bool = False
    """Lost since the boot: vSphere goes on showing it as it was, nvidia-smi has lost its handle."""
    given_up: str = ""
    """`GPU is lost` or `GPU requires reset`: what nvidia-smi prints instead of values."""
    recovery: str = ""
    """Its recovery action; empty: a driver before 570, which tells none."""
    reset_required: bool | None = None
    """None: a driver that does not tell it."""
    uncorrected: int = 0
    """Memory errors since the driver was loaded that ECC could not correct."""
    mode: str = "Host VGPU"
    """Its virtualization mode."""
    repair: str = ""
    """One of the XML's `channel_repair_pending`, `tpc_repair_pending`, `unrepairable_memory`."""
    remap_pending: bool = False
    remap_failed: bool = False
    retire_pending: bool = False
    nvlink_group: int | None = None
    """GPUs with the same number are bridged by NVLink."""
    width_now: int = 0
    """Lanes of its PCIe link; 0: all that the model has."""
    inforom_corrupted: bool = False
    bar1_mib: int = 0
    """Its memory window; 0: the model's. 256 is a GPU in its display mode, or mapped below 4 GB."""
    counts: tuple[tuple[str, int], ...] = ()
    """How many of a type its driver allows, where that is not the catalogue's number."""
    fabric: bool = True
    """Whether an SXM board has joined its NVLink fabric."""
    fabric_waits: bool = False
    """It waits for the Fabric Manager to activate a partition."""
    fabric_health: str = ""
    """Empty: a driver that does not tell it."""

    @property
    def in_fabric(self) -> bool:
        """Whether the board is one that joins a fabric."""
        return self.model_key.endswith("sxm-80")

    @property
    def model(self) -> GpuModel:
        """The model that `model_key` names."""
        return MODELS[self.model_key]

    @property
    def mig_mode(self) -> tuple[bool, bool] | None:
        """(current, pending), or None where the model has no MIG."""
        return (self.mig or (False, False)) if self.model.mig_types else None

    @property
    def in_mig(self) -> bool:
        """MIG is on now."""
        return self.mig_mode is not None and self.mig_mode[0]

    @property
    def chain(self) -> tuple[str, ...]:
        """Upstream bridges, nearest first; the last is the root port."""
        return self.bridges or (port_before(self.address),)

    @property
    def uuid(self) -> str:
        """The same for the same slot and model, different for all others on the host."""
        slot = self.address.replace(":", "").replace(".", "")
        return f"GPU-{self.model.device:04x}{slot[:4]}-{slot[4:8]}-4e0a-9c1d-{slot:0>12}"


@dataclass(frozen=True)
class Nic:
    """One port of a network adapter. `speed` is Mb/s, 0 when the link is down."""

    name: str
    address: str
    node: int
    speed: int = 25000
    driver: str = "nmlx5_core"
    bridges: tuple[str, ...] = ()

    @property
    def chain(self) -> tuple[str, ...]:
        """Upstream bridges, nearest first."""
        return self.bridges or (port_before(self.address),)


@dataclass(frozen=True)
class Switch:
    """A virtual switch of the host, standard or distributed (`uuid` set)."""

    name: str
    uplinks: tuple[str, ...]
    portgroups: tuple[str, ...]
    uuid: str = ""


@dataclass(frozen=True)
class Service:
    """A host service; policy is on, off or automatic."""

    key: str
    running: bool
    policy: str


@dataclass(frozen=True)
class Vib:
    """An installed package."""

    name: str
    version: str
    vendor: str = "VMware"
    acceptance: str = "VMwareCertified"
    summary: str = ""
    installed: str = "2026-02-03"


@dataclass(frozen=True)
class Driver:
    """The vGPU manager: its version and the VIB that brings it."""

    version: str
    """Of the driver that runs; the VIB's may be newer."""
    vib: Vib
    talks: bool = True
    """False: the module is there, but nvidia-smi cannot reach it and exits 9."""


@dataclass(frozen=True)
class PassedDevice:
    """A whole device given to a VM: static by address, or dynamic by ids and label."""

    kind: str
    address: str = ""
    vendor: int = NVIDIA
    device: int = 0
    label: str = ""


@dataclass(frozen=True)
class Guest:
    """What guest operations find in a VM: programs really run, on this machine and below /tmp.

    `trouble` is one of corrupt, cut, refuse, forget, deaf, keep (see gpusim/guests.go).
    """

    user: str = "tester"
    password: str = "gu3st-s3cr3t"
    tools: bool = True
    family: str = "linuxGuest"
    environment: tuple[str, ...] = ()
    """Of every program, as NAME=value."""
    missing: tuple[str, ...] = ()
    """Programs that it does not have."""
    trouble: str = ""


@dataclass(frozen=True)
class Vm:
    """A VM registered on a host. `gpus` are the addresses it runs on now, one per vGPU."""

    name: str
    on: bool = True
    vcpus: int = 16
    cores_per_socket: int = 16
    memory_mb: int = 65536
    reservation_mb: int = 65536
    locked: bool = True
    profiles: tuple[str, ...] = ()
    passed: tuple[PassedDevice, ...] = ()
    device_groups: tuple[str, ...] = ()
    nics: tuple[str, ...] = ("vm-net",)
    """Names of port groups."""
    firmware: str = "efi"
    hardware: int = 20
    options: tuple[tuple[str, str], ...] = ()
    gpus: tuple[str, ...] = ()
    home_node: int = 0
    licence: str = "Licensed (Expiry: 2026-12-23 5:2:12 GMT)"
    guest_driver: str = ""
    """Empty: the version of the host's driver."""
    cpu_hot_add: bool = False
    memory_hot_add: bool = False
    viommu: bool = False
    vbs: bool = False
    sev: bool = False
    tdx: bool = False
    latency: str = "normal"
    cores_per_node: int = 0
    """`numaInfo.coresPerNumaNode`; 0 when unset."""
    template: bool = False
    pool: str = ""
    """A resource pool of its own below the root, with nothing reserved; empty: the root."""
    guest: Guest | None = None
    """None: VMware Tools run, and guest operations are not answered."""
    attributes: tuple[tuple[str, str], ...] = ()
    """Custom attributes that are set."""
    cpu_reservation_mhz: int = 0
    threads_per_core: int = 1
    """More than one is virtual hyperthreading (8.0)."""
    connection: str = "connected"
    datastores: tuple[str, ...] = ("vsan0",)
    """A disk lies on each; the configuration on the first."""
    features: tuple[tuple[str, str], ...] = (("cpuid.lm", "Bool:Min:1"),)
    """What it requires of the processors of its host."""


@dataclass(frozen=True)
class DeniedProperty:
    """A path this account may not read: of the host, or of the VM that `vm` names."""

    path: str
    privilege: str = "System.Read"
    vm: str = ""


@dataclass(frozen=True)
class Objection:
    """What vSphere has against starting a VM, on one host or on every host.

    `before`: vCenter's check tells it; `at_start`: the power-on fails with it. A warning is told
    before and stops nothing.
    """

    vm: str
    text: str
    host: str = ""
    kind: str = "GenericVmConfigFault"
    warning: bool = False
    before: bool = True
    at_start: bool = True


USUAL_SERVICES = (
    Service("DCUI", True, "on"),
    Service("TSM", False, "off"),
    Service("TSM-SSH", True, "off"),
    Service("gpuManager", True, "on"),
    Service("ntpd", True, "on"),
    Service("vpxa", True, "on"),
    Service("xorg", False, "on"),
)


@dataclass(frozen=True)
class HostShape:
    """One ESXi host. The second half are faults: their defaults are a host without any."""

    name: str
    address: str
    """Loopback address on which its shell answers."""
    vendor: str = "Dell Inc."
    model: str = "PowerEdge R750xa"
    bios: str = "1.14.1"
    bios_date: str = "2024-05-13"
    serial: str = "AB12CD3"
    cpu_vendor: str = "intel"
    cpu: str = "Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz"
    hz: int = 1_995_312_000
    packages: int = 2
    nodes_per_package: int | tuple[int, ...] = 1
    """NUMA nodes of each package; 0: one node spans them all."""
    cores: int = 32
    """Cores per package."""
    threads: int = 2
    memory: int = 1024 * GIB
    nvme_tier: int = 0
    """What of its memory is the NVMe of a memory tier."""
    version: str = "8.0.3"
    build: str = "24022510"
    gpus: tuple[Gpu, ...] = ()
    nvswitches: tuple[str, ...] = ()
    """Addresses of the NVSwitches of an HGX board."""
    nics: tuple[Nic, ...] = ()
    switches: tuple[Switch, ...] = ()
    services: tuple[Service, ...] = USUAL_SERVICES
    lockdown: str = "lockdownDisabled"
    maintenance: bool = False
    reboot_required: bool = False
    boot_time: str = "2026-08-01T06:30:00Z"
    graphics_default: str = "sharedDirect"
    assignment_policy: str = "performance"
    driver: Driver | None = None
    nested: bool = False
    cluster: str | None = "gpu-cluster-01"
    """Name of its cluster; None for a standalone host."""
    vms: tuple[Vm, ...] = ()
    iommu: bool = True
    """Whether the BIOS has VT-d or the AMD IOMMU on."""
    boot: tuple[tuple[str, str, str], ...] = ()
    """Boot options that are not as shipped: name, configured, in force."""
    bmc_address: str = ""
    """Of its BMC, where somebody told vSphere; with a login that nobody is to read."""
    connection: str = "connected"
    shell: bool = True
    """False: no shell login for this account."""
    shell_trouble: str = ""
    """hang, flood or close: how its shell misbehaves on every command."""
    denied: tuple[DeniedProperty, ...] = ()
    denied_methods: tuple[str, ...] = ()
    """fetchSoftwarePackages, ExecuteSoap: refused for want of a privilege."""
    pci_nodes_filled: bool = True
    """False: the API lists no PCI device by node (old vCenter, nested host)."""
    device_groups: tuple[str, ...] = ()
    """Vendor device groups that it offers."""
    left: tuple[tuple[str, int], ...] = ()
    """How many more vGPUs of a profile fit, in vCenter's own count (9.0 and later)."""
    most_vgpus: int = 8
    """How many vGPUs it says that one VM may have."""
    unable: tuple[str, ...] = ()
    """Profiles of which a running VM neither moves nor is suspended."""
    datastores: tuple[str, ...] = ("vsan0",)
    gone_networks: tuple[str, ...] = ()
    """Port groups that it should have and has not."""
    features: tuple[tuple[str, str], ...] = (
        ("cpuid.intel", "1"), ("cpuid.lm", "1"), ("cpuid.avx512f", "1"), ("cpuid.numlevels", "27"),
    )  # fmt: skip
    esxcli_nodes: int | None = None
    """What esxcli says the node count is, where it contradicts the API."""

    @property
    def api_version(self) -> str:
        """As the host announces it: 6.7 of 6.7.0, 8.0.0.1 of 8.0.0."""
        if self.version.startswith("6."):
            return {"6.7.0": "6.7", "6.5.0": "6.5"}[self.version]
        return "8.0.0.1" if self.version == "8.0.0" else f"{self.version}.0"

    @property
    def passes_devices(self) -> bool:
        """Whether the BIOS and the boot options leave ESXi what passing devices takes."""
        in_force = {name: runtime for name, _, runtime in self.boot}
        switches = ("noIOMMU", "disablePciPassthrough")
        return self.iommu and all(in_force.get(one, "FALSE") == "FALSE" for one in switches)

    @property
    def mhz(self) -> int:
        """All cores together."""
        return self.packages * self.cores * self.hz // 1_000_000

    @property
    def mhz_for_vms(self) -> int:
        """What ESXi leaves to VMs."""
        return self.mhz - self.mhz // 50

    @property
    def networks(self) -> tuple[str, ...]:
        """Port groups that are there: those of its switches, and one for management."""
        named = {group for switch in self.switches for group in switch.portgroups} | {"vm-net"}
        return tuple(sorted(named - set(self.gone_networks)))

    @property
    def for_vms(self) -> int:
        """Memory that ESXi leaves to VMs."""
        return self.memory - self.memory // 64 - GIB // 2

    @property
    def release(self) -> tuple[int, int, int]:
        """(8, 0, 3)"""
        major, minor, update = self.version.split(".")
        return int(major), int(minor), int(update)

    @property
    def manager_runs(self) -> bool:
        """Whether a vGPU manager owns the GPUs."""
        return self.driver is not None and self.driver.talks

    @property
    def nodes_of_packages(self) -> tuple[tuple[int, ...], ...]:
        """NUMA node numbers of each package."""
        per = self.nodes_per_package
        if per == 0:
            return ((0,),) * self.packages
        counts = (per,) * self.packages if isinstance(per, int) else per
        first = [sum(counts[:index]) for index in range(len(counts))]
        return tuple(
            tuple(range(start, start + count)) for start, count in zip(first, counts, strict=True)
        )

    @property
    def node_count(self) -> int:
        """NUMA nodes of the host."""
        return len({node for nodes in self.nodes_of_packages for node in nodes})

    @property
    def pus_per_package(self) -> int:
        """Logical processors of one package."""
        return self.cores * self.threads

    def pus_of_node(self, node: int) -> tuple[int, ...]:
        """Logical processor numbers of a node, ascending."""
        pus: list[int] = []
        for package, nodes in enumerate(self.nodes_of_packages):
            if node in nodes:
                share = self.pus_per_package // len(nodes)
                start = package * self.pus_per_package + nodes.index(node) * share
                pus.extend(range(start, start + share))
        return tuple(pus)

    @property
    def node_memory(self) -> int:
        """Bytes of one node. All nodes are a little less than the host, as on real ones."""
        return (self.memory - 1_638_400) // self.node_count // 4096 * 4096

    def active_graphics(self, gpu: Gpu) -> str:
        """The graphics type in force: without a running manager nothing shares a GPU."""
        return (
            gpu.graphics_active if self.manager_runs or gpu.graphics_active == "direct" else "basic"
        )

    def vf_count(self, gpu: Gpu) -> int:
        """Virtual functions that exist now."""
        shared = self.manager_runs and not gpu.lost and self.active_graphics(gpu) == "sharedDirect"
        return gpu.model.virtual_functions if shared and gpu.sriov else 0

    def seen_gpus(self) -> tuple[Gpu, ...]:
        """GPUs that nvidia-smi lists, in its order."""
        mine = (
            gpu
            for gpu in self.gpus
            if not gpu.lost and not gpu.lost_now and gpu.graphics_active != "direct"
        )
        return tuple(sorted(mine, key=lambda gpu: gpu.address))

    def on_gpu(self, gpu: Gpu) -> tuple[tuple[Vm, str], ...]:
        """The running vGPUs of a GPU: VM and profile."""
        return tuple(
            (vm, profile)
            for vm in self.vms
            if vm.on
            for profile, address in zip(vm.profiles, vm.gpus, strict=False)
            if address == gpu.address
        )

    def offered(self) -> tuple[str, ...]:
        """Profiles that vSphere offers: none without a running manager or a shared GPU."""
        names = {
            gpu.model.profile(name)
            for gpu in self.gpus
            if self.manager_runs and not gpu.lost and self.active_graphics(gpu) == "sharedDirect"
            for name in usable_types(self, gpu)
        }
        return tuple(sorted(names))


@dataclass(frozen=True)
class Rule:
    """A rule of DRS: for VMs and hosts, or with no hosts among VMs; `apart` turns it round."""

    name: str
    vms: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    apart: bool = False
    mandatory: bool = True
    enabled: bool = True


@dataclass(frozen=True)
class Cluster:
    """A cluster; `drs` is fullyAutomated, partiallyAutomated, manual, or empty when DRS is off."""

    name: str
    drs: str = "partiallyAutomated"
    drs_options: tuple[tuple[str, str], ...] = ()
    """Advanced options of DRS that are set."""
    unreserved: int | None = None
    """Bytes that its pool can still promise; None: what its hosts have left."""
    unreserved_mhz: int | None = None
    rules: tuple[Rule, ...] = ()
    image: tuple[tuple[str, str, str], ...] = ()
    """Name, status and impact of hosts, as the lifecycle manager tells them; none: no image."""


@dataclass(frozen=True)
class Space:
    """A vSphere namespace as v2 of vCenter's API tells it."""

    name: str
    classes: tuple[str, ...] = ()
    zones: tuple[str, ...] | None = None
    """Those that it has, `-` before one that is being removed; None: vCenter is older than 9.0."""


@dataclass(frozen=True)
class Supervisor:
    """A Supervisor; zones and the clusters of each by name."""

    name: str
    zones: tuple[tuple[str, tuple[str, ...]], ...]
    spaces: tuple[Space, ...] = ()


@dataclass(frozen=True)
class Fleet:
    """All that one vCenter manages."""

    hosts: tuple[HostShape, ...]
    clusters: tuple[Cluster, ...] = field(default=(Cluster("gpu-cluster-01"),))
    hot_migrate: bool = True
    """The vCenter setting vgpu.hotmigrate.enabled."""
    api: str = ""
    """API version of the vCenter; empty: the newest of its hosts."""
    objections: tuple[Objection, ...] = ()
    """Besides those that follow from the shapes of hosts and VMs."""
    direct: bool = False
    """It is one ESXi host, asked without a vCenter."""
    supervisors: tuple[Supervisor, ...] = ()
    """Those of which vCenter tells zones, as 8.0.0.1 and later do; none: it is older."""
    agrees: bool = False
    """vCenter's check sees nothing of what follows from the shapes; a start still fails by it."""

    @property
    def api_version(self) -> str:
        """What the server announces."""
        return self.api or max(self.hosts, key=lambda host: host.release).api_version

    def __iter__(self) -> Iterator[HostShape]:
        return iter(self.hosts)


def port_before(address: str) -> str:
    """The root port of a device that has the bus after it to itself: ae:00.0 for af:00.0."""
    return f"{address[:5]}{int(address[5:7], 16) - 1:02x}:00.0"


SPLIT_BRANCH = 535
"""Driver branch from which the AI Enterprise package makes C types, and the other one none."""


def usable_types(host: HostShape, gpu: Gpu) -> tuple[str, ...]:
    """vGPU types that the GPU's mode and the driver package allow at all."""
    names = gpu.model.mig if gpu.in_mig else gpu.model.time_sliced
    if host.driver is None or int(host.driver.version.split(".")[0]) < SPLIT_BRANCH:
        return names
    compute = "AIE" in host.driver.vib.name
    return tuple(name for name in names if name.removesuffix("ME").endswith("C") is compute)


def type_of(gpu: Gpu, profile: str) -> str:
    """The type behind a vSphere profile name: `A100D-80C` for `grid_a100d-80c`."""
    names = (*gpu.model.time_sliced, *gpu.model.mig)
    return next(name for name in names if gpu.model.profile(name) == profile)


@cache
def gib_of(type_name: str) -> int:
    """Framebuffer of a type in GiB: 40 for both A100D-40C and A100D-3-40C."""
    digits = type_name.rsplit("-", 1)[1]
    return int("".join(letter for letter in digits if letter.isdigit()))


def startable_types(host: HostShape, gpu: Gpu) -> tuple[str, ...]:
    """Types that may still start: the size of those that run binds in same-size mode."""
    running = [gib_of(type_of(gpu, profile)) for _, profile in host.on_gpu(gpu)]
    free = gpu.model.mib_gib - sum(running)
    bound = running[0] if running and not gpu.in_mig and gpu.vgpu_mode != "mixedSize" else None
    return tuple(
        name
        for name in usable_types(host, gpu)
        if gib_of(name) <= free and (bound is None or gib_of(name) == bound)
    )


def startable_profiles(host: HostShape) -> frozenset[str] | None:
    """Profiles that may still start; None where no GPU is shared."""
    shared = [gpu for gpu in host.gpus if host.active_graphics(gpu) == "sharedDirect"]
    if not shared:
        return None
    return frozenset(
        gpu.model.profile(name) for gpu in shared for name in startable_types(host, gpu)
    )


def refusals(vm: Vm, startable: frozenset[str] | None) -> list[tuple[str, str]]:
    """What vSphere says against starting the VM on a host: type of fault and text, first wins.

    `startable` are the `startable_profiles` of the host.
    """
    found = []
    if vm.reservation_mb < vm.memory_mb:
        found.append(("GenericVmConfigFault", (
            "Invalid memory setting: memory reservation (sched.mem.min) should be equal to "
            f"memsize({vm.memory_mb})."
        )))  # fmt: skip
    if vm.profiles and startable is None:
        found.append(("InsufficientGraphicsResourcesFault", (
            "The amount of graphics resource available in the parent resource pool is "
            "insufficient for the operation."
        )))  # fmt: skip
        return found
    found += [
        ("GenericVmConfigFault", f"No graphics device is available for vGPU '{profile}'.")
        for profile in dict.fromkeys(vm.profiles)
        if profile not in (startable or ())
    ]
    return found


def expected(host: HostShape) -> dict[str, object]:
    """The truth about a host in plain values, worked out from the shape and nothing it served.

    Keys of `gpus` and `nics` are PCI addresses and adapter names; "unknown" is what a careful
    reader must say where no peer tells.
    """
    api_tells = host.pci_nodes_filled and all(x.path != "hardware.numaInfo" for x in host.denied)
    nodes_told = not host.nested and (api_tells or (host.shell and not host.shell_trouble))
    api_gives_nics = not any(item.path == "config.network.pnic" for item in host.denied)
    return {
        "name": host.name,
        "version": host.version,
        "package_count": host.packages,
        "numa_node_count": host.node_count,
        "core_count": host.packages * host.cores,
        "pu_count": host.packages * host.pus_per_package,
        "memory_bytes": host.memory,
        "memory_dram_bytes": host.memory - host.nvme_tier,
        "nodes_of_packages": host.nodes_of_packages,
        "graphics_default": host.graphics_default,
        "driver_version": host.driver.version if host.manager_runs and host.driver else None,
        "gpus": {gpu.address: _expected_gpu(host, gpu, nodes_told) for gpu in host.gpus},
        "nics": {
            nic.name: {
                "address": nic.address,
                "numa_node": nic.node if nodes_told else "unknown",
                "speed_mbps": nic.speed,
                "bridges": nic.chain,
            }
            for nic in host.nics
            if api_gives_nics
        },
        "vms": tuple(vm.name for vm in host.vms if vm.profiles or vm.passed or vm.device_groups),
    }


def _expected_gpu(host: HostShape, gpu: Gpu, nodes_told: bool) -> dict[str, object]:
    seen = host.shell and not host.shell_trouble and host.manager_runs and gpu in host.seen_gpus()
    words = {True: "enabled", False: "disabled"}

    def mode(pair: tuple[bool, bool] | None, which: int) -> str:
        if not seen:
            return "unknown"
        return "not supported" if pair is None else words[pair[which]]

    return {
        "catalogue_key": gpu.model_key,
        "name": shown_name(host, gpu),
        "numa_node": gpu.node if nodes_told else "unknown",
        "bridges": gpu.chain,
        "graphics_active": host.active_graphics(gpu),
        "graphics_configured": gpu.graphics_configured,
        "sriov_capable": gpu.sriov and gpu.model.virtual_functions > 0,
        "vf_count": host.vf_count(gpu),
        "smi_seen": seen,
        "uuid": gpu.uuid if seen else "unknown",
        "ecc_current": mode(gpu.ecc, 0),
        "ecc_pending": mode(gpu.ecc, 1),
        "mig_current": mode(gpu.mig_mode, 0),
        "mig_pending": mode(gpu.mig_mode, 1),
        "framebuffer_mib": total_mib(gpu) if seen else "unknown",
        "framebuffer_used_mib": used_mib(host, gpu) if seen else "unknown",
        "vms": tuple(vm.name for vm, _ in host.on_gpu(gpu)),
        "mig_instances": tuple(item.name for item in gpu.mig_instances) if seen else "unknown",
    }


def shown_name(host: HostShape, gpu: Gpu) -> str:
    """The driver's name where it owns the GPU, else that of the PCI database."""
    owned = host.manager_runs and not gpu.lost and gpu.graphics_active != "direct"
    return gpu.model.name if owned else gpu.model.raw_name


def total_mib(gpu: Gpu) -> int:
    """Framebuffer as nvidia-smi counts it: ECC costs memory on GDDR boards."""
    with_ecc, without = gpu.model.mib
    return with_ecc if gpu.ecc is not None and gpu.ecc[0] else without


def used_mib(host: HostShape, gpu: Gpu) -> int:
    """Framebuffer in use: that of the running vGPUs, and a little when idle."""
    running = sum(gib_of(type_of(gpu, profile)) for _, profile in host.on_gpu(gpu)) * 1024
    return min(running, total_mib(gpu))
