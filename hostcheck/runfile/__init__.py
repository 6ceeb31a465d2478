"""The run file: a run on disk, one line per host, every value that hosts share written once.

    {"schema": "hostcheck.run/2", "tool_version": ..., "checks": [...],
    "hosts": [
    {"verdict": "GO", "host": {"name": "esx-01", "version": 4, ...}, "subjects": [...],
     "results": [{"check": "GPU-001", "status": "pass", "subject": 2, "told": 7}, ...]},
    ...],
    "shared": [...]}

A number where a fact or the words of a result are expected points into `shared`; the subject of a
result points into the subjects of its host. It is one JSON document: `jq` reads it, line breaks
mean nothing. `hostcheck report RUN --format json` prints the plain document of schema run/1, which
is read as well.

A `Journal` holds the same lines while a run goes on, in the order in which hosts were done.
"""

import mmap
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, TypeVar
from zlib import compress, decompress

import msgspec
from msgspec import Meta, Raw, Struct

from hostcheck import files
from hostcheck.errors import UsageError
from hostcheck.model.history import History
from hostcheck.model.host import Host
from hostcheck.model.memory import LastKnown
from hostcheck.model.policy import Policy
from hostcheck.model.result import (
    Answer,
    Command,
    Manual,
    Result,
    Severity,
    Status,
    Subject,
    Unseen,
    upheld,
)
from hostcheck.model.run import SCHEMA as PLAIN
from hostcheck.model.run import (
    Asked,
    HostReport,
    OpenedOneByOne,
    PowerOn,
    Preflight,
    Run,
    odd_times,
    upheld_preflight,
    upheld_report,
)
from hostcheck.model.slots import GpuSlots
from hostcheck.model.waiver import Waivers

SCHEMA = "hostcheck.run/2"
SHORT = 8
"""Values of so few bytes are not worth a number."""
QUICKLY = 1
"""Level of compression: a sixth of the size in half a millisecond a host."""
OWN = ("schema", "hosts", "read_from", "since")
"""What the file holds in a way of its own, or not at all; other fields are in it as they are."""
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


class _Glance(Struct, frozen=True):
    """What a line comes to."""

    verdict: Answer
    results: Raw = Raw(b"[]")


class _Judged(Struct, frozen=True):
    """Of a result, how it ended."""

    status: Status


PASSES = b'"status":"pass"'
"""What a result that passes has in it; quotes inside of texts are escaped, and look otherwise."""


_encode = msgspec.json.Encoder(order="deterministic").encode
_decode_told = msgspec.json.Decoder(ToldResult).decode
_decode_line = msgspec.json.Decoder(StoredHost).decode
_glance_at = msgspec.json.Decoder(_Glance).decode
_judged = msgspec.json.Decoder(tuple[_Judged, ...]).decode


def upheld_by(verdict: Answer, results: Raw) -> Answer:
    """Return the verdict of a line, whose GO needs a result that passes."""
    if verdict is not Answer.GO or PASSES in bytes(results):
        return verdict
    return upheld(verdict, (one.status for one in _judged(results)))


def pack(report: HostReport) -> bytes:
    """Return a host as one line without line break, nothing shared."""
    subjects: dict[object, int] = {}
    listed: list[Subject] = []
    results = []
    for result in report.results:
        about = result.subject
        key = (about.kind, about.id, about.name, *about.values.items())
        if key not in subjects:
            subjects[key] = len(listed)
            listed.append(about)
        told = ToldResult(
            result.severity, result.observed, result.expected, result.note, result.unseen,
            result.trace,
        )  # fmt: skip
        results.append(
            WholeResult(
                result.check, result.status, subjects[key], told, result.sources, result.fix
            )
        )
    return _encode(
        WholeHost(report.verdict, report.host, tuple(listed), tuple(results), report.slots)
    )


class _Shared:
    """Values by number, each decoded once where that is possible."""

    def __init__(self, values: Sequence[Raw] = ()) -> None:
        self._values = values
        self.told = cache(lambda number: _decode_told(self._values[number]))

    def value(self, raw: Raw) -> bytes:
        text = bytes(raw)
        return bytes(self._values[int(text)]) if text[:1].isdigit() else text

    def words(self, raw: Raw) -> ToldResult:
        text = bytes(raw)
        told: ToldResult = self.told(int(text)) if text[:1].isdigit() else _decode_told(text)
        return told

    def report(self, line: bytes | memoryview | Raw) -> HostReport:
        """Return the host of a line. Raises UsageError when the file is damaged there."""
        try:
            return self._report(line)
        except (msgspec.MsgspecError, IndexError, ValueError) as error:
            raise UsageError(f"the run file is damaged: {error}; run again") from None

    def _report(self, line: bytes | memoryview | Raw) -> HostReport:
        opened: WholeHost | OpenedHost
        if self._values:
            opened = msgspec.json.decode(line, type=OpenedHost)
            fields = (b'"%s":%s' % (k.encode(), self.value(raw)) for k, raw in opened.host.items())
            host = msgspec.json.decode(b"{%s}" % b",".join(fields), type=Host)
        else:
            opened = msgspec.json.decode(line, type=WholeHost)
            host = opened.host
        return HostReport(
            upheld(opened.verdict, (one.status for one in opened.results)), host,
            tuple(self.result(one, opened.subjects) for one in opened.results), opened.slots,
        )  # fmt: skip

    def result(self, stored: WholeResult, subjects: tuple[Subject, ...]) -> Result:
        """Return a result with its words. Raises IndexError where it points to nothing."""
        told: ToldResult = self.told(stored.told) if isinstance(stored.told, int) else stored.told
        return Result(
            stored.check, told.severity, stored.status, subjects[stored.subject], told.observed,
            told.expected, told.note, stored.sources, told.unseen, stored.fix, told.trace,
        )  # fmt: skip

    def plain(self, line: bytes | memoryview | Raw) -> StoredHost:
        """Return a line with nothing shared."""
        stored = _decode_line(line)
        if not self._values:
            return stored
        return StoredHost(
            stored.verdict,
            {name: Raw(self.value(raw)) for name, raw in stored.host.items()},
            stored.subjects,
            tuple(
                msgspec.structs.replace(one, told=Raw(self.value(one.told)))
                for one in stored.results
            ),
            stored.slots,
        )


class StoredHosts(OpenedOneByOne):
    """The hosts of a run that lies on disk: opened when walked over, never all at once."""

    def __init__(
        self,
        count: int,
        line: Callable[[int], bytes | memoryview | Raw],
        shared: Sequence[Raw] = (),
    ) -> None:
        self._line = line
        self._shared = _Shared(shared)
        self.result = self._shared.result
        super().__init__(count, lambda number: self._shared.report(line(number)))

    def text(self, number: int) -> bytes | memoryview | Raw:
        """Return the line at a place."""
        return self._line(number)

    def value(self, raw: Raw) -> bytes:
        """Return a value of a line, which may be shared."""
        return self._shared.value(raw)

    def words(self, raw: Raw) -> ToldResult:
        """Return the words of a result of a line."""
        return self._shared.words(raw)

    def verdicts(self) -> Iterator[Answer]:
        """Yield the verdicts without opening the hosts."""
        return map(self._verdict, range(self._count))

    def _verdict(self, number: int) -> Answer:
        try:
            glance = _glance_at(self._line(number))
            return upheld_by(glance.verdict, glance.results)
        except msgspec.MsgspecError as error:
            raise UsageError(f"the run file is damaged: {error}; run again") from None

    def lines(self) -> Iterator[StoredHost]:
        """Yield the hosts as lines with nothing shared."""
        return (self._shared.plain(self._line(number)) for number in range(self._count))


def verdicts(run: Run) -> Iterator[Answer]:
    """Yield the verdict on every host."""
    if isinstance(run.hosts, StoredHosts):
        return run.hosts.verdicts()
    return (report.verdict for report in run.hosts)


def packed(reports: Iterable[HostReport]) -> StoredHosts:
    """Return hosts in the order of their names, in memory as small as they get."""
    lines = sorted((report.host.ref.key, compress(pack(report), QUICKLY)) for report in reports)
    return StoredHosts(len(lines), lambda number: decompress(lines[number][1]))


def _lines(run: Run) -> Iterator[StoredHost]:
    if isinstance(run.hosts, StoredHosts):
        return run.hosts.lines()
    return (_decode_line(pack(report)) for report in run.hosts)


def _values(line: StoredHost) -> Iterator[bytes]:
    for name, raw in line.host.items():
        if name not in NAMING:
            yield bytes(raw)
    for one in line.results:
        yield bytes(one.told)


def chunks(run: Run) -> Iterator[bytes]:
    """Yield the run file piece by piece. The hosts are walked over twice."""
    met: set[int] = set()
    repeated: set[int] = set()
    for line in _lines(run):
        for value in _values(line):
            mark = hash(value)
            (repeated if mark in met else met).add(mark)
    met.clear()
    numbers: dict[bytes, int] = {}

    def short(raw: Raw) -> Raw:
        value = bytes(raw)
        if len(value) <= SHORT or hash(value) not in repeated:
            return raw
        return Raw(b"%d" % numbers.setdefault(value, len(numbers)))

    head = {
        name: SCHEMA if name == "schema" else getattr(run, name)
        for name in StoredRun.__struct_fields__
        if name not in ("hosts", "shared")
    }
    yield _encode(msgspec.to_builtins(head)).removesuffix(b"}") + b',\n"hosts":['
    comma = b"\n"
    for line in _lines(run):
        text = _encode(
            StoredHost(
                line.verdict,
                {n: raw if n in NAMING else short(raw) for n, raw in sorted(line.host.items())},
                line.subjects,
                tuple(msgspec.structs.replace(one, told=short(one.told)) for one in line.results),
                line.slots,
            )
        )
        yield comma + (msgspec.json.format(text, indent=-1) if b"\n" in text else text)
        comma = b",\n"
    yield b'],\n"shared":[\n' + b",\n".join(numbers) + b"]}\n"


def digest(run: Run) -> str:
    """Return the SHA-256 of the run file: of the one that it was read from, where that is known.

    Else of the one that this version writes, whether it is written or not; walks over the hosts.
    """
    if run.read_from is not None:
        return run.read_from.sha256
    from hashlib import sha256  # noqa: PLC0415  few runs are asked for it

    found = sha256()
    for chunk in chunks(run):
        found.update(chunk)
    return found.hexdigest()


def write(run: Run, path: Path) -> None:
    """Write the run file. Raises UsageError when that cannot be done."""
    files.write(path, chunks(run))


def read(path: Path) -> Run:
    """Read a run file. Raises UsageError when it is none, or of another schema."""
    try:
        with path.open("rb") as file:
            data: bytes | mmap.mmap = (
                mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                if os.fstat(file.fileno()).st_size
                else file.read()
            )
    except (OSError, ValueError):
        try:
            data = path.read_bytes()
        except OSError as error:
            raise UsageError(
                f"{path}: {error.strerror}; give a run file (audit -o RUN.json)"
            ) from None
    try:
        schema = msgspec.json.decode(data, type=_Head).schema
        if schema == PLAIN:
            plain = _checked(msgspec.json.decode(data, type=Run), path)
            judged = tuple(map(upheld_report, plain.hosts))
            return msgspec.structs.replace(plain, hosts=judged, read_from=None)
        if schema != SCHEMA:
            raise UsageError(
                f"{path}: schema {schema!r}, this version reads {SCHEMA!r} and {PLAIN!r}"
            )
        stored = _checked(msgspec.json.decode(data, type=StoredRun), path)
    except msgspec.MsgspecError as error:
        raise UsageError(
            f"{path}: not a run file of this version ({error}); run again, or read it with the "
            "hostcheck that wrote it"
        ) from None
    told = {name: getattr(stored, name) for name in Run.__struct_fields__ if name not in OWN}
    hosts = StoredHosts(len(stored.hosts), stored.hosts.__getitem__, stored.shared)
    return Run(schema=PLAIN, hosts=hosts, **told)


R = TypeVar("R", Run, StoredRun)


def _checked(run: R, path: Path) -> R:
    """Return what a file holds beside its hosts. Raises UsageError where a time is none."""
    if odd := odd_times(run.first_answer_at, run.last_answer_at):
        raise UsageError(f"{path}: the run file is damaged: {odd}; run again")
    return msgspec.structs.replace(run, preflight=upheld_preflight(run.preflight))


class _Head(Struct, frozen=True):
    schema: str
