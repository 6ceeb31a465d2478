"""What machines show, for the terminal: a block for each, what is known or silent in one line."""

from collections import Counter
from collections.abc import Iterator

from hostcheck.model.trust import NEW, PINNED, ShownKey, Sighting, Sightings
from hostcheck.reports import PAPER, Screen, words

HINTS = {
    NEW: "compare with what the machine itself shows, then give --pin",
    "unknown": "could not be looked at",
}


def pieces(made: Sightings, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines."""
    for one in made.rows:
        yield f"{one.word:<8} {words.one_line(_head(one))}\n"
        yield from (f"{'':<8} {words.one_line(line)}\n" for line in _lines(one))
    counts = Counter(one.word for one in made.rows)
    told = (f"{many} {word}" + _hint(word, made) for word, many in counts.items())
    yield "; ".join(told) + "\n" if made.rows else "no host\n"


def _hint(word: str, made: Sightings) -> str:
    if word == PINNED:
        files = dict.fromkeys(one.file for one in made.rows if one.word == PINNED)
        return f" in {', '.join(map(words.one_line, files))}"
    return f" ({HINTS[word]})" if word in HINTS else ""


def _head(one: Sighting) -> str:
    address = "" if one.address == one.name else f" ({one.address})"
    return f"{one.of} {one.name}{address}" + ("" if one.shown else f": {one.told}")


def _lines(one: Sighting) -> Iterator[str]:
    for shown in one.shown:
        yield from _shown(shown)
    told = (one.chain, one.witness, _pinned(one), one.told) if one.shown else ()
    yield from filter(None, told)


def _pinned(one: Sighting) -> str:
    shown = {f"{each.kind} {each.sha256}" for each in one.shown} | {
        each.sha256 for each in one.shown
    }
    if set(one.pinned) <= shown:
        return ""
    return f"pinned in {one.file}: {', '.join(one.pinned)}"


def _shown(shown: ShownKey) -> Iterator[str]:
    yield (
        f"{shown.kind} {shown.sha256}"
        if ":" in shown.sha256
        else (f"SHA-256 {shown.sha256} ({shown.kind})")
    )
    if shown.subject or shown.issuer:
        yield f"subject {shown.subject or '(empty)'}, issuer {shown.issuer or '(empty)'}"
    if shown.since:
        names = f", for {', '.join(shown.names)}" if shown.names else ""
        yield f"valid {shown.since} to {shown.until}{names}"
