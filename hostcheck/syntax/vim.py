"""vSphere data objects as XML: one managed object's properties, and typed reads of what is in them.

An `ObjectContent` names the object, then the properties that were given (`propSet`) and those that
were refused (`missingSet`). A path in neither was not set by the server, or not known to it.
"""

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from hostcheck.errors import ParseError
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.syntax.xml import local, root_of

XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
PERMISSION_FAULTS = ("NoPermission", "NotAuthenticated", "InvalidLogin", "RestrictedVersion")


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
        for element in self.element:
            if local(element) == name:
                return Node(element, f"{self.asked}.{name}")
        return Unknown(Why.ABSENT, "the server did not set it", f"{self.asked}.{name}")

    def children(self, name: str) -> "Iterator[Node]":
        """Yield every field of that name: vSphere repeats the element of an array."""
        for element in self.element:
            if local(element) == name:
                yield Node(element, f"{self.asked}.{name}")

    def items(self) -> "Iterator[Node]":
        """Yield the members of an `ArrayOf...` value."""
        for element in self.element:
            yield Node(element, self.asked)

    def text(self, *path: str) -> Reading[str]:
        """Return the text of a field, however deep."""
        node: Node | Unknown = self
        for name in path:
            if isinstance(node, Unknown):
                return node
            node = node.child(name)
        return node if isinstance(node, Unknown) else node.words

    def number(self, *path: str) -> Reading[int]:
        """Return an integer field."""
        words = self.text(*path)
        if isinstance(words, Unknown):
            return words
        try:
            return int(words)
        except ValueError:
            asked = ".".join((self.asked, *path))
            return Unknown(Why.UNPARSED, f"not an integer: {words!r}", asked)

    def truth(self, *path: str) -> Reading[bool]:
        """Return a boolean field."""
        words = self.text(*path)
        if isinstance(words, Unknown):
            return words
        if words in ("true", "1"):
            return True
        if words in ("false", "0"):
            return False
        return Unknown(Why.UNPARSED, f"not a boolean: {words!r}", ".".join((self.asked, *path)))

    def numbers(self, name: str) -> tuple[int, ...]:
        """Return a repeated integer field. Raises ParseError when a member is none."""
        try:
            return tuple(int(node.words) for node in self.children(name))
        except ValueError as error:
            raise ParseError(f"{self.asked}.{name}: {error}") from None


class VimObject:
    """One managed object of an answer."""

    def __init__(self, element: ET.Element, what: str) -> None:
        self.kind = ""
        self.id = ""
        self._what = what
        self._values: dict[str, Node] = {}
        self._missing: dict[str, Unknown] = {}
        for part in element:
            match local(part):
                case "obj":
                    self.kind = part.get("type", "")
                    self.id = (part.text or "").strip()
                case "propSet":
                    self._take(part)
                case "missingSet":
                    self._miss(part)
        if not self.id:
            raise ParseError(f"{what}: expected an <objects> element that names its <obj>")

    def _take(self, part: ET.Element) -> None:
        name, value = "", None
        for field in part:
            if local(field) == "name":
                name = (field.text or "").strip()
            elif local(field) == "val":
                value = field
        if value is not None:
            self._values[name] = Node(value, f"{self.kind} {name}")

    def _miss(self, part: ET.Element) -> None:
        path, fault = "", ET.Element("fault")
        for field in part:
            if local(field) == "path":
                path = (field.text or "").strip()
            elif local(field) == "fault":
                fault = field
        self._missing[path] = refusal(Node(fault, path), f"{self.kind} {path}")

    def node(self, path: str) -> Node | Unknown:
        """Return a property's value, or why it is not there."""
        if path in self._values:
            return self._values[path]
        if path in self._missing:
            return self._missing[path]
        return Unknown(Why.ABSENT, "the server did not set it", f"{self.kind} {path}")

    def text(self, path: str, *fields: str) -> Reading[str]:
        """Return the text of a property, or of a field inside it."""
        node = self.node(path)
        return node if isinstance(node, Unknown) else node.text(*fields)

    def number(self, path: str, *fields: str) -> Reading[int]:
        """Return an integer of a property."""
        node = self.node(path)
        return node if isinstance(node, Unknown) else node.number(*fields)

    def truth(self, path: str, *fields: str) -> Reading[bool]:
        """Return a boolean of a property."""
        node = self.node(path)
        return node if isinstance(node, Unknown) else node.truth(*fields)


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


def objects_of(text: str, *, what: str) -> tuple[VimObject, ...]:
    """Read every `<objects>` of a text: one object as it was cut out of an answer, or a listing.

    Raises ParseError when the text is not XML, declares a document type, or holds no object.
    """
    if "<!DOCTYPE" in text:
        raise ParseError(f"{what}: a vSphere answer with a document type is refused")
    root = root_of(text, what=what)
    found = [root] if local(root) in ("objects", "ObjectContent") else list(root.iter())
    objects = tuple(
        VimObject(element, what)
        for element in found
        if local(element) in ("objects", "ObjectContent")
    )
    if not objects and local(root) != "listing":
        raise ParseError(f"{what}: expected <objects>, found <{local(root)}>")
    return objects


def object_of(text: str, *, kind: str) -> VimObject:
    """Read the one object of a capture. Raises ParseError when it is of another type."""
    found = objects_of(text, what=kind)[0]
    if found.kind != kind and not (kind == "ComputeResource" and found.kind.endswith(kind)):
        raise ParseError(f"expected a {kind}, found a {found.kind or 'nameless object'}")
    return found
