"""What `vsish -e get` and `vsish -e dir` print: a block in braces, and a list of numbers."""

import re
from collections.abc import Sequence

from hostcheck.errors import ParseError
from hostcheck.syntax.record import Record, key

_NUMBER = re.compile(r"\s*(\d{1,9})/?\s*", re.ASCII)


def block_of(text: str, *, what: str, knows: Sequence[str]) -> Record:
    """Read `Title {` and its `Field:value` lines; inner blocks become joined names.

    Lines without any braces are read too: somebody piped the block through grep. A block that is
    opened and never closed was cut off, maybe in the middle of a number, and is refused.
    """
    fields: dict[str, tuple[str, ...]] = {}
    heading = ""
    blocks: list[str] = []
    lines = [line for line in text.replace("\ufeff", "").splitlines() if line.strip()]
    for line in lines:
        words = line.strip()
        name, colon, value = words.partition(":")
        if words.endswith("{"):
            title = words.rstrip("{:= \t")
            blocks.append(key(title))
            heading = heading or title
        elif words.startswith("}"):
            blocks = blocks[:-1]
        elif colon and name.strip():
            field = "".join([*blocks[1:], key(name)])
            if fields.setdefault(field, (value.strip(),)) != (value.strip(),):
                raise ParseError(f"{what}: {name.strip()!r} twice, so this is more than one block")
    if blocks:
        raise ParseError(f"{what}: the answer ends before its closing brace")
    record = Record(what, fields, heading)
    if not record.has(*knows):
        first = lines[0].strip()[:100] if lines else ""
        raise ParseError(f"{what}: expected a block with {knows[0]!r}, not {first!r}")
    return record


def numbers_of(text: str, *, what: str, section: str, others: Sequence[str]) -> tuple[int, ...]:
    """Read a directory of numbers, one a line, with or without a trailing slash.

    Several directories may have been printed under headings: then the one under `section` counts,
    and the ones under `others` do not. Raises ParseError where a line is no number, and where the
    numbers do not run from 0 on: they are counted, so that none may be missing.
    """
    foreign = {key(name) for name in others}
    numbers: list[int] = []
    lines = [line for line in text.replace("\ufeff", "").splitlines() if line.strip()]
    ours = True
    for line in lines:
        if match := _NUMBER.fullmatch(line):
            if ours:
                numbers.append(int(match[1]))
        elif key(line) == key(section):
            ours, numbers = True, []
        elif key(line) in foreign:
            ours = False
        elif ours:
            raise ParseError(f"{what}: expected numbers, one a line, not {line.strip()[:100]!r}")
    if not numbers:
        first = lines[0].strip()[:100] if lines else ""
        raise ParseError(f"{what}: expected numbers, one a line, not {first!r}")
    if len(set(numbers)) < len(numbers):
        raise ParseError(f"{what}: a number is listed twice, so this is more than one directory")
    if sorted(numbers) != list(range(len(numbers))):
        raise ParseError(f"{what}: numbers are missing among {sorted(numbers)}")
    return tuple(sorted(numbers))
