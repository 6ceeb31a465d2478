"""Files that appear when they are whole, until then the old one stays; and names for them."""

import errno
import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from hostcheck.errors import UsageError

UNFINISHED = ".part"
"""Ends the name of what is being written, or was when the program was killed."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_.=,-]+")
_LONGEST_NAME = 120


def safe(name: str) -> str:
    """Return a name in letters that any file system takes."""
    return _UNSAFE.sub("_", name)[:_LONGEST_NAME]


def directory_name(host: str) -> str:
    """Return a safe directory name for a host."""
    return _UNSAFE.sub("_", host).strip("._")[:_LONGEST_NAME] or "host"


def is_named_pipe(path: Path) -> bool:
    """Whether a path is a pipe in a folder, which is waited for until somebody writes to it.

    What a shell or a redirection handed over (`<(...)`, /dev/stdin) is none: it has a writer.
    """
    return path.is_fifo() and Path(os.path.realpath(path)).exists()


def refuse_unwritable(path: Path) -> None:
    """Raise UsageError where a file cannot be written, before there is anything to write.

    It is tried: what a system will let through is not for us to work out. Nothing is left behind,
    neither the file nor the folders that `write` would make for it.
    """
    if str(path) == "-":
        raise UsageError("-: what goes to standard output is given no file; leave that option out")
    try:
        if path.is_dir():
            raise UsageError(f"{path}: {os.strerror(errno.EISDIR)}; give a file")
        if not path.exists() or path.is_file():  # to open a pipe, or /dev/stdout, may take long
            _try(path.with_name(f"{path.name}.tried"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; give another file") from None


def refuse_unwritable_folder(path: Path) -> None:
    """Raise UsageError where a folder cannot be filled; nothing is left behind."""
    try:
        _try(path / ".tried")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; give another folder") from None


def _try(file: Path) -> None:
    missing = [one for one in (file.parent, *file.parent.parents) if not one.exists()]
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.open("wb").close()
        file.unlink(missing_ok=True)  # another run may have tried the same
    finally:
        for folder in missing:
            with suppress(OSError):
                folder.rmdir()


def journal_of(output: Path) -> Path:
    """Return where the journal of a run file lies while the run goes on."""
    return output.with_name(output.name + ".journal")


def refuse_shared(places: Mapping[str, Path | None]) -> None:
    """Raise UsageError where two options name one file or folder; `places` are by option."""
    met: dict[Path, str] = {}
    for option, path in places.items():
        if path is None or (path.exists() and not path.is_file() and not path.is_dir()):
            continue  # what is written to /dev/null or a pipe overwrites nothing
        other = met.setdefault(path.resolve(), option)
        if other != option:
            raise UsageError(f"{other} and {option} both name {path}: give each a place of its own")


def append(path: Path, text: str, head: str = "") -> None:
    """Add whole lines to a file that others may add to, `head` first where it is new.

    Raises UsageError when that cannot be done.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            raise UsageError(f"{path}: nothing is kept there; give a file")
        held = path.read_bytes()[-1:] if path.exists() else b""
        before = "" if held == b"\n" else "\n" if held else head
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write((before + text).encode())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; give another file") from None


def write(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a file, and the folder for it. Raises UsageError when that cannot be done."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():  # a pipe, /dev/stdout
            with path.open("wb") as file:
                file.writelines(chunks)
            return
        fresh = path.with_name(path.name + UNFINISHED)
        with fresh.open("wb") as file:
            file.writelines(chunks)
        fresh.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; give another file") from None


def is_there(path: Path) -> bool:
    """Say whether a file is there for this user: not in a folder that only others may enter."""
    try:
        return path.is_file()
    except OSError:
        return False
