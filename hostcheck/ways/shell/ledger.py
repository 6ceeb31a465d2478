"""On which hosts SSH was started for a run: on disk before it is started, until it is stopped.

One file for each host and run, locked by that run for as long as it lives: of one that was killed
the lock is gone and the file is there. Whoever finds it stops the service. No secret is in it.
"""

import errno
import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from hostcheck.errors import UsageError
from hostcheck.model.unreadable import UNREADABLE
from hostcheck.words import one_line

try:
    import fcntl
except ImportError:  # not every system has it
    fcntl: Any = None  # type: ignore[no-redef]

SCHEMA = "hostcheck.ssh-started/1"
MOST_BYTES = 1 << 16
STEP_SECONDS = 0.05


class Entry(Struct, frozen=True):
    """A host whose SSH was started, or is about to be, by a run."""

    vcenter: str
    host: str
    host_id: str
    service_id: str
    """Managed object ids."""
    noted_at: str
    pid: int
    schema: str = SCHEMA


class OpenEntry:
    """An entry of this run; the open file holds its lock."""

    def __init__(self, path: Path, file: int) -> None:
        self.path = path
        self._file = file

    def drop(self) -> None:
        """Forget it: nothing is left to undo."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
        self.leave()

    def leave(self) -> None:
        """Let the next run find it, if it is there."""
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)


class FoundEntry(NamedTuple):
    """An entry of a run, and whether that run lives."""

    path: Path
    entry: Entry
    alive: bool


class Ledger:
    """A folder of entries, of all runs of one user on one machine. For several threads."""

    def __init__(self, folder: Path) -> None:
        """Keep where it is; it is made when it is needed.

        Raises UsageError where files cannot be locked.
        """
        if fcntl is None:
            raise UsageError("--manage-ssh: this system cannot lock files, so it cannot be undone")
        self.folder = folder
        self.odd: list[Path] = []
        """Files that look like entries and cannot be read."""

    @contextmanager
    def turn(self, vcenter: str, host_id: str, seconds: float) -> Iterator[None]:
        """Let one run at a time start or stop SSH on a host. Raises OSError where that fails."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = _key(vcenter, host_id)
        path = self.folder / f"{key}.lock"
        lock = _locked(path, time.monotonic() + seconds)
        try:
            yield
        finally:
            if not any(self.folder.glob(f"{key}.*.json")):
                with suppress(OSError):
                    path.unlink(missing_ok=True)
            os.close(lock)

    def note(self, entry: Entry) -> OpenEntry:
        """Write an entry down, so that a power cut does not lose it. Raises OSError."""
        name = f"{_key(entry.vcenter, entry.host_id)}.{entry.pid}-{secrets.token_hex(4)}"
        fresh, path = self.folder / f"{name}.part", self.folder / f"{name}.json"
        file = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            data = msgspec.json.encode(entry) + b"\n"
            if os.write(file, data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(fresh))  # noqa: TRY301
            os.fsync(file)
            fresh.rename(path)
            _sync(self.folder)
        except BaseException:
            os.close(file)
            for one in (fresh, path):
                one.unlink(missing_ok=True)
            raise
        return OpenEntry(path, file)

    def of(self, vcenter: str, host_id: str, mine: OpenEntry | None = None) -> list[FoundEntry]:
        """Return the entries about a host, but for this run's own."""
        found = self._read(f"{_key(vcenter, host_id)}.*.json")
        return [one for one in found if mine is None or one.path != mine.path]

    def left(self) -> list[FoundEntry]:
        """Return the entries of runs that live no more."""
        return [one for one in self._read("*.json") if not one.alive]

    def _read(self, pattern: str) -> list[FoundEntry]:
        found = []
        for path in sorted(self.folder.glob(pattern)):
            try:
                found.append(_found(path))
            except FileNotFoundError:
                continue  # its run has just stopped it
            except (OSError, *UNREADABLE):
                if path not in self.odd:
                    self.odd.append(path)
        return found


def _key(vcenter: str, host_id: str) -> str:
    return hashlib.sha256(f"{vcenter}\n{host_id}".encode()).hexdigest()[:20]


def _locked(path: Path, until: float) -> int:
    """Open a file and lock it. One that was removed meanwhile is not the one that others lock."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists() and os.fstat(file).st_ino == path.stat().st_ino:
                return file
        except BlockingIOError:
            if time.monotonic() > until:
                os.close(file)
                told = "another run is at this host"
                raise TimeoutError(errno.EAGAIN, told, str(path)) from None
            time.sleep(STEP_SECONDS)
        except BaseException:
            os.close(file)
            raise
        os.close(file)


def _found(path: Path) -> FoundEntry:
    """Read an entry. Raises OSError for what is no file of this user's, MsgspecError for others."""
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        alive = False
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            alive = True
        if os.fstat(file).st_uid != os.geteuid():
            raise PermissionError(errno.EPERM, "it is of another user", str(path))
        entry = msgspec.json.decode(os.read(file, MOST_BYTES), type=Entry)
        if entry.schema != SCHEMA:
            raise msgspec.ValidationError(f"not {SCHEMA}: {one_line(entry.schema)}")
        return FoundEntry(path, entry, alive)
    finally:
        os.close(file)


def _sync(folder: Path) -> None:
    place = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)
