"""A Redfish resource: JSON whose fields are read one by one, and paths that a BMC tells.

Every field is a value, or an Unknown that says why it is none: left out, null, empty, of another
kind. Names are compared without regard to case, as firmware of one vendor changes it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import msgspec

from hostcheck.errors import ParseError
from hostcheck.model.fact import Reading, Unknown, Why

WIRE = "redfish"
ROOT = "/redfish/v1"
_LIMIT = 60
_ID = r"[A-Za-z0-9](?:[A-Za-z0-9._:~+-]|%20|\(|\)){0,99}"
_SLOT = re.compile(r"\\\{\w+\\\}")
_SECRET = re.compile(
    r"(?:passw(?:or)?d|passphrase|secret|salt|token|privatekey|private_key|credential|"
    r'sha256(?:setup|system)|kmskey)[^"\\]*(?:\\.[^"\\]*)*'
    r'(?:("\s*:\s*)"[^"\\]*(?:\\.[^"\\]*)*")?',
    re.IGNORECASE,
)
"""From such a word to the end of its string; with the value where that is a name."""
_SECRETS = (
    "passw", "passphrase", "secret", "salt", "token", "privatekey", "private_key", "credential",
    "sha256", "kmskey",
)  # fmt: skip
"""`_SECRET` begins with one of these wherever it fits."""
LEFT_OUT = "(left out)"
"""What a recording holds instead of a password's digest, which a BIOS may list as a setting."""


def without_secrets(text: str) -> str:
    """Return an answer with the values of passwords, their digests and secrets left out.

    An iDRAC lists the SHA-256 of the set-up password, and its salt, among the BIOS settings.
    """
    told, end = "", 0
    for found in _secrets(text):
        if found[1] is not None:
            told += f'{text[end : found.end(1)]}"{LEFT_OUT}"'
            end = found.end()
    return told + text[end:]


def _secrets(text: str) -> Iterator[re.Match[str]]:
    """Yield what `_SECRET` finds. To look for it everywhere takes 3 ms of 24 KB of settings."""
    if not text.isascii():
        yield from _SECRET.finditer(text)
        return
    end = 0
    for place in sorted(_places(text.lower())):
        found = _SECRET.match(text, place) if place >= end else None
        if found is not None:
            end = found.end()
            yield found


def _places(small: str) -> Iterator[int]:
    for word in _SECRETS:
        place = small.find(word)
        while place >= 0:
            yield place
            place = small.find(word, place + 1)


def fits(template: str, path: str) -> bool:
    """Say whether a path that a BMC told is one that a template's `GET` may send.

    A slot stands for one id. Case and a trailing slash do not matter: some BMCs answer in lower
    case. Nothing but the path of this very server fits: no scheme, no query of its own.
    """
    return _pattern(template).fullmatch(path) is not None


@cache
def _pattern(template: str) -> re.Pattern[str]:
    wanted = template.removeprefix("GET ")
    plain, _, query = wanted.partition("?")
    pattern = _SLOT.sub(lambda _: _ID, re.escape(plain.rstrip("/")))
    end = re.escape(f"?{query}") if query else ""
    return re.compile(f"{pattern}/?{end}", re.IGNORECASE)


class Resource:
    """One JSON object, and the words it is called by where something in it is missing."""

    def __init__(self, fields: Mapping[str, Any], asked: str) -> None:
        self._written = fields
        self.asked = asked

    def get(self, *names: str) -> Reading[Any]:
        """Return what lies at a path of names; Unknown where a name of it is left out or null."""
        value: Any = self._written
        for name in names:
            inside = value if isinstance(value, dict) else {}
            if name not in inside:  # most firmware writes it as the standard does
                inside, name = _lower(inside), name.lower()  # noqa: PLW2901
            value = inside.get(name)
            if value is None:
                told = "null" if name in inside else "not there"
                return Unknown(Why.ABSENT, f"{'.'.join(names)} is {told}", self.asked)
        return value

    def text(self, *names: str) -> Reading[str]:
        """Return words, without blanks around them; numbers as they are written."""
        value = self.get(*names)
        if isinstance(value, Unknown):
            return value
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return self._odd(names, "words", value)
        words = " ".join(str(value).split())
        if not words or words.upper() in ("N/A", "NA", "NONE", "UNKNOWN"):
            return Unknown(Why.ABSENT, f"{'.'.join(names)} is {words!r}", self.asked)
        return words

    def number(self, *names: str) -> Reading[float]:
        """Return a number."""
        value = self.get(*names)
        if isinstance(value, Unknown):
            return value
        if isinstance(value, bool) or not isinstance(value, int | float):
            return self._odd(names, "a number", value)
        return float(value)

    def link(self, *names: str) -> Reading[str]:
        """Return the path that a link or a list with one link leads to."""
        value = self.get(*names)
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, Unknown):
            return value
        return path_in(value, ".".join(names), self.asked)

    def links(self, *names: str) -> Reading[tuple[str, ...]]:
        """Return the paths of a list of links, each once, in their order."""
        value = self.get(*names)
        if isinstance(value, Unknown):
            return value
        if not isinstance(value, list):
            return self._odd(names, "a list of links", value)
        found = [path_in(one, ".".join(names), self.asked) for one in value]
        unread = next((one for one in found if isinstance(one, Unknown)), None)
        return unread or tuple(dict.fromkeys(str(one) for one in found))

    def path(self) -> str:
        """Return its own path; empty where it tells none."""
        path = self.get("@odata.id")
        return path if isinstance(path, str) else ""

    def each(self, *names: str) -> Iterator["Resource"]:
        """Yield the objects of a list; nothing where there is no list."""
        value = self.get(*names)
        for one in value if isinstance(value, list) else ():
            if isinstance(one, dict):
                yield Resource(one, self.asked)

    def inside(self, *names: str) -> "Resource":
        """Return an object in this one; an empty one where there is none."""
        value = self.get(*names)
        return Resource(value if isinstance(value, dict) else {}, self.asked)

    def written(self) -> Mapping[str, Any]:
        """Return all fields by the names that the BMC wrote."""
        return self._written

    def _odd(self, names: tuple[str, ...], expected: str, value: object) -> Unknown:
        told = f"{'.'.join(names)}: expected {expected}, not {str(value)[:_LIMIT]!r}"
        return Unknown(Why.UNPARSED, told, self.asked)


def _lower(fields: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name).lower(): value for name, value in fields.items()}


def path_in(link: object, what: str, asked: str) -> Reading[str]:
    """Return the path of a link `{"@odata.id": "/redfish/v1/..."}`."""
    fields = link if isinstance(link, dict) else {}
    path = fields.get("@odata.id") or _lower(fields).get("@odata.id")
    if not isinstance(path, str) or not path.lower().startswith(f"{ROOT}/"):
        return Unknown(Why.UNPARSED, f"{what} is no link: {str(link)[:_LIMIT]!r}", asked)
    return path


def resource_of(text: str, *, asked: str) -> Resource:
    """Read an answer. Raises ParseError when it is no JSON object, or only tells an error."""
    start = text.lstrip("\ufeff \t\r\n")
    if start.startswith("<"):
        raise ParseError(f"{asked}: expected JSON, not a web page: {start[:_LIMIT]!r}")
    try:
        value = msgspec.json.decode(start.encode())
    except (msgspec.MsgspecError, RecursionError, UnicodeEncodeError) as error:
        raise ParseError(f"{asked}: expected JSON ({error}), not {start[:_LIMIT]!r}") from None
    if '"Attributes"' in start:  # what decides is said once, or nobody knows which counts
        json.loads(start, object_pairs_hook=lambda pairs: _once(pairs, asked))
    if not isinstance(value, dict):
        raise ParseError(f"{asked}: expected a JSON object, not {start[:_LIMIT]!r}")
    if "error" in value and "@odata.id" not in value:
        raise ParseError(f"{asked}: the BMC answers with an error: {_complaint(value['error'])}")
    return Resource(value, asked)


def _once(pairs: list[tuple[str, Any]], asked: str) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ParseError(f"{asked}: {twice[:_LIMIT]!r} is told twice")
    return found


def _complaint(error: object) -> str:
    """Return the words of a Redfish error: those of its first message, which say most."""
    told = error if isinstance(error, dict) else {}
    infos = told.get("@Message.ExtendedInfo")
    first = infos[0] if isinstance(infos, list) and infos and isinstance(infos[0], dict) else {}
    words = [first.get("Message"), first.get("MessageId"), told.get("message"), told.get("code")]
    return next((one for one in words if isinstance(one, str) and one.strip()), "no words")[:300]
