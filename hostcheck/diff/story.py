"""A run as far as a comparison opens it: who was judged, what was said, and what a host is."""

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import msgspec
from msgspec import Raw, Struct

from hostcheck import runfile, runlines
from hostcheck.errors import UsageError, damaged
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.host import Host, Nic, PhysicalGpu
from hostcheck.model.memory import LastKnown
from hostcheck.model.result import OPEN, Answer, Severity, Status, upheld
from hostcheck.model.run import Run, called, silent
from hostcheck.model.traits import FIELDS, GPU_FIELDS, NIC_FIELDS, TRAITS
from hostcheck.model.unreadable import DAMAGED, UNREADABLE
from hostcheck.reports.words import WORST_FIRST
from hostcheck.runfile import StoredRun, ToldResult
from hostcheck.runlines import NOT_OPENED

Who = tuple[str, str]
"""Name of a host, and the vCenter or ESXi that was asked for it."""
Key = tuple[str, str, str]
"""Check, kind and id of the subject: what no other result of a host has."""
T = TypeVar("T")


class StorySubject(Struct, frozen=True, gc=False):
    """What was judged."""

    kind: str
    id: str
    name: str


class SeenResult(Struct, frozen=True, gc=False):
    """One result; its words are told by the story that it is of."""

    check: str
    status: Status
    subject: int
    told: Raw


_NOTHING = Raw(b"")
_Fields: Any = msgspec.defstruct(
    "_Fields",
    [("name", str), ("id", str), *((one, Raw, _NOTHING) for one in ("target", "cluster", *FIELDS))],
    frozen=True,
)
_GPU: Any = runlines.narrow(PhysicalGpu, GPU_FIELDS)
_GPUS: Any = Known[tuple[_GPU, ...]] | Unknown
_NIC: Any = runlines.narrow(Nic, NIC_FIELDS)
_NICS: Any = Known[tuple[_NIC, ...]] | Unknown
_HINTS = get_type_hints(Host)
_Traits: Any = msgspec.defstruct(
    "_Traits",
    [(one, {"gpus": _GPUS, "nics": _NICS}.get(one, _HINTS[one]), NOT_OPENED) for one in FIELDS],
    frozen=True,
)
"""A host that has nothing but what its traits are read from."""


class _Line(Struct, frozen=True):
    verdict: Answer
    host: _Fields
    subjects: tuple[StorySubject, ...]
    results: tuple[SeenResult, ...]


_line = msgspec.json.Decoder(_Line).decode
_fields = attrgetter(*FIELDS)
_fact = msgspec.json.Decoder(Known[str] | Unknown).decode
_traits = msgspec.json.Decoder(_Traits).decode


def _opened(decode: Callable[[bytes], T], text: bytes) -> T:
    try:
        return decode(text)
    except UNREADABLE as error:
        raise damaged(error, "a run file") from None


class Glance:
    """One host of a story."""

    def __init__(
        self, line: _Line, value: Callable[[Raw], bytes], told: Callable[[Raw], ToldResult],
        asked: str,
    ) -> None:  # fmt: skip
        """Take its line, what opens values and words that may be shared, and whom the run asked."""
        self._line = line
        self._value = value
        target = value(line.host.target)
        self.who: Who = (line.host.name, (target and msgspec.json.decode(target)) or asked)
        self.verdict = upheld(
            line.verdict, (one.status for one in line.results),
            (one.status for one in self.open.values()
             if told(one.told).severity is Severity.REQUIRED),
        )  # fmt: skip

    @cached_property
    def open(self) -> dict[Key, SeenResult]:
        """What is no pass."""
        about = self._line.subjects
        return {
            (one.check, about[one.subject].kind, about[one.subject].id): one
            for one in self._line.results
            if one.status in OPEN
        }

    @cached_property
    def judged(self) -> dict[Key, Status]:
        """All that was judged."""
        about = self._line.subjects
        return {
            (one.check, about[one.subject].kind, about[one.subject].id): one.status
            for one in self._line.results
        }

    @cached_property
    def blind(self) -> frozenset[str]:
        """The checks that could not list what they judge."""
        return frozenset(
            check
            for (check, kind, _), one in self.open.items()
            if kind == "host" and one.status is not Status.FAIL
        )

    def knows_not(self, key: Key) -> bool:
        """Say whether a result is not known: it is unknown, or its subject could not be listed."""
        if key in self.open:
            return self.open[key].status is not Status.FAIL
        return key not in self.judged and key[0] in self.blind

    @cached_property
    def off(self) -> frozenset[str]:
        """The checks that a policy had off."""
        return frozenset(
            one.check for one in self._line.results if one.status is Status.NOT_SELECTED
        )

    def subject(self, one: SeenResult) -> StorySubject:
        """Return what a result is of."""
        return self._line.subjects[one.subject]

    @cached_property
    def fields(self) -> tuple[bytes, ...]:
        """What its traits are read from, as it is written."""
        return tuple(map(self._value, _fields(self._line.host)))

    def cluster(self) -> str:
        """Return its cluster; empty where it has none, or that is not known."""
        fact = self._cluster()
        return fact.value if isinstance(fact, Known) else ""

    def is_placed(self) -> bool:
        """Say whether it is known which cluster it is of, or that it is of none."""
        fact = self._cluster()
        return isinstance(fact, Known) or fact.why is Why.ABSENT

    def _cluster(self) -> Known[str] | Unknown:
        text = self._value(self._line.host.cluster)
        return _opened(_fact, text) if text else NOT_OPENED

    def worst(self) -> dict[str, Status]:
        """Return the gravest status of each check."""
        found: dict[str, Status] = {}
        for one in self._line.results:
            was = found.setdefault(one.check, one.status)
            if WORST_FIRST.index(one.status) < WORST_FIRST.index(was):
                found[one.check] = one.status
        return found

    def traits(self) -> dict[str, str]:
        """Return what is known of what it does not change by itself."""
        parts = [
            b'"%s":%s' % (n.encode(), v) for n, v in zip(FIELDS, self.fields, strict=True) if v
        ]
        host = _opened(_traits, b"{%s}" % b",".join(parts))
        told = {topic: words(host) for topic, words in TRAITS.items()}
        return {topic: words for topic, words in told.items() if words}


class Story:
    """One run, its hosts opened one by one."""

    head: StoredRun | Run
    _name: str
    _text: Callable[[int], bytes | memoryview | Raw]
    _value: Callable[[Raw], bytes]
    _told: Callable[[Raw], ToldResult]
    _count: int
    sketch = False
    """Whether it is of a history, which knows fails and verdicts alone."""
    _waived: dict[Who, set[Key]] | None = None

    @classmethod
    def at(cls, path: Path) -> "Story":
        """Open a run file. Raises UsageError when it is none."""
        found = runlines.opened(path)
        if found is None:
            return cls.of(runfile.read(path), str(path))
        made = cls()
        made.head, lines = found
        made._name = str(path)
        made._text, made._value, made._told = lines.line, lines.value, lines.told
        made._count = len(lines.places)
        return made

    @classmethod
    def of(cls, run: Run, name: str = "the run") -> "Story":
        """Open a run that was read, or is new; `name` is what it is called where it is damaged."""
        made = cls()
        made.head, made._name, made._count = run, name, len(run.hosts)
        if isinstance(run.hosts, runfile.StoredHosts):
            made._text, made._value = run.hosts.text, run.hosts.value
            made._told = run.hosts.words
        else:
            packed = list(map(runfile.pack, run.hosts))
            made._text, made._value = lambda number: packed[number], bytes
            made._told = msgspec.json.Decoder(ToldResult).decode
        return made

    def waived(self, who: Who) -> AbstractSet[Key]:
        """Return which results of a host somebody answers for."""
        if self._waived is None:
            self._waived = {}
            for one in self.head.waivers.results if self.head.waivers is not None else ():
                key = (one.check, one.subject_kind, one.subject_id)
                self._waived.setdefault((one.host, one.target), set()).add(key)
        return self._waived.get(who, frozenset())

    def last_known(self) -> dict[Who, LastKnown]:
        """Return what an earlier run knew and this one does not, by host."""
        return {(one.host, one.target): one for one in self.head.last_known}

    def gone(self, who: Who) -> str:
        """Say why a host is not in this run, where the run tells it."""
        failures = {one.name: one.failure for one in silent(self.head.targets)}
        if who[1] in failures:
            return f"{who[1]} told of no host: {failures[who[1]]}"
        if {who[0], called(*who)} & set(self.head.unasked):
            return f"not asked: {self.head.ended or 'the run was interrupted'}"
        return ""

    def hosts(self) -> Iterator[Glance]:
        """Open the hosts one by one, in the order of their names.

        Raises UsageError when the file is damaged, or in another order.
        """
        before: tuple[Who, str] | None = None
        for number in range(self._count):
            line, glance = self._opened(number)
            this = (glance.who, line.host.id)
            if before is not None and this < before:
                raise UsageError(
                    f"{self._name}: {this[0][0]} stands behind {before[0][0]}: the hosts of a run "
                    "file are in the order of their names; give the file that hostcheck wrote"
                )
            before = this
            yield glance

    def host(self, number: int) -> Glance:
        """Open the host at a place from 0 on. Raises UsageError when the file is damaged there."""
        return self._opened(number)[1]

    def _opened(self, number: int) -> tuple[_Line, Glance]:
        try:
            line = _line(self._text(number))
            return line, Glance(line, self._value, self._told, self.head.target)
        except DAMAGED as error:
            raise self._damaged(error) from None

    def told(self, one: SeenResult) -> ToldResult:
        """Return the words of a result."""
        try:
            return self._told(one.told)
        except DAMAGED as error:
            raise self._damaged(error) from None

    def _damaged(self, error: Exception) -> UsageError:
        return damaged(error, f"{self._name}: the run file")

    def title(self, check: str) -> str:
        """Return the title of a check, or its id where the run has no manual of it."""
        return dict(self.titles()).get(check, check)

    def titles(self) -> Iterator[tuple[str, str]]:
        """Yield the checks in their order: id and title."""
        return ((one.id, one.title) for one in self.head.checks)
