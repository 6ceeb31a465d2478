"""The list as JSON, in the order the model declares, newline at the end."""

from collections.abc import Iterator

from hostcheck.model.listing import Hosts
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.documents import document


def pieces(told: Hosts, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the document."""
    yield document(told)
