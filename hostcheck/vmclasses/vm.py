"""A VM of a class, as the checks see a VM: what the class leaves open is Unknown."""

from msgspec import Struct

from hostcheck.model.fact import Fact, Known, Reading, Unknown, Why
from hostcheck.model.host import Host
from hostcheck.model.pci import NVIDIA
from hostcheck.model.vm import Vm, VmPassthrough, VmVgpu
from hostcheck.model.vm_class import DEFAULT_MMIO_GIB, ClassDevice, VmClass

ID = "class"
"""Stands for the managed object id of a VM that does not exist yet."""
OPEN = Unknown(Why.NOT_ASKED, "a class does not say it")
NO_PLACE = Unknown(Why.ABSENT, "a dynamic device has no fixed address")


class Promise(Struct, frozen=True):
    """What a class promises, on one host."""

    of: VmClass
    vm: Vm
    host: Host


def _fact(reading: Reading[int]) -> Fact[int]:
    return reading if isinstance(reading, Unknown) else Known(reading)


def vm_of(one: VmClass) -> Vm:
    """Return a VM of the class, off and nowhere."""
    options = {
        "pciPassthru.use64bitMMIO": "TRUE",
        "pciPassthru.64bitMMIOSizeGB": str(one.mmio_gib or DEFAULT_MMIO_GIB),
    }
    return Vm(
        name=one.name,
        id=ID,
        host_id=Known(ID),
        power_state=Known("poweredOff"),
        hardware_version=Known(one.hardware_version) if one.hardware_version else OPEN,
        firmware=Known(one.firmware) if one.firmware else OPEN,
        vcpu_count=_fact(one.cpus),
        cores_per_socket=OPEN,
        memory_bytes=_fact(one.memory_bytes),
        memory_reserved_bytes=Known(one.memory.request),
        memory_locked_to_max=Known(one.locked_to_max),
        memory_overhead_bytes=OPEN,
        pools=Known(()),
        cpu_hot_add=OPEN,
        memory_hot_add=OPEN,
        vnuma_with_hot_add=OPEN,
        viommu=OPEN,
        vbs=OPEN,
        sev=OPEN,
        sev_snp=OPEN,
        tdx=OPEN,
        latency_sensitivity=OPEN,
        cores_per_numa_node=OPEN,
        options=Known(options),
        devices=Known(len(one.vgpus) + len(one.devices)),
        vgpus=tuple(
            VmVgpu(f"PCI device {at}", Known(each.profile)) for at, each in enumerate(one.vgpus)
        ),
        passthroughs=tuple(_whole(at, each) for at, each in enumerate(one.devices)),
        device_groups=Known(one.groups),
        nics=(),
        gpu_addresses=OPEN,
    )


def _whole(at: int, device: ClassDevice) -> VmPassthrough:
    return VmPassthrough(
        label=f"PCI device {at}",
        kind="dynamic",
        address=NO_PLACE,
        allowed=tuple(map(str, device.ids)),
        device=NO_PLACE,
        there=NO_PLACE,
        hardware_label=Known(device.label),
        gpu=Known(any(each.vendor == NVIDIA for each in device.ids)),
    )
