"""A vendor's BIOS attributes, read as vendor-neutral settings by the catalogue's table.

What is not listed is not known and never off; so is what is left to the BIOS (`Auto`), but where
the table says what that means. Where several attributes say one setting, one that is off decides,
and all must be on.
"""

from collections.abc import Iterable, Mapping

from hostcheck.model.bios import AUTO, BiosRow, BiosTable, canonical, canonical_value
from hostcheck.model.bmc import OFF, BiosSetting, Setting, Told
from hostcheck.model.fact import Fact, Known, Reading, Unknown, Why

ASKED = "Bios.Attributes"


class Attributes:
    """Attributes of one machine, found by their names as they are compared."""

    def __init__(self, told: Mapping[str, str]) -> None:
        self._by_name: dict[str, list[Told]] = {}
        for name, value in told.items():
            self._by_name.setdefault(canonical(name), []).append(Told(name, value))

    def named(self, name: str) -> list[Told]:
        """Return what is called so: several where firmware numbers them."""
        return self._by_name.get(canonical(name), [])


def settings_of(
    table: BiosTable,
    vendor: str,
    cpu: str,
    active: Mapping[str, str],
    pending: Reading[Mapping[str, str]],
    sources: tuple[tuple[int, ...], tuple[int, ...]],
) -> tuple[BiosSetting, ...]:
    """Return all settings: of the last start, and of the next. `vendor` is a maker's key or empty.

    `pending` are the attributes after the next start; `sources` those of both.
    """
    now = Attributes(active)
    then = pending if isinstance(pending, Unknown) else Attributes(pending)
    found = []
    for setting in Setting:
        rows = table.of(setting, vendor, cpu)
        word, told = _read(rows, now)
        if isinstance(then, Unknown):
            found.append(BiosSetting(setting, _fact(word, sources[0]), then, told))
            continue
        next_word, next_told = _read(rows, then)
        found.append(
            BiosSetting(
                setting, _fact(word, sources[0]), _fact(next_word, sources[1]), told, next_told
            )
        )
    return tuple(found)


def _fact(word: Reading[str], sources: tuple[int, ...]) -> Fact[str]:
    return word if isinstance(word, Unknown) else Known(word, sources)


def _read(rows: Iterable[BiosRow], there: Attributes) -> tuple[Reading[str], tuple[Told, ...]]:
    """Return the word of a setting, or why there is none, and the attributes that say it."""
    rows = tuple(rows)
    named = [name for row in rows for name in row.attributes]
    if not named:
        detail = (
            "this vendor's BIOS has no such switch"
            if rows
            else "the catalogue knows no attribute of this vendor and processor"
        )
        return Unknown(Why.ABSENT, detail, ASKED), ()
    words: list[Reading[str]] = []
    told: list[Told] = []
    for row in rows:
        listed = [(name, there.named(name)) for name in row.attributes]
        if not any(one for _, one in listed):
            continue
        for name, ones in listed:
            told += ones
            words += [_word(row, one) for one in ones] or [_absent((name,))]
    if not words:
        return _absent(named), ()
    return _together(words, told), tuple(told)


def _together(words: list[Reading[str]], told: list[Told]) -> Reading[str]:
    known = [one for one in words if not isinstance(one, Unknown)]
    if OFF in known:
        return OFF
    if unread := [one for one in words if isinstance(one, Unknown)]:
        return unread[0]
    if len(set(known)) > 1:
        said = ", ".join(f"{one.attribute} {one.value}" for one in told)
        return Unknown(Why.UNPARSED, f"attributes contradict each other: {said}", ASKED)
    return known[0]


def _word(row: BiosRow, told: Told) -> Reading[str]:
    word = row.meaning(told.value)
    if word is not None:
        return word
    said = f"{told.attribute} is {told.value!r}"
    if canonical_value(told.value) in AUTO:
        return Unknown(Why.ABSENT, f"{said}: left to the BIOS, no answer", ASKED)
    return Unknown(Why.UNPARSED, f"{said}: a value that the catalogue does not know", ASKED)


def _absent(names: Iterable[str]) -> Unknown:
    listed = " or ".join(dict.fromkeys(names))
    return Unknown(Why.ABSENT, f"the BMC lists no {listed}: that is not off", ASKED)
