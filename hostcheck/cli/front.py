"""The person in front of this process."""

import re
import sys

import click

from hostcheck import environment
from hostcheck.front import Front
from hostcheck.words import one_line

LONGEST = 300
"""Characters of one word."""
_LONG = re.compile(rf"\S{{{LONGEST + 3},}}")


def front() -> Front:
    """Return who is there."""
    return Front(environment.whole(), _ask, say, somebody=sys.stdin.isatty())


def _ask(prompt: str) -> str:
    return str(click.prompt(prompt, hide_input=True, err=True))


def say(sentence: str) -> None:
    """Tell one line, whatever is in the names and answers that it quotes."""
    told = _LONG.sub(lambda match: f"{match.group()[:LONGEST]}...", one_line(sentence))
    click.echo(f"hostcheck: {told}", err=True)
