"""A policy as JSON: what holds of every check, and what says so."""

from collections.abc import Iterator

from hostcheck.model.policy import Settings
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.documents import document


def pieces(made: Settings, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the document."""
    yield document(made)
