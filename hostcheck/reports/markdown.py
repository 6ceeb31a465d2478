"""GitHub's Markdown for comments and chats: what hosts say stays text, and the length has a limit.

Names stand in code spans, where nothing is markup and nobody is mentioned. Prose is escaped sign by
sign; a zero-width blank keeps `@name`, `#12` and addresses from becoming mentions and links.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from hostcheck.reports import words

LONGEST = 60_000
"""Characters of a document; a comment on GitHub takes 65,536."""
LONGEST_CODE, LONGEST_PROSE = 120, 600
_SIGNS = re.compile(r"[\\`*_\[\]<|~&$]|^(?:[-+#=:>]|\d+[.)])")
"""What is markup anywhere, and what is where a line begins."""
_APART = re.compile(r"[@#!](?=\w)|(?<=:)(?=//)|(?<=www)(?=\.)|(?<=GH)(?=-\d)", re.IGNORECASE)
BLANK = "\u200b"
BAR = r"\|"
"""A cell ends at a bar, in code too; this is one, whatever stands before it."""


def prose(text: str, longest: int = LONGEST_PROSE) -> str:
    """Return words of which nothing is markup, a mention or a link."""
    shown = words.cut(words.one_line(text), longest)
    apart = _APART.sub(lambda match: match.group() + BLANK, shown)
    return _SIGNS.sub(lambda match: f"{match.group()[:-1]}&#{ord(match.group()[-1])};", apart)


def code(text: str, longest: int = LONGEST_CODE) -> str:
    """Return a name or command as a code span."""
    shown = words.cut(words.one_line(text), longest)
    if not shown:
        return ""
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    pad = " " if shown[0] == "`" or shown[-1] == "`" else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def row(cells: Sequence[str]) -> str:
    """Return a line of a table from cells that are Markdown already."""
    return f"| {' | '.join(one.replace('|', BAR) for one in cells)} |"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table, and a blank one before and after it."""
    yield from ("", row(head), row(["---"] * len(head)))
    yield from map(row, rows)
    yield ""


def within_limit(lines: Iterable[str], longest: int = LONGEST) -> Iterator[str]:
    """Yield lines with their ends, as many as there is room for; then how many are left out."""
    room, left, last = longest, 0, ""
    for line in lines:
        if not line and not last:
            continue
        last = line
        if left or len(line) + 1 > room:
            left += bool(line)
            continue
        room -= len(line) + 1
        yield f"{line}\n"
    if left:
        yield f"\n*{words.count(left, 'more line')} left out: hostcheck report shows all.*\n"
