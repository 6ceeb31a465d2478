"""What esxcli says of a host, as rows: printed as text in the shell, and as XML over the API.

Over the API integers are decimal and names are CamelCase without blanks; in the shell ids are
hexadecimal. Both are written from `rows`, so they tell the same story.
"""

from dataclasses import dataclass
from functools import cache
from xml.sax.saxutils import escape

from tests.peers.devices import Function, functions, may_be_passed
from tests.peers.fleet import HostShape, Vib

GRAPHICS_WORDS = {
    "basic": "Basic", "shared": "Shared", "direct": "Passthru", "sharedDirect": "SharedPassthru",
}  # fmt: skip
POLICY_WORDS = {"performance": "Performance", "consolidation": "Consolidation"}


@dataclass(frozen=True)
class Hex:
    """A number: hexadecimal with this many digits in the shell, decimal over the API."""

    number: int
    digits: int

    def __str__(self) -> str:
        return f"0x{self.number:0{self.digits}x}"


Value = str | int | bool | Hex
Row = tuple[tuple[str, Value], ...]


def decimal_address(address: str) -> str:
    """`PCI 0:175:0:0`, the decimal spelling of parents and dependents."""
    bus, slot, function = int(address[5:7], 16), int(address[8:10], 16), int(address[11])
    return f"PCI {int(address[:4], 16)}:{bus}:{slot}:{function}"


def nodes_told(host: HostShape) -> int:
    """NUMA nodes as esxcli counts them."""
    return host.esxcli_nodes or host.node_count


def node_told(host: HostShape, item: Function) -> int | None:
    """A device's node as esxcli numbers it: scaled where esxcli counts more nodes."""
    if item.node is None or host.nested:
        return None
    return item.node * nodes_told(host) // host.node_count


def pci_row(host: HostShape, item: Function) -> Row:
    """One block of `hardware pci list`, in the order and with the gaps of the release."""
    slot = 4 if item.device_class in {0x0300, 0x0302} else 0xFFFFFFFF
    newer = host.release >= (8, 0, 0)
    node = node_told(host, item)
    capable = may_be_passed(host, item)
    fields: list[tuple[str, Value]] = [
        ("Address", item.address),
        ("Segment", Hex(int(item.address[:4], 16), 4)),
        ("Bus", Hex(item.bus, 2)),
        ("Slot", Hex(item.slot, 2)),
        ("Function", Hex(item.number, 1)),
    ]
    if item.alias:
        fields.append(("VMkernel Name", item.alias))
    fields += [
        ("Vendor Name", item.vendor_name),
        ("Device Name", item.name),
        ("Configured Owner", item.owner),
        ("Current Owner", item.owner),
        ("Vendor ID", Hex(item.vendor, 4)),
        ("Device ID", Hex(item.device, 4)),
        ("SubVendor ID", Hex(item.subvendor, 4)),
        ("SubDevice ID", Hex(item.subdevice, 4)),
        ("Device Class", Hex(item.device_class, 4)),
        ("Device Class Name", item.class_name),
        ("Programming Interface", Hex(0, 2)),
        ("Revision ID", Hex(0xA1 if item.vendor == 0x10DE else 0, 2)),
        ("Interrupt Line", Hex(0xFF, 2)),
        ("IRQ", 255),
        ("Interrupt Vector", Hex(0, 2)),
        ("PCI Pin", Hex(0, 2)),
        ("Spawned Bus", Hex((item.bus + 1) % 256 if item.is_bridge else 0, 2)),
        ("Flags", Hex(0x3001, 4)),
        ("Module ID", 45 if item.module != "None" else -1),
        ("Module Name", item.module),
        ("Chassis", 0),
        ("Physical Slot", slot),
        ("Slot Description", "PCIe Slot 4" if slot == 4 else ""),
        ("Device Layer Bus Address", "s00000004.00" if slot == 4 else f"m{item.bus:08x}.00"),
        ("Passthru Capable", capable),
        ("Parent Device", decimal_address(item.parent) if item.parent else ""),
        ("Dependent Device", decimal_address(item.address)),
        ("Reset Method", "Bridge reset" if item.device_class == 0x0302 else "Function reset"),
        ("FPT Sharable", capable),
    ]
    if newer:
        if node is not None:
            fields.append(("NUMA Node", node))
        fields += [("Hardware Label", ""), ("Virtual Function", "true" if item.physical else "")]
    else:
        fields = [pair for pair in fields if pair[0] != "Device Layer Bus Address"]
    return tuple(fields)


def graphics_rows(host: HostShape) -> tuple[Row, ...]:
    """`graphics device list`."""
    gpus = {gpu.address: gpu for gpu in host.gpus}
    rows = []
    for item in functions(host):
        if item.device_class not in {0x0300, 0x0302} or item.physical or host.nested:
            continue
        gpu = gpus.get(item.address)
        kind, memory, count = "basic", 0, 0
        if gpu is not None:
            kind = host.active_graphics(gpu)
            count = len({vm.name for vm, _ in host.on_gpu(gpu)})
            if host.manager_runs and kind != "direct" and not gpu.lost:
                memory = gpu.model.mib_gib * 1024 * 1024
        rows.append((
            ("Address", item.address), ("Vendor Name", item.vendor_name),
            ("Device Name", item.name), ("Module Name", item.module),
            ("Graphics Type", GRAPHICS_WORDS[kind]), ("Memory Size in KB", memory),
            ("Number of VMs", count),
        ))  # fmt: skip
    return tuple(rows)


def graphics_host(host: HostShape) -> Row:
    """`graphics host get`."""
    return (
        ("Default Graphics Type", GRAPHICS_WORDS[host.graphics_default]),
        ("Shared Passthru Assignment Policy", POLICY_WORDS[host.assignment_policy]),
    )


def cpu_global(host: HostShape) -> Row:
    """`hardware cpu global get`."""
    threaded = host.threads > 1
    return (
        ("CPU Packages", host.packages), ("CPU Cores", host.packages * host.cores),
        ("CPU Threads", host.packages * host.pus_per_package),
        ("Hyperthreading Active", threaded), ("Hyperthreading Supported", threaded),
        ("Hyperthreading Enabled", threaded), ("HV Support", 3),
    )  # fmt: skip


def memory(host: HostShape) -> Row:
    """`hardware memory get`; both sizes are bytes."""
    return (
        ("Physical Memory", host.memory),
        ("Reliable Memory", 0),
        ("NUMA Node Count", nodes_told(host)),
    )


def nic_rows(host: HostShape) -> tuple[Row, ...]:
    """`network nic list`."""
    names = {item.address: f"{item.vendor_name} {item.name}" for item in functions(host)}
    return tuple(
        (
            ("Name", nic.name), ("PCI Device", nic.address), ("Driver", nic.driver),
            ("Admin Status", "Up"), ("Link Status", "Up" if nic.speed else "Down"),
            ("Speed", nic.speed), ("Duplex", "Full" if nic.speed else "Half"),
            ("MAC Address", f"02:00:00:00:00:{index:02x}"), ("MTU", 1500),
            ("Description", names[nic.address]),
        )
        for index, nic in enumerate(host.nics)
    )  # fmt: skip


def vibs(host: HostShape) -> tuple[Vib, ...]:
    """Installed packages: the base, adapter drivers, and the vGPU manager where there is one."""
    base = f"{host.version}-0.0.{host.build}"
    usual = (
        Vib("esx-base", base, "VMware", summary="ESXi base system"),
        Vib("esx-ui", "2.18.0-23405999", "VMware", summary="VMware Host Client"),
        Vib("nmlx5-core", f"4.23.0.66-2vmw.{base}", "VMW", summary="Mellanox native driver"),
        Vib("nvme-pcie", f"1.2.4.15-1vmw.{base}", "VMW", summary="NVMe PCIe driver"),
        Vib("vmw-ahci", f"2.0.17-1vmw.{base}", "VMW", summary="AHCI driver"),
    )
    mine = () if host.driver is None else (host.driver.vib,)
    return tuple(sorted((*usual, *mine), key=lambda vib: vib.name))


def vib_rows(host: HostShape) -> tuple[Row, ...]:
    """`software vib list`."""
    return tuple(
        (
            ("Name", vib.name), ("Version", vib.version), ("Vendor", vib.vendor),
            ("Acceptance Level", vib.acceptance), ("Install Date", vib.installed),
            *((("Platforms", "host"),) if host.release >= (8, 0, 0) else ()),
        )
        for vib in vibs(host)
    )  # fmt: skip


def version(host: HostShape) -> Row:
    """`system version get`."""
    return (
        ("Product", "VMware ESXi"), ("Version", host.version),
        ("Build", f"Releasebuild-{host.build}"), ("Update", host.release[2]), ("Patch", 70),
    )  # fmt: skip


KERNEL = (
    ("atsSupport", "Bool", "TRUE", "Enable Support for PCIe ATS."),
    ("BOOTUUID", "String", "", "Boot partition UUID."),
    (
        "createNoMemFakeNUMAnode",
        "Bool",
        "FALSE",
        "Create one extra NUMA node that does not have memory.",
    ),
    (
        "createNoPCPUFakeNUMAnode",
        "Bool",
        "FALSE",
        "Create one extra NUMA node that does not have PCPUs.",
    ),
    ("disableACSCheck", "Bool", "FALSE", "Bypass ACS capability checks on all PCIE devices"),
    ("disableMSI", "Bool", "FALSE", "Disable use of MSI/MSI-X"),
    ("disablePciPassthrough", "Bool", "FALSE", "Disable PCI Passthrough"),
    ("enableACSCheckForRP", "Bool", "FALSE", "Enable ACS capability checks for Root Port"),
    (
        "enableAllPCIESegments",
        "Bool",
        "TRUE",
        "Enable PCIE segment numbers > 0 (segment 0 is always enabled)",
    ),
    ("enablePCIEHotplug", "Bool", "TRUE", "Enable PCI-E Native Hotplug support"),
    ("fakeNUMAnodes", "UINT32", "0", "Fake # NUMA nodes on UMA systems."),
    ("hyperthreading", "Bool", "TRUE", "Enable hyperthreading if available."),
    ("iovDisableIR", "Bool", "FALSE", "Disable Interrupt Remapping in the IOMMU."),
    ("noIOMMU", "Bool", "FALSE", "Disable IOMMU (and IOV) support forcibly"),
    (
        "pciBarAllocPolicy",
        "UINT32",
        "2",
        "PCI BAR allocation policy; 0=first-fit, 1=smallest-fit, 2=BAR-fit",
    ),
    ("useNUMAInfo", "Bool", "TRUE", "Enable/disable NUMA-ness"),
    (
        "vgpuMockDeviceCount",
        "UINT32",
        "1",
        "Number of mock vGPU devices to create when mock devices are in use.",
    ),
    ("xmapGB", "UINT32", "32", "Maximum XMap size in GiB."),
)
"""A few of some 300 boot options: name, type, default and description."""


def kernel_rows(host: HostShape) -> tuple[Row, ...]:
    """`system settings kernel list`."""
    changed = {name: (configured, runtime) for name, configured, runtime in host.boot}
    rows = []
    for name, kind, default, description in KERNEL:
        configured, runtime = changed.get(name, (default, default))
        if name == "BOOTUUID":
            runtime = "a56b7ce670d046bebb870a1ff53db322"  # in force, and never configured
        rows.append((
            ("Name", name), ("Type", kind), ("Configured", configured), ("Runtime", runtime),
            ("Default", default), ("Description", description),
        ))  # fmt: skip
    return tuple(rows)


def answers(host: HostShape) -> dict[str, str]:
    """Command in dots -> the XML that ExecuteSoap hands back for it."""
    pci = tuple(pci_row(host, item) for item in functions(host))
    lists = {
        "hardware.pci.list": ("PCIDevice", pci),
        "graphics.device.list": ("GraphicsDevice", graphics_rows(host)),
        "network.nic.list": ("Nic", nic_rows(host)),
        "software.vib.list": ("SummaryExt", vib_rows(host)),
        "system.settings.kernel.list": ("KernelOption", kernel_rows(host)),
    }
    single = {
        "graphics.host.get": ("HostGraphics", graphics_host(host)),
        "hardware.cpu.global.get": ("CpuGlobal", cpu_global(host)),
        "hardware.memory.get": ("MemoryInfo", memory(host)),
        "system.version.get": ("SystemVersion", version(host)),
    }
    found = {}
    for command, (kind, rows) in lists.items():
        full = "VimEsxCLI" + command.replace(".", "") + kind
        objects = "".join(
            f'<DataObject xsi:type="{full}">{_elements(row)}</DataObject>' for row in rows
        )
        found[command] = f'<obj {_SPACES} xsi:type="ArrayOfDataObject">{objects}</obj>'
    for command, (kind, row) in single.items():
        full = "VimEsxCLI" + command.replace(".", "") + kind
        found[command] = f'<obj {_SPACES} xsi:type="{full}">{_elements(row)}</obj>'
    return found


_SPACES = (
    'xmlns="urn:vim25" versionId="5.0" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)


def _elements(row: Row) -> str:
    """Fields in alphabetical order, as esxcli sends them."""
    pairs = sorted((camel(name), _plain(value)) for name, value in row)
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in pairs)


@cache
def camel(name: str) -> str:
    """`Memory Size in KB` -> `MemorySizeInKB`, `VMkernel Name` -> `VMkernelName`."""
    return "".join(word[0].upper() + word[1:] for word in name.split())


def _plain(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value.number) if isinstance(value, Hex) else str(value)
