"""The devices of a VM, as VirtualMachine config.hardware tells them."""

from collections import Counter
from contextlib import suppress

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.model.pci import PciAddress, PciId, from_decimal, from_hex, unsigned16
from hostcheck.syntax.vim import VimObject
from hostcheck.syntax.vim_node import Node

GPU_WORD = "PCIPassthrough"
"""In the type of every backing by which a VM can have a GPU."""

DISK_WORD = "VirtualDisk"
"""In the type of every virtual disk."""

NIC_WORD = "VirtualEthernetCard"
"""In the type of the backing of every network adapter."""

ADAPTERS = (
    "VirtualE1000", "VirtualE1000e", "VirtualPCNet32", "VirtualVmxnet", "VirtualVmxnet2",
    "VirtualVmxnet3", "VirtualVmxnet3Vrdma", "VirtualSriovEthernetCard",
)  # fmt: skip
"""Types of network adapters."""

TELLING = (GPU_WORD, NIC_WORD, DISK_WORD, *ADAPTERS, "<device>", "<device/>")
"""One of these is in the text of every device that matters, or that does not say what it is."""

GROUP_FIELD = "deviceGroupInfo"


class Vgpu(Struct, frozen=True):
    """A vGPU, by its profile."""

    label: str
    profile: Reading[str]


class Static(Struct, frozen=True):
    """A device of static DirectPath I/O."""

    label: str
    address: Reading[PciAddress]
    vendor: Reading[int]
    device: Reading[PciId]


class Dynamic(Struct, frozen=True):
    """A device of dynamic DirectPath I/O; `assigned` is set while the VM runs.

    `hardware_label` is empty where any device will do.
    """

    label: str
    allowed: tuple[str, ...]
    assigned: Reading[PciAddress]
    hardware_label: Reading[str]


class Dvx(Struct, frozen=True):
    """A device of a vendor's own kind of DirectPath I/O, by the name of its class."""

    label: str
    device_class: Reading[str]


class Unread(Struct, frozen=True):
    """A device that may be a GPU, and why that cannot be told."""

    why: str


class Adapter(Struct, frozen=True):
    """A network adapter: the standard port group by name, or the distributed switch by uuid."""

    label: str
    network: str
    switch_uuid: str
    network_id: str = ""
    starts_connected: bool = True


class Disk(Struct, frozen=True):
    """A virtual disk and the datastore of its file."""

    label: str
    datastore_id: str
    datastore: str


class Devices(Struct, frozen=True):
    """The virtual devices that matter here; `count` is of all of them."""

    count: int
    vgpus: tuple[Vgpu, ...]
    static: tuple[Static, ...]
    dynamic: tuple[Dynamic, ...]
    dvx: tuple[Dvx, ...]
    adapters: tuple[Adapter, ...]
    disks: tuple[Disk, ...] = ()


def _label(node: Node) -> str:
    label = node.text("deviceInfo", "label")
    return "PCI device" if isinstance(label, Unknown) else label


def _address(words: Reading[str]) -> Reading[PciAddress]:
    if isinstance(words, Unknown):
        return words
    try:
        return from_hex(words)
    except ValueError as error:
        detail = str(error)
    with suppress(ValueError):
        detail += f"; its bus is written in decimal, in hexadecimal it is {from_decimal(words)}"
    return Unknown(Why.UNPARSED, detail, "VirtualPCIPassthrough backing id")


def _vendor(backing: Node) -> Reading[int]:
    vendor = backing.number("vendorId")
    return vendor if isinstance(vendor, Unknown) else unsigned16(vendor)


def _device_id(backing: Node) -> Reading[PciId]:
    """Read the ids of a fixed device: the vendor is a signed number, the device hexadecimal."""
    vendor, words = _vendor(backing), backing.text("deviceId")
    if isinstance(vendor, Unknown):
        return vendor
    if isinstance(words, Unknown):
        return words
    try:
        return PciId(vendor, unsigned16(int(words, 16)))
    except ValueError:
        detail = f"not a hexadecimal device id: {words!r}"
        return Unknown(Why.UNPARSED, detail, "VirtualPCIPassthrough backing deviceId")


def _wanted_label(backing: Node) -> Reading[str]:
    """Read the hardware label; a backing without one takes any device."""
    label = backing.child("customLabel")  # vSphere sends an empty one, too
    return "" if isinstance(label, Unknown) else label.words


def _allowed(backing: Node) -> tuple[str, ...]:
    ids = []
    for item in backing.children("allowedDevice"):
        vendor, device = item.number("vendorId"), item.number("deviceId")
        if isinstance(vendor, Unknown) or isinstance(device, Unknown):
            raise ParseError("a dynamic DirectPath device without vendor or device id")
        ids.append(str(PciId(unsigned16(vendor), unsigned16(device), *_subsystem(item))))
    if not ids:
        raise ParseError("a dynamic DirectPath device that allows no device")
    return tuple(ids)


def _subsystem(allowed: Node) -> tuple[int, ...]:
    """Return the subsystem that a dynamic device asks for; nothing where any will do."""
    vendor, device = allowed.number("subVendorId"), allowed.number("subDeviceId")
    if isinstance(vendor, Unknown) or isinstance(device, Unknown):
        return ()
    return unsigned16(vendor), unsigned16(device)


def _device(device: Node) -> Vgpu | Static | Dynamic | Dvx | Adapter | Disk | Unread | None:
    """Read one virtual device; None for all those that do not matter here."""
    backing = device.child("backing")
    found = None if isinstance(backing, Unknown) else _backed(device, backing)
    if found is not None:
        return found
    if not device.type:
        return Unread(f"{_label(device)} does not say what it is")
    if device.type in ADAPTERS:
        return Adapter(_label(device), "", "")  # its uplinks are unknown
    if GPU_WORD in device.type or (isinstance(backing, Node) and GPU_WORD in backing.type):
        kind = "none" if isinstance(backing, Unknown) else backing.type or "one without a type"
        return Unread(f"{_label(device)} has a backing that is not known: {kind}")
    return None


def _backed(device: Node, backing: Node) -> Vgpu | Static | Dynamic | Dvx | Adapter | Disk | None:
    """Read a device by the type of its backing; None for one that is not known."""
    match backing.type:
        case "VirtualPCIPassthroughVmiopBackingInfo":
            return Vgpu(_label(device), backing.text("vgpu"))
        case "VirtualPCIPassthroughDeviceBackingInfo":
            where = _address(backing.text("id"))
            return Static(_label(device), where, _vendor(backing), _device_id(backing))
        case "VirtualPCIPassthroughDynamicBackingInfo":
            assigned = _address(backing.text("assignedId"))
            return Dynamic(_label(device), _allowed(backing), assigned, _wanted_label(backing))
        case "VirtualPCIPassthroughDvxBackingInfo":
            return Dvx(_label(device), backing.text("deviceClass"))
        case "VirtualEthernetCardNetworkBackingInfo":
            return Adapter(
                _label(device), _words(backing, "deviceName"), "", _words(backing, "network"),
                _starts_connected(device),
            )  # fmt: skip
        case "VirtualEthernetCardDistributedVirtualPortBackingInfo":
            group = _words(backing, "port", "portgroupKey")
            return Adapter(_label(device), group, _words(backing, "port", "switchUuid"), group)
        case other if other.startswith("VirtualEthernetCard"):
            return Adapter(_label(device), other, "")  # NSX: its uplinks are unknown
    return _disk(device, backing) if device.type == DISK_WORD else None


def _words(node: Node, *path: str) -> str:
    words = node.text(*path)
    return "" if isinstance(words, Unknown) else words


def _starts_connected(device: Node) -> bool:
    """Say whether an adapter is plugged in at the start; one that does not tell may be."""
    return device.truth("connectable", "startConnected") is not False


def _disk(device: Node, backing: Node) -> Disk | None:
    """Read a disk with a file: `[vsan0] vm/vm.vmdk`."""
    file, where = _words(backing, "fileName"), _words(backing, "datastore")
    if not where:
        return None
    name = file[1:].partition("]")[0] if file.startswith("[") else ""
    return Disk(_label(device), where, name)


class _Listed(Struct, frozen=True):
    """A device with its key."""

    key: str
    device: Vgpu | Static | Dynamic | Dvx | Adapter | Disk | Unread | None


def _listed(device: Node) -> _Listed:
    return _Listed(_words(device, "key"), _device(device))


def devices_of(vm: VimObject) -> Reading[Devices]:
    """Return what a VM has of GPUs, adapters and disks.

    A list that holds a key twice, or lacks a device that its controller names, is not the VM's.
    """
    told = vm.each_with(TELLING, "config.hardware", _listed, "device")
    if isinstance(told, Unknown):
        return told
    if not told:  # even an empty VM has its controllers
        return _unread("a VM without any device")
    found = [one.device for one in told if one is not None]
    for one in found:
        if isinstance(one, Unread):
            return _unread(one.why)
    keys = [one.key for one in told if one is not None and one.key]
    if twice := next((key for key, times in Counter(keys).items() if times > 1), None):
        return _unread(f"two devices have the key {twice}")
    if missing := vm.unlisted("config.hardware", "device"):
        return _unread(f"device {missing} is named by its controller, and is not listed")
    return Devices(
        count=len(told),
        vgpus=tuple(one for one in found if isinstance(one, Vgpu)),
        static=tuple(one for one in found if isinstance(one, Static)),
        dynamic=tuple(one for one in found if isinstance(one, Dynamic)),
        dvx=tuple(one for one in found if isinstance(one, Dvx)),
        adapters=tuple(one for one in found if isinstance(one, Adapter)),
        disks=tuple(one for one in found if isinstance(one, Disk)),
    )


def _unread(why: str) -> Unknown:
    return Unknown(Why.UNPARSED, why, "VirtualMachine config.hardware")


def _group_name(group: Node) -> Reading[str]:
    return group.text("deviceGroupName")


def _grouped(device: Node) -> bool:
    return not isinstance(device.child(GROUP_FIELD), Unknown)


def device_groups_of(vm: VimObject) -> Reading[tuple[str, ...]]:
    """Return the names of the VM's groups; without the list of them, its devices tell of none."""
    names = vm.each("config.deviceGroups", _group_name, "deviceGroup")
    if not isinstance(names, Unknown):
        return tuple(name for name in names if isinstance(name, str))
    if names.why is not Why.ABSENT:
        return names
    if not vm.may_say("config.hardware", "device", GROUP_FIELD):
        return ()
    grouped = vm.each("config.hardware", _grouped, "device")
    if isinstance(grouped, Unknown):
        return names
    return names if any(grouped) else ()
