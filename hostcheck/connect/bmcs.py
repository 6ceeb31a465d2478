"""BMCs by themselves: their certificates are pinned, and they are asked before there is a host."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from hostcheck import files, fleet
from hostcheck.connect.given import Trusting
from hostcheck.errors import UsageError
from hostcheck.model.fact import Unknown
from hostcheck.settings import Settings, kind
from hostcheck.ways.redfish import inventory, pins
from hostcheck.ways.redfish.certificates import shown
from hostcheck.ways.redfish.door import Door
from hostcheck.ways.redfish.inventory import Row
from hostcheck.ways.redfish.options import SECTION, Section


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
    look = fleet.Beside(rows, _looking(section))
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
