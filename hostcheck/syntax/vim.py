"""vSphere data objects as XML: one managed object's properties, and typed reads of what is in them.

An `ObjectContent` names the object, then the properties that were given (`propSet`) and those that
were refused (`missingSet`). A path in neither was not set by the server, or not known to it.
"""

from collections.abc import Callable, Container, Hashable, Iterator
from functools import lru_cache
from typing import TypeVar
from xml.etree import ElementTree as ET

from hostcheck.errors import ParseError
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.model.pci import PciAddress, from_hex
from hostcheck.syntax import vim_text
from hostcheck.syntax.repeats import Reads, Repeats
from hostcheck.syntax.vim_node import (
    NOT_SET,
    XSI_TYPE,
    Node,
    empty,
    number_of,
    one_of,
    truth_of,
)
from hostcheck.syntax.vim_shape import all_shaped, shaped
from hostcheck.syntax.xml import local, root_of

T = TypeVar("T")

PERMISSION_FAULTS = ("NoPermission", "NotAuthenticated", "InvalidLogin", "RestrictedVersion")


class Value:
    """A property's `<val>` as text, and what was read of it so far: objects may share it."""

    __slots__ = ("path", "reads", "text")

    def __init__(self, path: str, text: str, reads: Reads | None = None) -> None:
        self.path = path
        self.text = text
        self.reads = reads
        """None until something was read."""


class VimObject:
    """One managed object of an answer. Its values are read when asked for, equal ones once."""

    def __init__(self, kind: str, id_: str, head: str, what: str) -> None:
        """Take what `_cut` found. `head` opens the element that declares the namespaces."""
        self.kind = kind
        self.id = id_
        self._head = head
        self._what = what
        self.values: dict[str, Value] = {}
        """Of each property that was told."""
        self._nodes: dict[str, Node] = {}
        self._missing: dict[str, Unknown] = {}

    def miss(self, part: ET.Element) -> None:
        """Take a `missingSet`: a property that was refused, and why."""
        path, fault = "", ET.Element("fault")
        for field in part:
            if local(field) == "path":
                path = (field.text or "").strip()
            elif local(field) == "fault":
                fault = field
        self._missing[path] = refusal(Node(fault, path), f"{self.kind} {path}")

    def node(self, path: str) -> Node | Unknown:
        """Return a property's value as parsed, or why it is not there; nothing of it is kept."""
        value = self.values.get(path)
        return self._not_there(path) if value is None else self._node(path, value.text)

    def tells(self, *paths: str) -> bool:
        """Say whether the answer holds any of these properties, be it as one that was refused."""
        return any(path in self.values or path in self._missing for path in paths)

    def read(self, path: str, by: Callable[[Node], T]) -> T | Unknown:
        """Return what a function makes of a property's value, or why the value is not there.

        A function of a module, that is: what it returns is kept under it and given to the next
        object with the same value. Raises what the function raises.
        """
        return self._once(path, by, lambda value: by(self._node(path, value.text)))

    def words(self, path: str) -> tuple[str, ...] | Unknown:
        """Return the members of an array of words."""
        return self._once(path, VimObject.words, lambda value: self._words_of(path, value))

    def _words_of(self, path: str, value: Value) -> tuple[str, ...] | Unknown:
        found = vim_text.words(self._head, value.text)
        read = self.each(path, _words) if found is None else found
        if not isinstance(read, Unknown) and not all(read):
            return empty(f"{self.kind} {path}", ())
        return read

    def may_say(self, path: str, field: str, word: str) -> bool:
        """Say whether a word may stand in a data object that lists `field`: not, if surely not."""
        value = self.values.get(path)
        if value is None or not vim_text.begins(self._head, value.text):
            return True
        return not vim_text.lacks(value.text, field, word)

    def untyped(self, path: str, field: str) -> bool:
        """Say whether a data object has a `field` that does not say of which type it is."""
        return vim_text.untyped(self._text(path), field)

    def unlisted(self, path: str, field: str) -> str:
        """Return a key that one member names by `field`, and that none has; empty without one."""
        return vim_text.unlisted(self._text(path), field)

    def pairs(self, path: str) -> tuple[tuple[str, str], ...] | Unknown:
        """Return the keys and values of an array of them; a pair without one of both is left out.

        No value is remembered: those of settings differ.
        """
        value = self.values.get(path)
        if value is None:
            return self._not_there(path)
        found = vim_text.pairs(self._head, value.text)
        if found is not None:
            return found
        members = self._node(path, value.text).items()
        read = ((_told(one, "key"), _told(one, "value")) for one in members)
        return tuple((key, it) for key, it in read if isinstance(key, str) and isinstance(it, str))

    def _text(self, path: str) -> str:
        value = self.values.get(path)
        return "" if value is None else value.text

    def each(self, path: str, by: Callable[[Node], T], field: str = "") -> tuple[T, ...] | Unknown:
        """Return what a function makes of each member of an array property, like `read`.

        Of a data object the members are its fields called `field`. Equal members are read once.
        """
        return self._each(path, by, field, ())  # type: ignore[return-value]

    def each_with(
        self, words: tuple[str, ...], path: str, by: Callable[[Node], T], field: str = ""
    ) -> tuple[T | None, ...] | Unknown:
        """Do the same; a member that has none of the words in its text is not read, and None.

        A function is given with the same words each time.
        """
        return self._each(path, by, field, words)

    def _each(
        self, path: str, by: Callable[[Node], T], field: str, words: tuple[str, ...]
    ) -> tuple[T | None, ...] | Unknown:
        return self._once(
            path, ("each", by),
            lambda value: tuple(self._members(path, value.text, by, field, words)),
        )  # fmt: skip

    def _members(
        self, path: str, text: str, by: Callable[[Node], T], field: str, words: tuple[str, ...]
    ) -> Iterator[T | None]:
        head = self._head + vim_text.opening(text)
        asked = ".".join((f"{self.kind} {path}", field)) if field else f"{self.kind} {path}"
        repeats = _repeats(self.kind, f"{path}[]", head)
        sound = vim_text.opens(head)
        if sound and not (repeats.on or field or words):
            row = all_shaped(text, len(vim_text.opening(text)), head, asked)
            if row is not None:
                yield from [one.once(by) for one in row]
                return
        members = vim_text.members(text, field) if sound else None
        # Cutting pays where members come again, most are not read, or are of shapes that do.
        pays = repeats.on or words or (members and shaped(members[0], head, asked))
        if members is None or not pays:
            node = self._node(path, text)
            yield from map(by, node.children(field) if field else node.items())
            return
        for member in members:
            reads = repeats.of(member)
            if by in reads:
                yield reads[by]
            elif words and "&" not in member and not any(word in member for word in words):
                yield reads.setdefault(by, None)
            else:
                cut = shaped(member, head, asked)
                node = cut or Node(self._parsed(f"{head}{member}</val>", path)[-1], asked)
                yield reads.setdefault(by, by(node) if repeats.on else node.once(by))

    def text(self, path: str, *fields: str) -> Reading[str]:
        """Return the text of a property, or of a field inside it."""
        return self._once(path, fields, lambda value: self._text_of(value, fields))

    def _text_of(self, value: Value, fields: tuple[str, ...]) -> Reading[str]:
        path, text, words = value.path, value.text, None
        if not fields:
            words = vim_text.plain(self._head, text)
        elif len(fields) == 1:
            found = self._once(path, vim_text.leading_fields, self._leading)
            words = None if isinstance(found, Unknown) else found.get(fields[0])
            lacks = words is None and fields[0] not in text  # it need not be parsed
            if lacks and vim_text.begins(self._head, text):
                return Unknown(Why.ABSENT, NOT_SET, f"{self.kind} {path}.{fields[0]}")
            if words is None:
                words = vim_text.trailing_field(self._head, text, fields[0])
        if words is not None:
            return words or empty(f"{self.kind} {path}", fields)
        return self._node(path, text).text(*fields)

    def _leading(self, value: Value) -> dict[str, str]:
        return vim_text.leading_fields(self._head, value.text)

    def word(self, path: str, *fields: str, among: Container[str]) -> Reading[str]:
        """Return one of the words that a property, or a field inside it, can hold."""
        words = self.text(path, *fields)
        if isinstance(words, Unknown) or words in among:
            return words
        return one_of(words, among, ".".join((f"{self.kind} {path}", *fields)))

    def number(self, path: str, *fields: str) -> Reading[int]:
        """Return an integer of a property."""
        return self._once(
            path, (int, fields), lambda _: number_of(self.text(path, *fields), path, fields)
        )

    def truth(self, path: str, *fields: str) -> Reading[bool]:
        """Return a boolean of a property."""
        return self._once(
            path, (bool, fields), lambda _: truth_of(self.text(path, *fields), path, fields)
        )

    def _once(self, path: str, key: Hashable, by: Callable[[Value], T]) -> T | Unknown:
        """Return what a function makes of a value, kept under that key with all that is like it."""
        value = self.values.get(path)
        if value is None:
            return self._not_there(path)
        reads = value.reads
        if reads is None:
            reads = value.reads = _repeats(self.kind, path, self._head).of(value.text)
        if key not in reads:
            reads[key] = by(value)
        return reads[key]  # type: ignore[no-any-return]

    def _not_there(self, path: str) -> Unknown:
        return self._missing.get(path) or Unknown(Why.ABSENT, NOT_SET, f"{self.kind} {path}")

    def _node(self, path: str, text: str) -> Node:
        if path not in self._nodes:
            value = self._parsed(self._head + text, path)
            self._nodes[path] = Node(value, f"{self.kind} {path}")
        return self._nodes[path]

    def _parsed(self, text: str, path: str) -> ET.Element:
        root = root_of(f"{text}</objects>", what=f"{self._what} {path}")
        if not len(root):
            raise ParseError(f"{self._what} {path}: a property without a value")
        return root[-1]


def _told(node: Node, name: str) -> str | None:
    """Return the text of a field that may be empty, None where it is not there."""
    field = node.child(name)
    return None if isinstance(field, Unknown) else field.words


def _words(node: Node) -> str:
    return node.words


@lru_cache(1024)
def remembered(_kind: str, _head: str) -> dict[str, Value]:
    """Return the short values of objects of a kind, by how one server writes them."""
    return {}


@lru_cache(1024)
def _repeats(_kind: str, _path: str, _head: str) -> Repeats:
    """Return what is remembered of one property, as one server writes it."""
    return Repeats()


def refusal(fault: Node, asked: str) -> Unknown:
    """Turn a `LocalizedMethodFault`, or a SOAP fault's detail, into the reason for not knowing."""
    kind, privilege, message = "", "", ""
    for element in fault.element.iter():
        name = local(element)
        kind = kind or element.get(XSI_TYPE, "").rpartition(":")[2]
        if name == "privilegeId":
            privilege = (element.text or "").strip()
        elif name in ("localizedMessage", "faultstring") and element.text:
            message = element.text.strip()
    why = Why.DENIED if kind.startswith(PERMISSION_FAULTS) else Why.ABSENT
    if kind.startswith(("HostNotConnected", "HostCommunication", "HostNotReachable")):
        why = Why.UNREACHABLE
    elif kind.startswith(("RequestTimedout", "Timedout", "QueryExecutionTimedout")):
        why = Why.TIMEOUT
    detail = " ".join(word for word in (kind, message) if word) or "refused without a reason"
    return Unknown(why, detail, asked, privilege)


def some(count: Reading[int], asked: str) -> Reading[int]:
    """Return a number of which there is at least one."""
    if isinstance(count, Unknown) or count > 0:
        return count
    return Unknown(Why.UNPARSED, f"a number that cannot be: {count}", asked)


def some_words(found: VimObject, path: str) -> Reading[tuple[str, ...]]:
    """Return the words of an array that is never empty; one that is lost what it held."""
    words = found.words(path)
    return words or Unknown(Why.UNPARSED, "an empty list", f"{found.kind} {path}")


def must(reading: Reading[T]) -> T:
    """Return a field that the API never leaves out. Raises ParseError when it did."""
    if isinstance(reading, Unknown):
        raise ParseError(f"{reading.asked}: {reading.detail}")
    return reading


def address_in(node: Node, *path: str) -> PciAddress:
    """Return the PCI address in a field. Raises ParseError where it is none."""
    words = must(node.text(*path))
    try:
        return from_hex(words)
    except ValueError as error:
        raise ParseError(f"{node.asked}: {error}") from None
