"""The single-column tables about MIG: a title, a heading, one entry of one or two lines each."""

import re

from hostcheck.errors import ParseError
from hostcheck.syntax import smi_words as words
from hostcheck.syntax.ascii_table import rows_of
from hostcheck.syntax.smi_words import Noticed

_NONE = re.compile(
    r"No (?:MIG-enabled devices|MIG-supported devices|GPU instances|compute instances) found"
    r"(?:: Not Found)?\.?",
    re.IGNORECASE,
)
_SECOND_LINE = re.compile(r"[0-9]+(?: +[0-9]+)*")


def entries_of(
    text: str, *, what: str, title: str, entry: re.Pattern[str]
) -> tuple[list[re.Match[str]], Noticed]:
    """Return one match of `entry` for each entry, none when the tool says that there is none.

    Raises ParseError for another table, for an entry that does not match, and for a table that
    ends before its first entry.
    """
    peeled = words.peel(text, what=what)
    found: list[re.Match[str]] = []
    for row in rows_of(peeled.lines):
        if row.title != title or not row.in_body:
            continue
        body = " | ".join(row.cells)
        if match := entry.fullmatch(body):
            found.append(match)
        elif row.after_rule or not found or (body and not _SECOND_LINE.fullmatch(body)):
            raise ParseError(f"{what}: expected an entry of '{title}', not {words.quoted(body)}")
    none = peeled.no_devices or any(_NONE.fullmatch(line.strip()) for line in peeled.lines)
    for line in peeled.lines:
        if line.strip().startswith("Failed to"):
            raise ParseError(f"{what}: {line.strip()}")
    if not (found or none):
        raise words.refuse(peeled, what=what, expected=f"a table '{title}:' with entries")
    return found, peeled.notices
