"""Where a server's BIOS has a setting, by the vendor, and what is known to switch it back.

Data, with its source in each row: the names are those of the vendors' own attribute registries, as
recorded from real machines. A vendor, processor or setting without a row gets neutral words and
never another vendor's menu.
"""

from msgspec import Struct

from hostcheck.model.fact import Fact, Unknown
from hostcheck.model.host import Host
from hostcheck.model.result import Command

LIBREDFISH = "https://github.com/NVIDIA/libredfish (tests/mockups: recordings of whole machines)"
IRONLIB = "https://github.com/metal-toolbox/ironlib (fixtures: BIOS exports of real machines)"
HPE_GEN10 = "https://techlibrary.hpe.com/docs/iss/proliant-gen10-uefi/"
IMCSDK = "https://github.com/CiscoUcs/imcsdk (imcsdk/mometa/bios)"


class Setting(Struct, frozen=True):
    """What is to be set, in words that fit any vendor."""

    key: str
    intel: str
    amd: str


SETTINGS = {
    one.key: one
    for one in (
        Setting("sriov", "SR-IOV: on", "SR-IOV: on"),
        Setting("iommu", "Intel VT for Directed I/O (VT-d): on", "AMD IOMMU (AMD-Vi): on"),
        Setting(
            "above_4g",
            "memory-mapped I/O above 4 GB (Above 4G Decoding): on",
            "memory-mapped I/O above 4 GB (Above 4G Decoding): on",
        ),
        Setting("ari", "PCIe ARI: on, where there is a switch", "PCIe ARI: on, where there is one"),
        Setting(
            "numa",
            "sub-NUMA clustering (SNC, Cluster-on-Die): off",
            "NUMA nodes per socket (NPS): 1; L3 cache (CCX) as NUMA domain: off",
        ),
    )
}


class Row(Struct, frozen=True):
    """One setting of one vendor. `cpu` is intel or amd, empty for both."""

    setting: str
    vendor: str
    cpu: str
    text: str
    read_on: str
    """The machine whose BIOS tells it; empty where the row is second-hand."""
    source: str


_RBSU = "System Configuration > BIOS/Platform Configuration (RBSU)"
_PCIE = "Advanced > PCIe/PCI/PnP Configuration"
_BRIDGE = "Advanced > Chipset Configuration > North Bridge"
_R750, _R6515 = "PowerEdge R750, BIOS 1.8.2", "PowerEdge R6515"
_DL385 = "ProLiant DL385 Gen10 Plus v2, BIOS A42 2.60"
_SR670 = "ThinkSystem SR670 V2"
_X13 = "SYS-821GE-TNHR (X13), BIOS 1.4"
_UCS = "UCS C-Series AMD"

ROWS = (
    Row("sriov", "dell", "", "System BIOS > Integrated Devices > SR-IOV Global Enable: Enabled "
        "(Dell delivers it Disabled)", _R750, LIBREDFISH),
    Row("iommu", "dell", "intel", "System BIOS > Processor Settings > Virtualization Technology: "
        "Enabled (one switch for VT-x and VT-d)", _R750, LIBREDFISH),
    Row("iommu", "dell", "amd", "System BIOS > Processor Settings > Virtualization Technology: "
        "Enabled, and IOMMU Support: Enabled", "", IRONLIB),
    Row("above_4g", "dell", "intel", "System BIOS > Integrated Devices > Memory Mapped I/O above "
        "4GB: Enabled", _R750, LIBREDFISH),
    Row("ari", "dell", "", "PCIe ARI: no such switch", _R750, LIBREDFISH),
    Row("numa", "dell", "intel", "System BIOS > Processor Settings > Sub NUMA Cluster: Disabled",
        _R750, LIBREDFISH),
    Row("numa", "dell", "amd", "System BIOS > Processor Settings > NUMA Nodes Per Socket: 1; CCX "
        "as NUMA Domain (L3 Cache as NUMA Domain): Disabled", _R6515, IRONLIB),
    Row("sriov", "hpe", "", f"{_RBSU} > Virtualization Options > SR-IOV: Enabled", _DL385,
        LIBREDFISH),
    Row("iommu", "hpe", "intel", f"{_RBSU} > Virtualization Options > Intel(R) VT-d: Enabled", "",
        LIBREDFISH),
    Row("iommu", "hpe", "amd", f"{_RBSU} > Virtualization Options > AMD I/O Virtualization "
        "Technology: Enabled", _DL385, LIBREDFISH),
    Row("above_4g", "hpe", "intel", f"Memory above 4 GB: no such switch; {_RBSU} > "
        "PCIe Device Configuration > Advanced PCIe Configuration > NVMe PCIe Resource Padding: "
        "High helped one user", "", HPE_GEN10),
    Row("above_4g", "hpe", "amd", "Memory above 4 GB: no such switch", _DL385, LIBREDFISH),
    Row("ari", "hpe", "", "PCIe ARI: no such switch", _DL385, LIBREDFISH),
    Row("numa", "hpe", "intel", f"{_RBSU} > Processor Options > Sub-NUMA Clustering: Disabled", "",
        LIBREDFISH),
    Row("numa", "hpe", "amd", f"{_RBSU} > Memory Options > NUMA memory domains per socket: One "
        "memory domain per socket; LLC As NUMA Node: Disabled", _DL385, LIBREDFISH),
    Row("sriov", "lenovo", "", "System Settings > Devices and I/O Ports > SRIOV: Enabled", _SR670,
        LIBREDFISH),
    Row("iommu", "lenovo", "intel", "System Settings > Devices and I/O Ports > Intel VT for "
        "Directed I/O (VT-d): Enabled", _SR670, LIBREDFISH),
    Row("iommu", "lenovo", "amd", "System Settings > Devices and I/O Ports > IOMMU: Enabled", "",
        "a public dump of an SR635 V3"),
    Row("above_4g", "lenovo", "intel", "System Settings > Devices and I/O Ports > PCI 64-Bit "
        "Resource Allocation: Enabled or Auto", _SR670, LIBREDFISH),
    Row("ari", "lenovo", "intel", "PCIe ARI: no such switch", _SR670, LIBREDFISH),
    Row("numa", "lenovo", "intel", "System Settings > Processors > SNC: Disabled", _SR670,
        LIBREDFISH),
    Row("numa", "lenovo", "amd", "System Settings > Memory > NUMA Nodes per Socket: NPS1", "",
        "a public dump of an SR635 V3"),
    Row("sriov", "supermicro", "intel", f"{_PCIE} > SR-IOV Support: Enabled", _X13, LIBREDFISH),
    Row("iommu", "supermicro", "intel", f"{_BRIDGE} > IIO Configuration > Intel VT for Directed "
        "I/O (VT-d): Enable", _X13, LIBREDFISH),
    Row("above_4g", "supermicro", "intel", f"{_PCIE} > Above 4G Decoding: Enabled; MMIO High Base "
        "and MMIO High Granularity Size decide how much", _X13, LIBREDFISH),
    Row("ari", "supermicro", "intel", f"{_PCIE} > ARI Support: Enabled", _X13, LIBREDFISH),
    Row("numa", "supermicro", "intel", f"{_BRIDGE} > Uncore Configuration > SNC: Disable", _X13,
        LIBREDFISH),
    Row("sriov", "cisco", "amd", "BIOS token SrIov: Enabled", _UCS, IMCSDK),
    Row("iommu", "cisco", "amd", "BIOS token CbsCmnGnbNbIOMMU: Enabled or Auto", _UCS, IMCSDK),
    Row("above_4g", "cisco", "amd", "BIOS token MemoryMappedIOAbove4GB: Enabled", _UCS, IMCSDK),
    Row("ari", "cisco", "amd", "BIOS token PcieARISupport: Enabled or Auto", _UCS, IMCSDK),
    Row("numa", "cisco", "amd", "BIOS tokens CbsDfCmnDramNps: NPS1, CbsDfCmnAcpiSratL3Numa: "
        "Disabled", _UCS, IMCSDK),
)  # fmt: skip


class Profile(Struct, frozen=True):
    """A setting that a workload profile of HPE holds, so that its switch is greyed out."""

    setting: str
    cpu: str
    wrong: tuple[str, ...]
    """Profiles that set it against a GPU host."""
    instead: str


_VIRTUALIZATION = '"Virtualization - Max Performance" or "Virtualization - Power Efficient"'
_HPC = ("Graphic Processing", "High Performance Compute (HPC)", "Low Latency")
PROFILES = (
    Profile("sriov", "amd", (*_HPC, "I/O Throughput", "Decision Support",
            "Transactional Application Processing"), _VIRTUALIZATION),
    Profile("iommu", "amd", _HPC, _VIRTUALIZATION),
    Profile("numa", "amd", (*_HPC, "I/O Throughput"), '"Custom"'),
)  # fmt: skip
"""Dependencies in the attribute registry of A42 2.60 (LIBREDFISH). That a profile sets its options
on every server from Gen10 on: HPE_GEN10. What it sets on Intel was not to be read."""
_NPS4 = (
    'the AMD workload profile "VMware vSphere Optimized" sets four domains per socket: leave it, '
    "or set one domain after it"
)
_BEFORE_PROFILES = ("Gen8", "Gen9")

_NAMES = {
    "dell": ("dell",), "hpe": ("hpe", "hewlett", "hp"), "lenovo": ("lenovo",),
    "supermicro": ("supermicro", "super micro"), "cisco": ("cisco",),
}  # fmt: skip
_SHOWN = {"dell": "Dell", "hpe": "HPE", "lenovo": "Lenovo", "supermicro": "Supermicro",
          "cisco": "Cisco"}  # fmt: skip
_PROCESSORS = {"intel": "Intel", "amd": "AMD"}


def of_host(settings: tuple[str, ...], host: Host | None) -> tuple[Command, ...]:
    """Return the menus of the host's vendor and processor; neutral words where there is no row."""
    if not settings:
        return ()
    vendor = _vendor(host.vendor) if host else ""
    cpu = _processor(host) if host else ""
    found = [_command(one, vendor, cpu) for one in settings]
    if vendor == "hpe" and host is not None:
        found += _profiles(settings, cpu, host)
    return tuple(dict.fromkeys(found))


def everyone(settings: tuple[str, ...]) -> tuple[Command, ...]:
    """Return all rows of the settings, for the manual."""
    rows = [
        Command(_tool(one.vendor, one.cpu), _told(one)) for one in ROWS if one.setting in settings
    ]
    held = [
        Command(_tool("hpe", one.cpu), _profile(one)) for one in PROFILES if one.setting in settings
    ]
    nps = [Command(_tool("hpe", "amd"), _NPS4)] if "numa" in settings else []
    return tuple(dict.fromkeys([*rows, *held, *nps]))


def _command(key: str, vendor: str, cpu: str) -> Command:
    for row in ROWS:
        if (row.setting, row.vendor) == (key, vendor) and row.cpu in ("", cpu):
            return Command(_tool(vendor, row.cpu), _told(row))
    setting = SETTINGS[key]
    words = {"intel": (setting.intel,), "amd": (setting.amd,)}.get(
        cpu, (setting.intel, setting.amd)
    )
    return Command("BIOS", "; or on AMD: ".join(dict.fromkeys(words)))


def _told(row: Row) -> str:
    return row.text if row.read_on else f"{row.text} (second-hand)"


def _profiles(settings: tuple[str, ...], cpu: str, host: Host) -> list[Command]:
    model = "" if isinstance(host.model, Unknown) else host.model.value
    if any(generation in model for generation in _BEFORE_PROFILES):
        return []
    if cpu != "amd":
        text = (
            f"a switch that is greyed out is held by {_RBSU} > Workload Profile: choose "
            f"{_VIRTUALIZATION} or Custom"
        )
        return [Command(_tool("hpe", ""), text)]
    held = [Command(_tool("hpe", cpu), _profile(one)) for one in PROFILES
            if one.setting in settings]  # fmt: skip
    return [*held, Command(_tool("hpe", cpu), _NPS4)] if "numa" in settings else held


def _profile(one: Profile) -> str:
    return (
        f"{_RBSU} > Workload Profile: {one.instead}; {', '.join(one.wrong)} set this against a GPU "
        f"host and grey the switch out (read on a {_DL385})"
    )


def _tool(vendor: str, cpu: str) -> str:
    return f"BIOS ({', '.join(filter(None, (_SHOWN[vendor], _PROCESSORS.get(cpu, ''))))})"


def _vendor(fact: Fact[str]) -> str:
    name = "" if isinstance(fact, Unknown) else fact.value.strip().lower()
    return next((key for key, starts in _NAMES.items() if name.startswith(starts)), "")


def _processor(host: Host) -> str:
    if isinstance(host.packages, Unknown) or not host.packages.value:
        return ""
    made = host.packages.value[0].vendor
    return {"intel": "intel", "amd": "amd", "hygon": "amd"}.get(made, "")
