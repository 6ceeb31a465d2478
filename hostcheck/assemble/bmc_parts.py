"""What a BMC lists of a computer's parts: GPUs with their slots, power supplies."""

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from hostcheck.assemble.book import Book, Parsed
from hostcheck.model.bios import canonical
from hostcheck.model.bmc import NOT_TOLD, Bmc, BmcGpu, Part
from hostcheck.model.capture import Request
from hostcheck.model.fact import Fact, Known, Unknown, Why
from hostcheck.model.pci import PciAddress, address
from hostcheck.parsers import (
    redfish_pcie_devices,
    redfish_pcie_function,
    redfish_pcie_slots,
    redfish_power,
    redfish_thermal,
)
from hostcheck.parsers.redfish_pcie_devices import PcieDevice
from hostcheck.parsers.redfish_power import PowerSupply
from hostcheck.parsers.redfish_system import System

T = TypeVar("T")
_NO_GPU = re.compile(r"connectx|bluefield|mellanox|ethernet|infiniband|nvswitch|switch|mcx\d",
                     re.IGNORECASE)  # fmt: skip
_DECIMAL = re.compile(r"(\d{1,3})-(\d{1,2})")


def gpus_of(book: Book, system: System, maker: str) -> Fact[tuple[BmcGpu, ...]]:
    """Return the NVIDIA GPUs that the BMC lists, by their ids; Unknown where it lists no device.

    A device that is listed and could not be read may be one of them, and stays in sight.
    """
    devices = list(_devices(book, system))
    whole = [(one, source) for one, source in devices if not _is_link(one)]
    if not devices:
        return Unknown(Why.ABSENT, "the BMC lists no PCIe device", "Redfish PCIeDevices")
    if not whole:
        return Unknown(Why.ABSENT, "no PCIe device could be read", "Redfish PCIeDevices")
    labels = _labels(book, system)
    found = {
        one.id: _gpu(book, system, one, source, labels, maker)
        for one, source in whole
        if _is_gpu(one)
    }
    read = {one.id for one, _ in whole}
    for one, _ in devices:
        if one.id not in read:
            found[one.id] = _unread(book, one)
    sources = tuple(sorted({source for _, source in whole}))
    return Known(tuple(found[id_] for id_ in sorted(found)), sources)


def _devices(book: Book, system: System) -> Iterator[tuple[PcieDevice, int]]:
    for request in redfish_pcie_devices.REQUEST:
        for _, answer in _answers(book, system, request, redfish_pcie_devices.parse):
            if not isinstance(answer.value, Unknown):
                yield from ((one, answer.source) for one in answer.value)


def _answers(
    book: Book, system: System, request: Request, parse: Callable[[str], T]
) -> Iterator[tuple[str, Parsed[T]]]:
    """Yield path and answer about parts of this computer, of several behind one BMC."""
    chassis = () if isinstance(system.chassis, Unknown) else system.chassis
    mine = tuple(f"{one.rstrip('/').lower()}/" for one in chassis)
    for capture in book.answers(request):
        path = capture.request.subject.lower()
        if not mine or path.startswith(mine) or "/systems/" in path:
            yield capture.request.subject, book.read(capture.request, parse)


def _is_link(one: PcieDevice) -> bool:
    return all(isinstance(each, Unknown) for each in (one.name, one.model, one.maker, one.health))


def _unread(book: Book, one: PcieDevice) -> BmcGpu:
    """Return a device of which nothing is known but that it is there."""
    kinds = (redfish_pcie_devices.OF_CHASSIS, redfish_pcie_devices.OF_SYSTEM)
    answers = [book.read(kind.of(one.path), redfish_pcie_devices.parse) for kind in kinds]
    lost = [answer.value for answer in answers if isinstance(answer.value, Unknown)]
    said = [unknown for unknown in lost if unknown.why is not Why.NOT_ASKED]
    why = (said or lost or [NOT_TOLD])[0]
    detail = f"a PCIe device that may be a GPU: {why.detail}"
    unknown = Unknown(why.why, detail, why.asked, why.privilege)
    return BmcGpu(one.id, "device", unknown, unknown, unknown, unknown)


def _is_gpu(one: PcieDevice) -> bool:
    words = " ".join(str(each) for each in (one.maker, one.name, one.model)
                     if not isinstance(each, Unknown))  # fmt: skip
    return "nvidia" in words.lower() and not _NO_GPU.search(words)


def _tail(path: str) -> str:
    """Return what of a device's path is the same below a computer and below a chassis."""
    return path.rstrip("/").lower().rpartition("/pciedevices/")[2].partition("/")[0]


def _labels(book: Book, system: System) -> dict[str, Known[str]]:
    found: dict[str, Known[str]] = {}
    for _, answer in _answers(book, system, redfish_pcie_slots.REQUEST, redfish_pcie_slots.parse):
        for slot in () if isinstance(answer.value, Unknown) else answer.value:
            for path in slot.devices:
                if not isinstance(slot.label, Unknown):
                    found.setdefault(_tail(path), Known(slot.label, (answer.source,)))
    return found


def _gpu(
    book: Book,
    system: System,
    one: PcieDevice,
    source: int,
    labels: dict[str, Known[str]],
    maker: str,
) -> BmcGpu:
    answer = Parsed(one, source)
    slot: Fact[str] = answer.lift(one.slot)
    if isinstance(slot, Unknown):
        slot = labels.get(_tail(one.path), slot)
    named = one.name if isinstance(one.model, Unknown) else one.model
    return BmcGpu(
        id=one.id,
        name=one.id if isinstance(named, Unknown) else named,
        slot=slot,
        address=_address(book, one, source, maker),
        firmware=answer.lift(one.firmware),
        health=answer.lift(one.health),
        celsius=_celsius(book, system, one),
    )


def _address(book: Book, one: PcieDevice, source: int, maker: str) -> Fact[str]:
    """Return the PCI address: from an iDRAC's id, or from the function's name."""
    match = _DECIMAL.fullmatch(one.id)
    if maker == "dell" and match:
        try:
            return Known(str(address(0, int(match[1]), int(match[2]), 0)), (source,))
        except ValueError:
            return NOT_TOLD
    for request in redfish_pcie_function.REQUEST:
        for capture in book.answers(request):
            if _tail(capture.request.subject) == _tail(one.path):
                read = book.read(capture.request, redfish_pcie_function.parse)
                return read.fact(lambda function: function.address)
    return NOT_TOLD


def _celsius(book: Book, system: System, one: PcieDevice) -> Fact[float]:
    mine = canonical(one.id)
    told = (
        *_answers(book, system, redfish_thermal.REQUEST, redfish_thermal.parse),
        *_answers(book, system, redfish_thermal.METRICS, redfish_thermal.parse_metrics),
    )
    for _, answer in told:
        for sensor in () if isinstance(answer.value, Unknown) else answer.value:
            name = canonical(sensor.name)
            if name.startswith(mine) and not name.removeprefix(mine)[:1].isdigit():
                return answer.lift(sensor.celsius)
    return NOT_TOLD


def slot_of_gpu(where: PciAddress, bmc: Fact[Bmc]) -> Fact[str]:
    """Return what is written beside the slot of a GPU of the host."""
    if isinstance(bmc, Unknown):
        return bmc
    if isinstance(bmc.value.gpus, Unknown):
        return bmc.value.gpus
    for gpu in bmc.value.gpus.value:
        if isinstance(gpu.address, Known) and gpu.address.value == where:
            return gpu.slot
    return Unknown(Why.ABSENT, f"the BMC does not tell which GPU is {where}", "Redfish PCIeDevices")


def supplies_of(book: Book, system: System) -> Fact[tuple[Part, ...]]:
    """Return the power supplies that are there; Unknown where a chassis was not understood."""
    found: list[Part] = []
    sources: list[int] = []
    lost: list[Unknown] = []
    told: set[str] = set()
    asked: list[tuple[str, Parsed[tuple[Part, ...]]]] = [
        *_supplies_at_once(book, system), *_supplies_one_by_one(book, system)
    ]  # fmt: skip
    for chassis, answer in asked:
        if isinstance(answer.value, Unknown):
            continue
        told.add(chassis)
        sources.append(answer.source)
        found += answer.value
    for chassis, answer in asked:
        if isinstance(answer.value, Unknown) and chassis not in told:
            lost.append(answer.value)
    nowhere = [one for one in lost if one.why is not Why.ABSENT]
    if nowhere or not sources:
        return (nowhere or lost or [NOT_TOLD])[0]
    return Known(tuple(found), tuple(sources))


def _supplies_at_once(book: Book, system: System) -> Iterator[tuple[str, Parsed[tuple[Part, ...]]]]:
    for path, answer in _answers(book, system, redfish_power.REQUEST, redfish_power.parse):
        yield _chassis_of(path), _parts(answer)


def _supplies_one_by_one(
    book: Book, system: System
) -> Iterator[tuple[str, Parsed[tuple[Part, ...]]]]:
    """Yield the supplies of each list; one that was not read is there all the same."""
    for path, listed in _answers(book, system, redfish_power.LISTED, redfish_power.parse_list):
        if isinstance(listed.value, Unknown):
            yield _chassis_of(path), Parsed(listed.value, listed.source)
            continue
        parts: list[Part] = []
        for where in listed.value:
            one = book.read(redfish_power.ONE.of(where), redfish_power.parse_one)
            read = _parts(one).value
            name = where.rstrip("/").rpartition("/")[2]
            parts += (Part(name, read),) if isinstance(read, Unknown) else read
        yield _chassis_of(path), Parsed(tuple(parts), listed.source)


def _parts(answer: Parsed[tuple[PowerSupply, ...]]) -> Parsed[tuple[Part, ...]]:
    if isinstance(answer.value, Unknown):
        return Parsed(answer.value, answer.source)
    told = tuple(Part(one.name, answer.lift(one.health)) for one in answer.value)
    return Parsed(told, answer.source)


def _chassis_of(path: str) -> str:
    return path.lower().partition("/chassis/")[2].partition("/")[0]
