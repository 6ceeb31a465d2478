"""BMCs by themselves: their certificates are pinned, and they are asked before there is a host."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from hostcheck import files, fleet, recording
from hostcheck.connect.given import Bare, Trusting
from hostcheck.errors import UsageError
from hostcheck.front import Front
from hostcheck.model.capture import Capture
from hostcheck.model.fact import Unknown
from hostcheck.model.host_ref import HostRef
from hostcheck.model.recording import Recording
from hostcheck.parsers import redfish_root
from hostcheck.settings import Settings, kind
from hostcheck.sources.recorded import RecordedSource
from hostcheck.syntax.redfish import WIRE
from hostcheck.ways.recorder import RecorderTransport
from hostcheck.ways.redfish import inventory, order, pins
from hostcheck.ways.redfish.certificates import shown
from hostcheck.ways.redfish.door import Door
from hostcheck.ways.redfish.inventory import Row
from hostcheck.ways.redfish.opening import Bmcs, bmcs
from hostcheck.ways.redfish.options import SECTION, Section
from hostcheck.ways.redfish.transport import RedfishTransport
from hostcheck.ways.redfish.way import WAY
from hostcheck.ways.replay import ReplayTransport


class Listed(NamedTuple):
    """A BMC and what it answered."""

    name: str
    address: str
    captures: dict[tuple[str, str, str], Capture]


class Pinned(NamedTuple):
    """What became of one BMC. `word` is new, known, renewed, changed, or unknown."""

    address: str
    word: str
    told: str
    """Its SHA-256; what is pinned and what is shown where they differ; why it is not known."""


def section_of(settings: Settings | None) -> Section:
    """Return `[bmc]` of the settings."""
    found: Section = getattr(settings or kind()(), SECTION)
    return found


def rows_of(places: tuple[str, ...], listed: Path | None, section: Section) -> tuple[Row, ...]:
    """Return the BMCs that are named: by address, by a file of them, or by the inventory.

    Raises UsageError where nothing names one, or what does is wrong.
    """
    rows: list[Row] = []
    for place in places:
        file = Path(place)
        if file.suffix.lower() in (".csv", ".toml") or file.is_file():
            rows += inventory.read(file)
        else:
            inventory.place(place)
            rows.append(Row(place))
    if not places and (listed is not None or section.inventory):
        rows += inventory.read((listed or Path(section.inventory)).expanduser())
    if not rows:
        raise UsageError("no BMC: give an ADDRESS, or --bmc-inventory FILE")
    return tuple({pins.key_of(row.address): row for row in rows}.values())


def trust(given: Trusting) -> Iterator[Pinned]:
    """Look at the certificates of BMCs, and pin those that are new; say what became of each.

    A certificate that is not the pinned one stays out, unless it is to be renewed. Raises
    UsageError for what the user has to mend.
    """
    section = section_of(given.settings)
    rows = rows_of(given.places, given.inventory, section)
    file = (given.fingerprints or Path(section.fingerprints)).expanduser()
    known = pins.read(file)
    found = dict(known)
    look = fleet.Ahead(rows, _looking(section))
    try:
        for row in rows:
            key = pins.key_of(row.address)
            told = _compared(
                row.address,
                row.fingerprint or known.get(key, ""),
                look.take(row),
                renew=given.renew,
            )
            if told.word in ("new", "renewed"):
                found[key] = told.told.rpartition(" ")[2]
            yield told
    finally:
        look.close()
        if found != known and not given.dry_run:
            files.write(file, [pins.text_of(found).encode()])


def _looking(section: Section) -> Callable[[Row], str | Unknown]:
    def look(row: Row) -> str | Unknown:
        host, port = inventory.place(row.address)
        return shown(Door(host, port, connect_timeout=section.connect_timeout))

    return look


def _compared(address: str, pinned: str, seen: str | Unknown, *, renew: bool) -> Pinned:
    if isinstance(seen, Unknown):
        return Pinned(address, "unknown", seen.detail)
    if not pinned or pinned == seen:
        return Pinned(address, "known" if pinned else "new", seen)
    if renew:
        return Pinned(address, "renewed", f"{pinned} -> {seen}")
    return Pinned(address, "changed", f"pinned {pinned}, shown {seen}")


def listed(given: Bare) -> list[str]:
    """Return the names of the BMCs that `asked` will yield. Raises UsageError for what is wrong."""
    if given.from_ is not None:
        if given.places or given.bmc_inventory is not None:
            raise UsageError("--from replays recordings and an address is asked live: give one")
        return [ref.name for ref in RecordedSource(given.from_).machines()]
    section = section_of(given.settings)
    return [_name(row) for row in rows_of(given.places, given.bmc_inventory, section)]


def asked(given: Bare, front: Front) -> Iterator[Listed]:
    """Ask BMCs, all side by side, or read what was recorded; yield them in their order.

    Raises UsageError for what the user has to mend.
    """
    if given.from_ is not None:
        yield from _recorded(given.from_)
        return
    section = section_of(given.settings)
    rows = rows_of(given.places, given.bmc_inventory, section)
    opener = bmcs(given, section, front, rows, seconds=given.bmc_timeout)
    shelf = recording.Shelf(given.save) if given.save is not None else None
    walks = _Walks(opener)
    beside = fleet.Ahead(rows, walks)
    try:
        for row in rows:
            found = Listed(_name(row), row.address, beside.take(row))
            if shelf is not None:
                shelf.add(Recording(HostRef(found.name, "", ""), found.captures))
            yield found
    finally:
        beside.close()
        walks.stop()
    if shelf is not None:
        shelf.close()


def _name(row: Row) -> str:
    return row.host or row.service_tag or row.address


def _recorded(place: Path) -> Iterator[Listed]:
    """Yield every machine that is recorded, also those whose BMC was not asked.

    Raises UsageError where none was.
    """
    source, found = RecordedSource(place), False
    for ref in source.machines():
        told = source.read(ref).captures
        captures = {key: one for key, one in told.items() if key[0] in WAY.wires}
        if captures:
            found = True
            replay = RecorderTransport({WIRE: ReplayTransport(Recording(ref, captures))})
            order.walk(replay)
            captures = replay.captures
        for one in told.values():
            if one.failure is not None and one.failure.asked == recording.MANIFEST:
                root = Capture(redfish_root.REQUEST, failure=one.failure)
                captures = {root.request.key: root}
        yield Listed(ref.name, "", captures)
    if not found:
        raise UsageError(f"{place}: no recording there holds answers of a BMC (--bmc)")


class _Walks:
    """Walks through BMCs; those that are under way can be stopped."""

    def __init__(self, opener: Bmcs) -> None:
        self._opener = opener
        self._open: set[RedfishTransport] = set()
        self._stopped = False

    def __call__(self, row: Row) -> dict[tuple[str, str, str], Capture]:
        transport = self._opener.open(row)
        self._open.add(transport)
        recorder = RecorderTransport({WIRE: transport})
        try:
            if not self._stopped:
                order.walk(recorder)
        finally:
            transport.close()
            self._open.discard(transport)
        return recorder.captures

    def stop(self) -> None:
        """Let nothing more be asked; each session is ended by who opened it."""
        self._stopped = True
        for one in tuple(self._open):
            one.close()
