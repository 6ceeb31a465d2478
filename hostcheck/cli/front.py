"""The person in front of this process: the one place that reads its environment."""

import os
import sys

import click

from hostcheck.front import Front


def front() -> Front:
    """Return who is there."""
    return Front(os.environ, _ask, _tell, somebody=sys.stdin.isatty())


def _ask(prompt: str) -> str:
    return str(click.prompt(prompt, hide_input=True, err=True))


def _tell(sentence: str) -> None:
    click.echo(f"hostcheck: {sentence}", err=True)
