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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar
from zlib import compress, decompress

import msgspec
from msgspec import Raw, Struct

from hostcheck import files
from hostcheck.errors import UsageError, damaged
from hostcheck.model.host import Host
from hostcheck.model.result import OPEN, SETTLED, Answer, Result, Severity, Status, Subject, upheld
from hostcheck.model.run import SCHEMA as PLAIN
from hostcheck.model.run import (
    HostReport,
    OpenedOneByOne,
    Run,
    odd_times,
    upheld_preflight,
    upheld_report,
)
from hostcheck.model.unreadable import DAMAGED, UNREADABLE
from hostcheck.runfile.sharing import Sharing
from hostcheck.runfile.stored import (
    NAMING,
    LinedHost,
    OpenedHost,
    StoredHost,
    StoredResult,
    StoredRun,
    ToldResult,
    WholeHost,
    WholeResult,
    encode,
    pack,
)

__all__ = [
    "OWN", "SCHEMA", "OpenedHost", "Sharing", "StoredHost", "StoredHosts", "StoredResult",
    "StoredRun", "ToldResult", "WholeHost", "WholeResult", "chunks", "digest", "pack", "packed",
    "read", "upheld_by", "verdicts", "write",
]  # fmt: skip

F = TypeVar("F")
SCHEMA = "hostcheck.run/2"
QUICKLY = 1
"""Level of compression: a sixth of the size in half a millisecond a host."""
OWN = ("schema", "hosts", "read_from", "since")
"""What the file holds in a way of its own, or not at all; other fields are in it as they are."""


class _SeenStatus(Struct, frozen=True, gc=False):
    """Of a result, how it ended, and what says how much it weighs."""

    status: Status
    told: Raw


class _Glance(Struct, frozen=True):
    """What a line comes to."""

    verdict: Answer
    results: Raw = Raw(b"[]")


_decode_told = msgspec.json.Decoder(ToldResult).decode
_decode_line = msgspec.json.Decoder(LinedHost).decode
_glance_at = msgspec.json.Decoder(_Glance).decode
_judged = msgspec.json.Decoder(tuple[_SeenStatus, ...]).decode


def upheld_by(verdict: Answer, results: Raw, words: Callable[[Raw], ToldResult]) -> Answer:
    """Return the verdict of a line, or the graver one of its results; `words` opens theirs."""
    if verdict in SETTLED:
        return verdict
    found = _judged(results)
    opened = (one for one in found if one.status in OPEN)
    required = (one.status for one in opened if words(one.told).severity is Severity.REQUIRED)
    return upheld(verdict, (one.status for one in found), required)


class _Shared:
    """Values by number, each decoded once where that is possible."""

    def __init__(self, values: Sequence[Raw] = ()) -> None:
        self._values = values
        self.told = cache(lambda number: _decode_told(self._values[number]))

    def value(self, raw: Raw) -> bytes:
        text = bytes(raw)
        return bytes(self._values[int(text)]) if text[:1].isdigit() else text

    def facts(self, told: Mapping[str, Raw], kind: type[F], names: Iterable[str]) -> F:
        pairs = (b'"%s":%s' % (one.encode(), self.value(told[one])) for one in names if one in told)
        return msgspec.json.decode(b"{%s}" % b",".join(pairs), type=kind)

    def words(self, raw: Raw) -> ToldResult:
        text = bytes(raw)
        told: ToldResult = self.told(int(text)) if text[:1].isdigit() else _decode_told(text)
        return told

    def report(self, line: bytes | memoryview | Raw) -> HostReport:
        """Return the host of a line. Raises UsageError when the file is damaged there."""
        try:
            return self._report(line)
        except DAMAGED as error:
            raise damaged(error) from None

    def _report(self, line: bytes | memoryview | Raw) -> HostReport:
        opened: WholeHost | OpenedHost
        if self._values:
            opened = msgspec.json.decode(line, type=OpenedHost)
            host = self.facts(opened.host, Host, opened.host)
        else:
            opened = msgspec.json.decode(line, type=WholeHost)
            host = opened.host
        results = tuple(self.result(one, opened.subjects) for one in opened.results)
        return upheld_report(HostReport(opened.verdict, host, results, opened.slots))

    def result(self, stored: WholeResult, subjects: tuple[Subject, ...]) -> Result:
        """Return a result with its words. Raises IndexError where it points to nothing."""
        told: ToldResult = self.told(stored.told) if isinstance(stored.told, int) else stored.told
        return Result(
            stored.check, told.severity, stored.status, subjects[stored.subject], told.observed,
            told.expected, told.note, stored.sources, told.unseen, stored.fix, told.trace,
        )  # fmt: skip

    def plain(self, line: bytes | memoryview | Raw) -> LinedHost:
        """Return a line with nothing shared."""
        lined = _decode_line(line)
        if self._values:
            lined.host = {name: Raw(self.value(raw)) for name, raw in lined.host.items()}
            for one in lined.results:
                one.told = Raw(self.value(one.told))
        return lined


class StoredHosts(OpenedOneByOne):
    """The hosts of a run that lies on disk: opened when walked over, never all at once."""

    def __init__(
        self,
        count: int,
        line: Callable[[int], bytes | memoryview | Raw],
        shared: Sequence[Raw] = (),
        *,
        verdicts: Sequence[Answer] = (),
        sharing: Sharing | None = None,
    ) -> None:
        """Take what reads the line at a place, and what is known without reading them."""
        self.sharing = sharing
        self._verdicts = verdicts
        self._line = line
        self._shared = _Shared(shared)
        self.result, self.facts = self._shared.result, self._shared.facts
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
        return iter(self._verdicts or map(self._verdict, range(self._count)))

    def _verdict(self, number: int) -> Answer:
        try:
            glance = _glance_at(self._line(number))
            return upheld_by(glance.verdict, glance.results, self._shared.words)
        except DAMAGED as error:
            raise damaged(error) from None

    def lines(self) -> Iterator[LinedHost]:
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


def _lines(run: Run) -> Iterator[LinedHost]:
    if isinstance(run.hosts, StoredHosts):
        return run.hosts.lines()
    return (_decode_line(pack(report)) for report in run.hosts)


def _sharing(run: Run) -> Sharing:
    """Return which values are shared; walks over the hosts where that is not known yet."""
    if isinstance(run.hosts, StoredHosts) and run.hosts.sharing is not None:
        return run.hosts.sharing
    found = Sharing()
    for line in _lines(run):
        found.add(line)
    return found


def chunks(run: Run) -> Iterator[bytes]:
    """Yield the run file piece by piece. The hosts are walked over, twice where it must be."""
    short = _sharing(run).numbering()
    head = {
        name: SCHEMA if name == "schema" else getattr(run, name)
        for name in StoredRun.__struct_fields__
        if name not in ("hosts", "shared")
    }
    yield encode(msgspec.to_builtins(head)).removesuffix(b"}") + b',\n"hosts":['
    comma = b"\n"
    for line in _lines(run):
        line.host = {n: raw if n in NAMING else short(raw) for n, raw in sorted(line.host.items())}
        for one in line.results:
            one.told = short(one.told)
        text = encode(line)
        yield comma + (msgspec.json.format(text, indent=-1) if b"\n" in text else text)
        comma = b",\n"
    yield b'],\n"shared":[\n' + b",\n".join(short.numbers) + b"]}\n"


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
    except UNREADABLE as error:
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
        raise damaged(odd, f"{path}: the run file")
    return msgspec.structs.replace(run, preflight=upheld_preflight(run.preflight))


class _Head(Struct, frozen=True):
    schema: str
