"""Whole devices given to a VM, and which of them are NVIDIA GPUs.

The device that a VM names decides that, not the address: a GPU that was moved is one all the same,
and an adapter at the address where a GPU sits now is none.
"""

from collections.abc import Iterable

from hostcheck import catalog
from hostcheck.assemble.book import Parsed
from hostcheck.model.fact import Fact, Known, Reading, Unknown, Why
from hostcheck.model.pci import DISPLAY_CLASSES, NVIDIA, NVSWITCHES, PciAddress, PciId
from hostcheck.model.vm import VmPassthrough
from hostcheck.parsers import vim_virtual_machine
from hostcheck.parsers.vim_host_system import HostSystem
from hostcheck.syntax import vim_devices

HARDWARE = "VirtualMachine config.hardware"


def passthroughs_of(
    answer: Parsed[vim_virtual_machine.VirtualMachine],
    held: vim_devices.Devices | None,
    system: Parsed[HostSystem],
) -> tuple[VmPassthrough, ...]:
    """List the whole devices of a VM: fixed, dynamic, and of a vendor's own kind."""
    if held is None:
        return ()

    def none(what: str) -> Unknown:
        return Unknown(Why.ABSENT, what, HARDWARE)

    loose = none("a dynamic device has no fixed address")
    nowhere = none("a DVX device has no fixed address")
    fixed = none("only a dynamic device asks for a label")
    return (
        *(
            VmPassthrough(
                one.label,
                "static",
                address=answer.lift(one.address),
                allowed=(),
                device=answer.lift(one.device),
                there=_at(one.address, system),
                hardware_label=fixed,
                gpu=_fixed_gpu(one, answer, system),
            )
            for one in held.static
        ),
        *(
            VmPassthrough(
                one.label,
                "dynamic",
                address=answer.lift(one.assigned),
                allowed=one.allowed,
                device=loose,
                there=loose,
                hardware_label=answer.lift(one.hardware_label),
                gpu=_any_gpu(map(_ids, one.allowed), answer, system),
            )
            for one in held.dynamic
        ),
        *(
            VmPassthrough(
                one.label, "dvx", nowhere, (), nowhere, nowhere, nowhere, _dvx_gpu(one, answer)
            )
            for one in held.dvx
        ),
    )


def may_be_gpu(device: VmPassthrough) -> bool:
    """Say whether a device is a GPU, or it is not known what it is."""
    return isinstance(device.gpu, Unknown) or device.gpu.value


def may_be_gpu_elsewhere(device: VmPassthrough) -> bool:
    """Say it of the VM of another host: what this host has tells nothing of that."""
    named = f"{NVIDIA:04x}:"
    told = device.device
    by_id = isinstance(told, Known) and told.value.vendor == NVIDIA
    return may_be_gpu(device) or by_id or any(one.startswith(named) for one in device.allowed)


def _fixed_gpu(
    one: vim_devices.Static,
    answer: Parsed[vim_virtual_machine.VirtualMachine],
    system: Parsed[HostSystem],
) -> Fact[bool]:
    if isinstance(one.device, Unknown):
        other = isinstance(one.vendor, int) and one.vendor != NVIDIA
        return answer.lift(False) if other else one.device
    return _any_gpu((one.device,), answer, system)


def _dvx_gpu(
    one: vim_devices.Dvx, answer: Parsed[vim_virtual_machine.VirtualMachine]
) -> Fact[bool]:
    """Nothing is known that NVIDIA brings as DVX; another vendor's class names no GPU of ours."""
    if isinstance(one.device_class, Unknown):
        return one.device_class
    if "nvidia" in one.device_class.lower():
        return Unknown(Why.ABSENT, f"what {one.device_class} is", HARDWARE)
    return answer.lift(False)


def _any_gpu(
    named: Iterable[PciId],
    answer: Parsed[vim_virtual_machine.VirtualMachine],
    system: Parsed[HostSystem],
) -> Fact[bool]:
    """Say whether one of the ids that a device is known by is an NVIDIA GPU's."""
    told = [_is_gpu(one, system) for one in named]
    if not told:
        return Unknown(Why.ABSENT, "the device names no vendor and device id", HARDWARE)
    sources = (answer.source,) if system.source < 0 else (answer.source, system.source)
    if True in told:
        return Known(True, sources)
    unsure = next((one for one in told if isinstance(one, Unknown)), None)
    return Known(False, sources) if unsure is None else unsure


def _is_gpu(one: PciId, system: Parsed[HostSystem]) -> Reading[bool]:
    """By vendor, by the class of such a device on this host, by the catalogue."""
    if one.vendor != NVIDIA:
        return False
    here = () if isinstance(system.value, Unknown) else system.value.devices
    if not isinstance(here, Unknown):
        classes = {
            device.device_class
            for device in here
            if (device.pci_id.vendor, device.pci_id.device) == (one.vendor, one.device)
        }
        if classes:
            return any(each in DISPLAY_CLASSES for each in classes)
    if catalog.has_device(one):
        return True
    if one.device in NVSWITCHES:
        return False
    detail = f"neither this host nor the catalogue knows what {one} is"
    return Unknown(Why.ABSENT, detail, "hostcheck catalogue")


def _ids(written: str) -> PciId:
    """Read `10de:20b7`, as a dynamic device is allowed to be."""
    vendor, _, rest = written.partition(":")
    return PciId(int(vendor, 16), int(rest[:4], 16))


def _at(where: Reading[PciAddress], system: Parsed[HostSystem]) -> Fact[tuple[PciId, ...]]:
    """Return what sits at an address of the host."""

    def find(one: HostSystem) -> Reading[tuple[PciId, ...]]:
        if isinstance(where, Unknown):
            return where
        if isinstance(one.devices, Unknown):
            return one.devices
        return tuple(
            PciId(device.pci_id.vendor, device.pci_id.device)
            for device in one.devices
            if device.address == where
        )

    return system.fact(find)
