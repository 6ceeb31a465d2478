"""Tables drawn with `+---+` rules and `| cells |`, in one or several boxes with a title each."""

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

_TITLE = re.compile(r"([A-Z][A-Za-z ]{2,40}):(?:  |$)")
_RULE = re.compile(r"\|[-=+|]*")


class TableRow(Struct, frozen=True):
    """One line between bars. `title` is the last single-cell line that ended in a colon."""

    title: str
    cells: tuple[str, ...]
    after_rule: bool
    """Whether a rule separates it from the row above."""
    in_body: bool
    """Whether a `|====|` rule has ended the heading of its box."""


def rows_of(lines: Iterable[str]) -> Iterator[TableRow]:
    """Yield the rows of all boxes in order; text outside of boxes is passed over."""
    title, after_rule, in_body = "", True, False
    for raw in lines:
        line = raw.strip()
        if not line.startswith("|"):
            if not line:
                title, in_body = "", False
            after_rule = True
            continue
        if _RULE.fullmatch(line):
            after_rule, in_body = True, in_body or "=" in line
            continue
        body = line.removeprefix("|").removesuffix("|")
        cells = tuple(cell.strip() for cell in body.split("|"))
        if len(cells) == 1 and (match := _TITLE.match(cells[0])):
            title, in_body = match[1], False
        yield TableRow(title, cells, after_rule, in_body)
        after_rule = False
