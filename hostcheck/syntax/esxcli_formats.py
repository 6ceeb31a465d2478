"""The shapes that esxcli makes for machines: xml, json, keyvalue, csv, and the API's XML."""

import csv
import io
import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from hostcheck.errors import ParseError
from hostcheck.syntax.record import Record, key
from hostcheck.syntax.xml import local, root_of

Fields = dict[str, tuple[str, ...]]
Pair = tuple[str, ET.Element]

_DEEPEST = 20
KEYVALUE = re.compile(r"([A-Za-z_]\w*(?:\[\d+\])?(?:\.\w+(?:\[\d+\])?)*)=(.*)", re.ASCII)
_INDEX = re.compile(r"\[(\d+)\]")
_SCHEMA_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_PRIMITIVES = ("string", "integer", "boolean", "long", "double", "float", "int", "uint")


def row(what: str, names: Sequence[str], cells: Sequence[str]) -> Record:
    """Return a line of a table."""
    return Record(what, {key(name): (cell,) for name, cell in zip(names, cells, strict=False)})


def xml_of(text: str, what: str) -> ET.Element:
    """Read the XML of an answer. Raises ParseError."""
    try:
        return root_of(text, what=what)
    except ValueError as error:
        raise ParseError(f"{what}: not XML that can be read ({error})") from None


def from_xml(root: ET.Element, what: str) -> tuple[Record, ...]:
    """Read `<output><root>` of --formatter=xml, or `<obj>` of the API."""
    if local(root) == "output":
        top = next((child for child in root if local(child) == "root"), None)
        if top is None:
            raise ParseError(f"{what}: expected <root> in the xml output of esxcli")
        held = list(top)
        while len(held) == 1 and local(held[0]) == "list":
            held = list(held[0])
        return tuple(_collect(what, element, _formatter_fields) for element in held)
    if local(root) == "obj":
        is_array = root.get(_SCHEMA_TYPE, "").rpartition(":")[2].startswith("ArrayOf")
        held = list(root) if is_array or _holds_objects(root) else [root]
        return tuple(_collect(what, element, _object_fields) for element in held)
    raise ParseError(f"{what}: expected XML of esxcli, not <{local(root)}>")


def _holds_objects(root: ET.Element) -> bool:
    return any(local(child) == "DataObject" for child in root)


def _collect(
    what: str, element: ET.Element, inner: Callable[[ET.Element], Iterator[Pair]]
) -> Record:
    """Flatten a structure, asking `inner` for the fields of each level."""
    fields: dict[str, list[str]] = {}
    waiting = deque([("", element, 0)])
    while waiting:
        prefix, holder, depth = waiting.popleft()
        if depth > _DEEPEST:
            raise ParseError(f"{what}: XML nested deeper than {_DEEPEST} levels")
        for name, value in inner(holder):
            if len(value):
                waiting.append((prefix + name, value, depth + 1))
            else:
                fields.setdefault(prefix + name, []).append(value.text or "")
    return Record(what, {name: tuple(values) for name, values in fields.items()})


def _formatter_fields(holder: ET.Element) -> Iterator[Pair]:
    """Yield the values of `<field name=..>`; those of a list bear the name of their field."""
    for child in holder:
        if local(child) == "field":
            for value in child:
                yield key(child.get("name", "")), value
        else:
            yield "", child


def _object_fields(holder: ET.Element) -> Iterator[Pair]:
    """Yield the elements of a data object."""
    for child in holder:
        yield key(local(child)), child


def json_of(text: str) -> Any:
    """Return the tree, or None: a VM's name may begin with a bracket too."""
    try:
        return json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None


def from_json(tree: Any, what: str) -> tuple[Record, ...]:
    """Read objects, one or a list of them. Raises ParseError."""
    records = []
    for item in tree if isinstance(tree, list) else [tree]:
        if not isinstance(item, dict):
            raise ParseError(f"{what}: expected objects in JSON, not {type(item).__name__}")
        fields: dict[str, list[str]] = {}
        _flatten(item, "", fields, what, _DEEPEST)
        records.append(Record(what, {name: tuple(values) for name, values in fields.items()}))
    return tuple(records)


def _flatten(value: Any, name: str, into: dict[str, list[str]], what: str, depth: int) -> None:
    if depth == 0:
        raise ParseError(f"{what}: JSON nested deeper than {_DEEPEST} levels")
    if isinstance(value, dict):
        for field, inner in value.items():
            _flatten(inner, name + key(field), into, what, depth - 1)
    elif isinstance(value, list):
        into.setdefault(name, [])
        for inner in value:
            _flatten(inner, name, into, what, depth - 1)
    else:
        words = "" if value is None else str(value).lower() if value in (True, False) else value
        into.setdefault(name, []).append(str(words))


def from_keyvalue(lines: Sequence[str], what: str) -> tuple[Record, ...]:
    """Read `structure[0].Nic.Name.string=vmnic0`: index, type, then field and type in turn."""
    found: dict[int, dict[str, list[str]]] = {}
    for line in lines:
        match = KEYVALUE.fullmatch(line.strip())
        if match is None:
            continue
        path = match[1].split(".")
        index = 0
        if len(path) > 1 and (number := _INDEX.search(path[0])):
            index = int(number[1][:9])
            path = path[1:]
        path = [_INDEX.sub("", part) for part in path]
        if path[-1] in (*_PRIMITIVES, "list"):
            path = path[:-1]
        name = "".join(key(part) for part in path[1::2])
        found.setdefault(index, {}).setdefault(name, []).append(match[2])
    return tuple(
        Record(what, {name: tuple(values) for name, values in fields.items()})
        for _, fields in sorted(found.items())
    )


def from_csv(text: str, what: str) -> tuple[Record, ...]:
    """Read a table with its header. Raises ParseError."""
    try:
        rows = list(filter(None, csv.reader(io.StringIO(re.sub(r"\r+\n?", "\n", text)))))
    except csv.Error as error:
        raise ParseError(f"{what}: not CSV that can be read ({error})") from None
    return tuple(row(what, rows[0], one) for one in rows[1:])
