"""`esxcli hardware pci list`: every PCI function with its owner, slot, parent and NUMA node.

    0000:af:00.0
       Address: 0000:af:00.0
       Device Name: GA100GL [A30 PCIe]
       Current Owner: VM Passthru
       Vendor ID: 0x10de
       Parent Device: PCI 0:174:0:0
       NUMA Node: 1

`Address` is hexadecimal, `Parent Device` and `Dependent Device` are decimal. `VMkernel Name` is
missing where there is none; `NUMA Node` is missing before ESXi 7.
"""

from functools import lru_cache

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading, Unknown
from hostcheck.model.pci import PciAddress, PciId
from hostcheck.syntax.esxcli import Record, records_of
from hostcheck.syntax.record import NO_NODE, key

REQUEST = Request(
    Wire.SHELL, "esxcli hardware pci list", "PCI inventory with owner, parent and NUMA node"
)
_KNOWS = (
    "Address", "Vendor Name", "Device Name", "Vendor ID", "Device ID", "Device Class",
    "Segment", "Bus", "Slot", "Function", "VMkernel Name", "Configured Owner", "Current Owner",
    "SubVendor ID", "SubDevice ID", "Device Class Name", "Programming Interface", "Revision ID",
    "Interrupt Line", "IRQ", "Interrupt Vector", "PCI Pin", "Spawned Bus", "Flags", "Module ID",
    "Module Name", "Chassis", "Physical Slot", "Slot Description", "Device Layer Bus Address",
    "Passthru Capable", "Parent Device", "Dependent Device", "Reset Method", "FPT Sharable",
    "NUMA Node", "Hardware Label", "Virtual Function", "Extended Device ID", "Extended Device Name",
)  # fmt: skip


class PciDevice(Struct, frozen=True):
    """One PCI function.

    Owners are `VMkernel`, `VM Passthru` or `Unknown` in the words of esxcli. `slot_description`
    is what the firmware wrote and may be wrong: for display only.
    """

    address: Reading[PciAddress]
    pci_id: Reading[PciId]
    device_class: Reading[int]
    device_class_name: Reading[str]
    vendor_name: Reading[str]
    device_name: Reading[str]
    vmkernel_name: Reading[str]
    current_owner: Reading[str]
    configured_owner: Reading[str]
    module_name: Reading[str]
    physical_slot: Reading[int]
    slot_description: Reading[str]
    parent: Reading[PciAddress]
    dependent: Reading[PciAddress]
    passthru_capable: Reading[bool]
    fpt_sharable: Reading[bool]
    reset_method: Reading[str]
    numa_node: Reading[int]
    hardware_label: Reading[str]


def parse(text: str) -> tuple[PciDevice, ...]:
    """Read any format of esxcli. A host without PCI devices does not exist."""
    records = records_of(text, what=REQUEST.template, knows=_KNOWS, may_be_empty=False)
    return tuple(_device(one.heading, tuple(map(one.fields.get, _READ))) for one in records)


_READ = tuple(
    map(
        key,
        (
            "Address", "Vendor ID", "Device ID", "SubVendor ID", "SubDevice ID", "Device Class",
            "Device Class Name", "Vendor Name", "Device Name", "VMkernel Name", "Current Owner",
            "Configured Owner", "Module Name", "Physical Slot", "Slot Description",
            "Parent Device", "Dependent Device", "Passthru Capable", "FPT Sharable",
            "Reset Method", "NUMA Node", "Hardware Label",
        ),
    )
)  # fmt: skip
"""The fields of a PciDevice; counters and interrupts, which differ host by host, are none."""


@lru_cache(1024)
def _device(heading: str, values: tuple[tuple[str, ...] | None, ...]) -> PciDevice:
    """Read a function by its `_READ` fields. Hosts of one model have most of theirs in common."""
    told = {name: value for name, value in zip(_READ, values, strict=True) if value is not None}
    record = Record(REQUEST.template, told, heading)
    return PciDevice(
        address=_address(record),
        pci_id=_pci_id(record),
        device_class=record.identity("Device Class"),
        device_class_name=record.text("Device Class Name"),
        vendor_name=record.text("Vendor Name"),
        device_name=record.text("Device Name"),
        vmkernel_name=record.text("VMkernel Name"),
        current_owner=record.text("Current Owner"),
        configured_owner=record.text("Configured Owner"),
        module_name=record.text("Module Name"),
        physical_slot=record.number("Physical Slot"),
        slot_description=record.text("Slot Description"),
        parent=record.decimal_address("Parent Device"),
        dependent=record.decimal_address("Dependent Device"),
        passthru_capable=record.truth("Passthru Capable"),
        fpt_sharable=record.truth("FPT Sharable"),
        reset_method=record.text("Reset Method"),
        numa_node=record.number("NUMA Node", nothing=NO_NODE),
        hardware_label=record.text("Hardware Label"),
    )


def _address(record: Record) -> Reading[PciAddress]:
    """Take the field; the heading says the same, and is all there is where lines were lost."""
    if record.heading and not record.has("Address"):
        return record.heading_address()
    return record.address("Address")


def _pci_id(record: Record) -> Reading[PciId]:
    """Join the four numbers; a bridge may have no subsystem, and then PciId holds zeros."""
    vendor, device = record.identity("Vendor ID"), record.identity("Device ID")
    sub_vendor, sub_device = record.identity("SubVendor ID"), record.identity("SubDevice ID")
    if isinstance(vendor, Unknown):
        return vendor
    if isinstance(device, Unknown):
        return device
    if isinstance(sub_vendor, Unknown) or isinstance(sub_device, Unknown):
        return PciId(vendor, device)
    return PciId(vendor, device, sub_vendor, sub_device)
