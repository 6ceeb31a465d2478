"""Captures of one host, opened: parsed answers, facts with their sources, and why there is none."""

import re
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from hostcheck import ways
from hostcheck.model.capture import Capture, NotRead, Origin, Request, Wire
from hostcheck.model.fact import Fact, Known, Reading, Unknown, Why
from hostcheck.parsers import vim_software_packages
from hostcheck.syntax.opened import opened

T = TypeVar("T")
U = TypeVar("U")

SMI_STATUSES = range(16)
"""How nvidia-smi ends when it came to its end, by its manual: 14 infoROM corrupted, 15 GPU lost.

Any other status, those of a shell and of a signal among them, ends an answer that may be half.
"""
NO_API = (
    "only the vSphere API tells this, and it was not asked; put a recording of it (hostcheck "
    "record) beside these answers"
)
_DENIED = re.compile(r"permission denied|not permitted|access denied|requires? root", re.IGNORECASE)


class Parsed(Generic[T]):
    """A parsed answer and its source (-1 where nothing came back); fields of it are facts."""

    def __init__(self, value: T | Unknown, source: int) -> None:
        self.value = value
        self.source = source

    def fact(self, pick: Callable[[T], Reading[U]]) -> Fact[U]:
        """Return one field as a fact."""
        if isinstance(self.value, Unknown):
            return self.value
        return self.lift(pick(self.value))

    def lift(self, reading: Reading[U]) -> Fact[U]:
        """Return a reading that was taken from this answer as a fact."""
        return reading if isinstance(reading, Unknown) else Known(reading, (self.source,))


class Book:
    """The captures of one host, and the table of those that facts were read from."""

    def __init__(self, captures: dict[tuple[str, str, str], Capture]) -> None:
        self._captures = captures
        self.sources: list[Origin] = []
        self._indexes: dict[tuple[str, str, str], int] = {}
        self._read: dict[object, Parsed[Any]] = {}

    @property
    def wires(self) -> set[str]:
        """The ways in which anything was asked."""
        return {key[0] for key in self._captures}

    def asked(self, wire: str) -> bool:
        """Say whether anything was asked over that wire."""
        return any(key[0] == wire for key in self._captures)

    def answers(self, request: Request) -> list[Capture]:
        """Return the answers to a question, whomever it was put to, sorted by that."""
        wanted = (request.wire, request.text)
        return [self._captures[key] for key in sorted(self._captures) if key[:2] == wanted]

    def source(self, capture: Capture) -> int:
        """Return the index of a capture in the table of sources."""
        key = capture.request.key
        if key not in self._indexes:
            self._indexes[key] = len(self.sources)
            request = capture.request
            self.sources.append(Origin(request.wire, request.text, request.about, capture.taken_at))
        return self._indexes[key]

    def not_read(self) -> tuple[NotRead, ...]:
        """Return what was asked and is not in the table of sources, in the order of recordings."""
        return tuple(
            NotRead(
                Origin(one.request.wire, one.request.text, one.request.about, one.taken_at),
                "" if one.failure is None else _failed(one.failure),
            )
            for key, one in sorted(self._captures.items())
            if key not in self._indexes
        )

    def read(self, request: Request, parse: Callable[[str], T]) -> Parsed[T]:
        """Return what an answer says, or why it says nothing. It is parsed once."""
        key = (request.key, parse)
        if key not in self._read:
            self._read[key] = self._opened(request, parse)
        return self._read[key]

    def _opened(self, request: Request, parse: Callable[[str], T]) -> Parsed[T]:
        capture = self._captures.get(request.key)
        if capture is None:
            told = self._not_asked(request)
            return Parsed(Unknown(Why.NOT_ASKED, told, request.text), -1)
        if capture.failure is not None:
            return Parsed(opened(capture, parse), -1)
        # nvidia-smi ends with 14 or 15, the smoke test with its verdict, and both still answer.
        status = capture.exit_status
        said_all = request.text.startswith("nvidia-smi") and status in SMI_STATUSES
        tolerant = said_all or request.wire == Wire.GUEST
        if status and not (tolerant and capture.text.strip()):
            return Parsed(_refused(request, capture), self.source(capture))
        value = opened(capture, parse)
        if capture.exit_status and isinstance(value, Unknown) and value.why is Why.UNPARSED:
            value = _refused(request, capture)
        return Parsed(value, self.source(capture))

    def _not_asked(self, request: Request) -> str:
        if not self.asked(request.wire) and (told := ways.not_asked(request.wire)):
            return told
        if request.wire in (Wire.PROPERTIES, Wire.METHOD) and not self.asked(Wire.PROPERTIES):
            return NO_API
        if request.template == vim_software_packages.REQUEST.template:
            return "installed VIBs were not asked of so many hosts (--packages)"
        return "this was not asked"

    def said_beside(self, request: Request) -> tuple[str, ...]:
        """Return the lines of standard error that came with an answer, or instead of one."""
        capture = self._captures.get(request.key)
        return tuple(capture.stderr.splitlines()) if capture is not None else ()

    def read_esxcli(self, request: Request, host_id: str, parse: Callable[[str], T]) -> Parsed[T]:
        """Read an esxcli answer from the shell or, where that does not tell it, from the API."""
        told = self.read(request, parse)
        over_api = Request(Wire.ESXCLI, request.template, request.purpose, subject=host_id)
        if isinstance(told.value, Unknown) and over_api.key in self._captures:
            other = self.read(over_api, parse)
            if request.key not in self._captures or not isinstance(other.value, Unknown):
                return other
        return told


def _failed(why: Unknown) -> str:
    return f"{why.why.value}: {why.detail}" if why.detail else why.why.value


def _refused(request: Request, capture: Capture) -> Unknown:
    exit_status = capture.exit_status
    if request.text.startswith("nvidia-smi") and exit_status not in SMI_STATUSES and capture.text:
        detail = f"exit status {exit_status}: what it said before it died may be half"
        return Unknown(Why.UNPARSED, detail, request.text)
    said = (capture.stderr.strip() or capture.text.strip()).partition("\n")[0]
    why = Why.DENIED if _DENIED.search(said) else Why.ABSENT
    detail = f"exit status {exit_status}: {said}" if said else f"exit status {exit_status}"
    return Unknown(why, detail, request.text)


def not_asked(statement: Fact[U]) -> bool:
    """Say whether a fact is unknown only because nobody asked."""
    return isinstance(statement, Unknown) and statement.why is Why.NOT_ASKED
