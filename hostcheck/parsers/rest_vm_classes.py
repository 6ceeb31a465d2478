"""`GET /api/vcenter/namespace-management/virtual-machine-classes`: all VM classes of a vCenter.

[{"id": "gpu-large", "cpu_count": 16, "memory_mb": 131072, "memory_reservation": 100,
  "devices": {"vgpu_devices": [{"profile_name": "nvidia_l40s-24q"}]}, "namespaces": ["team-a"],
  "config_status": "READY", "config_spec": {"_typeName": "VirtualMachineConfigSpec", ...}}]

A class that is not understood is named, and leaves the others.
"""

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.capture import Request
from hostcheck.model.vm_class import VmClass
from hostcheck.syntax.rest import WIRE, blocks_of
from hostcheck.syntax.vm_class import rest

REQUEST = Request(
    WIRE, "GET /api/vcenter/namespace-management/virtual-machine-classes",
    "VM classes of vSphere Kubernetes: devices, memory, namespaces; asked by vm-class only",
)  # fmt: skip


class Classes(Struct, frozen=True):
    """The classes, and what is wrong with those that are not understood."""

    classes: tuple[VmClass, ...]
    odd: tuple[str, ...] = ()


def parse(text: str) -> Classes:
    """Read the list. Raises ParseError when the text is none."""
    found, odd = [], []
    for block in blocks_of(text, "virtual-machine-classes"):
        try:
            found.append(rest.virtual_machine_class(block))
        except ParseError as error:
            odd.append(f"a class is not understood: {error}")
    return Classes(tuple(found), tuple(odd))
