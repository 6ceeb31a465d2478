"""What the hosts of a run were judged, without what they are: for whoever counts and lists.

Most of a run file is facts, and most results pass. Of a line everything else is skipped, so that
ten thousand hosts are told in the time that it takes to read their file.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar, cast

import msgspec
from msgspec import Raw, Struct

from hostcheck.errors import damaged
from hostcheck.model.host import Host
from hostcheck.model.result import (
    Answer,
    Command,
    Result,
    Severity,
    Status,
    Subject,
    upheld,
    upheld_among,
)
from hostcheck.model.run import HostReport, Run
from hostcheck.model.unreadable import DAMAGED
from hostcheck.runfile import OpenedHost, StoredHosts, ToldResult

F = TypeVar("F", bound=Struct)
T = TypeVar("T")

PASS, FAIL, NEEDLESS, OFF = Status.PASS, Status.FAIL, Status.NOT_APPLICABLE, Status.NOT_SELECTED
WELL = (PASS, NEEDLESS, OFF)
"""What is nothing to be told of."""


class HostName(Struct, frozen=True):
    """A host of which no more is known than who it is."""

    name: str
    target: str = ""


class Brief(NamedTuple, Generic[F]):
    """One host as it was judged, and of what it is only what was asked for."""

    verdict: Answer
    host: F
    open: tuple[Result, ...]
    """What fails or is not known, in its order; without its sources."""
    counts: Counter[Status]
    """All its results."""
    passes: Callable[[], int]
    """Counts the required results that pass."""


class LineBrief(NamedTuple):
    """What the line of one host says: checks in the order of their results, some more than once."""

    verdict: Answer
    name: str
    target: str
    failed: list[str]
    """Required checks that fail."""
    unknown: list[str]
    """Required checks that are not known."""
    findings: list[str]
    """Other checks that fail."""
    off: int
    """Results that a policy kept from being judged."""
    deciding: Callable[[], tuple[Result, ...]]
    """Returns the results that its verdict may rest on: fails where a required one is among them,
    else all that fails or is not known."""
    passes: Callable[[], int]


class JudgedHost(NamedTuple, Generic[F]):
    """One host with all its results, and of what it is only what was asked for."""

    verdict: Answer
    host: F
    results: tuple[Result, ...]


class _Named(Struct, frozen=True):
    name: str
    target: Raw = Raw(b'""')


class _Subject(Struct, frozen=True, gc=False):
    kind: str
    id: str
    name: str


class _Seen(Struct, frozen=True, gc=False):
    check: str
    status: Status
    subject: int
    told: int | ToldResult


class _Line(Struct, frozen=True):
    verdict: Answer
    host: _Named
    subjects: Raw
    results: tuple[_Seen, ...]


class _SeenToMend(_Seen, frozen=True):
    fix: tuple[Command, ...] = ()


class _LineToMend(Struct, frozen=True):
    verdict: Answer
    host: dict[str, Raw]
    subjects: Raw
    results: tuple[_SeenToMend, ...]


_line = msgspec.json.Decoder(_Line).decode
_line_to_mend = msgspec.json.Decoder(_LineToMend).decode
_subjects = msgspec.json.Decoder(tuple[_Subject, ...]).decode
_text = msgspec.json.Decoder(str).decode


def line_briefs(run: Run) -> Iterator[LineBrief]:
    """Yield what the line of each host says. Raises UsageError where its file is damaged."""
    if not isinstance(run.hosts, StoredHosts):
        yield from map(_line_brief, run.hosts)
        return
    words = _Words(run.hosts)
    for number in range(len(run.hosts)):
        try:
            yield _line_brief_of(_line(run.hosts.text(number)), words)
        except DAMAGED as error:
            raise damaged(error) from None


def briefs(run: Run, kind: type[F]) -> Iterator[Brief[F]]:
    """Yield what each host was judged; of its facts those that `kind` has.

    Raises UsageError where the file of the run is damaged.
    """
    if not isinstance(run.hosts, StoredHosts):
        yield from (cast(Brief[F], brief_of(one)) for one in run.hosts)
        return
    words, names = _Words(run.hosts), kind.__struct_encode_fields__
    for number in range(len(run.hosts)):
        try:
            line = _line_to_mend(run.hosts.text(number))
            yield _opened(line, run.hosts.facts(line.host, kind, names), words)
        except DAMAGED as error:
            raise damaged(error) from None


def judged(run: Run, kind: type[F]) -> Iterator[JudgedHost[F]]:
    """Yield all that each host was judged; of its facts those that `kind` has.

    Raises UsageError where the file of the run is damaged.
    """
    hosts, names = run.hosts, kind.__struct_encode_fields__
    if not isinstance(hosts, StoredHosts):
        yield from (JudgedHost(one.verdict, cast(F, one.host), one.results) for one in hosts)
        return
    for number in range(len(hosts)):
        try:
            line = msgspec.json.decode(hosts.text(number), type=OpenedHost)
            results = tuple(hosts.result(one, line.subjects) for one in line.results)
            yield JudgedHost(
                upheld_among(line.verdict, results), hosts.facts(line.host, kind, names), results,
            )  # fmt: skip
        except DAMAGED as error:
            raise damaged(error) from None


def brief_of(report: HostReport) -> Brief[Host]:
    """Return what a host was judged that lies open."""
    required = [one.status for one in report.results if one.severity is Severity.REQUIRED]
    return Brief(
        report.verdict, report.host, tuple(one for one in report.results if one.status not in WELL),
        Counter(one.status for one in report.results), lambda: required.count(PASS),
    )  # fmt: skip


def _line_brief(report: HostReport) -> LineBrief:
    one = brief_of(report)
    weighed = [(each.check, each.severity is Severity.REQUIRED, each.status) for each in one.open]
    failed = [check for check, required, status in weighed if required and status is FAIL]
    return LineBrief(
        one.verdict, report.host.name, report.host.target, failed,
        [check for check, required, status in weighed if required and status is not FAIL],
        [check for check, required, status in weighed if not required and status is FAIL],
        one.counts[OFF],
        lambda: tuple(each for each in one.open if not failed or each.status is FAIL), one.passes,
    )  # fmt: skip


class _Words(dict[int | ToldResult, ToldResult]):
    """The words of results by what stands for them; those that many share are made once."""

    def __init__(self, hosts: StoredHosts) -> None:
        super().__init__()
        self.value = hosts.value
        self._words = hosts.words
        self.required = _Required(self)

    def __missing__(self, told: int | ToldResult) -> ToldResult:
        if isinstance(told, ToldResult):
            return told
        self[told] = found = self._words(Raw(b"%d" % told))
        return found


class _Required(dict[int | ToldResult, bool]):
    """Whether words are of a required result."""

    def __init__(self, words: _Words) -> None:
        super().__init__()
        self._words = words

    def __missing__(self, told: int | ToldResult) -> bool:
        found = self._words[told].severity is Severity.REQUIRED
        if not isinstance(told, ToldResult):
            self[told] = found
        return found


def _line_brief_of(line: _Line, words: _Words) -> LineBrief:
    required = words.required
    others = [one for one in line.results if one.status is not PASS]
    said = [one for one in others if one.status is not NEEDLESS]
    fails = [one for one in said if one.status is FAIL]
    dark = [one for one in said if one.status is not FAIL and one.status is not OFF]
    failed = [one.check for one in fails if required[one.told]]
    unknown = [one.check for one in dark if required[one.told]]
    passing = (PASS,) if len(others) < len(line.results) else ()
    weighty = ((FAIL,) if failed else ()) + ((Status.UNKNOWN,) if unknown else ())
    return LineBrief(
        upheld(line.verdict, passing, weighty), line.host.name,
        _text(words.value(line.host.target)), failed, unknown,
        [one.check for one in fails if not required[one.told]],
        len(said) - len(fails) - len(dark),
        _later(lambda: _results(line.subjects, fails if failed else [*fails, *dark], words)),
        _later(lambda: _passes(line, words)),
    )  # fmt: skip


def _later(look: Callable[[], T]) -> Callable[[], T]:
    """Return what looks at a line when nobody is there any more who tells that it is damaged."""

    def looked() -> T:
        try:
            return look()
        except DAMAGED as error:
            raise damaged(error) from None

    return looked


def _passes(line: _Line | _LineToMend, words: _Words) -> int:
    return sum(words.required[one.told] for one in line.results if one.status is PASS)


def _results(subjects: Raw, found: Sequence[_Seen], words: _Words) -> tuple[Result, ...]:
    about = _subjects(subjects) if found else ()
    return tuple(_result(one, about[one.subject], words[one.told]) for one in found)


def _opened(line: _LineToMend, host: F, words: _Words) -> Brief[F]:
    others = [one for one in line.results if one.status is not PASS]
    found = [one for one in others if one.status not in WELL]
    counts = Counter([one.status for one in others])
    counts[PASS] = len(line.results) - len(others)
    weighty = (one.status for one in found if words.required[one.told])
    return Brief(
        upheld(line.verdict, (PASS,) if counts[PASS] else (), weighty), host,
        _results(line.subjects, found, words), counts, _later(lambda: _passes(line, words)),
    )  # fmt: skip


def _result(one: _Seen, about: _Subject, told: ToldResult) -> Result:
    return Result(
        one.check, told.severity, one.status, Subject(about.kind, about.id, about.name),
        told.observed, told.expected, told.note, (), told.unseen,
        one.fix if isinstance(one, _SeenToMend) else (), told.trace,
    )  # fmt: skip
