"""Lines of a terminal: as wide as it is, coloured where it has colours."""

import textwrap

from msgspec import Struct

from hostcheck.model.result import Status
from hostcheck.reports import words

NARROWEST = 40
_COLOURS = {
    "GO": "1;32", "NO-GO": "1;31", "UNSURE": "1;33", "strong": "1", "soft": "2",
    Status.PASS: "32", Status.FAIL: "31", Status.UNKNOWN: "33", Status.ERROR: "35",
    Status.NOT_APPLICABLE: "2", Status.NOT_SELECTED: "2",
}  # fmt: skip


class TextPage(Struct, frozen=True):
    """How wide the terminal is, and whether it has colours."""

    width: int
    colour: bool

    def paint(self, text: str, kind: str) -> str:
        """Colour a text where there are colours."""
        return f"\x1b[{_COLOURS[kind]}m{text}\x1b[0m" if self.colour else text

    def wrap(self, text: str, indent: int = 0, hanging: int | None = None) -> list[str]:
        """Break a text into lines; the second and later ones are indented by `hanging`."""
        hang = indent if hanging is None else hanging
        shown, width = words.one_line(text), max(self.width, NARROWEST)
        found, lead, rest = [], " " * indent, shown
        while len(lead) + len(rest) > width:
            room = width - len(lead)
            end = rest.rfind(" ", 0, room + 1)
            if end < 0 or len(rest[end + 1 :].partition(" ")[0]) > room:  # a word is too long
                return textwrap.wrap(
                    shown, width, initial_indent=" " * indent, subsequent_indent=" " * hang,
                    break_on_hyphens=False,
                )  # fmt: skip
            found.append(lead + rest[:end])
            lead, rest = " " * hang, rest[end + 1 :]
        return [*found, lead + rest] if rest else found
