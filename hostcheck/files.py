"""Files that appear when they are whole; until then the old one stays."""

from collections.abc import Iterable
from pathlib import Path

from hostcheck.errors import UsageError

UNFINISHED = ".part"
"""Ends the name of what is being written, or was when the program was killed."""


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
