"""What is asked of a BMC, in order: each answer says where the next question goes.

Questions with a path of their own have no subject; the others are about the path that the BMC told
(`Bios` of `/redfish/v1/Systems/1/Bios`), in its spelling.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from hostcheck.model.capture import Request
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.parsers import (
    redfish_bios,
    redfish_chassis,
    redfish_manager,
    redfish_pcie_devices,
    redfish_pcie_function,
    redfish_pcie_slots,
    redfish_power,
    redfish_root,
    redfish_system,
    redfish_systems,
    redfish_thermal,
)
from hostcheck.parsers.redfish_pcie_devices import PcieDevice
from hostcheck.syntax.opened import opened
from hostcheck.syntax.redfish import fits
from hostcheck.ways.base import SoFar, Transport

T = TypeVar("T")

REQUESTS = (
    redfish_root.REQUEST,
    redfish_systems.REQUEST,
    redfish_system.REQUEST,
    *redfish_bios.REQUEST,
    redfish_manager.REQUEST,
    redfish_chassis.REQUEST,
    redfish_pcie_slots.REQUEST,
    *redfish_pcie_devices.REQUEST,
    *redfish_pcie_function.REQUEST,
    redfish_power.REQUEST,
    redfish_power.LISTED,
    redfish_power.ONE,
    redfish_thermal.REQUEST,
    redfish_thermal.METRICS,
)
_PLACE = re.compile(r"\d{1,3}-\d{1,2}")
"""Bus and slot in decimal: how an iDRAC calls a device."""
MOST_SYSTEMS, MOST_CHASSIS, MOST_DEVICES, MOST_SUPPLIES = 16, 4, 64, 16
"""Of each no more are asked: a chassis of many nodes tells of them all."""


def collect(bmc: Transport, _so_far: SoFar) -> None:
    """Ask one BMC all there is to ask."""
    walk(bmc)


def walk(bmc: Transport) -> None:
    """Ask what it is, then each computer behind it that has BIOS settings."""
    root = _read(bmc, redfish_root.REQUEST, redfish_root.parse)
    if isinstance(root, Unknown) and bmc.fetch(redfish_root.REQUEST).failure is not None:
        return
    expands = not isinstance(root, Unknown) and root.expands
    paths = _read(bmc, redfish_systems.REQUEST, redfish_systems.parse)
    members = () if isinstance(paths, Unknown) else paths[:MOST_SYSTEMS]
    computers = []
    for path in members:
        system = _read(bmc, redfish_system.REQUEST.of(path), redfish_system.parse)
        if not isinstance(system, Unknown):
            computers.append(system)
    for one in [one for one in computers if not isinstance(one.bios, Unknown)]:
        _ask_bios(bmc, one)
        _ask_beside(bmc, one, expands=expands)


def knock(bmc: Transport, _so_far: SoFar) -> None:
    """Ask one BMC what it is, which needs no login, and for its computers, which needs one."""
    if bmc.fetch(redfish_root.REQUEST).failure is None:
        bmc.fetch(redfish_systems.REQUEST)


def _ask_bios(bmc: Transport, computer: redfish_system.System) -> None:
    """Ask the settings of the last start, and those of the next."""
    for path in _paths((computer.bios,)):
        bios = _read(bmc, redfish_bios.CURRENT.of(path), redfish_bios.parse)
        if not isinstance(bios, Unknown):
            for waiting in _paths((bios.waiting,)):
                bmc.fetch(redfish_bios.WAITING.of(waiting))


def _ask_beside(bmc: Transport, computer: redfish_system.System, *, expands: bool) -> None:
    """Ask the BMC itself, and what holds slots, devices, power supplies and sensors."""
    for path in _each(computer.managers)[:1]:
        bmc.fetch(redfish_manager.REQUEST.of(path))
    for path in _each(computer.chassis)[:MOST_CHASSIS]:
        told = _read(bmc, redfish_chassis.REQUEST.of(path), redfish_chassis.parse)
        chassis = _as_usual(path) if isinstance(told, Unknown) else told
        for slots in _paths((chassis.pcie_slots,)):
            bmc.fetch(redfish_pcie_slots.REQUEST.of(slots))
        for devices in _paths((chassis.pcie_devices,)):
            _ask_devices(bmc, devices, expands=expands)
        _ask_power(bmc, chassis)
        _ask_thermal(bmc, chassis)
    if not _each(computer.chassis):
        _ask_functions(bmc, tuple(_each_device(bmc, _each(computer.pcie_devices))))


def _ask_power(bmc: Transport, chassis: redfish_chassis.Chassis) -> None:
    """Ask the power supplies in one answer, else one by one where newer BMCs tell them."""
    for path in _paths((chassis.power,)):
        told = _read(bmc, redfish_power.REQUEST.of(path), redfish_power.parse)
        if not isinstance(told, Unknown):
            return
    for path in _paths((chassis.power_subsystem,)):
        listed = redfish_power.LISTED.of(f"{path.rstrip('/')}/PowerSupplies")
        supplies = _read(bmc, listed, redfish_power.parse_list)
        for one in _each(supplies)[:MOST_SUPPLIES]:
            bmc.fetch(redfish_power.ONE.of(one))


def _ask_thermal(bmc: Transport, chassis: redfish_chassis.Chassis) -> None:
    for path in _paths((chassis.thermal,)):
        told = _read(bmc, redfish_thermal.REQUEST.of(path), redfish_thermal.parse)
        if not isinstance(told, Unknown):
            return
    for path in _paths((chassis.thermal_subsystem,)):
        bmc.fetch(redfish_thermal.METRICS.of(f"{path.rstrip('/')}/ThermalMetrics"))


def _as_usual(path: str) -> redfish_chassis.Chassis:
    """Return where slots and devices are told where the chassis itself does not say it."""
    base = path.rstrip("/")
    unsaid = Unknown(Why.ABSENT, "the chassis was not told", redfish_chassis.REQUEST.template)
    return redfish_chassis.Chassis(
        f"{base}/PCIeSlots", f"{base}/PCIeDevices", unsaid, unsaid, unsaid, unsaid
    )


def _ask_devices(bmc: Transport, path: str, *, expands: bool) -> None:
    """Ask all devices in one answer where the BMC can do that, else the list and each of it."""
    found: tuple[PcieDevice, ...] | Unknown = ()
    if expands:
        query = redfish_pcie_devices.EXPANDED.template.partition("?")[2]
        request = redfish_pcie_devices.EXPANDED.of(f"{path}?{query}")
        found = _read(bmc, request, redfish_pcie_devices.parse)
    if isinstance(found, Unknown) or not any(_is_whole(one) for one in found):
        listed = _read(bmc, redfish_pcie_devices.LISTED.of(path), redfish_pcie_devices.parse)
        paths = () if isinstance(listed, Unknown) else tuple(one.path for one in listed)
        found = tuple(_each_device(bmc, paths))
    _ask_functions(bmc, found)


def _each_device(bmc: Transport, paths: Iterable[str]) -> Iterator[PcieDevice]:
    kinds = (redfish_pcie_devices.OF_CHASSIS, redfish_pcie_devices.OF_SYSTEM)
    for path in tuple(paths)[:MOST_DEVICES]:
        request = _fitting(kinds, path).of(path)
        device = _read(bmc, request, redfish_pcie_devices.parse)
        yield from () if isinstance(device, Unknown) else device


def _is_whole(device: PcieDevice) -> bool:
    """Say whether a member is more than a link: some BMCs expand nothing and do not say so."""
    return not isinstance(device.maker, Unknown) or not isinstance(device.name, Unknown)


def _ask_functions(bmc: Transport, devices: Iterable[PcieDevice]) -> None:
    """Ask of each NVIDIA GPU its place on the PCI bus; of one whose id tells it there is no need.

    Where the first does not tell it, the others are not asked.
    """
    kinds = (redfish_pcie_function.OF_CHASSIS, redfish_pcie_function.OF_SYSTEM)
    for one in devices:
        maker = "" if isinstance(one.maker, Unknown) else one.maker.lower()
        if "nvidia" not in maker or not one.functions or _PLACE.fullmatch(one.id):
            continue
        request = _fitting(kinds, one.functions[0]).of(one.functions[0])
        told = _read(bmc, request, redfish_pcie_function.parse)
        if isinstance(told, Unknown) or isinstance(told.address, Unknown):
            return


def _fitting(kinds: tuple[Request, Request], path: str) -> Request:
    """Return the question that a path fits; where it fits none, one that refuses it."""
    return next((one for one in kinds if fits(one.template, path)), kinds[0])


def _read(bmc: Transport, request: Request, parse: Callable[[str], T]) -> T | Unknown:
    return opened(bmc.fetch(request), parse)


def _paths(told: Iterable[Reading[str]]) -> list[str]:
    return [one for one in told if not isinstance(one, Unknown)]


def _each(told: Reading[tuple[str, ...]]) -> tuple[str, ...]:
    return () if isinstance(told, Unknown) else told
