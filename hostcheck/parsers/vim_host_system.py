"""`HostSystem`: everything the vSphere API tells of a host with the Read-only role.

Facts of property names, types and first versions: pyVmomi 9.1 type table and the API reference.
Two traps: PCI ids are signed shorts (0x8086 comes as -32634), and a NUMA node lists its
processors in descending order.
"""

from typing import TypeVar

from msgspec import Struct

from hostcheck.model.capture import Path, Request, Wire
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.model.host import (
    GraphicsType,
    MemoryTier,
    Passthrough,
    Service,
    Sriov,
    VgpuAbility,
)
from hostcheck.model.pci import PciAddress, PciId, unsigned16
from hostcheck.model.release import release_of
from hostcheck.syntax.vim import VimObject, address_in, must, some_words
from hostcheck.syntax.vim_identity import Identity, identity_of
from hostcheck.syntax.vim_network import Pnic, Switch, pnic_of, switches_of
from hostcheck.syntax.vim_node import Node
from hostcheck.syntax.vim_objects import object_of

REQUEST = Request(
    Wire.PROPERTIES, "HostSystem", "hardware, graphics, passthrough, network and services",
    "System.Read",
    (
        Path("name"), Path("parent"), Path("vm"), Path("summary.rebootRequired"),
        Path("runtime.connectionState"), Path("runtime.powerState"),
        Path("runtime.inMaintenanceMode"), Path("runtime.bootTime"),
        Path("hardware.systemInfo"), Path("hardware.biosInfo"), Path("hardware.cpuInfo"),
        Path("hardware.cpuPkg"), Path("hardware.memorySize"), Path("hardware.numaInfo"),
        Path("hardware.pciDevice"),
        Path("hardware.memoryTieringType", (7, 0, 3)), Path("hardware.memoryTierInfo", (7, 0, 3)),
        Path("config.product"), Path("config.graphicsInfo"), Path("config.graphicsConfig"),
        Path("config.sharedPassthruGpuTypes"), Path("config.sharedGpuCapabilities", (6, 7)),
        Path("config.pciPassthruInfo"),
        Path("config.network.pnic"), Path("config.network.vswitch"),
        Path("config.network.portgroup"), Path("config.network.proxySwitch"),
        Path("config.service"), Path("config.lockdownMode"), Path("config.ipmi.bmcIpAddress"),
        Path("configManager.imageConfigManager"), Path("datastore"), Path("network"),
        Path("effectiveRole"),
    ),
)  # fmt: skip


T = TypeVar("T")
P = TypeVar("P", "CpuPackage", "ListedNode")
CONNECTIONS = ("connected", "disconnected", "notResponding")
POWER_STATES = ("poweredOn", "poweredOff", "standBy", "unknown")
POLICIES = ("consolidation", "performance")
ROLES = {
    "-1": "Administrator",
    "-2": "Read-only",
    "-3": "View",
    "-4": "Anonymous",
    "-5": "No access",
}
"""Ids of the roles that every vSphere has; others are numbered by the server that has them."""
SRIOV = "HostSriovInfo"
SRIOV_TRUTHS = ("sriovCapable", "sriovEnabled", "sriovActive")
SRIOV_COUNTS = ("numVirtualFunction", "maxVirtualFunctionSupported")
GRAPHICS_TYPES = {kind.value: kind for kind in GraphicsType}


class CpuPackage(Struct, frozen=True):
    """`pus` are logical processor numbers, ascending."""

    os_index: int
    vendor: str
    description: str
    pus: tuple[int, ...]


class ListedNode(Struct, frozen=True):
    """A NUMA node as the API lists it; `pci` is empty when the server does not fill it."""

    os_index: int
    memory_bytes: Reading[int]
    pus: tuple[int, ...]
    pci: tuple[PciAddress, ...]


class Device(Struct, frozen=True):
    """A PCI function. `device_class` as in pci.ids: 0x0302 is a 3D controller."""

    address: PciAddress
    pci_id: PciId
    device_class: int
    vendor_name: str
    name: str
    parent: Reading[PciAddress]


class Graphics(Struct, frozen=True):
    """One device of `config.graphicsInfo`: the active state."""

    address: PciAddress
    name: str
    type: Reading[GraphicsType]
    vgpu_mode: Reading[str]
    memory_bytes: Reading[int]
    vm_ids: Reading[tuple[str, ...]]


class Configured(Struct, frozen=True):
    """One device of `config.graphicsConfig`: the state after the next restart."""

    address: PciAddress
    type: Reading[GraphicsType]


class PassthroughState(Struct, frozen=True):
    """One device of `config.pciPassthruInfo`."""

    address: PciAddress
    passthrough: Passthrough
    sriov: Reading[Sriov]
    label: Reading[str]


class HostSystem(Struct, frozen=True):
    """Memory is in bytes, times are as the server wrote them."""

    id: str
    name: Reading[str]
    parent_id: Reading[str]
    vm_ids: Reading[tuple[str, ...]]
    image_manager_id: Reading[str]
    connection_state: Reading[str]
    power_state: Reading[str]
    in_maintenance_mode: Reading[bool]
    reboot_required: Reading[bool]
    boot_time: Reading[str]
    vendor: Reading[str]
    model: Reading[str]
    bios_version: Reading[str]
    bios_date: Reading[str]
    firmware_type: Reading[str]
    version: Reading[str]
    build: Reading[str]
    api_version: Reading[str]
    memory_bytes: Reading[int]
    memory_tiering: Reading[str]
    memory_tiers: Reading[tuple[MemoryTier, ...]]
    package_count: Reading[int]
    core_count: Reading[int]
    pu_count: Reading[int]
    packages: Reading[tuple[CpuPackage, ...]]
    numa_node_count: Reading[int]
    numa_nodes: Reading[tuple[ListedNode, ...]]
    devices: Reading[tuple[Device, ...]]
    graphics: Reading[tuple[Graphics, ...]]
    graphics_configured: Reading[tuple[Configured, ...]]
    graphics_default: Reading[GraphicsType]
    assignment_policy: Reading[str]
    profiles_offered: Reading[tuple[str, ...]]
    abilities: Reading[tuple[VgpuAbility, ...]]
    passthrough: Reading[tuple[PassthroughState, ...]]
    pnics: Reading[tuple[Pnic, ...]]
    switches: Reading[tuple[Switch, ...]]
    services: Reading[tuple[Service, ...]]
    lockdown_mode: Reading[str]
    core_hz: Reading[int]
    datastore_ids: Reading[tuple[str, ...]]
    network_ids: Reading[tuple[str, ...]]
    bmc_address: Reading[str]
    """Where an administrator told it. The object around it holds a login: it is never asked for."""
    roles: Reading[tuple[str, ...]]
    """What the session that asks may do here."""
    identity: Reading[Identity]


def parse(text: str) -> HostSystem:
    """Read one host. Raises ParseError when the text is no HostSystem or a field is no number."""
    host = object_of(text, kind="HostSystem")
    return HostSystem(
        id=host.id,
        name=host.text("name"),
        parent_id=host.text("parent"),
        vm_ids=host.words("vm"),
        image_manager_id=host.text("configManager.imageConfigManager"),
        connection_state=host.word("runtime.connectionState", among=CONNECTIONS),
        power_state=host.word("runtime.powerState", among=POWER_STATES),
        in_maintenance_mode=host.truth("runtime.inMaintenanceMode"),
        reboot_required=host.truth("summary.rebootRequired"),
        boot_time=host.text("runtime.bootTime"),
        vendor=host.text("hardware.systemInfo", "vendor"),
        model=host.text("hardware.systemInfo", "model"),
        bios_version=host.text("hardware.biosInfo", "biosVersion"),
        bios_date=host.text("hardware.biosInfo", "releaseDate"),
        firmware_type=host.text("hardware.biosInfo", "firmwareType"),
        version=_version(host.text("config.product", "version")),
        build=host.text("config.product", "build"),
        api_version=host.text("config.product", "apiVersion"),
        memory_bytes=host.number("hardware.memorySize"),
        memory_tiering=host.text("hardware.memoryTieringType"),
        memory_tiers=host.each("hardware.memoryTierInfo", _tier),
        package_count=host.number("hardware.cpuInfo", "numCpuPackages"),
        core_count=host.number("hardware.cpuInfo", "numCpuCores"),
        pu_count=host.number("hardware.cpuInfo", "numCpuThreads"),
        packages=_counted(
            _apart(host.each("hardware.cpuPkg", _package), "packages"),
            host.number("hardware.cpuInfo", "numCpuPackages"),
            "packages",
        ),
        numa_node_count=host.number("hardware.numaInfo", "numNodes"),
        numa_nodes=_numa_nodes(host),
        devices=_devices(host),
        graphics=host.each("config.graphicsInfo", _graphics),
        graphics_configured=host.each("config.graphicsConfig", _configured, "deviceType"),
        graphics_default=_graphics_type(
            host.text("config.graphicsConfig", "hostDefaultGraphicsType")
        ),
        assignment_policy=host.word(
            "config.graphicsConfig", "sharedPassthruAssignmentPolicy", among=POLICIES
        ),
        profiles_offered=_offered(host),
        abilities=host.each("config.sharedGpuCapabilities", _ability),
        passthrough=host.each("config.pciPassthruInfo", _passthrough),
        pnics=host.each("config.network.pnic", pnic_of),
        switches=switches_of(host),
        services=host.each("config.service", _service, "service"),
        lockdown_mode=host.text("config.lockdownMode"),
        core_hz=host.number("hardware.cpuInfo", "hz"),
        datastore_ids=some_words(host, "datastore"),
        network_ids=some_words(host, "network"),
        bmc_address=host.text("config.ipmi.bmcIpAddress"),
        roles=_roles(host.words("effectiveRole")),
        identity=identity_of(host),
    )


def _roles(told: Reading[tuple[str, ...]]) -> Reading[tuple[str, ...]]:
    if isinstance(told, Unknown):
        return told
    return tuple(ROLES.get(one, f"role {one}") for one in told)


def _version(words: Reading[str]) -> Reading[str]:
    """Return a release that is numbers, as `8.0.3`: checks compare it with others."""
    if isinstance(words, Unknown) or release_of(words):
        return words
    return Unknown(Why.UNPARSED, f"not a release: {words!r}", "HostSystem config.product.version")


def identity(text: str) -> Identity:
    """Read which machine it is. Raises ParseError when the text is no HostSystem."""
    return identity_of(object_of(text, kind="HostSystem"))


def _graphics_type(words: Reading[str]) -> Reading[GraphicsType]:
    if isinstance(words, Unknown):
        return words
    if words in GRAPHICS_TYPES:
        return GRAPHICS_TYPES[words]
    return Unknown(Why.UNPARSED, f"a graphics type that is not known: {words!r}", "graphicsType")


def _package(node: Node) -> CpuPackage:
    description = node.text("description")
    return CpuPackage(
        os_index=must(node.number("index")),
        vendor=must(node.text("vendor")),
        description="" if isinstance(description, Unknown) else " ".join(description.split()),
        pus=tuple(sorted(node.numbers("threadId"))),
    )


def _counted(
    listed: Reading[tuple[T, ...]], count: Reading[int], what: str
) -> Reading[tuple[T, ...]]:
    """Return a list, unless the same answer counts another number: then a part of it is lost."""
    if isinstance(listed, Unknown) or isinstance(count, Unknown) or not count:
        return listed
    if len(listed) == count:
        return listed
    detail = f"{count} {what} are counted, {len(listed)} listed"
    return Unknown(Why.UNPARSED, detail, "HostSystem hardware")


def _apart(listed: Reading[tuple[P, ...]], what: str) -> Reading[tuple[P, ...]]:
    """Return a list, unless a processor is in it twice: then another one is lost, or misplaced."""
    if isinstance(listed, Unknown):
        return listed
    pus = [pu for one in listed for pu in one.pus]
    if len(set(pus)) == len(pus):
        return listed
    twice = next(pu for pu in pus if pus.count(pu) > 1)
    return Unknown(Why.UNPARSED, f"processor {twice} is on {what} twice", "HostSystem hardware")


def _numa_nodes(host: VimObject) -> Reading[tuple[ListedNode, ...]]:
    listed = _apart(host.each("hardware.numaInfo", _numa_node, "numaNode"), "NUMA nodes")
    return _by_index(_counted(listed, host.number("hardware.numaInfo", "numNodes"), "NUMA nodes"))


def _by_index(nodes: Reading[tuple[ListedNode, ...]]) -> Reading[tuple[ListedNode, ...]]:
    if isinstance(nodes, Unknown):
        return nodes
    return tuple(sorted(nodes, key=lambda node: node.os_index))


def _numa_node(node: Node) -> ListedNode:
    memory = node.number("memorySize")
    if isinstance(memory, Unknown):
        memory = node.number("memoryRangeLength")  # before API 8.0
    return ListedNode(
        os_index=must(node.number("typeId")),
        memory_bytes=memory,
        pus=tuple(sorted(node.numbers("cpuID"))),
        pci=tuple(sorted(address_in(item) for item in node.children("pciId"))),
    )


def _tier(node: Node) -> MemoryTier:
    return MemoryTier(must(node.text("type")), must(node.number("size")))


def _devices(host: VimObject) -> Reading[tuple[Device, ...]]:
    """Read the PCI devices, unless the same answer shows that this is not the list of them."""
    found = host.each("hardware.pciDevice", _device)
    drawn = host.each("config.graphicsInfo", _graphics)
    if isinstance(found, Unknown):
        return found
    there = {one.address for one in found}
    named = set() if isinstance(drawn, Unknown) else {one.address for one in drawn}
    told = ""
    if not found:
        told = "no PCI device at all"
    elif len(there) < len(found):
        told = "a PCI device is listed twice"
    elif lost := sorted(named - there):
        told = f"{lost[0]} has graphics, and no PCI device is listed there"
    return Unknown(Why.UNPARSED, told, "HostSystem hardware.pciDevice") if told else found


def _numbers(node: Node) -> tuple[PciAddress, PciId, int, Reading[PciAddress]]:
    """Read address, id, class and parent: what functions of the same slot share, and no names."""

    def short(name: str) -> int:
        return unsigned16(must(node.number(name)))

    parent = node.text("parentBridge")
    return (
        address_in(node, "id"),
        PciId(short("vendorId"), short("deviceId"), short("subVendorId"), short("subDeviceId")),
        short("classId"),
        parent if isinstance(parent, Unknown) else address_in(node, "parentBridge"),
    )


def _device(node: Node) -> Device:
    address, pci_id, device_class, parent = node.once(_numbers)
    vendor_name, name = node.text("vendorName"), node.text("deviceName")
    return Device(
        address=address,
        pci_id=pci_id,
        device_class=device_class,
        vendor_name="" if isinstance(vendor_name, Unknown) else vendor_name,
        name="" if isinstance(name, Unknown) else name,
        parent=parent,
    )


def _graphics(node: Node) -> Graphics:
    name, kilobytes = node.text("deviceName"), node.number("memorySizeInKB")
    return Graphics(
        address=address_in(node, "pciId"),
        name="" if isinstance(name, Unknown) else name,
        type=_graphics_type(node.text("graphicsType")),
        vgpu_mode=node.text("vgpuMode"),
        memory_bytes=kilobytes if isinstance(kilobytes, Unknown) else kilobytes * 1024,
        vm_ids=tuple(sorted(must(item.text()) for item in node.children("vm"))),
    )


def _configured(item: Node) -> Configured:
    return Configured(address_in(item, "deviceId"), _graphics_type(item.text("graphicsType")))


def _passthrough(node: Node) -> PassthroughState:
    def truth(name: str) -> bool:
        return must(node.truth(name))

    return PassthroughState(
        address=address_in(node, "id"),
        passthrough=Passthrough(
            capable=truth("passthruCapable"),
            enabled=truth("passthruEnabled"),
            active=truth("passthruActive"),
        ),
        sriov=_sriov(node),
        label=node.text("hardwareLabel"),
    )


def _sriov(node: Node) -> Reading[Sriov]:
    """Read SR-IOV, which the subtype HostSriovInfo tells; type and fields must say the same."""
    if node.type and node.type != SRIOV and not node.tells(*SRIOV_TRUTHS, *SRIOV_COUNTS):
        return Sriov(capable=False)
    truths = [node.truth(name) for name in SRIOV_TRUTHS]
    counts = [node.number(name) for name in SRIOV_COUNTS]
    unread = [one for one in (*truths, *counts) if isinstance(one, Unknown)]
    if node.type == SRIOV:
        if truths[0] is False and truths[2] is True:
            told = "SR-IOV is active, and the device is not capable of it"
            return Unknown(Why.UNPARSED, told, f"{node.asked}.sriovCapable")
        return unread[0] if unread else Sriov(*truths, *counts)  # type: ignore[arg-type]
    if node.type and len(unread) == len((*truths, *counts)):
        return Sriov(capable=False)
    told = f"a {node.type} with SR-IOV fields" if node.type else "an entry without its type"
    return Unknown(Why.UNPARSED, told, f"{node.asked} xsi:type")


def _offered(host: VimObject) -> Reading[tuple[str, ...]]:
    """Read the types that the host offers; where it tells what types can do, it offers some."""
    offered = host.words("config.sharedPassthruGpuTypes")
    if offered == () and host.each("config.sharedGpuCapabilities", _ability):
        told = "no type is offered, and what types can do is told"
        return Unknown(Why.UNPARSED, told, "HostSystem config.sharedPassthruGpuTypes")
    return offered


def _ability(node: Node) -> VgpuAbility:
    def truth(name: str) -> bool:
        return must(node.truth(name))

    return VgpuAbility(
        profile=must(node.text("vgpu")),
        migrate=truth("migrateSupported"),
        suspend=truth("suspendSupported"),
        memory_snapshot=truth("memorySnapshotSupported"),
        disk_snapshot=truth("diskSnapshotSupported"),
    )


def _service(node: Node) -> Service:
    return Service(must(node.text("key")), must(node.truth("running")), must(node.text("policy")))
