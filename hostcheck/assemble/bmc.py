"""What a BMC told, joined to the host that it is of; its settings by vendor-neutral names."""

from collections.abc import Mapping

from msgspec.structs import replace

from hostcheck import catalog
from hostcheck.assemble.bios import settings_of
from hostcheck.assemble.bmc_parts import gpus_of, slot_of_gpu, supplies_of
from hostcheck.assemble.bmc_witness import testimonies_of
from hostcheck.assemble.book import Book, Parsed
from hostcheck.assemble.identity import joined, tag_of
from hostcheck.model.bios import canonical_value
from hostcheck.model.bmc import NOT_TOLD, BiosSetting, Bmc, Waiting
from hostcheck.model.fact import Fact, Known, Reading, Unknown, Why
from hostcheck.model.host import Host
from hostcheck.parsers import (
    redfish_bios,
    redfish_manager,
    redfish_root,
    redfish_system,
    redfish_systems,
    vim_host_system,
)
from hostcheck.parsers.redfish_system import System
from hostcheck.syntax.redfish import LEFT_OUT, WIRE
from hostcheck.syntax.vim_identity import Identity

WHOLE_WAITING = ("hpe", "lenovo")
"""Makers whose BMC tells all attributes as waiting, changed or not: none at all is no answer."""
NO_SETTING = (
    "the BMC shows no BIOS setting: the computer may be in its self-test, or was never started"
)
NO_HOST = Unknown(Why.NOT_ASKED, "no ESXi host was asked that it could be the BMC of")


def with_bmc(host: Host, book: Book) -> Host:
    """Return the host with what its BMC told; unchanged when no BMC was asked."""
    if not book.asked(WIRE):
        return host
    bmc = _of_host(host, book)
    gpus = host.gpus
    if isinstance(gpus, Known):
        found = tuple(replace(gpu, slot=slot_of_gpu(gpu.address, bmc)) for gpu in gpus.value)
        gpus = Known(found, gpus.sources)
    told = (*host.testimonies, *testimonies_of(host, bmc))
    return replace(host, bmc=bmc, gpus=gpus, testimonies=told, sources=tuple(book.sources))


def alone(book: Book) -> Fact[tuple[Bmc, ...]]:
    """Return the computers behind a BMC by themselves, before ESXi is installed on them."""
    systems = _systems(book)
    if isinstance(systems, Unknown):
        return systems
    return Known(tuple(_bmc(book, one, NO_HOST, "") for one in systems), ())


def _of_host(host: Host, book: Book) -> Fact[Bmc]:
    systems = _systems(book)
    if isinstance(systems, Unknown):
        return systems
    request = vim_host_system.REQUEST.of(host.id)
    mine: Parsed[Identity] = book.read(request, vim_host_system.identity)
    if isinstance(mine.value, Unknown):
        return mine.value
    told = tuple(one.value for one in systems if not isinstance(one.value, Unknown))
    dell = any(_maker(book, one) == "dell" for one in told)
    found = joined(mine.value, told, dell)
    if isinstance(found, Unknown):
        return found
    system, how = found
    (answer,) = [one for one in systems if one.value is system]
    by = Known(how, (answer.source, mine.source))
    return Known(_bmc(book, answer, by, _processor(host)), (answer.source,))


def _systems(book: Book) -> list[Parsed[System]] | Unknown:
    """Return the computers that have BIOS settings; the reason why there are none."""
    root = book.read(redfish_root.REQUEST, redfish_root.parse)
    listed = book.read(redfish_systems.REQUEST, redfish_systems.parse)
    answers: list[Parsed[System]] = [
        book.read(capture.request, redfish_system.parse)
        for capture in book.answers(redfish_system.REQUEST)
    ]
    if unread := [one.value for one in answers if isinstance(one.value, Unknown)]:
        return unread[0]  # it may be the very computer that is looked for
    found = [
        one
        for one in answers
        if isinstance(one.value, System) and not isinstance(one.value.bios, Unknown)
    ]
    if found:
        return found
    lost = [one.value for one in (listed, root) if isinstance(one.value, Unknown)]
    said = [one for one in lost if one.why is not Why.NOT_ASKED]
    if lost:
        return (said or lost)[0]
    detail = "none of the computers behind this BMC tells BIOS settings"
    return Unknown(Why.ABSENT, detail, redfish_systems.REQUEST.template)


def _maker(book: Book, system: System) -> str:
    """Return the key of the maker, by the computer's own word, else by the BMC's."""
    root = book.read(redfish_root.REQUEST, redfish_root.parse)
    words = [system.vendor]
    if not isinstance(root.value, Unknown):
        words.append(root.value.vendor)
    for one in words:
        found = None if isinstance(one, Unknown) else catalog.bios().maker(one)
        if found is not None:
            return found.key
    return ""


def _processor(host: Host) -> str:
    if isinstance(host.packages, Unknown) or not host.packages.value:
        return ""
    return {"intel": "intel", "amd": "amd", "hygon": "amd"}.get(host.packages.value[0].vendor, "")


def _cpu(system: System) -> str:
    words = "" if isinstance(system.processor, Unknown) else system.processor.lower()
    if "amd" in words or "epyc" in words:
        return "amd"
    return "intel" if "intel" in words or "xeon" in words else ""


def _bmc(book: Book, answer: Parsed[System], joined_by: Fact[str], seen_cpu: str) -> Bmc:
    system = answer.value
    if isinstance(system, Unknown):
        return Bmc(vendor=system)
    maker = _maker(book, system)
    cpu = _cpu(system) or seen_cpu
    tag = tag_of(system, dell=maker == "dell")
    manager = _first(book, system.managers)
    settings = _Settings(book, system, maker, cpu)
    shown = catalog.bios().shown(maker)
    return Bmc(
        vendor=answer.lift(shown) if shown else answer.lift(system.vendor),
        cpu=answer.lift(cpu) if cpu else NOT_TOLD,
        model=answer.lift(system.model),
        service_tag=answer.lift(tag) if tag else NOT_TOLD,
        uuid=answer.lift(system.uuid),
        bios_version=answer.lift(system.bios_version),
        kind=manager.fact(lambda one: one.model),
        firmware=manager.fact(lambda one: one.firmware),
        power_state=answer.lift(system.power_state),
        post_state=answer.lift(system.post_state),
        health=answer.lift(system.health),
        joined_by=joined_by,
        settings=settings.all(),
        settings_path=settings.path(),
        waiting=settings.waiting(),
        gpus=gpus_of(book, system, maker),
        power_supplies=supplies_of(book, system),
    )


def _first(book: Book, managers: Reading[tuple[str, ...]]) -> Parsed[redfish_manager.Manager]:
    if isinstance(managers, Unknown) or not managers:
        told = managers if isinstance(managers, Unknown) else NOT_TOLD
        return Parsed(told, -1)
    return book.read(redfish_manager.REQUEST.of(managers[0]), redfish_manager.parse)


class _Settings:
    """BIOS settings of one computer: now, and after the next start."""

    def __init__(self, book: Book, system: System, maker: str, cpu: str) -> None:
        self._maker, self._cpu = maker, cpu
        now: Parsed[redfish_bios.Bios] = (
            Parsed(system.bios, -1)
            if isinstance(system.bios, Unknown)
            else book.read(redfish_bios.CURRENT.of(system.bios), redfish_bios.parse)
        )
        self._now = now.fact(lambda one: one.attributes)
        self._path = now.fact(lambda one: one.waiting)
        then: Parsed[redfish_bios.Bios] = (
            Parsed(self._path, -1)
            if isinstance(self._path, Unknown)
            else book.read(redfish_bios.WAITING.of(self._path.value), redfish_bios.parse)
        )
        self._then = then.fact(self._whole)

    def _whole(self, told: redfish_bios.Bios) -> Reading[dict[str, str]]:
        if told.attributes == {} and self._maker in WHOLE_WAITING:
            return Unknown(Why.ABSENT, "the BMC does not tell what waits", "Bios settings")
        return told.attributes

    def path(self) -> Fact[str]:
        """Return where what waits is told."""
        return self._path

    def all(self) -> Fact[tuple[BiosSetting, ...]]:
        """Return all settings by their neutral names."""
        now = self._now
        if isinstance(now, Unknown):
            return now
        if not now.value:
            return Unknown(Why.ABSENT, NO_SETTING, redfish_bios.CURRENT.template)
        then: Reading[Mapping[str, str]]
        sources = now.sources
        if isinstance(self._then, Unknown):
            then = self._then
        else:
            then = {**now.value, **self._then.value}
            sources = tuple(sorted({*now.sources, *self._then.sources}))
        read = settings_of(
            catalog.bios(), self._maker, self._cpu, now.value, then, (now.sources, sources)
        )
        return Known(read, now.sources)

    def waiting(self) -> Fact[tuple[Waiting, ...]]:
        """Return the attributes that the next start changes."""
        now, then = self._now, self._then
        if isinstance(now, Unknown):
            return now
        if isinstance(then, Unknown):
            return then
        if not now.value:
            return Unknown(Why.ABSENT, NO_SETTING, redfish_bios.CURRENT.template)
        found = tuple(
            Waiting(name, now.value.get(name, ""), value)
            for name, value in then.value.items()
            if value != now.value.get(name)
            and value != LEFT_OUT
            and canonical_value(now.value.get(name, "")) != canonical_value(value)
            and (name in now.value or self._maker not in WHOLE_WAITING)
        )
        return Known(found, tuple(sorted({*now.sources, *then.sources})))
