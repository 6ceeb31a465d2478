"""Servers as JSON, in the order the model declares, newline at the end."""

from collections.abc import Iterator

from hostcheck.model.bare import BareFleet
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.documents import document


def pieces(told: BareFleet, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the document."""
    yield document(told)
