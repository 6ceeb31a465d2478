"""A host beside its siblings as JSON: indented, in the order the model declares."""

from collections.abc import Iterator

from hostcheck.model.difference import Siblings
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.documents import document


def pieces(made: Siblings, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the document."""
    yield document(made)
