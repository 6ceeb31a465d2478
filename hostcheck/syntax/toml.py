"""TOML that a user writes, into a type; what is wrong is named with its file, line and key.

No value is ever repeated: people put passwords where none belongs.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_origin, get_type_hints

import msgspec

from hostcheck.errors import UsageError
from hostcheck.near import near

T = TypeVar("T")
Step = str | int
"""A key, or the place in an array of tables."""

_HEADER = re.compile(r"\s*(\[\[?)\s*+([\w.\"'-](?:[\w.\"' -]*[\w.\"'-])?)\s*+\]\]?\s*(#.*)?$")
_KEY = re.compile(r"\s*(?:\"([^\"]+)\"|'([^']+)'|([\w-]+))\s*[=.]")
_PLACE = re.compile(r"(?: - at `(?P<path>[^`]*)`)?$")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
_MISSING = re.compile(r"Object missing required field `(.*)`")
_EXPECTED = re.compile(r"Expected `(.*?)`(?: (<=|>=|<|>) (\S+))?(?:, got `(.*)`)?$")
_KINDS = {
    "array": "a list", "str": "text in quotes", "int": "a whole number", "float": "a number",
    "bool": "true or false", "object": "a table", "null": "nothing",
}  # fmt: skip
_BOUNDS = {"<=": "at most", ">=": "at least", "<": "less than", ">": "more than"}


class File(NamedTuple):
    """A file that was read: its text, to say where a key stands, and the page of all keys."""

    path: Path
    text: str
    page: str

    def where(self, steps: Sequence[Step]) -> str:
        """Return the file, and the line of a key where that is seen."""
        line = line_of(self.text, steps)
        return f"{self.path}, line {line}" if line else str(self.path)

    def wrong(self, steps: Sequence[Step], told: str) -> UsageError:
        """Return what says that something is wrong at a key."""
        return UsageError(f"{self.where(steps)}: {told} ({self.page})")

    @contextmanager
    def said(self, *steps: Step) -> Iterator[None]:
        """Name the file, the line and the key before what a UsageError says."""
        try:
            yield
        except UsageError as error:
            raise self.wrong(steps, f"{named(steps)}: {error}") from None


def read(path: Path, kind: type[T], page: str) -> tuple[T, File]:
    """Read a file into a type; `page` says where all its keys are told.

    Raises UsageError, which names the file, the line, the key and one that is like it.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")  # with the mark that Notepad writes
        found = tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not TOML: it is not in UTF-8; save it so") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: not TOML: {error}") from None
    file = File(path, text, page)
    try:
        return msgspec.convert(found, kind), file
    except msgspec.ValidationError as error:
        raise file.wrong(*_told(str(error), kind)) from None


def line_of(text: str, steps: Sequence[Step]) -> int:
    """Return the line, from 1, on which a key or table stands; 0 where that is not seen.

    Keys are looked for as people write them: below their header, or with dots.
    """
    names = [one for one in steps if isinstance(one, str)]
    at = next((one for one in steps if isinstance(one, int)), 0)
    table, tables, header = "", 0, 0
    for number, line in enumerate(text.splitlines(), 1):
        if match := _HEADER.match(line):
            table = match[2].strip("\"' ")
            if names and table == names[0]:
                header = number if tables == at or match[1] == "[" else header
                if len(names) == 1 and header == number:
                    return number
                tables += 1
            continue
        inside = header and table == (names[0] if names else "") and tables == at + 1
        wanted = names[1:] if inside else names
        if (match := _KEY.match(line)) and wanted and (inside or not table):
            name = match[1] or match[2] or match[3]
            if name == wanted[0]:
                return number
    return header


def _told(message: str, kind: type) -> tuple[list[Step], str]:
    """Return the keys that lead to what is wrong, and what that is."""
    place = _PLACE.search(message)
    path = (place["path"] if place else None) or "$"
    told = message[: place.start()] if place else message
    names = re.findall(r"[\w-]+", path.removeprefix("$"))
    steps: list[Step] = [int(one) if one.isdecimal() else one for one in names]
    flat = not any(_fields(one, ()) for one in get_type_hints(kind).values())
    listed = any(isinstance(one, int) for one in steps)
    where = named(steps) if listed or not flat else " ".join(map(str, steps))
    if match := _UNKNOWN.fullmatch(told):
        what = f"{where} has no setting" if steps else "there is no"
        name = match[1] if steps or flat else f"[{match[1]}]"
        return [*steps, match[1]], f"{what} {name}{_instead(match[1], _fields(kind, steps))}"
    if match := _MISSING.fullmatch(told):
        return steps, f"{f'{where} needs' if steps else 'it needs'} {match[1]}"
    if match := _EXPECTED.fullmatch(told):
        return steps, f"{where}: {_expected(match)}"
    return steps, f"{where}: {told}"


def _expected(match: re.Match[str]) -> str:
    kinds = " or ".join(_KINDS.get(one, one) for one in match[1].split(" | "))
    if match[2]:
        return f"give {kinds} of {_BOUNDS[match[2]]} {match[3].removesuffix('.0')}"
    return f"give {kinds}" + (f", not {_KINDS.get(match[4], match[4])}" if match[4] else "")


def _instead(name: str, there: Sequence[str]) -> str:
    if "password" in name.lower() or name.lower() in ("secret", "token"):
        return ", and none for any password: a prompt, a variable, a file or the keyring has it"
    like = near(name, there)
    return f"; did you mean {', '.join(like)}?" if like else f"; there are {', '.join(there)}"


def named(steps: Sequence[Step]) -> str:
    """Return keys as people write them: `[vcenter] url`, `[[vcenters]] 2 url`."""
    words = []
    for index, one in enumerate(steps):
        if index == 0 and (len(steps) > 1 or not isinstance(one, int)):
            several = len(steps) > 1 and isinstance(steps[1], int)
            words.append(f"[[{one}]]" if several else f"[{one}]")
        else:
            words.append(str(one + 1) if isinstance(one, int) else one)
    return " ".join(words)


def _fields(kind: Any, steps: Sequence[Step]) -> list[str]:
    for one in steps:
        if isinstance(one, str):
            kind = get_type_hints(kind).get(one, kind)
        elif get_origin(kind) is not None:
            kind = kind.__args__[0]
    return list(getattr(kind, "__struct_fields__", ()))
