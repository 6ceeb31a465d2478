"""Archives that strangers sent: read as a stream, member by member, and never extracted.

Only regular files count. A name that leaves its folder, a second file of one name, and sizes that
no honest archive has end the reading of that archive, and of no other.
"""

import gzip
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from hostcheck.errors import UsageError

MEBI = 1 << 20
HEADER_BYTES = MEBI
"""The longest name or extended header that is read."""


class Limits(NamedTuple):
    """What an archive may hold at most, in bytes, and how many members."""

    member: int
    total: int
    kept: int
    """Of all wanted files together: so much memory they may take."""
    members: int
    ratio: int = 300
    """How many times its compressed size it may be; above that it is made to fill a memory."""


RECORDING = Limits(member=64 * MEBI, total=512 * MEBI, kept=256 * MEBI, members=20_000)
BUNDLE = Limits(member=256 * MEBI, total=64 << 30, kept=512 * MEBI, members=100_000)


class _Suspect(Exception):  # noqa: N818  an answer about an archive
    """What an archive holds that no honest one does."""


class _Member(tarfile.TarInfo):
    """A header, which must not make tarfile read a name of a gigabyte."""

    @classmethod
    def frombuf(cls, buf: Any, encoding: Any, errors: Any) -> "_Member":
        """Read a header. Raises _Suspect for one that announces too long a name."""
        found = super().frombuf(buf, encoding, errors)
        if not found.isreg() and not found.isdir() and found.size > HEADER_BYTES:
            raise _Suspect(f"a header of {found.size} bytes")
        return found


class _Counted:
    """A stream of unpacked bytes that ends with an error where there are too many."""

    def __init__(self, inner: gzip.GzipFile, most: int) -> None:
        self._inner = inner
        self._left = most

    def read(self, size: int) -> bytes:
        """Read on."""
        data = self._inner.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise _Suspect("more than it may unpack to")
        return data


def members(
    where: str,
    packed: IO[bytes],
    packed_bytes: int,
    limits: Limits,
    wanted: Callable[[str], bool],
) -> Iterator[tuple[str, bytes]]:
    """Yield the wanted regular files of a .tgz as (name, content), in the order of the archive.

    `where` names it in messages. Raises UsageError when it is none, is cut, or is suspect.
    """
    most = min(limits.total, limits.ratio * packed_bytes + 64 * MEBI)
    try:
        with gzip.GzipFile(fileobj=packed) as unpacked:
            yield from _wanted(_Counted(unpacked, most), limits, wanted)
            while unpacked.read(MEBI):  # the digest of the whole is behind its end
                pass
    except _Suspect as what:
        raise UsageError(f"{where}: it holds {what}; this is no archive to read") from None
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        said = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise UsageError(f"{where}: not a whole .tgz ({said}); copy it again") from None


def _wanted(
    stream: _Counted, limits: Limits, wanted: Callable[[str], bool]
) -> Iterator[tuple[str, bytes]]:
    seen: set[str] = set()
    kept = 0
    fileobj = cast("IO[bytes]", stream)
    with tarfile.open(fileobj=fileobj, mode="r|", tarinfo=_Member, errors="replace") as archive:
        for count, member in enumerate(archive):
            name = member.name.removeprefix("./")
            _refuse(member, count, limits)
            if not member.isreg() or member.issparse() or not wanted(name):
                continue
            kept += member.size
            if member.size > limits.member or kept > limits.kept:
                raise _Suspect(f"{name[:200]!r} has {member.size} bytes")
            if name in seen:
                raise _Suspect(f"two files called {name[:200]!r}")
            seen.add(name)
            file = archive.extractfile(member)
            data = file.read() if file is not None else b""
            if len(data) != member.size:
                raise EOFError(f"{name[:200]!r} is cut")
            yield name, data


def _refuse(member: tarfile.TarInfo, count: int, limits: Limits) -> None:
    """Raise _Suspect for what no honest archive has."""
    if count >= limits.members:
        raise _Suspect(f"more than {limits.members} members")
    if member.name.startswith("/") or ".." in member.name.split("/"):
        raise _Suspect(f"a name that leaves its folder: {member.name[:200]!r}")
    if member.size > limits.total:
        raise _Suspect(f"{member.name[:200]!r} has {member.size} bytes")


def members_of(
    path: Path, limits: Limits, wanted: Callable[[str], bool]
) -> Iterator[tuple[str, bytes]]:
    """Yield the wanted files of a .tgz on disk; see `members`."""
    try:
        with path.open("rb") as packed:
            yield from members(str(path), packed, path.stat().st_size, limits, wanted)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; give another file") from None
