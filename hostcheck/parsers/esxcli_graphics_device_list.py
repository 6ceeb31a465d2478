"""`esxcli graphics device list`: GPUs, their ACTIVE graphics type, driver and memory.

0000:af:00.0
   Vendor Name: NVIDIA Corporation
   Device Name: GA100 [A100 PCIe 40GB]
   Module Name: None
   Graphics Type: Basic
   Memory Size in KB: 0
   Number of VMs: 0
"""

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading
from hostcheck.model.host import GraphicsType
from hostcheck.model.pci import PciAddress
from hostcheck.syntax.esxcli import Record, records_of

REQUEST = Request(Wire.SHELL, "esxcli graphics device list", "graphics type and driver of each GPU")
_KNOWS = (
    "Graphics Type", "Memory Size in KB", "Number of VMs",
    "Module Name", "Device Name", "Vendor Name",
)  # fmt: skip
_TYPES = {
    "Basic": GraphicsType.BASIC,
    "Shared": GraphicsType.SHARED,
    "Passthru": GraphicsType.DIRECT,
    "SharedPassthru": GraphicsType.SHARED_DIRECT,
}


class GraphicsDevice(Struct, frozen=True):
    """One GPU. `module_name` is the word `None` while no driver has it, and memory is 0 then."""

    address: Reading[PciAddress]
    vendor_name: Reading[str]
    device_name: Reading[str]
    module_name: Reading[str]
    graphics_type: Reading[GraphicsType]
    memory_bytes: Reading[int]
    vm_count: Reading[int]


def parse(text: str) -> tuple[GraphicsDevice, ...]:
    """Read any format of esxcli. No output at all is a host without GPUs."""
    return tuple(
        _device(record) for record in records_of(text, what=REQUEST.template, knows=_KNOWS)
    )


def _device(record: Record) -> GraphicsDevice:
    return GraphicsDevice(
        address=record.heading_address() if record.heading else record.address("Address", "Id"),
        vendor_name=record.text("Vendor Name"),
        device_name=record.text("Device Name"),
        module_name=record.text("Module Name"),
        graphics_type=record.read(
            "Graphics Type", by=_TYPES.__getitem__, expected="a graphics type"
        ),
        memory_bytes=record.kilobytes("Memory Size in KB"),
        vm_count=record.number("Number of VMs"),
    )
