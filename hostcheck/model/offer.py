"""What a host offers to a VM, in vSphere's words: profiles, labelled devices, device groups."""

from msgspec import Struct

from hostcheck.model.pci import PciId


class OfferedProfile(Struct, frozen=True):
    """A vGPU profile. `sharing` is timeSliced or mig, `kind` compute or quadro (7.0.3)."""

    name: str
    framebuffer_gib: int
    sharing: str
    kind: str


class DynamicDevice(Struct, frozen=True):
    """A device of dynamic DirectPath I/O; `label` is the administrator's, empty for none."""

    pci_id: PciId
    name: str
    label: str


class DeviceGroup(Struct, frozen=True):
    """A vendor device group: `Nvidia:2@grid_a100d-80c%NVLink`, and the type of each device in it.

    Types are pciPassthru, nvidiaVgpu, sriovNic and dvx.
    """

    name: str
    devices: tuple[str, ...]


class PerVmLimit(Struct, frozen=True):
    """How many vGPUs one VM may have; `profile` is empty where the limit is of all of them."""

    profile: str
    per_vm: int
