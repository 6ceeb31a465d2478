"""Standard output and error as they are found: any encoding, closed, or full."""

import codecs
import errno
import os
import select
import sys
from typing import Literal, TextIO

import click

ERRORS = "hostcheck.console"
_PLAIN = str.maketrans("✓✕─│├└█\u2013…·²▲▽", "+x-|+`#-..2^v")
"""A mark, and what stands for it where the encoding has no such character: one column for one."""

UNWRITTEN = "standard output takes no more (no space left); what was to be printed is not whole"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end].translate(_PLAIN)
    return "".join(one if one.isascii() else "?" for one in lost), error.end


def prepare() -> None:
    """Let nothing that is printed fail for its characters or for a closed stream.

    What a stream's encoding lacks is printed as a plain character of the same width. A stream that
    was closed before the start takes everything and keeps nothing, one that is read is at its end,
    and no file gets its number.
    """
    codecs.register_error(ERRORS, _plainly)
    sys.stdin = sys.stdin or _nowhere(0, "r")
    sys.stdout = sys.stdout or _nowhere(1, "w")
    sys.stderr = sys.stderr or _nowhere(2, "w")
    for stream in (sys.stdout, sys.stderr):
        if (change := getattr(stream, "reconfigure", None)) is not None:
            change(errors=ERRORS)


def _nowhere(number: int, mode: Literal["r", "w"]) -> TextIO:
    """Return a stream to the null device, under a descriptor's number."""
    there = os.open(os.devnull, os.O_RDONLY if mode == "r" else os.O_WRONLY)
    if there != number:
        os.dup2(there, number)
        os.close(there)
    stream: TextIO = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
    return stream


def forget_what_hung_up() -> None:
    """Let what is printed to a terminal that was closed go nowhere: a run still has its files."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        try:
            os.write(number, b"")
        except OSError:
            os.dup2(nowhere, number)
    os.close(nowhere)


def reader_is_gone() -> bool:
    """Say whether standard output is a pipe that nobody reads any more."""
    try:
        sys.stdout.flush()
        if not hasattr(select, "poll"):  # Windows
            return False
        asked = select.poll()
        asked.register(sys.stdout.fileno(), select.POLLOUT)
        return any(told & select.POLLERR for _, told in asked.poll(0))
    except BrokenPipeError:
        return True
    except (OSError, ValueError):  # a stream without a number
        return False


def discard_stdout() -> None:
    """Let what is still printed go nowhere: nobody reads it."""
    _discard(sys.stdout)


def say(text: str, *, nl: bool = True) -> None:
    """Print to standard error. One that takes no more, full or a pipe that nobody reads, is let go.

    What is said there beside a report changes neither the report nor the exit code.
    """
    try:
        click.echo(text, nl=nl, err=True)
    except OSError as error:
        if not (is_full(error) or isinstance(error, BrokenPipeError)):
            raise
        _discard(sys.stderr)


def _discard(stream: TextIO) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def is_full(error: OSError) -> bool:
    """Say whether a stream took no more. An error about a file names it."""
    return error.errno in _FULL and error.filename is None
