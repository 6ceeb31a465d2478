"""Named fields in sections: one neutral tree for XML and for indented `Name : value` text.

Names are compared by their letters and digits only, so `FB Memory Usage` and `fb_memory_usage`
are the same field. Trees are built and searched without recursion: no answer is too deep.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from xml.etree import ElementTree as ET

from msgspec import Struct

_SEPARATOR = re.compile(r"\s+:(?:\s+|$)")
_SPELLING = re.compile(r"[^a-z0-9]+")


class Field(Struct):
    """One field or section. A section may have a value of its own, a field may have children."""

    label: str
    value: str
    children: list["Field"]
    by_key: dict[str, list["Field"]] | None = None
    """The children by their names, as soon as one was asked for: none is added any more then."""

    def named(self, label: str) -> Sequence["Field"]:
        """Return the children of that name."""
        return self.under(key(label))

    def under(self, name: str) -> Sequence["Field"]:
        """Return the children of a name that is spelled as `key` does."""
        if not self.children:
            return ()
        return (self.by_key or self._index()).get(name, ())

    def keys(self) -> set[str]:
        """Return the names of the children, as `key` spells them."""
        return set(self._index())

    def _index(self) -> dict[str, list["Field"]]:
        if self.by_key is None:
            self.by_key = {}
            for child in self.children:
                self.by_key.setdefault(key(child.label), []).append(child)
        return self.by_key


def texts(section: Field) -> list[str]:
    """Return every label and value of a section and of all below it."""
    found: list[str] = []
    waiting = [section]
    while waiting:
        one = waiting.pop()
        found += (one.label, one.value)
        waiting += one.children
    return found


class Found(Struct, frozen=True):
    """A field that a path led to; `twice` when the path is ambiguous, so no value may be taken."""

    path: str
    value: str
    twice: bool = False


@cache
def key(label: str) -> str:
    """Return the letters and digits of a name in lower case."""
    return _SPELLING.sub("", label.lower())


def from_element(element: ET.Element) -> Field:
    """Turn XML into the tree; the value of an element without text is its `id` attribute."""
    root = _field(element)
    waiting = [(element, root)]
    while waiting:
        parent, field = waiting.pop()
        for child in parent:
            if isinstance(child.tag, str):
                field.children.append(_field(child))
                waiting.append((child, field.children[-1]))
    return root


def _field(element: ET.Element) -> Field:
    value = (element.text or "").strip() or element.get("id", "")
    return Field(element.tag.rpartition("}")[2], value, [])


def from_indented(lines: Iterable[str]) -> Field:
    """Turn lines into the tree: deeper indented lines belong to the line above them."""
    root = Field("", "", [])
    open_fields = [(-1, root)]
    for raw in lines:
        line = raw.expandtabs()
        body = line.strip()
        if not body:
            continue
        indent = len(line) - len(line.lstrip())
        while open_fields[-1][0] >= indent:
            open_fields.pop()
        label, *value = _SEPARATOR.split(body, maxsplit=1)
        field = Field(label, value[0].strip() if value else "", [])
        open_fields[-1][1].children.append(field)
        open_fields.append((indent, field))
    return root


def find(section: Field, *paths: str) -> Found | None:
    """Follow the first of the `a/b/c` paths that leads to a field.

    A path may end early at a section that is only a word (`Remapped Rows : N/A`): that word is
    then what the answer says about everything in it.
    """
    early: Found | None = None
    for path in paths:
        found, complete = _follow(section, path)
        if found is not None and complete:
            return found
        early = early or found
    return early


@cache
def _steps(path: str) -> tuple[tuple[int, str], ...]:
    """Return the names on a path, and how many come after each. Paths are constants of parsers."""
    names = path.split("/")
    return tuple((len(names) - at, key(name)) for at, name in enumerate(names, 1))


def _follow(section: Field, path: str) -> tuple[Found | None, bool]:
    here = section
    walked = ""
    for left, step in _steps(path):
        matches = here.under(step)
        if not matches:
            return None, False
        here = matches[0]
        walked = f"{walked}/{here.label}" if walked else here.label
        if len(matches) > 1:
            return Found(walked, here.value, twice=True), True
        if not left or (here.value and not here.children):
            return Found(walked, here.value), not left
    return None, False
