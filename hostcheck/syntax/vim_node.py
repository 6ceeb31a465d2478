"""One data object of vSphere: typed reads of its fields, from a parsed element or cut as text."""

import re
from collections.abc import Container, Iterator, Sequence
from xml.etree import ElementTree as ET

from hostcheck.errors import ParseError
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.syntax.xml import local

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

    @property
    def type(self) -> str:
        """The `xsi:type` without its prefix, empty when the server sent none."""
        return self.element.get(XSI_TYPE, "").rpartition(":")[2]

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


class Plain(Node):
    """A data object that holds nothing but plain fields, cut from its text: no parser is needed."""

    __slots__ = ("_first", "_names", "_type", "_values", "_words")

    def __init__(
        self, asked: str, type_: str, words: str, names: Sequence[str], values: Sequence[str]
    ) -> None:
        """Take names and values of its fields in their order, and the words outside of them."""
        self.asked = asked
        self._type = type_
        self._words = words
        self._names = names
        self._values = values
        self._first = dict(zip(names, values, strict=True))
        if len(self._first) < len(names):  # of fields that come again the first one counts
            self._first = dict(zip(reversed(names), reversed(values), strict=True))

    @property
    def type(self) -> str:
        """The `xsi:type` without its prefix, empty when the server sent none."""
        return self._type

    @property
    def words(self) -> str:
        """The text outside of the fields."""
        return self._words

    def child(self, name: str) -> Node | Unknown:
        """Return the field, or why it is not there."""
        return next(self.children(name), None) or self._not_set(name)

    def children(self, name: str) -> Iterator[Node]:
        """Yield every field of that name."""
        asked = f"{self.asked}.{name}"
        return (
            Plain(asked, "", words.strip(), (), ())
            for one, words in zip(self._names, self._values, strict=True)
            if one == name
        )

    def items(self) -> Iterator[Node]:
        """Yield all fields."""
        return (Plain(self.asked, "", words.strip(), (), ()) for words in self._values)

    def tells(self, *names: str) -> bool:
        """Say whether any of these fields is there."""
        return not self._first.keys().isdisjoint(names)

    def text(self, *path: str) -> Reading[str]:
        """Return the text of a field; a plain one has no fields of its own."""
        if len(path) == 1 and path[0] in self._first:
            return self._first[path[0]].strip() or empty(self.asked, path)
        if not path:
            return self._words or empty(self.asked, path)
        return self._not_set(*path[: 2 if path[0] in self._first else 1])

    def number(self, *path: str) -> Reading[int]:
        """Return an integer field."""
        try:
            return int(self._first.get(path[0], "")) if len(path) == 1 else super().number(*path)
        except ValueError:
            return super().number(*path)

    def truth(self, *path: str) -> Reading[bool]:
        """Return a boolean field."""
        told = TRUTHS.get(self._first.get(path[0], "")) if len(path) == 1 else None
        return super().truth(*path) if told is None else told

    def numbers(self, name: str) -> tuple[int, ...]:
        """Return a repeated integer field. Raises ParseError when a member is none."""
        told = zip(self._names, self._values, strict=True)
        try:
            return tuple([int(words.strip()) for one, words in told if one == name])
        except ValueError as error:
            raise ParseError(f"{self.asked}.{name}: {error}") from None

    def _not_set(self, *path: str) -> Unknown:
        return Unknown(Why.ABSENT, NOT_SET, ".".join((self.asked, *path)))


_FIELD = re.compile(r"<([A-Za-z]\w*)>([^<>&\x00-\x1f]*)</\1>", re.ASCII)
_WORDS = re.compile(r"[^<>&\x00-\x1f]*")
_START = re.compile(r'<([A-Za-z_]\w*)(?: ([\w.-]+):type="([^<>&"\x00-\x1f]*)")?>', re.ASCII)


def plain(text: str, head: str, asked: str) -> Plain | None:
    """Cut a data object, from its start tag to its end tag, where all its fields are plain.

    `head` are the start tags around it, which declare prefixes. None where it is spelt in any other
    way: the parser reads that.
    """
    start = _START.match(text)
    if start is None or not text.endswith(f"</{start[1]}>"):
        return None
    prefix, type_ = start[2], start[3] or ""
    if prefix and not head.rpartition(f' xmlns:{prefix}="')[2].startswith(f'{XSI}"'):
        return None
    parts = _FIELD.split(text[start.end() : -len(start[1]) - len("</>")])
    words = "".join(parts[::3])  # between fields, where only words of its own may stand
    if words and (len(parts) > 1 or _WORDS.fullmatch(words) is None):
        return None
    return Plain(asked, type_.rpartition(":")[2], words.strip(), parts[1::3], parts[2::3])


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
