"""The objects in an answer of vSphere: cut from it as text, parsed where they are read."""

import re
from collections.abc import Iterator
from functools import lru_cache
from xml.etree import ElementTree as ET

from hostcheck.errors import ParseError
from hostcheck.syntax.vim import Value, VimObject, remembered
from hostcheck.syntax.vim_text import opens
from hostcheck.syntax.xml import local, root_of


def objects_of(text: str, *, what: str) -> Iterator[VimObject]:
    """Read every `<objects>` of a text: one object as it was cut out of an answer, or a listing.

    Raises ParseError when the text is not XML, declares a document type, or holds no object.
    """
    odd = "!" in text and "<!" in text  # one sign is found many times faster than two
    if odd and "<!DOCTYPE" in text:
        raise ParseError(f"{what}: a vSphere answer with a document type is refused")
    # A listing of a fleet is the longest text of a run: it is not copied.
    start = len(_LISTING[0]) if text.startswith(_LISTING[0]) else 0
    stop = len(text) - (len(_LISTING[1]) if text.endswith(_LISTING[1]) else 0)
    if odd or not text.endswith(_END, start, stop):
        yield from _parsed(text, what)
        return
    while start < stop:
        end = text.index(_END, start)
        one = text[start:end]
        start = end + len(_END)
        found = _cut(one, what)
        if found is None:
            yield from _parsed(one + _END, what)
        else:
            yield found


_END = "</objects>"
_LISTING = ("<listing>", "</listing>")

_START = re.compile(r'<objects([^>]*)><obj type="(\w+)">([^<&]+)</obj>')

_VALUE = ("<val ", "<val>", "<val/")

_DEFAULT_NAMESPACE = re.compile(r'\sxmlns="[^"]*"')

SHORT, REMEMBERED = 512, 2048
"""Characters of a property, and how many of a kind are remembered: most VMs have the same ones."""


@lru_cache(1024)
def _head(attributes: str) -> str:
    """Return the start tag that declares the prefixes of an object; empty where it is cut."""
    head = f"<objects{_DEFAULT_NAMESPACE.sub('', attributes)}>"
    return head if opens(f"<objects{attributes}>") and opens(head) else ""


def _cut(text: str, what: str) -> VimObject | None:
    """Cut an object, without its end tag, into its values; None when it is not as servers write it.

    Cutting costs a fraction of parsing, and leaves texts that can be compared.
    """
    first, *parts = text.split("<propSet><name>")
    start = _START.fullmatch(first)
    if start is None or not parts:
        return None
    head = _head(start[1])
    if not head:
        return None
    found = VimObject(start[2], start[3].strip(), head, what)
    parts[-1], end, refused = parts[-1].partition("</propSet>")
    parts[-1] += end
    short = remembered(found.kind, head)
    for part in parts:
        value = (short.get(part) if len(part) < SHORT else None) or _value(part, short)
        if value is None:
            return None
        found.values[value.path] = value
    if refused:
        try:
            missing = list(root_of(f"{head}{refused}{_END}", what=what))
        except ParseError:
            return None
        if any(local(one) != "missingSet" for one in missing):
            return None
        for one in missing:
            found.miss(one)
    return found


def _value(part: str, short: dict[str, Value]) -> Value | None:
    """Cut a property behind the start tag of its name, and remember it where it is short."""
    path, _, words = part.partition("</name>")
    if not words.startswith(_VALUE) or not words.endswith("</propSet>"):
        return None
    value = Value(path, words[: -len("</propSet>")])
    if len(part) < SHORT:
        value.reads = {}
        if len(short) >= REMEMBERED:
            short.clear()
        short[part] = value
    return value


def _parsed(text: str, what: str) -> Iterator[VimObject]:
    """Read objects of any spelling: with prefixes, blanks between elements, comments."""
    root = root_of(text, what=what)
    found = [root] if local(root) in ("objects", "ObjectContent") else list(root.iter())
    objects = [one for one in found if local(one) in ("objects", "ObjectContent")]
    if not objects and local(root) != "listing":
        raise ParseError(f"{what}: expected <objects>, found <{local(root)}>")
    for element in objects:
        yield _object(element, what)


def _object(element: ET.Element, what: str) -> VimObject:
    named = next((part for part in element if local(part) == "obj"), None)
    if named is None or not (named.text or "").strip():
        raise ParseError(f"{what}: expected an <objects> element that names its <obj>")
    found = VimObject(named.get("type", ""), (named.text or "").strip(), "<objects>", what)
    for part in element:
        if local(part) == "propSet":
            path, value = "", None
            for field in part:
                if local(field) == "name":
                    path = (field.text or "").strip()
                elif local(field) == "val":
                    value = field
            if value is not None:
                found.values[path] = Value(path, ET.tostring(value, encoding="unicode"))
        elif local(part) == "missingSet":
            found.miss(part)
    return found


_NAMED = re.compile(r"<(?:\w+:)?obj(?:\s[^<>]*)?>([^<]*)</")


def id_in(text: str) -> str:
    """Return the id of the first object of an answer, empty where it is not to be found."""
    found = _NAMED.search(text)
    return found[1].strip() if found else ""


def object_of(text: str, *, kind: str) -> VimObject:
    """Read the one object of a capture. Raises ParseError when it is of another type."""
    found = None
    if "!" not in text and text.endswith(_END):  # of one object the end need not be looked for
        found = _cut(text.removesuffix(_END), kind)
    found = found or next(objects_of(text, what=kind), None)
    if found is None:
        raise ParseError(f"expected a {kind}, found a listing of nothing")
    if found.kind != kind and not (kind == "ComputeResource" and found.kind.endswith(kind)):
        raise ParseError(f"expected a {kind}, found a {found.kind or 'nameless object'}")
    return found
