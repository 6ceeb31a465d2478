"""Lines of words: tables cut at blanks, whose cells hold none, and the quoting of bad lines."""

import re
from collections.abc import Sequence

from hostcheck.errors import ParseError
from hostcheck.model import pci
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.model.pci import PciAddress
from hostcheck.syntax.record import Record, key

VMKERNEL_NAME = re.compile(r"vm[a-z]+\d+|PF_\d+\.\d+\.[0-7]_VF_\d+", re.ASCII)
"""What the VMkernel calls a device: vmnic0, vmhba1, vmgfx0, or a virtual function's name."""


_DEVICE = re.compile(r"\s*[0-9a-f]{2,8}:", re.IGNORECASE)


def lines_of(text: str, *, what: str, expected: str) -> list[str]:
    """Return the lines that are not blank. Raises ParseError when there are none."""
    lines = [line.rstrip() for line in text.replace("\ufeff", "").splitlines() if line.strip()]
    if not lines:
        raise ParseError(f"{what}: expected {expected}, but the answer is empty")
    return lines


def devices_of(
    text: str, row: re.Pattern[str], *, what: str, expected: str
) -> list[tuple[PciAddress, re.Match[str]]]:
    """Match `row`, whose first group is the address, to each line that begins with one.

    Lines that look as if they were to must match too. Raises ParseError.
    """
    lines = lines_of(text, what=what, expected=expected)
    rows = [line.strip() for line in lines if _DEVICE.match(line)]
    if not rows:
        raise refuse(what, expected, lines[0])
    found = []
    for line in rows:
        match = row.fullmatch(line)
        if match is None:
            raise refuse(what, expected, line)
        try:
            found.append((pci.from_hex(match[1]), match))
        except ValueError:
            raise refuse(what, "a hexadecimal PCI address", line) from None
    return found


def refuse(what: str, expected: str, line: str) -> ParseError:
    """Make the error for a line that is not what was expected."""
    return ParseError(f"{what}: expected {expected}, not {line.strip()[:100]!r}")


def rows_of(text: str, *, what: str, header: Sequence[str]) -> tuple[Record, ...]:
    """Read a table whose first line has the given names among others, in any order.

    No text at all is an empty table. Lines without any number are not rows.
    """
    lines = [line for line in text.replace("\ufeff", "").splitlines() if line.strip()]
    if not lines:
        return ()
    wanted = {key(name) for name in header}
    start = next((n for n, line in enumerate(lines) if wanted <= set(_keys(line))), None)
    if start is None:
        raise refuse(what, f"a header with {', '.join(header)}", lines[0])
    names = _keys(lines[start])
    records = []
    for line in lines[start + 1 :]:
        cells = line.split()
        if not any(cell.isdigit() for cell in cells):
            continue
        if len(cells) != len(names):
            raise refuse(what, f"{len(names)} columns", line)
        records.append(
            Record(what, {name: (cell,) for name, cell in zip(names, cells, strict=True)})
        )
    return tuple(records)


def _keys(line: str) -> list[str]:
    return [key(word) for word in line.split()]


def parent_of(name: str, *, asked: str) -> Reading[PciAddress]:
    """Return the physical function that a virtual function's name tells; others have none."""
    try:
        found = pci.vf_parent(name)
    except ValueError as error:
        return Unknown(Why.UNPARSED, detail=str(error), asked=asked)
    if found is None:
        return Unknown(Why.ABSENT, detail="not a virtual function", asked=asked)
    return found[0]
