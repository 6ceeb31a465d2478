"""What stands for `HostSystem` where nobody asked the vSphere API: answers of the host's own shell.

Such a host was asked offline, so its recording has no managed object id. Which of the two decides
follows from that alone and never from an answer that is missing: a lost answer of the API is not
made good by the shell, and one of the shell by nothing (docs/decisions/0003, 0039).
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from msgspec.structs import fields

from hostcheck.assemble.book import NO_API, Book, Parsed
from hostcheck.model.capture import Wire
from hostcheck.model.fact import Fact, Known, Reading, Unknown, Why
from hostcheck.model.host import Passthrough
from hostcheck.model.host_ref import HostRef
from hostcheck.model.release import release_of
from hostcheck.parsers import (
    esxcli_graphics_device_list,
    esxcli_graphics_host_get,
    esxcli_hardware_cpu_global_get,
    esxcli_hardware_memory_get,
    esxcli_hardware_pci_list,
    esxcli_system_version_get,
    vim_host_system,
)
from hostcheck.parsers.unasked import vmware_v
from hostcheck.parsers.vim_host_system import Device, Graphics, HostSystem

T = TypeVar("T")
U = TypeVar("U")
ONLY_API = Unknown(Why.NOT_ASKED, NO_API, "HostSystem")


VM_OWNS = "VM Passthru"
OWNERS = ("VMkernel", VM_OWNS)
"""Of a device, in the words of esxcli; it has a third one, Unknown."""


def offline(ref: HostRef, wires: set[str]) -> bool:
    """Say whether a host was asked in its own shell alone, or is known from files that it wrote."""
    return not ref.id and Wire.SHELL in wires and Wire.PROPERTIES not in wires


class ByShell(Parsed[HostSystem]):
    """The answers of the shell, in the shape of the API's; each fact names those it is from."""

    def __init__(self, told: dict[str, tuple[Reading[Any], int]]) -> None:
        """Take what is told, by field, with the index of its source."""
        every: dict[str, Any] = {one.name: ONLY_API for one in fields(HostSystem)}
        every |= {name: reading for name, (reading, _) in told.items()}
        super().__init__(HostSystem(**{**every, "id": ""}), -1)
        self._sources = {name: source for name, (_, source) in told.items()}

    def fact(self, pick: Callable[[HostSystem], Reading[U]]) -> Fact[U]:
        """Return a field, or what is made of several, with the sources of those that were read."""
        watched = _Watched(cast("HostSystem", self.value))
        reading = pick(cast("HostSystem", watched))
        if isinstance(reading, Unknown):
            return reading
        read = watched.read or {"devices"}  # what is made of the device alone
        sources = {self._sources[name] for name in read if name in self._sources}
        return Known(reading, tuple(sorted(sources)))

    def lift(self, reading: Reading[U]) -> Fact[U]:
        """Raise TypeError: a reading alone does not say which answer it was taken from."""
        raise TypeError(f"which answer {reading!r} was taken from is not known here: use fact()")


class _Watched:
    """Stands for a HostSystem, and notes the fields that are read."""

    def __init__(self, one: HostSystem) -> None:
        self._one = one
        self.read: set[str] = set()

    def __getattr__(self, name: str) -> object:
        self.read.add(name)
        return getattr(self._one, name)


def system_of(book: Book) -> ByShell:
    """Read what the shell tells of a host as a whole, and its PCI devices."""
    cpu = book.read(esxcli_hardware_cpu_global_get.REQUEST, esxcli_hardware_cpu_global_get.parse)
    memory = book.read(esxcli_hardware_memory_get.REQUEST, esxcli_hardware_memory_get.parse)
    pci = book.read(esxcli_hardware_pci_list.REQUEST, esxcli_hardware_pci_list.parse)
    graphics = book.read(esxcli_graphics_device_list.REQUEST, esxcli_graphics_device_list.parse)
    default = book.read(esxcli_graphics_host_get.REQUEST, esxcli_graphics_host_get.parse)
    return ByShell(
        {
            "version": _version(book, lambda one: _release(one.version)),
            "build": _version(book, lambda one: one.build),
            "memory_bytes": _told(memory, lambda one: one.physical_bytes),
            "numa_node_count": _told(memory, lambda one: one.numa_node_count),
            "package_count": _told(cpu, lambda one: one.package_count),
            "core_count": _told(cpu, lambda one: one.core_count),
            "pu_count": _told(cpu, lambda one: one.pu_count),
            "devices": _told(pci, _devices),
            "passthrough": _told(pci, _passthrough),
            "graphics": _told(graphics, _graphics),
            "graphics_default": _told(default, lambda one: one.default_type),
            "assignment_policy": _told(default, lambda one: one.assignment_policy),
        }
    )


def _told(answer: Parsed[T], pick: Callable[[T], Reading[U]]) -> tuple[Reading[U], int]:
    value = answer.value
    return (value if isinstance(value, Unknown) else pick(value)), answer.source


def _version(
    book: Book,
    pick: Callable[[esxcli_system_version_get.Version | vmware_v.VmwareVersion], Reading[str]],
) -> tuple[Reading[str], int]:
    """Read release and build: of `vmware -v` where that is there, which is in files of vm-support.

    Those always have it, be it as an answer that is lost; the script never asks it.
    """
    if book.answers(vmware_v.REQUEST):
        return _told(book.read(vmware_v.REQUEST, vmware_v.parse), pick)
    answer = book.read(esxcli_system_version_get.REQUEST, esxcli_system_version_get.parse)
    return _told(answer, pick)


def _release(words: Reading[str]) -> Reading[str]:
    if isinstance(words, Unknown) or release_of(words):
        return words
    return Unknown(Why.UNPARSED, f"not a release: {words!r}", "esxcli system version get")


def _devices(
    listed: tuple[esxcli_hardware_pci_list.PciDevice, ...],
) -> Reading[tuple[vim_host_system.Device, ...]]:
    """Return the PCI functions; one that cannot be told from a GPU leaves the whole list open."""
    found = []
    for one in listed:
        if isinstance(one.address, Unknown):
            return one.address
        if isinstance(one.pci_id, Unknown):
            return one.pci_id
        if isinstance(one.device_class, Unknown):
            return one.device_class
        found.append(
            Device(
                one.address, one.pci_id, one.device_class, _word(one.vendor_name),
                _word(one.device_name), one.parent,
            )
        )  # fmt: skip
    return tuple(found)


def _passthrough(
    listed: tuple[esxcli_hardware_pci_list.PciDevice, ...],
) -> Reading[tuple[vim_host_system.PassthroughState, ...]]:
    """Return the devices whose owners are named: a VM's, or the kernel's."""
    found = []
    for one in listed:
        if isinstance(one.address, Unknown) or isinstance(one.passthru_capable, Unknown):
            continue
        if one.current_owner in OWNERS and one.configured_owner in OWNERS:
            state = Passthrough(
                capable=one.passthru_capable,
                enabled=one.configured_owner == VM_OWNS,
                active=one.current_owner == VM_OWNS,
            )
            label = one.hardware_label
            found.append(vim_host_system.PassthroughState(one.address, state, ONLY_API, label))
    return tuple(found)


def _word(words: Reading[str]) -> str:
    return "" if isinstance(words, Unknown) else words


def _graphics(
    listed: tuple[esxcli_graphics_device_list.GraphicsDevice, ...],
) -> Reading[tuple[vim_host_system.Graphics, ...]]:
    found = []
    for one in listed:
        if isinstance(one.address, Unknown):
            return one.address
        found.append(
            Graphics(
                one.address, _word(one.device_name), one.graphics_type, ONLY_API,
                one.memory_bytes, ONLY_API,
            )
        )  # fmt: skip
    return tuple(found)
