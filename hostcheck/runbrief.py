"""What the hosts of a run were judged, without what they are: for whoever counts and lists.

Most of a run file is facts, and most results pass. Of a line everything else is skipped, so that
ten thousand hosts are told in the time that it takes to read their file.
"""

from collections.abc import Callable, Iterator
from typing import Generic, NamedTuple, TypeVar, cast

import msgspec
from msgspec import Raw, Struct

from hostcheck.errors import damaged
from hostcheck.model.result import Answer, Result, Severity, Status, Subject, upheld
from hostcheck.model.run import HostReport, Run
from hostcheck.runfile import OpenedHost, StoredHosts, ToldResult

F = TypeVar("F", bound=Struct)

PASS, NEEDLESS, OFF = Status.PASS, Status.NOT_APPLICABLE, Status.NOT_SELECTED
WELL = (PASS, NEEDLESS, OFF)
"""What is nothing to be told of."""


class Brief(NamedTuple):
    """One host as it was judged; `passes` are counted when they are asked for."""

    verdict: Answer
    name: str
    target: str
    open: tuple[Result, ...]
    """What fails or is not known, in its order; without sources and fixes."""
    off: int
    """Results that a policy kept from being judged."""
    passes: Callable[[], int]
    """Counts the required results that pass."""
    needless: int
    """Results of what does not apply."""
    judged: int
    """All results."""


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


_line = msgspec.json.Decoder(_Line).decode
_subjects = msgspec.json.Decoder(tuple[_Subject, ...]).decode
_text = msgspec.json.Decoder(str).decode


def briefs(run: Run) -> Iterator[Brief]:
    """Yield what each host of a run was judged. Raises UsageError where its file is damaged."""
    if isinstance(run.hosts, StoredHosts):
        return _of_lines(run.hosts)
    return map(_brief, run.hosts)


def _brief(report: HostReport) -> Brief:
    required = [one.status for one in report.results if one.severity is Severity.REQUIRED]
    return Brief(
        report.verdict, report.host.name, report.host.target,
        tuple(one for one in report.results if one.status not in WELL),
        sum(one.status is OFF for one in report.results), lambda: required.count(PASS),
        sum(one.status is NEEDLESS for one in report.results), len(report.results),
    )  # fmt: skip


def _of_lines(hosts: StoredHosts) -> Iterator[Brief]:
    words = _Words(hosts)
    for number in range(len(hosts)):
        try:
            yield _opened(_line(hosts.text(number)), words)
        except (msgspec.MsgspecError, IndexError, ValueError) as error:
            raise damaged(error) from None


def judged(run: Run, kind: type[F]) -> Iterator[JudgedHost[F]]:
    """Yield what each host was judged; of its facts those that `kind` has, named as a host's are.

    Raises UsageError where the file of the run is damaged.
    """
    if isinstance(run.hosts, StoredHosts):
        return _judged(run.hosts, kind)
    return (JudgedHost(one.verdict, cast(F, one.host), one.results) for one in run.hosts)


def _judged(hosts: StoredHosts, kind: type[F]) -> Iterator[JudgedHost[F]]:
    names = kind.__struct_encode_fields__
    for number in range(len(hosts)):
        try:
            line = msgspec.json.decode(hosts.text(number), type=OpenedHost)
            yield JudgedHost(
                upheld(line.verdict, (one.status for one in line.results)),
                hosts.facts(line.host, kind, names),
                tuple(hosts.result(one, line.subjects) for one in line.results),
            )
        except (msgspec.MsgspecError, IndexError, ValueError) as error:
            raise damaged(error) from None


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


def _opened(line: _Line, words: _Words) -> Brief:
    others = [one for one in line.results if one.status is not PASS]
    said = [one for one in others if one.status is not NEEDLESS]
    found = [one for one in said if one.status is not OFF]
    about = _subjects(line.subjects) if found else ()
    return Brief(
        upheld(line.verdict, (one.status for one in line.results)),
        line.host.name, _text(words.value(line.host.target)),
        tuple(_result(one, about[one.subject], words[one.told]) for one in found),
        len(said) - len(found),
        lambda: sum(words.required[one.told] for one in line.results if one.status is PASS),
        len(others) - len(said), len(line.results),
    )  # fmt: skip


def _result(one: _Seen, about: _Subject, told: ToldResult) -> Result:
    return Result(
        one.check, told.severity, one.status, Subject(about.kind, about.id, about.name),
        told.observed, told.expected, told.note, (), told.unseen, (), told.trace,
    )  # fmt: skip
