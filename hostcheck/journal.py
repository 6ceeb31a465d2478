"""The journal of a run: every host on disk as soon as it is judged, so that nothing is lost.

It lies beside the run file while the run goes on (`run.json.journal`), holds what the run file will
hold and never a credential, and goes when the run file is there. After an interrupt, a crash or a
power cut `--resume` reads it, drops a line that was cut off, and asks only the other hosts.
"""

import os
import tempfile
import time
from collections.abc import Container, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self

import msgspec
from msgspec import Struct

from hostcheck import runfile
from hostcheck.errors import UsageError
from hostcheck.model.host import Host
from hostcheck.model.host_ref import HostRef, Key
from hostcheck.model.result import Answer, Status, upheld
from hostcheck.model.run import odd_times
from hostcheck.model.unreadable import UNREADABLE

SCHEMA = "hostcheck.journal/1"
SYNC_SECONDS = 1
"""What a power cut may cost; a killed process costs nothing but the host it was at."""


class Heading(Struct, frozen=True):
    """What all lines of a journal have in common; another origin is another run."""

    tool_version: str
    catalogue_edition: str
    target: str
    asked: tuple[str, ...]
    """Wires that were used."""
    policy: str = ""
    """Hash of what hosts are judged by."""
    schema: str = SCHEMA


class _Source(Struct, frozen=True, gc=False):
    taken_at: str


class _Result(Struct, frozen=True, gc=False):
    status: Status
    told: msgspec.Raw


class _Line(Struct, frozen=True):
    """What is looked at of a host when it comes, so that it need not be looked for later."""

    verdict: Answer
    host: dict[str, msgspec.Raw]
    results: tuple[_Result, ...]


_line = msgspec.json.Decoder(_Line).decode
_text = msgspec.json.Decoder(str).decode
_sources = msgspec.json.Decoder(tuple[_Source, ...]).decode


def _key(host: Mapping[str, msgspec.Raw]) -> Key:
    """Return which host it is. Raises KeyError where it does not say."""
    name, target, id_ = (_text(host[one]) for one in ("name", "target", "id"))
    return HostRef(name, target, id_).key


def _timeless(host: Host) -> bool:
    """Say whether an answer of a host has a time that is none."""
    return any(odd_times(one.taken_at, "") for one in host.sources)


class _Place(NamedTuple):
    """Where the line of a host lies in the file, and what it comes to."""

    start: int
    length: int
    verdict: Answer


def _nameless() -> BinaryIO:
    """Return a file without a name: in memory, where no directory takes one."""
    try:
        return tempfile.TemporaryFile(prefix="hostcheck-", buffering=0)
    except OSError:
        return os.fdopen(os.memfd_create("hostcheck-journal"), "r+b", buffering=0)


class Journal:
    """Lines of hosts, appended in any order, walked over in the order of host names."""

    def __init__(self, origin: Heading, path: Path | None = None, *, resume: bool = False) -> None:
        """Start a journal, or go on with the one that is there.

        Without a path, or where that cannot be written, it is a file without a name: the run is
        as good, and cannot be resumed. Raises UsageError for the journal of another run.
        """
        self.path = path
        self._places: dict[Key, _Place] = {}
        self._sharing: runfile.Sharing | None = runfile.Sharing()
        """Of the hosts that are here; None where one went."""
        self._homeless: dict[Key, bytes] = {}
        self._end = 0
        self._synced = time.monotonic()
        self.first_answer_at = self.last_answer_at = ""
        self.managed = False
        """Whether SSH was started for a host."""
        file: BinaryIO | None = None
        if path is not None:
            with suppress(OSError):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
                file = path.open("r+b", buffering=0)
        if file is None:
            self.path = None
            file = _nameless()
        self._file = file
        try:
            if self.path is not None:
                _lock(file, self.path)
            self.replaced = not (resume and self._go_on(origin)) and self._start(origin)
        except BaseException:
            file.close()
            raise

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file; it stays where it is, unless no host is in it."""
        self._file.close()
        if not self._places and self.path is not None:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)

    def _start(self, origin: Heading) -> bool:
        """Begin anew; say whether something was there. On a full disk nothing is begun."""
        there = os.fstat(self._file.fileno()).st_size > 0
        self._file.truncate(0)
        self._file.seek(0)
        heading = msgspec.json.encode(origin) + b"\n"
        with suppress(OSError):
            self._end = self._file.write(heading)
        if self._end != len(heading):
            self._end = 0
            if self.path is not None:
                with suppress(OSError):
                    self.path.unlink()
                self.path = None
        return there

    def _go_on(self, origin: Heading) -> bool:
        """Find the hosts that are done. Returns False where nothing is."""
        self._file.seek(0)
        with open(self._file.fileno(), "rb", closefd=False) as lines:
            first = lines.readline()
            if not first.endswith(b"\n"):
                return False
            self._match(first, origin)
            self._end = len(first)
            for line in lines:
                if not line.endswith(b"\n") or not self._found(line[:-1]):
                    break
        self._file.truncate(self._end)
        self._file.seek(self._end)
        return True

    def _match(self, first: bytes, origin: Heading) -> None:
        try:
            there = msgspec.json.decode(first, type=Heading)
        except UNREADABLE:
            raise UsageError(f"{self.path}: not a journal; move it away") from None
        if there != origin:
            unlike = [
                name for name in Heading.__struct_fields__
                if getattr(there, name) != getattr(origin, name)
            ]  # fmt: skip
            told = "; ".join(
                f"{name.replace('_', ' ')} {_words(there, name)}, now {_words(origin, name)}"
                for name in unlike
            )
            raise UsageError(f"{self.path} is of another run ({told}); start anew without --resume")

    def _found(self, line: bytes) -> bool:
        """Take a line; what is not as it was written would end every run that goes on with it."""
        try:
            report = runfile.StoredHosts(1, lambda _: line)[0]
            if runfile.pack(report) != line or _timeless(report.host):
                return False
            self._note(_line(line), len(line) + 1)
        except (UsageError, UnicodeEncodeError):
            return False
        return True

    def _note(self, line: _Line, written: int) -> None:
        key, times = _key(line.host), [one.taken_at for one in _sources(line.host["sources"])]
        if key in self._places:
            self._sharing = None
        if self._sharing is not None:
            self._sharing.add(line)
        verdict = upheld(line.verdict, (one.status for one in line.results))
        self._places[key] = _Place(self._end, max(written - 1, 0), verdict)
        self._end += written
        self.managed |= "ssh_service" in line.host
        if times := list(filter(None, times)):
            self.first_answer_at = min([*filter(None, [self.first_answer_at]), *times])
            self.last_answer_at = max([self.last_answer_at, *times])

    def add(self, line: bytes) -> None:
        """Append a host as `runfile.pack` wrote it; where the disk is full, keep it in memory."""
        seen = _line(line)
        try:
            self._file.seek(self._end)
            written = self._file.write(line + b"\n")
            if time.monotonic() - self._synced > SYNC_SECONDS:
                os.fsync(self._file.fileno())
                self._synced = time.monotonic()
        except OSError:
            written = 0
        if written != len(line) + 1:
            self._homeless[_key(seen.host)] = line
            written = 0
        self._note(seen, written)

    def keep(self, keys: Container[Key], silent: Container[str] = ()) -> None:
        """Forget hosts that are not among these: they are of the inventory no more.

        What is known of the hosts of a vCenter that is silent now is kept.
        """
        gone = [key for key in self._places if key not in keys and key[1] not in silent]
        for key in gone:
            del self._places[key]
        if gone:
            self._sharing = None

    def __contains__(self, key: Key) -> bool:
        return key in self._places

    def __len__(self) -> int:
        return len(self._places)

    def hosts(self) -> runfile.StoredHosts:
        """Return the hosts in the order of their names, read from disk when walked over."""
        keys = sorted(self._places)

        def line(number: int) -> bytes:
            place = self._places[keys[number]]
            there = self._homeless.get(keys[number])
            return there or self._read(place.start, place.length)

        verdicts = [self._places[key].verdict for key in keys]
        return runfile.StoredHosts(len(keys), line, verdicts=verdicts, sharing=self._sharing)

    def _read(self, start: int, length: int) -> bytes:
        self._file.seek(start)  # not every system has pread
        return self._file.read(length)

    def remove(self) -> None:
        """Remove the file: the run file is there. `hosts` cannot be walked over any more."""
        if self.path is not None:
            self._file.close()  # some systems remove no file that is open
            self.path.unlink(missing_ok=True)


def _words(origin: Heading, name: str) -> str:
    value = getattr(origin, name)
    return value if isinstance(value, str) else "+".join(value) or "none"


def _lock(file: BinaryIO, path: Path) -> None:
    """Keep a second run away from the same journal, where the system can do that."""
    try:
        import fcntl  # noqa: PLC0415  not on every system
    except ImportError:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise UsageError(f"{path}: another run is writing it; wait, or give another -o") from None
