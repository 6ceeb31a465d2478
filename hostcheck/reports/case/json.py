"""A case sheet as JSON."""

from collections.abc import Iterator

from hostcheck.model.case import Case
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.documents import document


def pieces(made: Case, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield one document."""
    yield document(made)
