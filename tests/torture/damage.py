"""What can happen to an answer: every loss of a part of it, in the order of the text.

element      deleted, emptied, doubled, its type taken away      (XML)
attribute    deleted, emptied                                    (XML)
line         deleted, doubled, its value emptied                 (text of a command)
cut          the answer ends there                               (both)
"""

import re
import sys
from collections.abc import Iterator
from typing import NamedTuple

_TAG = re.compile(r'<(/?)([\w:.-]+)((?:\s+[\w:.-]+=(?:"[^"]*"|\'[^\']*\'))*)\s*(/?)>')
_ATTRIBUTE = re.compile(r'\s+([\w:.-]+)=("[^"]*"|\'[^\']*\')')
_NAME = re.compile(r"<name>([^<]*)</name>")
_VALUE = re.compile(r"[:=,|]\s*(\S[^\n]*)")


END = sys.maxsize
"""Of any text."""


class Damage(NamedTuple):
    """From `start` to `end` the text is replaced; `where` is the path of what is hit."""

    kind: str
    where: str
    start: int
    end: int
    instead: str = ""

    def of(self, text: str) -> str:
        """Return the damaged text."""
        return text[: self.start] + self.instead + text[self.end :]


def apart(one: Damage, other: Damage) -> bool:
    """Say whether both can happen to one text: a cut leaves what is before it."""
    first, second = sorted((one, other), key=lambda each: each.start)
    return first.end <= second.start


def damages(text: str) -> list[Damage]:
    """Return all that can be lost of an answer, one thing at a time."""
    found = _xml(text) if text.lstrip().startswith("<") else _lines(text)
    return [one for one in found if text[one.start : one.end] != one.instead]


class _Open(NamedTuple):
    path: str
    start: int
    inside: int
    attributes: str


def _xml(text: str) -> Iterator[Damage]:
    path: list[_Open] = []
    for tag in _TAG.finditer(text):
        closes, name, attributes, alone = tag.groups()
        if closes:
            if not path:
                continue
            one = path.pop()
            yield from _element(text, one, tag.start(), tag.end())
            continue
        above = path[-1].path if path else ""
        here = f"{above}/{name.rpartition(':')[2]}"
        if name == "propSet" and (named := _NAME.match(text, tag.end())):
            here += f"[{named[1]}]"
        one = _Open(here, tag.start(), tag.end(), attributes)
        for attribute in _ATTRIBUTE.finditer(text, tag.start(3), tag.end(3)):
            where = f"{here}@{attribute[1].rpartition(':')[2]}"
            yield Damage("attribute deleted", where, *attribute.span())
            yield Damage("attribute emptied", where, *attribute.span(2), '""')
        if alone:
            yield from _element(text, one, tag.end(), tag.end())
        else:
            path.append(one)


def _element(text: str, one: _Open, inside_end: int, end: int) -> Iterator[Damage]:
    whole = text[one.start : end]
    yield Damage("element deleted", one.path, one.start, end)
    yield Damage("element doubled", one.path, end, end, whole)
    if inside_end > one.inside:
        yield Damage("element emptied", one.path, one.inside, inside_end)
    yield Damage("cut", one.path, end, END)


def _lines(text: str) -> Iterator[Damage]:
    start = 0
    for line in text.splitlines(keepends=True):
        end, words = start + len(line), line.strip()
        where = re.sub(r"\d+", "0", re.split(r"[:=,|]", words)[0].strip())[:40]
        yield Damage("line deleted", where, start, end)
        yield Damage("line doubled", where, end, end, line)
        yield Damage("cut", where, end, END)
        if len(words) > 1:
            yield Damage("cut", where, start + len(line.rstrip()) - len(words) // 2, END)
        if value := _VALUE.search(line.rstrip("\r\n")):
            yield Damage("value emptied", where, start + value.start(1), start + value.end(1))
        start = end
