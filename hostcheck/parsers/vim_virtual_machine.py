"""`VirtualMachine`: what the vSphere API tells of a VM, with the Read-only role.

A vGPU is a `VirtualPCIPassthrough` device with a VMIOP backing, which names a profile and no PCI
address; where it sits is told by the host (`config.graphicsInfo[].vm`).
"""

import re
from typing import TypeVar

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.capture import Path, Request, Wire
from hostcheck.model.fact import Reading, Unknown, Why, older
from hostcheck.model.vm import KEPT_OPTIONS
from hostcheck.syntax.vim import VimObject, some, some_words
from hostcheck.syntax.vim_devices import GPU_WORD, Devices, device_groups_of, devices_of
from hostcheck.syntax.vim_node import Node
from hostcheck.syntax.vim_objects import object_of

T = TypeVar("T")

MIB = 1024 * 1024
_HARDWARE = re.compile(r"vmx-[0-9]{1,4}")
CONNECTIONS = ("connected", "disconnected", "inaccessible", "invalid", "orphaned")
POWER_STATES = ("poweredOn", "poweredOff", "suspended")
FIRMWARE = ("bios", "efi")
LEVELS = ("low", "normal", "medium", "high", "custom")
SINCE_8 = (8, 0, 0, 1)
"""The first version of the API of vSphere 8: pyVmomi's tables have an 8.0.0.0 that knows less."""
LATER = ("config.cpuAllocation", "runtime.connectionState", "datastore", "network")
"""What every VM has and earlier versions did not ask: where all are missing, one of them asked."""

REQUEST = Request(
    Wire.PROPERTIES, "VirtualMachine", "GPUs, memory, processors and adapters of a VM",
    "System.Read",
    (
        Path("name"), Path("runtime.host"), Path("runtime.powerState"), Path("config.template"),
        Path("config.version"), Path("config.firmware"), Path("config.hardware"),
        Path("config.memoryAllocation"), Path("config.memoryReservationLockedToMax"),
        Path("config.cpuHotAddEnabled"), Path("config.memoryHotAddEnabled"),
        Path("config.latencySensitivity"), Path("config.extraConfig"),
        Path("config.flags"), Path("config.initialOverhead"), Path("resourcePool"),
        Path("config.sevEnabled", (7, 0, 1)), Path("config.sevSnpEnabled", (9, 0)),
        Path("config.tdxEnabled", (9, 0)),
        Path("config.numaInfo", SINCE_8), Path("config.deviceGroups", SINCE_8),
        Path("config.cpuAllocation"), Path("runtime.connectionState"), Path("datastore"),
        Path("network"),
    ),
)  # fmt: skip


class Footprint(Struct, frozen=True):
    """What a VM holds of its host. Memory is in bytes."""

    id: str
    host_id: Reading[str]
    power_state: Reading[str]
    memory_bytes: Reading[int]
    memory_reserved_bytes: Reading[int]
    memory_locked_to_max: Reading[bool]
    memory_overhead_bytes: Reading[int]
    cpu_reserved_mhz: Reading[int]


class VirtualMachine(Footprint, frozen=True):
    """All that is asked of a VM; `hardware_version` is 20 for `vmx-20`."""

    name: Reading[str]
    template: Reading[bool]
    hardware_version: Reading[int]
    firmware: Reading[str]
    vcpu_count: Reading[int]
    cores_per_socket: Reading[int]
    resource_pool: Reading[str]
    """Managed object id."""
    cpu_hot_add: Reading[bool]
    memory_hot_add: Reading[bool]
    vnuma_with_hot_add: Reading[bool]
    viommu: Reading[bool]
    vbs: Reading[bool]
    sev: Reading[bool]
    sev_snp: Reading[bool]
    tdx: Reading[bool]
    latency_sensitivity: Reading[str]
    cores_per_numa_node: Reading[int]
    options: Reading[dict[str, str]]
    devices: Reading[Devices]
    device_groups: Reading[tuple[str, ...]]
    threads_per_core: Reading[int]
    connection_state: Reading[str]
    datastore_ids: Reading[tuple[str, ...]]
    network_ids: Reading[tuple[str, ...]]


def parse(text: str) -> VirtualMachine:
    """Read one VM. Raises ParseError when the text is no VirtualMachine."""
    return _whole(object_of(text, kind="VirtualMachine"))


def parse_neighbour(text: str) -> Footprint:
    """Read a VM of which only a GPU matters: the whole one when it may have any.

    Raises ParseError when the text is no VirtualMachine.
    """
    vm = object_of(text, kind="VirtualMachine")
    if vm.may_say("config.hardware", "device", GPU_WORD) or vm.untyped("config.hardware", "device"):
        return _whole(vm)
    return Footprint(*_footprint(vm))


def _footprint(
    vm: VimObject,
) -> tuple[
    str, Reading[str], Reading[str], Reading[int], Reading[int], Reading[bool], Reading[int],
    Reading[int],
]:  # fmt: skip
    return (
        vm.id,
        vm.text("runtime.host"),
        vm.word("runtime.powerState", among=POWER_STATES),
        _mebibytes(some(vm.number("config.hardware", "memoryMB"), "config.hardware.memoryMB")),
        _mebibytes(vm.number("config.memoryAllocation", "reservation")),
        vm.truth("config.memoryReservationLockedToMax"),
        vm.number("config.initialOverhead", "initialMemoryReservation"),
        _later(vm, vm.number("config.cpuAllocation", "reservation")),
    )


def _whole(vm: VimObject) -> VirtualMachine:
    return VirtualMachine(
        *_footprint(vm),
        name=vm.text("name"),
        template=vm.truth("config.template"),
        hardware_version=_hardware_version(vm.text("config.version")),
        firmware=vm.word("config.firmware", among=FIRMWARE),
        vcpu_count=some(vm.number("config.hardware", "numCPU"), "config.hardware.numCPU"),
        cores_per_socket=vm.number("config.hardware", "numCoresPerSocket"),
        resource_pool=vm.text("resourcePool"),
        cpu_hot_add=vm.truth("config.cpuHotAddEnabled"),
        memory_hot_add=vm.truth("config.memoryHotAddEnabled"),
        vnuma_with_hot_add=vm.truth("config.numaInfo", "vnumaOnCpuHotaddExposed"),
        viommu=_flag(vm, "vvtdEnabled"),
        vbs=_flag(vm, "vbsEnabled"),
        sev=vm.truth("config.sevEnabled"),
        sev_snp=vm.truth("config.sevSnpEnabled"),
        tdx=vm.truth("config.tdxEnabled"),
        latency_sensitivity=vm.word("config.latencySensitivity", "level", among=LEVELS),
        cores_per_numa_node=vm.number("config.numaInfo", "coresPerNumaNode"),
        options=_options(vm),
        devices=devices_of(vm),
        device_groups=device_groups_of(vm),
        threads_per_core=_threads_per_core(vm),
        connection_state=_later(vm, vm.word("runtime.connectionState", among=CONNECTIONS)),
        datastore_ids=_later(vm, some_words(vm, "datastore")),
        network_ids=_later(vm, vm.words("network")),
    )


def _later(vm: VimObject, reading: Reading[T]) -> Reading[T]:
    """Tell what an older version did not ask from what the server left out."""
    if isinstance(reading, Unknown) and reading.why is Why.ABSENT and not vm.tells(*LATER):
        return older(reading.asked)
    return reading


def _threads_per_core(vm: VimObject) -> Reading[int]:
    """Read virtual hyperthreading; a VM without the field has one thread on each core."""
    threads = vm.number("config.hardware", "simultaneousThreads")
    if isinstance(threads, Unknown) and threads.why is Why.ABSENT:
        given = vm.number("config.hardware", "numCPU")
        return given if isinstance(given, Unknown) else 1
    return threads


def name_in(text: str) -> str:
    """Return the VM's name without reading the rest, empty when it is not there."""
    try:
        name = object_of(text, kind="VirtualMachine").text("name")
    except ParseError:
        return ""
    return "" if isinstance(name, Unknown) else name


def _flag(vm: VimObject, name: str) -> Reading[bool]:
    """Read an optional flag: among flags that were given, one that is not set is off."""
    given = vm.read("config.flags", _given)
    if isinstance(given, Unknown):
        return given
    flag = vm.truth("config.flags", name)
    return False if isinstance(flag, Unknown) and flag.why is Why.ABSENT else flag


def _given(_: Node) -> bool:
    return True


def _mebibytes(reading: Reading[int]) -> Reading[int]:
    return reading if isinstance(reading, Unknown) else reading * MIB


def _hardware_version(words: Reading[str]) -> Reading[int]:
    if isinstance(words, Unknown):
        return words
    if _HARDWARE.fullmatch(words):
        return int(words.removeprefix("vmx-"))
    return Unknown(Why.UNPARSED, f"not a hardware version: {words!r}", "config.version")


def _options(vm: VimObject) -> Reading[dict[str, str]]:
    found = vm.pairs("config.extraConfig")
    if isinstance(found, Unknown):
        return found
    return dict(sorted(one for one in found if one[0].startswith(KEPT_OPTIONS)))
