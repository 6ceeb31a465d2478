"""`configSpec` of a class: vSphere's VirtualMachineConfigSpec as JSON.

    _typeName: VirtualMachineConfigSpec
    deviceChange:
      - operation: add
        device:
          _typeName: VirtualPCIPassthrough
          backing: {_typeName: VirtualPCIPassthroughVmiopBackingInfo, vgpu: nvidia_l40s-24q}
    memoryReservationLockedToMax: true
    extraConfig:
      - {key: pciPassthru.64bitMMIOSizeGB, value: {_typeName: string, _value: "512"}}

It has a hundred fields more; only what concerns devices and their memory is looked at.
"""

import re

from msgspec import Struct

from hostcheck.model.pci import PciId
from hostcheck.model.vm_class import ClassDevice, ClassVgpu
from hostcheck.syntax.block import Block

MIB = 1024 * 1024
PASSTHROUGH = "VirtualPCIPassthrough"
VGPU = "VirtualPCIPassthroughVmiopBackingInfo"
DYNAMIC = "VirtualPCIPassthroughDynamicBackingInfo"
SRIOV = "VirtualSriovEthernetCard"
MMIO = "pcipassthru.64bitmmiosizegb"
POWEROFF = "maintenance.vm.evacuation.poweroff"
_HARDWARE = re.compile(r"vmx-(\d{1,3})")


class ConfigSpec(Struct, frozen=True):
    """What a config spec says of devices and memory."""

    vgpus: tuple[ClassVgpu, ...] = ()
    devices: tuple[ClassDevice, ...] = ()
    groups: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    locked_to_max: bool = False
    reserved_bytes: int = 0
    limit_bytes: int = 0
    firmware: str = ""
    mmio_gib: int = 0
    hardware_version: int = 0
    poweroff: bool = False
    lines: dict[str, int] = {}
    given: bool = False
    """Whether there is one that says anything."""


def config_spec(spec: Block) -> ConfigSpec:
    """Read a config spec. Raises ParseError for values of the wrong kind."""
    vgpus: list[ClassVgpu] = []
    devices: list[ClassDevice] = []
    others: list[str] = []
    for change in spec.blocks("deviceChange"):
        if change.text("operation") not in ("", "add"):
            continue
        device = change.block("device")
        kind = device.text("_typeName")
        if kind == SRIOV:
            others.append("an SR-IOV adapter")
        elif kind == PASSTHROUGH or (not kind and device.has("backing")):
            _passthrough(device.block("backing"), vgpus, devices, others)
    options = _options(spec)
    allocation = spec.block("memoryAllocation")
    size = options.get(MMIO, "")
    hardware = _HARDWARE.fullmatch(spec.text("version"))
    return ConfigSpec(
        vgpus=tuple(vgpus),
        devices=tuple(devices),
        groups=tuple(filter(None, (
            one.text("deviceGroupName") for one in spec.block("deviceGroups").blocks("deviceGroup")
        ))),
        others=tuple(others),
        locked_to_max=spec.truth("memoryReservationLockedToMax"),
        reserved_bytes=(allocation.whole("reservation") or 0) * MIB,
        limit_bytes=max(0, allocation.whole("limit", least=-1) or 0) * MIB,
        firmware=spec.text("firmware"),
        mmio_gib=int(size) if size.isdecimal() else 0,
        hardware_version=int(hardware[1]) if hardware else 0,
        poweroff=options.get(POWEROFF, "").lower() in ("true", "1"),
        lines={"locked_to_max": spec.line_of("memoryReservationLockedToMax")}
        if spec.has("memoryReservationLockedToMax")
        else {},
        given=spec.names() - {"_typeName"} != set(),
    )  # fmt: skip


def _passthrough(
    backing: Block, vgpus: list[ClassVgpu], devices: list[ClassDevice], others: list[str]
) -> None:
    kind, profile = backing.text("_typeName"), backing.text("vgpu")
    if profile and kind in ("", VGPU):
        vgpus.append(ClassVgpu(profile, backing.line_of("vgpu")))
    elif kind == DYNAMIC or (not kind and backing.has("allowedDevice")):
        ids = tuple(
            device_id(one, ("vendorId", "vendorID"), ("deviceId", "deviceID"))
            for one in backing.blocks("allowedDevice")
        )
        devices.append(ClassDevice(ids, backing.text("customLabel"), backing.line))
    else:
        others.append(kind.removesuffix("BackingInfo") or "a device without a backing")


def device_id(block: Block, vendor: tuple[str, ...], device: tuple[str, ...]) -> PciId:
    """Read the ids of a device. vSphere gives them signed, of 16 bits. Raises ParseError."""
    found = [block.whole(*names, least=-(2**15)) for names in (vendor, device)]
    for names, one in zip((vendor, device), found, strict=True):
        if one is None:
            block.refuse(f"{block.path} has no {names[0]}; give it as a number, 0x10de is NVIDIA")
        if one > 0xFFFF:
            block.refuse(f"{block.name(names[0])} is {one}, more than 16 bits")
    first, second = ((one or 0) & 0xFFFF for one in found)
    return PciId(first, second)


def _options(spec: Block) -> dict[str, str]:
    found = {}
    for one in spec.blocks("extraConfig"):
        item = one.get("value")
        boxed = item is not None and isinstance(item.value, dict)
        value = one.block("value").text("_value") if boxed else _plain(one)
        found[one.text("key").lower()] = value
    return found


def _plain(one: Block) -> str:
    item = one.get("value")
    return "" if item is None else str(item.value)
