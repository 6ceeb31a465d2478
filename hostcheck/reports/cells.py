"""Cells and rows of CSV as RFC 4180 has it: lines end with CR LF, quotes are doubled."""

import csv
import re
from functools import lru_cache
from typing import Any

_BEGINNING = re.compile("((?:^|[;\t\r\n])\\s*+)([=+\\-@\uff1d\uff0b\uff0d\uff20]?)")
"""Where a spreadsheet looks for a formula, in a cell and after what separates the cells where the
comma is the decimal sign; with the sign that begins one. Wide forms of the signs are read as the
signs."""


class _Line:
    """A file whose lines nobody keeps: who writes one gets it back."""

    def write(self, line: str) -> str:
        return line


_WRITER: Any = csv.writer(_Line())


@lru_cache(4096)
def cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    guarded = _BEGINNING.sub(lambda found: found[1] + (found[2] and f"'{found[2]}"), text)
    return f"'{guarded}" if text.startswith(("\t", "\r")) else guarded


def row(cells: tuple[str, ...]) -> str:
    """Return a line."""
    line: str = _WRITER.writerow(cells)
    return line
