"""How a host lies in a run file and in a journal: one line, of which values may be shared."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from hostcheck.model.history import History
from hostcheck.model.host import Host
from hostcheck.model.memory import LastKnown
from hostcheck.model.policy import Policy
from hostcheck.model.result import (
    Answer,
    Command,
    Manual,
    Severity,
    Status,
    Subject,
    Unseen,
)
from hostcheck.model.run import Asked, HostReport, PowerOn, Preflight
from hostcheck.model.slots import GpuSlots
from hostcheck.model.waiver import Waivers

SHORT = 8
"""Values of so few bytes are not worth a number."""
NAMING = frozenset({"name", "id"})
"""Fields of a host that stay where they are, for whoever searches the file."""


class ToldResult(Struct, frozen=True, omit_defaults=True):
    """What a result says, whomever it says it of."""

    severity: Severity
    observed: str = ""
    expected: str = ""
    note: str = ""
    unseen: Unseen | None = None
    trace: str = ""


class StoredResult(Struct, frozen=True, omit_defaults=True):
    """One result; `told` is a `ToldResult` or a number."""

    check: str
    status: Status
    subject: int
    told: Raw
    sources: tuple[int, ...] = ()
    fix: tuple[Command, ...] = ()


class WholeResult(Struct, frozen=True, omit_defaults=True):
    """A `StoredResult` that is read at once."""

    check: str
    status: Status
    subject: int
    told: ToldResult | Annotated[int, Meta(ge=0)]
    sources: tuple[int, ...] = ()
    fix: tuple[Command, ...] = ()


class WholeHost(Struct, frozen=True):
    """A line that shares nothing, as a journal holds it."""

    verdict: Answer
    host: Host
    subjects: tuple[Subject, ...]
    results: tuple[WholeResult, ...]
    slots: tuple[GpuSlots, ...] = ()


class StoredHost(Struct, frozen=True):
    """One line; the values of `host` are facts or numbers."""

    verdict: Answer
    host: dict[str, Raw]
    subjects: tuple[Subject, ...]
    results: tuple[StoredResult, ...]
    slots: tuple[GpuSlots, ...] = ()


class OpenedHost(StoredHost, frozen=True):
    """A `StoredHost` whose results are read at once."""

    results: tuple[WholeResult, ...]  # type: ignore[assignment]


class LinedResult(Struct, omit_defaults=True, gc=False):
    """A `StoredResult` of which nothing is opened that is written again as it is."""

    check: Raw
    status: Status
    subject: int
    told: Raw
    sources: Raw | UnsetType = UNSET
    fix: Raw | UnsetType = UNSET


class LinedHost(Struct):
    """A `StoredHost` of which nothing is opened that is written again as it is."""

    verdict: Answer
    host: dict[str, Raw]
    subjects: Raw
    results: list[LinedResult]
    slots: Raw = Raw(b"[]")


class StoredRun(Struct, frozen=True):
    """The document; `hosts` are `StoredHost`s, opened one by one."""

    schema: str
    tool_version: str
    catalogue_edition: str
    target: str
    first_answer_at: str
    last_answer_at: str
    checks: tuple[Manual, ...]
    preflight: Preflight | None
    notices: tuple[str, ...]
    unasked: tuple[str, ...]
    hosts: tuple[Raw, ...]
    shared: tuple[Raw, ...]
    power_on: PowerOn | None = None
    ended: str = ""
    targets: tuple[Asked, ...] = ()
    history: History | None = None
    waivers: Waivers | None = None
    policy: Policy | None = None
    last_known: tuple[LastKnown, ...] = ()


encode = msgspec.json.Encoder(order="deterministic").encode


class _Subjects:
    """The subjects of a host, each once; many results share one, to the very object."""

    def __init__(self) -> None:
        self.listed: list[Subject] = []
        self._numbers: dict[object, int] = {}
        self._objects: dict[int, int] = {}

    def number(self, about: Subject) -> int:
        """Return the place of a subject in the list; the objects outlive this."""
        found = self._objects.get(id(about))
        if found is None:
            key = (about.kind, about.id, about.name, *about.values.items())
            found = self._numbers.setdefault(key, len(self.listed))
            if found == len(self.listed):
                self.listed.append(about)
            self._objects[id(about)] = found
        return found


def pack(report: HostReport) -> bytes:
    """Return a host as one line without line break, nothing shared."""
    subjects = _Subjects()
    results = []
    for result in report.results:
        told = ToldResult(
            result.severity, result.observed, result.expected, result.note, result.unseen,
            result.trace,
        )  # fmt: skip
        results.append(
            WholeResult(
                result.check,
                result.status,
                subjects.number(result.subject),
                told,
                result.sources,
                result.fix,
            )
        )
    return encode(
        WholeHost(report.verdict, report.host, tuple(subjects.listed), tuple(results), report.slots)
    )
