"""The person in front of this process."""

import atexit
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import click

from hostcheck import environment
from hostcheck.cli import console
from hostcheck.front import Front
from hostcheck.words import clean, one_line

LONGEST = 300
"""Characters of one word."""
_LONG = re.compile(rf"\S{{{LONGEST + 3},}}")
_logins: re.Pattern[str] | None = None


def front() -> Front:
    """Return who is there."""
    return Front(environment.whole(), _ask, say, somebody=sys.stdin.isatty())


BARS: list[Any] = []
"""What is drawn on the terminal now, and stands still while somebody types."""


def _ask(prompt: str) -> str:
    bars = tuple(BARS)
    for one in bars:
        one.stop()
    with _echoing_again():
        typed = click.prompt(clean(prompt), hide_input=True, err=True)
    for one in bars:
        one.start()
    return str(typed)


@contextmanager
def _echoing_again() -> Iterator[None]:
    """Let the terminal echo again behind a prompt, also where the run ends under it."""
    try:
        import termios
    except ImportError:
        yield
        return
    try:
        before = termios.tcgetattr(sys.stdin.fileno())
    except (OSError, ValueError, termios.error):
        yield
        return
    again = partial(termios.tcsetattr, sys.stdin.fileno(), termios.TCSANOW, before)
    atexit.register(again)
    try:
        yield
    finally:
        again()
        atexit.unregister(again)


def keep_back(typed: Iterable[str]) -> None:
    """Let nothing that is told repeat what stands before an `@` in these words with a `:`.

    Somebody who types `root:secret@host` where the name of a host belongs is told of the slip on
    a screen, in a job's log, in a ticket.
    """
    global _logins  # noqa: PLW0603  a process has one command line
    _logins = None
    if with_at := [one for one in typed if "@" in one]:
        from hostcheck.urls import logins_in

        _logins = logins_in(with_at)


def without_logins(text: str) -> str:
    """Return a text without the logins that were typed."""
    return _logins.sub("***@", text) if _logins is not None else text


def say(sentence: str) -> None:
    """Tell one line, whatever is in the names and answers that it quotes."""
    line = one_line(without_logins(sentence))
    told = _LONG.sub(lambda match: f"{match.group()[:LONGEST]}...", line)
    console.say(f"hostcheck: {told}")
