"""BMCs by themselves: they are asked before there is a host."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from hostcheck import fleet, recording
from hostcheck.connect.given import Bare
from hostcheck.errors import UsageError
from hostcheck.front import Front
from hostcheck.model.capture import Capture
from hostcheck.model.host_ref import HostRef
from hostcheck.model.recording import Recording
from hostcheck.parsers import redfish_root
from hostcheck.settings import SettingsFile, kind
from hostcheck.sources.recorded import RecordedSource
from hostcheck.syntax.redfish import WIRE
from hostcheck.ways.recorder import RecorderTransport
from hostcheck.ways.redfish import inventory, order, pins
from hostcheck.ways.redfish.inventory import InventoryRow
from hostcheck.ways.redfish.opening import Bmcs, bmcs
from hostcheck.ways.redfish.options import SECTION, Section
from hostcheck.ways.redfish.transport import RedfishTransport
from hostcheck.ways.redfish.way import WAY
from hostcheck.ways.replay import ReplayTransport


class ListedBmc(NamedTuple):
    """A BMC and what it answered."""

    name: str
    address: str
    captures: dict[tuple[str, str, str], Capture]


def section_of(settings: SettingsFile | None) -> Section:
    """Return `[bmc]` of the settings."""
    found: Section = getattr(settings or kind()(), SECTION)
    return found


def rows_of(
    places: tuple[str, ...], listed: Path | None, section: Section
) -> tuple[InventoryRow, ...]:
    """Return the BMCs that are named: by address, by a file of them, or by the inventory.

    Raises UsageError where nothing names one, or what does is wrong.
    """
    rows: list[InventoryRow] = []
    for place in places:
        file = Path(place)
        if file.suffix.lower() in (".csv", ".toml") or file.is_file():
            rows += inventory.read(file)
        else:
            inventory.place(place)
            rows.append(InventoryRow(place))
    if not places and (listed is not None or section.inventory):
        rows += inventory.read((listed or Path(section.inventory)).expanduser())
    if not rows:
        raise UsageError("no BMC: give an ADDRESS, or --bmc-inventory FILE")
    return tuple({pins.key_of(row.address): row for row in rows}.values())


def listed(given: Bare) -> list[str]:
    """Return the names of the BMCs that `asked` will yield. Raises UsageError for what is wrong."""
    if given.from_ is not None:
        if given.places or given.bmc_inventory is not None:
            raise UsageError("--from replays recordings and an address is asked live: give one")
        return [ref.name for ref in RecordedSource(given.from_).machines()]
    section = section_of(given.settings)
    return [_name(row) for row in rows_of(given.places, given.bmc_inventory, section)]


def asked(given: Bare, front: Front) -> Iterator[ListedBmc]:
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
            found = ListedBmc(_name(row), row.address, beside.take(row))
            if shelf is not None:
                shelf.add(Recording(HostRef(found.name, "", ""), found.captures))
            yield found
    finally:
        beside.close()
        walks.stop()
    if shelf is not None:
        shelf.close()


def _name(row: InventoryRow) -> str:
    return row.host or row.service_tag or row.address


def _recorded(place: Path) -> Iterator[ListedBmc]:
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
        yield ListedBmc(ref.name, "", captures)
    if not found:
        raise UsageError(f"{place}: no recording there holds answers of a BMC (--bmc)")


class _Walks:
    """Walks through BMCs; those that are under way can be stopped."""

    def __init__(self, opener: Bmcs) -> None:
        self._opener = opener
        self._open: set[RedfishTransport] = set()
        self._stopped = False

    def __call__(self, row: InventoryRow) -> dict[tuple[str, str, str], Capture]:
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
