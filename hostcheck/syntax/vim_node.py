"""One data object of vSphere: typed reads of the fields of a parsed element."""

from collections.abc import Callable, Container, Iterator
from typing import TypeVar
from xml.etree import ElementTree as ET

from hostcheck.errors import ParseError
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.syntax.xml import local

T = TypeVar("T")

NOT_SET = "the server did not set it"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XSI_TYPE = f"{{{XSI}}}type"
TRUTHS = {"true": True, "1": True, "false": False, "0": False}


class Node:
    """One data object: reads of its fields are values, or Unknown with the field's path."""

    __slots__ = ("asked", "element")

    def __init__(self, element: ET.Element, asked: str) -> None:
        self.element = element
        self.asked = asked

    def once(self, by: "Callable[[Node], T]") -> T:
        """Return what a function of a module makes of the object: a value that nobody changes."""
        return by(self)

    @property
    def type(self) -> str:
        """The `xsi:type` without its prefix, empty when the server sent none."""
        return kind_of(self.element)

    @property
    def words(self) -> str:
        """The text of the element itself."""
        return (self.element.text or "").strip()

    def child(self, name: str) -> "Node | Unknown":
        """Return the field, or why it is not there."""
        found = _field(self.element, name)
        if found is None:
            return Unknown(Why.ABSENT, NOT_SET, f"{self.asked}.{name}")
        return Node(found, f"{self.asked}.{name}")

    def children(self, name: str) -> "Iterator[Node]":
        """Yield every field of that name: vSphere repeats the element of an array."""
        asked = f"{self.asked}.{name}"
        for element in self.element:
            if element.tag == name or local(element) == name:
                yield Node(element, asked)

    def items(self) -> "Iterator[Node]":
        """Yield the members of an `ArrayOf...` value."""
        for element in self.element:
            yield Node(element, self.asked)

    def text(self, *path: str) -> Reading[str]:
        """Return the text of a field, however deep. An element that is empty is no value."""
        words = self.element.findtext(path[0]) if len(path) == 1 else None
        if words is not None:
            return words.strip() or empty(self.asked, path)
        element = self.element
        for depth, name in enumerate(path, 1):
            found = _field(element, name)
            if found is None:
                asked = ".".join((self.asked, *path[:depth]))
                return Unknown(Why.ABSENT, NOT_SET, asked)
            element = found
        return (element.text or "").strip() or empty(self.asked, path)

    def word(self, *path: str, among: Container[str]) -> Reading[str]:
        """Return one of the words that a field can hold."""
        return one_of(self.text(*path), among, ".".join((self.asked, *path)))

    def tells(self, *names: str) -> bool:
        """Say whether any of these fields is there."""
        return any(_field(self.element, name) is not None for name in names)

    def number(self, *path: str) -> Reading[int]:
        """Return an integer field."""
        return number_of(self.text(*path), self.asked, path)

    def truth(self, *path: str) -> Reading[bool]:
        """Return a boolean field."""
        return truth_of(self.text(*path), self.asked, path)

    def numbers(self, name: str) -> tuple[int, ...]:
        """Return a repeated integer field. Raises ParseError when a member is none."""
        try:
            return tuple(int(node.words) for node in self.children(name))
        except ValueError as error:
            raise ParseError(f"{self.asked}.{name}: {error}") from None


def kind_of(element: ET.Element) -> str:
    """Return the `xsi:type` of an element without its prefix, empty when the server sent none."""
    return element.get(XSI_TYPE, "").rpartition(":")[2]


def empty(asked: str, path: tuple[str, ...]) -> Unknown:
    """Say that a value is empty. It was set to something, so no default stands for it."""
    return Unknown(Why.UNPARSED, "an empty element", ".".join((asked, *path)))


def one_of(words: Reading[str], among: Container[str], asked: str) -> Reading[str]:
    """Return a word that is among those which are known; another one says nothing."""
    if isinstance(words, Unknown) or words in among:
        return words
    return Unknown(Why.UNPARSED, f"a word that is not known: {words!r}", asked)


def number_of(words: Reading[str], asked: str, fields: tuple[str, ...]) -> Reading[int]:
    """Return the integer that words are."""
    if isinstance(words, Unknown):
        return words
    try:
        return int(words)
    except ValueError:
        return Unknown(Why.UNPARSED, f"not an integer: {words!r}", ".".join((asked, *fields)))


def truth_of(words: Reading[str], asked: str, fields: tuple[str, ...]) -> Reading[bool]:
    """Return the boolean that words are."""
    if isinstance(words, Unknown):
        return words
    if words in TRUTHS:
        return TRUTHS[words]
    return Unknown(Why.UNPARSED, f"not a boolean: {words!r}", ".".join((asked, *fields)))


def _field(element: ET.Element, name: str) -> ET.Element | None:
    """Return the first child of a name: bare, as values are cut, or in a namespace."""
    found = element.find(name)
    if found is not None:
        return found
    return next((one for one in element if local(one) == name), None)
