"""Files that appear when they are whole, until then the old one stays; and names for them."""

import re
from collections.abc import Iterable
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
