"""The person in front of this process."""

import atexit
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import click

from hostcheck import environment
from hostcheck.front import Front
from hostcheck.words import clean, one_line

LONGEST = 300
"""Characters of one word."""
_LONG = re.compile(rf"\S{{{LONGEST + 3},}}")


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


def say(sentence: str) -> None:
    """Tell one line, whatever is in the names and answers that it quotes."""
    told = _LONG.sub(lambda match: f"{match.group()[:LONGEST]}...", one_line(sentence))
    click.echo(f"hostcheck: {told}", err=True)
