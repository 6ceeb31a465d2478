"""One record of an answer: named fields, all of them words, each read into a value or an Unknown.

Names are matched without case, blanks, dots and dashes, because the same field is `NUMA Node` as
text, `NUMANode` over the API and part of `Driver Info.Bus Info` where structures are nested.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeVar

from msgspec import Struct

from hostcheck.model import pci
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.model.pci import PciAddress

T = TypeVar("T")

NO_NUMBER = (-1, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF)
"""Minus one in every width: how a host writes a number it does not have."""
NO_NODE = (*NO_NUMBER, 0xFFFF)
"""NUMA nodes are sixteen bits wide in places."""

_LARGEST = 2**53
"""Eight pebibytes, or a physical address of 53 bits: more is a misread number."""

_NOTHING = ("", "n/a", "[n/a]")
_LONGEST_NOTHING = max(map(len, _NOTHING))
_TRUE = ("true", "yes", "1", "up", "enabled")
_FALSE = ("false", "no", "0", "down", "disabled")
_IGNORED = re.compile(r"[\s.\-_]+")
_NUMBER = re.compile(
    r"([+-]?)(?:0x([0-9a-f]{1,16})|([0-9]{1,20}))(?: ?bytes?| ?->.*)?", re.IGNORECASE | re.ASCII
)


@lru_cache(4096)
def key(name: str) -> str:
    """Return a field name as it is compared. Few are there, and each comes again and again."""
    return _IGNORED.sub("", name).lower()


@lru_cache(4096)
def integer(text: str) -> int | None:
    """Read `4318`, `0x10de`, `-1`, `240470433792 Bytes` or `3 -> HV Enabled`; None for all else."""
    match = _NUMBER.fullmatch(" ".join(text.split()))
    if match is None:
        return None
    sign, hexadecimal, decimal = match.groups()
    value = int(hexadecimal, 16) if hexadecimal else int(decimal)
    return -value if sign == "-" else value


class Record(Struct, frozen=True):
    """Fields of one thing. `fields` maps compared names to values, several where it is a list.

    `what` is the command, for the `asked` of an Unknown; `heading` the line above the fields.
    Where several names are given to a method, the first that the record holds counts.
    """

    what: str
    fields: Mapping[str, tuple[str, ...]]
    heading: str = ""

    def has(self, *names: str) -> bool:
        """Say whether any of the fields is there, be it empty."""
        return any(key(name) in self.fields for name in names)

    def text(self, *names: str) -> Reading[str]:
        """Return the words of a field; a list is joined by commas as esxcli prints it."""
        for name in names:
            values = self.fields.get(key(name))
            if values is None:
                continue
            if len(values) == 1:
                words = values[0].strip()
            else:
                words = ", ".join(value.strip() for value in values if value.strip())
            if len(words) > _LONGEST_NOTHING or words.lower() not in _NOTHING:
                return words
            return Unknown(Why.ABSENT, detail=words or "empty", asked=self._asked(names[0]))
        return Unknown(Why.ABSENT, detail="no such field", asked=self._asked(names[0]))

    def read(self, *names: str, by: Callable[[str], T], expected: str) -> Reading[T]:
        """Return a field read by a function that raises ValueError or KeyError for bad words."""
        words = self.text(*names)
        if isinstance(words, Unknown):
            return words
        try:
            return by(words)
        except (ValueError, KeyError):
            return Unknown(
                Why.UNPARSED, detail=f"not {expected}: {words!r}", asked=self._asked(names[0])
            )

    def number(self, *names: str, nothing: tuple[int, ...] = NO_NUMBER) -> Reading[int]:
        """Return a count, size or id. The values in `nothing` stand for no number at all."""
        value = self.read(*names, by=_integer, expected="a number")
        if isinstance(value, Unknown):
            return value
        if value in nothing:
            return Unknown(Why.ABSENT, detail=str(value), asked=self._asked(names[0]))
        if not 0 <= value < _LARGEST:
            return Unknown(
                Why.UNPARSED, detail=f"out of range: {value}", asked=self._asked(names[0])
            )
        return value

    def kilobytes(self, *names: str) -> Reading[int]:
        """Return in bytes a size that is written in units of 1024."""
        size = self.number(*names)
        return size if isinstance(size, Unknown) else size * 1024

    def identity(self, *names: str) -> Reading[int]:
        """Return a PCI vendor or device number, also where it came as a signed short."""
        return self.read(*names, by=_short, expected="a 16-bit number")

    def truth(self, *names: str) -> Reading[bool]:
        """Return a switch: true or false, up or down, enabled or disabled."""
        return self.read(*names, by=_truth, expected="true or false")

    def address(self, *names: str) -> Reading[PciAddress]:
        """Return a PCI address of a field that is written in hexadecimal."""
        return self.read(*names, by=pci.from_hex, expected="a hexadecimal PCI address")

    def decimal_address(self, *names: str) -> Reading[PciAddress]:
        """Return a PCI address of a field that is written in decimal."""
        return self.read(*names, by=pci.from_decimal, expected="a decimal PCI address")

    def head(self) -> Reading[str]:
        """Return the heading, where this form of the answer has one."""
        if self.heading:
            return self.heading
        return Unknown(Why.ABSENT, detail="no heading", asked=self._asked("heading"))

    def heading_address(self) -> Reading[PciAddress]:
        """Return the PCI address that heads the fields, in hexadecimal."""
        heading = self.head()
        if isinstance(heading, Unknown):
            return heading
        try:
            return pci.from_hex(heading)
        except ValueError as error:
            return Unknown(Why.UNPARSED, detail=str(error), asked=self._asked("heading"))

    def _asked(self, name: str) -> str:
        return f"{self.what}: {name}"


def _integer(words: str) -> int:
    value = integer(words)
    if value is None:
        raise ValueError(words)
    return value


def _short(words: str) -> int:
    value = _integer(words)
    if not -0x8000 <= value <= 0xFFFF:
        raise ValueError(words)
    return pci.unsigned16(value)


def _truth(words: str) -> bool:
    if words.lower() in _TRUE:
        return True
    if words.lower() in _FALSE:
        return False
    raise ValueError(words)
