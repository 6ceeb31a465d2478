"""The profiles as JSON."""

from collections.abc import Iterator

from hostcheck.model.policy import Listed
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.documents import document


def pieces(made: tuple[Listed, ...], _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the document."""
    yield document(made)
