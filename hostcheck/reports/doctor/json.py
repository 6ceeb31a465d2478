"""What a run will not be allowed as JSON: indented, in the order the model declares."""

from collections.abc import Iterator

from hostcheck.model.doctor import Doctor
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.documents import document


def pieces(made: Doctor, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the document."""
    yield document(made)
