"""Machines that were collected are asked more, several at a time."""

from collections.abc import Iterable
from typing import NamedTuple

from hostcheck import fleet
from hostcheck.model.capture import Request
from hostcheck.model.recording import Recording
from hostcheck.sources import walls
from hostcheck.sources.base import Ask


class More(NamedTuple):
    """What one machine is asked besides, and by whom."""

    asker: Ask
    recorded: Recording
    questions: Iterable[Request]


def ask(wanted: Iterable[More], at_a_time: int) -> list[Recording]:
    """Return the machines with the answers, in their order; what goes wrong is an answer too."""
    asked = list(enumerate(wanted))
    with fleet.threads(min(at_a_time, len(asked))) as workers:
        found = dict(fleet.each(asked, _numbered, workers=workers))
    return [found[at] for at, _ in asked]


def _numbered(one: tuple[int, More]) -> tuple[int, Recording]:
    at, more = one
    return at, walls.ask(more.asker, more.recorded, more.questions)
