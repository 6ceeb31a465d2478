"""Every shape in which esxcli answers, read into records.

Text: one indented record, blocks under bare headings, tables. Formatters: xml, json, keyvalue, csv.
Over the vSphere API: the XML inside an ExecuteSoap reply. The caller names the fields it `knows`:
an answer that holds none of them is not this command's, whatever its shape. Nested structures
become joined names, `Driver Info.Bus Info`.
"""

import csv
import io
import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

from hostcheck.errors import ParseError
from hostcheck.model import pci
from hostcheck.syntax.record import Record, key
from hostcheck.syntax.xml import local, root_of

__all__ = ["Record", "record_of", "records_of", "scalar_of"]

Fields = dict[str, tuple[str, ...]]
Pair = tuple[str, ET.Element]

_DEEPEST = 20
_FIELD = re.compile(r"(\s*)([A-Za-z][\w ()/.+-]{0,60}):(?:\s+(.*))?", re.ASCII)
_HEX = re.compile(r"[0-9A-Fa-f:.]+")
"""Of what an address is made. Every line is asked whether it is one, and nearly none is."""
_RULE = re.compile(r"\s*-{2,}(?:\s+-+)*\s*")
_DASHES = re.compile(r"-+")
_GAP = re.compile(r"\s{2,}")
_KEYVALUE = re.compile(r"([A-Za-z_]\w*(?:\[\d+\])?(?:\.\w+(?:\[\d+\])?)*)=(.*)", re.ASCII)
_INDEX = re.compile(r"\[(\d+)\]")
_SCHEMA_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_PRIMITIVES = ("string", "integer", "boolean", "long", "double", "float", "int", "uint")


def record_of(text: str, *, what: str, knows: Sequence[str]) -> Record:
    """Read the answer of a `get` command: exactly one record with at least one known field.

    Lines of the text form that are no fields are passed over.
    """
    text = _unmarked(text)
    if not text.strip():
        raise ParseError(f"{what}: expected {_some(knows)}, but the answer is empty")
    records = _structured(text, what, knows)
    if records is None:
        records = (_single(_lines(text), what, knows),)
    _insist(records, text, what, knows)
    if len(records) != 1:
        raise ParseError(f"{what}: expected one record, found {len(records)}")
    return records[0]


def records_of(
    text: str,
    *,
    what: str,
    knows: Sequence[str],
    columns: Sequence[str] = (),
    optional: int = 0,
    may_be_empty: bool = True,
) -> tuple[Record, ...]:
    """Read the answer of a `list` command, in its order.

    `columns` names the columns of the text table, for lines that lost their header on the way;
    older releases lack the last `optional` of them. Without `columns` the text form is blocks.
    An empty answer is an empty list, unless there is no host where that could be true.
    """
    text = _unmarked(text)
    if not text.strip():
        if may_be_empty:
            return ()
        raise ParseError(f"{what}: expected {_some(knows)}, but the answer is empty")
    records = _structured(text, what, knows)
    if records is None:
        lines = _lines(text)
        rule = next((n for n, line in enumerate(lines) if n and _RULE.fullmatch(line)), None)
        if rule is not None:
            records = _table(lines, rule, what, knows)
        elif columns:
            records = _bare_rows(lines, what, columns, optional)
        else:
            records = _blocks(lines, what, knows)
    _insist(records, text, what, knows)
    if not records and not may_be_empty:
        raise ParseError(f"{what}: expected at least one record, but the list is empty")
    return records


def scalar_of(text: str, *, what: str, among: Sequence[str]) -> str:
    """Read an answer of one word, and return it as it is spelled in `among`."""
    words = {word.lower(): word for word in among}
    text = _unmarked(text)
    said = _lines(text)
    if text.lstrip().startswith("<"):
        root = _xml(text, what)
        said = [element.text or "" for element in root.iter() if not len(element)]
    found = [words[word] for line in said if (word := _scalar_words(line)) in words]
    if not found:
        raise ParseError(f"{what}: expected one of {', '.join(among)}, not {_quote(said)}")
    if len(found) > 1:
        raise ParseError(f"{what}: expected one answer, found {', '.join(found[:3])}")
    return found[0]


def _scalar_words(line: str) -> str:
    """Strip what the json and keyvalue formatters put around a word."""
    match = _KEYVALUE.fullmatch(line.strip())
    return (match[2] if match else line).strip().strip('"').lower()


def _unmarked(text: str) -> str:
    """Take out byte order marks, which count as letters and not as blanks."""
    return text.replace("\ufeff", "")


# Which shape


def _structured(text: str, what: str, knows: Sequence[str]) -> tuple[Record, ...] | None:
    """Read the shapes made for machines; None when the text is none of them."""
    start = text.lstrip()
    first = start.partition("\n")[0].strip()
    if start.startswith("<"):
        return _from_xml(_xml(start, what), what)
    if start.startswith(("[", "{")) and not _is_address(first):
        tree = _json(start)
        if tree is not None:
            return _from_json(tree, what)
    match = _KEYVALUE.fullmatch(first)
    if match and "." in match[1]:
        return _from_keyvalue(_lines(text), what)
    if "," in first and {key(cell) for cell in first.split(",")} & {key(name) for name in knows}:
        return _from_csv(start, what)
    return None


def _insist(records: Iterable[Record], text: str, what: str, knows: Sequence[str]) -> None:
    """Refuse records that hold no field of this command, and are not even headed by a device."""
    for record in records:
        if not record.has(*knows) and not _is_address(record.heading):
            raise ParseError(f"{what}: expected {_some(knows)}, not {_quote(_lines(text))}")


# Shapes for people


def _lines(text: str) -> list[str]:
    """Split into lines that are not blank, without the carriage returns of a terminal."""
    lines = re.sub(r"\r+\n?", "\n", text).expandtabs().split("\n")
    return [line.rstrip() for line in lines if line.strip()]


def _single(lines: Sequence[str], what: str, knows: Sequence[str]) -> Record:
    """Read a record; lines without a colon are its heading, or nothing that concerns us."""
    fields: Fields = {}
    heading = ""
    parent = ("", 0)
    for line in lines:
        match = _FIELD.fullmatch(line)
        if match is None:
            heading = heading or ("" if fields else line.strip())
            continue
        if parent[0] and len(match[1]) > parent[1]:
            _nest(fields, parent[0], match)
            continue
        name = key(match[2])
        if name in fields and name in {key(known) for known in knows}:
            raise ParseError(f"{what}: expected one record, but {match[2]!r} comes twice")
        fields[name] = (match[3] or "",)
        parent = ("", 0) if match[3] else (name, len(match[1]))
    return Record(what, fields, heading)


def _nest(fields: Fields, parent: str, match: re.Match[str]) -> None:
    """Store a field of an inner structure under its joined name.

    Also under its own: some outputs came with odd indentation, and then it only looked inner.
    """
    value = (match[3] or "",)
    fields[parent + key(match[2])] = value
    fields.setdefault(key(match[2]), value)


def _blocks(lines: Sequence[str], what: str, knows: Sequence[str]) -> tuple[Record, ...]:
    """Read blocks headed by a bare line. Without headings a repeated field starts the next."""
    known = {key(name) for name in knows}
    records: list[Record] = []
    fields: Fields = {}
    heading = ""
    parent = ("", 0)

    def close() -> None:
        if (heading and fields) or fields.keys() & known or _is_address(heading):
            records.append(Record(what, fields, heading))

    edge = min(len(line) - len(line.lstrip()) for line in lines)
    for line, after in pairwise([*(line[edge:] for line in lines), ""]):
        match = _FIELD.fullmatch(line)
        if match is None or _is_heading(line, after, key(match[2]) in known):
            if line[0].isspace() and heading and not _is_address(line):
                continue  # a value that ran over, or a line of a later release
            close()
            fields, heading, parent = {}, _headed(line), ("", 0)
        elif parent[0] and len(match[1]) > parent[1]:
            _nest(fields, parent[0], match)
        else:
            name = key(match[2])
            if name in fields and name in known:
                close()
                fields, heading = {}, ""
            fields[name] = (match[3] or "",)
            parent = ("", 0) if match[3] or name in known else (name, len(match[1]))
    close()
    if not records:
        raise ParseError(f"{what}: expected {_some(knows)}, not {_quote(lines)}")
    return tuple(records)


def _is_heading(line: str, after: str, known: bool) -> bool:
    """Say whether a line with a colon is a heading all the same: a VM may be named `web: prod`."""
    if _is_address(line):
        return True
    if known or line[0].isspace():
        return False
    follower = _FIELD.fullmatch(after)
    return follower is not None and bool(follower[1])


def _headed(line: str) -> str:
    """Return a heading; localcli puts a colon behind it, and only an address shows that."""
    words = line.strip()
    return words.removesuffix(":") if _is_address(words) else words


def _is_address(line: str) -> bool:
    words = line.strip().removesuffix(":")
    if not _HEX.fullmatch(words):
        return False
    try:
        pci.from_hex(words)
    except ValueError:
        return False
    return True


def _table(lines: Sequence[str], rule: int, what: str, knows: Sequence[str]) -> tuple[Record, ...]:
    """Cut a table by the line of dashes below its header: values may hold blanks."""
    header = lines[rule - 1]
    spans = [match.span() for match in _DASHES.finditer(lines[rule])]
    names = _cut(header, spans) or _GAP.split(header.strip())
    if not {key(name) for name in names} & {key(name) for name in knows}:
        raise ParseError(f"{what}: expected columns {_some(knows)}, not {header.strip()!r}")
    records = []
    for line in lines[rule + 1 :]:
        if _RULE.fullmatch(line) or line.split() == header.split():
            continue
        cells = _cut(line, spans)
        if cells is None:
            cells = _GAP.split(line.strip())
            if len(cells) > 1 and len(cells) != len(names):
                raise ParseError(f"{what}: expected {len(names)} columns, not {line.strip()!r}")
        if sum(bool(cell) for cell in cells) > 1:  # else a sentence below the table
            records.append(_row(what, names, cells))
    return tuple(records)


def _cut(line: str, spans: Sequence[tuple[int, int]]) -> list[str] | None:
    """Cut a line at the columns; None when it does not keep to them, or there is but one rule."""
    if len(spans) == 1 or any(line[end:start].strip() for (_, end), (start, _) in pairwise(spans)):
        return None
    edges = [0, *(start for start, _ in spans[1:]), len(line)]
    return [line[start:end].strip() for start, end in pairwise(edges)]


def _bare_rows(
    lines: Sequence[str], what: str, columns: Sequence[str], optional: int
) -> tuple[Record, ...]:
    """Read rows of a table whose rule line was lost: cells are apart by two blanks or more."""
    names = list(columns)
    records = []
    for line in lines:
        cells = _GAP.split(line.strip())
        # The last cell of a header may have been cut.
        if len(cells) > 1 and {key(cell) for cell in cells[:-1]} <= {key(one) for one in columns}:
            names, optional = cells, 0
        elif len(names) - optional <= len(cells) <= len(names):
            records.append(_row(what, names, cells))
        else:
            raise ParseError(f"{what}: expected columns {_some(columns)}, not {line.strip()!r}")
    if not records:
        raise ParseError(f"{what}: the table ends after its header")
    return tuple(records)


def _row(what: str, names: Sequence[str], cells: Sequence[str]) -> Record:
    return Record(what, {key(name): (cell,) for name, cell in zip(names, cells, strict=False)})


# Shapes for machines


def _xml(text: str, what: str) -> ET.Element:
    try:
        return root_of(text, what=what)
    except ValueError as error:
        raise ParseError(f"{what}: not XML that can be read ({error})") from None


def _from_xml(root: ET.Element, what: str) -> tuple[Record, ...]:
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


def _json(text: str) -> Any:
    """Return the tree, or None: a VM's name may begin with a bracket too."""
    try:
        return json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None


def _from_json(tree: Any, what: str) -> tuple[Record, ...]:
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


def _from_keyvalue(lines: Sequence[str], what: str) -> tuple[Record, ...]:
    """Read `structure[0].Nic.Name.string=vmnic0`: index, type, then field and type in turn."""
    found: dict[int, dict[str, list[str]]] = {}
    for line in lines:
        match = _KEYVALUE.fullmatch(line.strip())
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


def _from_csv(text: str, what: str) -> tuple[Record, ...]:
    try:
        rows = [row for row in csv.reader(io.StringIO(re.sub(r"\r+\n?", "\n", text))) if row]
    except csv.Error as error:
        raise ParseError(f"{what}: not CSV that can be read ({error})") from None
    return tuple(_row(what, rows[0], row) for row in rows[1:])


# Error lines


def _some(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names[:3])


def _quote(lines: Sequence[str]) -> str:
    """Quote the first line that says anything."""
    return repr(next((line.strip()[:100] for line in lines if line.strip()), ""))
