"""Named fields in sections: one neutral tree for XML and for indented `Name : value` text.

Names are compared by their letters and digits only, so `FB Memory Usage` and `fb_memory_usage`
are the same field. Trees are built and searched without recursion: no answer is too deep.
"""

import re
from collections.abc import Iterable, Iterator
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

    def named(self, label: str) -> list["Field"]:
        """Return the children of that name."""
        wanted = key(label)
        return [child for child in self.children if key(child.label) == wanted]

    def keys(self) -> set[str]:
        """Return the names of the children, as `key` spells them."""
        return {key(child.label) for child in self.children}


def texts(section: Field) -> Iterator[str]:
    """Yield every label and value of a section and of all below it."""
    waiting = [section]
    while waiting:
        one = waiting.pop()
        yield one.label
        yield one.value
        waiting += one.children


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


def _follow(section: Field, path: str) -> tuple[Found | None, bool]:
    steps = path.split("/")
    here = section
    walked: list[str] = []
    for position, step in enumerate(steps):
        matches = here.named(step)
        if not matches:
            return None, False
        here = matches[0]
        walked.append(here.label)
        complete = position + 1 == len(steps)
        if len(matches) > 1:
            return Found("/".join(walked), here.value, twice=True), True
        if complete or (here.value and not here.children):
            return Found("/".join(walked), here.value), complete
    return None, False
