"""The person in front of this process."""

import sys

import click

from hostcheck import environment
from hostcheck.front import Front


def front() -> Front:
    """Return who is there."""
    return Front(environment.whole(), _ask, _tell, somebody=sys.stdin.isatty())


def _ask(prompt: str) -> str:
    return str(click.prompt(prompt, hide_input=True, err=True))


def _tell(sentence: str) -> None:
    click.echo(f"hostcheck: {sentence}", err=True)
