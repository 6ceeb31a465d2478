"""Every shape in which esxcli answers, read into records.

Text: one indented record, blocks under bare headings, tables. Formatters: xml, json, keyvalue, csv.
Over the vSphere API: the XML inside an ExecuteSoap reply. The caller names the fields it `knows`:
an answer that holds none of them is not this command's, whatever its shape. Nested structures
become joined names, `Driver Info.Bus Info`.
"""

import re
from collections.abc import Container, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from hostcheck.errors import ParseError
from hostcheck.model import pci
from hostcheck.syntax.esxcli_formats import (
    KEYVALUE,
    Fields,
    from_csv,
    from_json,
    from_keyvalue,
    from_xml,
    json_of,
    row,
    xml_of,
)
from hostcheck.syntax.record import Record, key

__all__ = ["Record", "record_of", "records_of", "scalar_of"]


_FIELD = re.compile(r"(\s*)([A-Za-z][\w ()/.+-]{0,60}):(?:\s+(.*))?", re.ASCII)
_HEX = re.compile(r"[0-9A-Fa-f:.]+")
"""Of what an address is made. Many lines are asked whether they are one, and nearly none is."""
_RULE = re.compile(r"\s*-{2,}(?:\s+-+)*\s*")
_DASHES = re.compile(r"-+")
_GAP = re.compile(r"\s{2,}")


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
    if records is None and not columns:
        records = _devices(text, what)
    if records is None:
        lines = _lines(text)
        rule = _rule_in(lines) if "--" in text else None
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
        root = xml_of(text, what)
        said = [element.text or "" for element in root.iter() if not len(element)]
    found = [words[word] for line in said if (word := _scalar_words(line)) in words]
    if not found:
        raise ParseError(f"{what}: expected one of {', '.join(among)}, not {_quote(said)}")
    if len(found) > 1:
        raise ParseError(f"{what}: expected one answer, found {', '.join(found[:3])}")
    return found[0]


def _scalar_words(line: str) -> str:
    """Strip what the json and keyvalue formatters put around a word."""
    match = KEYVALUE.fullmatch(line.strip())
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
        return from_xml(xml_of(start, what), what)
    if start.startswith(("[", "{")) and not _is_address(first):
        tree = json_of(start)
        if tree is not None:
            return from_json(tree, what)
    match = KEYVALUE.fullmatch(first)
    if match and "." in match[1]:
        return from_keyvalue(_lines(text), what)
    if "," in first and {key(cell) for cell in first.split(",")} & {key(name) for name in knows}:
        return from_csv(start, what)
    return None


def _insist(records: Iterable[Record], text: str, what: str, knows: Sequence[str]) -> None:
    """Refuse records that hold no field of this command, and are not even headed by a device."""
    known = {key(name) for name in knows}
    for record in records:
        if known.isdisjoint(record.fields) and not _is_address(record.heading):
            raise ParseError(f"{what}: expected {_some(knows)}, not {_quote(_lines(text))}")


# Shapes for people


def _rule_in(lines: Sequence[str]) -> int | None:
    """Return where the line of dashes is that makes a table of the lines round it."""
    return next((n for n, line in enumerate(lines) if n and _RULE.fullmatch(line)), None)


def _lines(text: str) -> list[str]:
    """Split into lines that are not blank, without the carriage returns of a terminal."""
    if "\r" in text:  # a substitution that finds nothing costs as much as one that does
        text = re.sub(r"\r+\n?", "\n", text)
    return [stripped for line in text.expandtabs().split("\n") if (stripped := line.rstrip())]


@lru_cache(4096)
def _field(line: str) -> tuple[str, int, str] | None:
    """Return name, as it is compared, indentation and value. Most lines come again, or nearly."""
    match = _FIELD.fullmatch(line)
    return match and (key(match[2]), len(match[1]), match[3] or "")


def _single(lines: Sequence[str], what: str, knows: Sequence[str]) -> Record:
    """Read a record; lines without a colon are its heading, or nothing that concerns us."""
    fields: Fields = {}
    heading = ""
    parent = ("", 0)
    for line in lines:
        field = _field(line)
        if field is None:
            heading = heading or ("" if fields else line.strip())
            continue
        name, indent, value = field
        if parent[0] and indent > parent[1]:
            _nest(fields, parent[0], name, value)
            continue
        if name in fields and name in {key(known) for known in knows}:
            said = line.strip().partition(":")[0]
            raise ParseError(f"{what}: expected one record, but {said!r} comes twice")
        fields[name] = (value,)
        parent = ("", 0) if value else (name, indent)
    return Record(what, fields, heading)


def _nest(fields: Fields, parent: str, name: str, value: str) -> None:
    """Store a field of an inner structure under its joined name.

    Also under its own: some outputs came with odd indentation, and then it only looked inner.
    """
    fields[parent + name] = (value,)
    fields.setdefault(name, (value,))


@lru_cache(4096)
def _told(line: str) -> tuple[str, tuple[str, ...]]:
    """Return name, as it is compared, and value. Raises ValueError for a line that is no field."""
    field = _field(line.rstrip())
    if field is None or field[1] or "\n" in line:
        raise ValueError(line)
    return field[0], (field[2],)


def _devices(text: str, what: str) -> tuple[Record, ...] | None:
    """Read blocks headed by addresses, as esxcli prints them; None for any other spelling.

    A host has thousands of such lines: nothing is done for each that is not done in C.
    """
    if "\t" in text or "\r" in text:
        return None
    records = []
    for block in text.rstrip().split("\n\n"):
        heading, *lines = block.split("\n   ")
        heading = heading.rstrip().removesuffix(":")
        if not _HEX.fullmatch(heading):
            return None
        try:
            pci.from_hex(heading)
            fields = dict(map(_told, lines))
        except ValueError:
            return None
        if len(fields) < len(lines):  # the heading of the next is lost
            return None
        records.append(Record(what, fields, heading))
    return tuple(records)


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

    for line, after in pairwise([*_unindented(lines), ""]):
        field = _field(line)
        inner = field is not None and field[1] and field[2]  # indented, with a value: no heading
        if field is None or (not inner and _is_heading(line, after, field, known)):
            if line[0].isspace() and heading and not _is_address(line):
                continue  # a value that ran over, or a line of a later release
            close()
            fields, heading, parent = {}, _headed(line), ("", 0)
            continue
        name, indent, value = field
        if parent[0] and indent > parent[1]:
            _nest(fields, parent[0], name, value)
        else:
            if name in fields and name in known:
                close()
                fields, heading = {}, ""
            fields[name] = (value,)
            parent = ("", 0) if value or name in known else (name, indent)
    close()
    if not records:
        raise ParseError(f"{what}: expected {_some(knows)}, not {_quote(lines)}")
    return tuple(records)


def _unindented(lines: Sequence[str]) -> Sequence[str]:
    """Take away the indentation that all lines have."""
    edge = len(lines[0]) - len(lines[0].lstrip())
    if edge:
        edge = min(len(line) - len(line.lstrip()) for line in lines)
    return [line[edge:] for line in lines] if edge else lines


def _is_heading(line: str, after: str, field: tuple[str, int, str], known: Container[str]) -> bool:
    """Say whether a line with a colon is a heading all the same: a VM may be named `web: prod`."""
    name, indent, value = field
    if not value and _is_address(line):  # a value has a blank before it, and an address none
        return True
    if indent or name in known:
        return False
    follower = _field(after)
    return follower is not None and follower[1] > 0


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
    spans = tuple(match.span() for match in _DASHES.finditer(lines[rule]))
    names = _cut(header, spans) or tuple(_GAP.split(header.strip()))
    if not {key(name) for name in names} & {key(name) for name in knows}:
        raise ParseError(f"{what}: expected columns {_some(knows)}, not {header.strip()!r}")
    records, again = [], header.split()
    for line in lines[rule + 1 :]:
        if _RULE.fullmatch(line) or line.split() == again:
            continue
        cells = _cut(line, spans)
        if cells is None:
            cells = tuple(_GAP.split(line.strip()))
            if len(cells) > 1 and len(cells) != len(names):
                raise ParseError(f"{what}: expected {len(names)} columns, not {line.strip()!r}")
        if sum(map(bool, cells)) > 1:  # else a sentence below the table
            records.append(row(what, names, cells))
    return tuple(records)


@lru_cache(4096)
def _cut(line: str, spans: tuple[tuple[int, int], ...]) -> tuple[str, ...] | None:
    """Cut a line at the columns; None when it does not keep to them, or there is but one rule."""
    if len(spans) == 1 or any(line[end:start].strip() for (_, end), (start, _) in pairwise(spans)):
        return None
    edges = [0, *(start for start, _ in spans[1:]), len(line)]
    return tuple(line[start:end].strip() for start, end in pairwise(edges))


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
            records.append(row(what, names, cells))
        else:
            raise ParseError(f"{what}: expected columns {_some(columns)}, not {line.strip()!r}")
    if not records:
        raise ParseError(f"{what}: the table ends after its header")
    return tuple(records)


# Error lines


def _some(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names[:3])


def _quote(lines: Sequence[str]) -> str:
    """Quote the first line that says anything."""
    return repr(next((line.strip()[:100] for line in lines if line.strip()), ""))
