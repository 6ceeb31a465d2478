"""Drift as JSON: indented, in the order the model declares."""

from collections.abc import Iterator

from hostcheck.model.drift import DriftList
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.documents import indented, spread


def pieces(made: DriftList, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the document property by property."""
    yield from spread(made, "drifts", ([indented(one)] for one in made.drifts))
    yield "\n"
