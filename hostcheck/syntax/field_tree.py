"""Named fields in sections: one neutral tree for XML and for indented `Name : value` text.

Names are compared by their letters and digits only, so `FB Memory Usage` and `fb_memory_usage`
are the same field. Trees are built and searched without recursion: no answer is too deep.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from xml.etree import ElementTree as ET

from msgspec import Struct

_SEPARATOR = re.compile(r"(?<!\s)\s+:(?:\s+|$)")
_SPELLING = re.compile(r"[^a-z0-9]+")


class Field(Struct):
    """One field or section. A section may have a value of its own, a field may have children."""

    label: str
    value: str
    held: list["Field"]
    element: ET.Element | None = None
    """The children as they were read: of a log most are never asked for."""
    routes: dict[tuple[str, ...], tuple["Route", ...]] | None = None
    """Where paths lead to in every section that looks `alike`."""

    @property
    def children(self) -> list["Field"]:
        """The fields below it."""
        if self.element is not None and not self.held:
            self.held = list(map(from_element, self.element))
        return self.held

    def named(self, label: str) -> Sequence["Field"]:
        """Return the children of that name."""
        return self.under(key(label))

    def under(self, name: str) -> Sequence["Field"]:
        """Return the children of a name that is spelled as `key` does."""
        return [self.below(at) for at in self.places().get(name, ())]

    def below(self, at: int) -> "Field":
        """Return a child by its place."""
        return self.held[at] if self.element is None else from_element(self.element[at])

    def places(self) -> dict[str, list[int]]:
        """Return where the children are by their names, as `key` spells them."""
        if self.element is None:
            return _places(tuple([one.label for one in self.held]))
        return _places(_locals(tuple([one.tag for one in self.element])))


class Route(Struct, frozen=True):
    """Where a path leads to: the places of the fields on it, and its labels."""

    places: tuple[int, ...]
    path: str
    whole: bool = True
    """Whether it is the field, and not a section on the path that has no children."""
    twice: bool = False


@lru_cache(1024)
def _locals(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(tag.rpartition("}")[2] for tag in tags)


@lru_cache(1024)
def _places(labels: tuple[str, ...]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for at, label in enumerate(labels):
        found.setdefault(key(label), []).append(at)
    return found


def alike(section: Field) -> Field:
    """Return a section that remembers where paths lead to in those of the same elements."""
    if section.element is None:
        return section
    every = [*section.element.iter()]
    known = _known(tuple([one.tag for one in every]), tuple(map(len, every)))
    return Field(section.label, section.value, section.held, section.element, known)


@lru_cache(256)
def _known(
    _tags: tuple[str, ...], _children: tuple[int, ...]
) -> dict[tuple[str, ...], tuple[Route, ...]]:
    return {}


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
    label = element.tag.rpartition("}")[2]
    return Field(label, _value(element), [], element if len(element) else None)


def _value(element: ET.Element) -> str:
    return (element.text or "").strip() or element.get("id", "")


def from_indented(lines: Iterable[str]) -> Field:
    """Turn lines into the tree: deeper indented lines belong to the line above them."""
    root = Field("", "", [])
    open_fields = [(-1, root)]
    for raw in lines:
        indent, label, value = _parted(raw)
        if indent < 0:
            continue
        while open_fields[-1][0] >= indent:
            open_fields.pop()
        field = Field(label, value, [])
        open_fields[-1][1].held.append(field)
        open_fields.append((indent, field))
    return root


@lru_cache(4096)
def _parted(raw: str) -> tuple[int, str, str]:
    """Return indentation, label and value of a line; an indentation of -1 where it is blank."""
    line = raw.expandtabs()
    body = line.strip()
    label, *value = _SEPARATOR.split(body, maxsplit=1)
    indent = len(line) - len(line.lstrip()) if body else -1
    return indent, label, value[0].strip() if value else ""


def find(section: Field, *paths: str) -> Found | None:
    """Follow the first of the `a/b/c` paths that leads to a field.

    A path may end early at a section that is only a word (`Remapped Rows : N/A`): that word is
    then what the answer says about everything in it.
    """
    early: Found | None = None
    for route in _routes(section, paths):
        value = _at(section, route.places)
        if route.whole:
            return Found(route.path, value, route.twice)
        if value and early is None:
            early = Found(route.path, value)
    return early


def _routes(section: Field, paths: tuple[str, ...]) -> tuple[Route, ...]:
    known = {} if section.routes is None else section.routes
    if paths not in known:
        known[paths] = tuple(one for path in paths if (one := _route(section, path)) is not None)
    return known[paths]


def _at(section: Field, places: tuple[int, ...]) -> str:
    element = section.element
    if element is None:
        for place in places:
            section = section.below(place)
        return section.value
    for place in places:
        element = element[place]
    return _value(element)


@cache
def _steps(path: str) -> tuple[tuple[int, str], ...]:
    """Return the names on a path, and how many come after each. Paths are constants of parsers."""
    names = path.split("/")
    return tuple((len(names) - at, key(name)) for at, name in enumerate(names, 1))


def _route(section: Field, path: str) -> Route | None:
    here, labels = section, []
    places: tuple[int, ...] = ()
    for left, step in _steps(path):
        matches = here.places().get(step)
        if not matches:
            return None
        here = here.below(matches[0])
        places += (matches[0],)
        labels.append(here.label)
        if not left or len(matches) > 1:
            return Route(places, "/".join(labels), twice=len(matches) > 1)
        if not here.places():
            return Route(places, "/".join(labels), whole=False)
    return None
