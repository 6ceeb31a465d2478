"""One host as its vendor's support asks for it: who it is, what is wrong, and the raw answers."""

from msgspec import Struct

from hostcheck.model.capture import Origin
from hostcheck.model.result import Manual, Result
from hostcheck.model.run import HostReport

SCHEMA = "hostcheck.case/1"


class RawLines(Struct, frozen=True):
    """Lines of one answer, as it came: those that concern a judgement."""

    source: Origin
    sha256: str
    """Of the whole answer, UTF-8: whoever has the recording finds it by that."""
    total: int
    """Lines of the whole answer."""
    lines: tuple[tuple[int, str], ...]
    """Number, from 1, and line. XML on one line counts each element as one."""
    failure: str = ""
    """Why there is no answer."""
    again: bool = False
    """Whether an earlier item shows the same lines."""


class CaseItem(Struct, frozen=True):
    """A judgement that is no pass, and what it rests on."""

    result: Result
    manual: Manual | None
    raw: tuple[RawLines, ...]


class Case(Struct, frozen=True):
    """A case sheet."""

    schema: str
    tool_version: str
    catalogue_edition: str
    report: HostReport
    items: tuple[CaseItem, ...]
    """Fails first, then what is not known; the gravest of each first."""
    run_sha256: str = ""
    """Of the run file that it belongs to, where one was named."""
