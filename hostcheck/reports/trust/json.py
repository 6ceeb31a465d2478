"""What machines show as JSON: indented, in the order the model declares."""

from collections.abc import Iterator

from hostcheck.model.trust import Sightings
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.documents import document


def pieces(made: Sightings, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the document."""
    yield document(made)
