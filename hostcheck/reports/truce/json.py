"""Exceptions from hardening as JSON: indented, in the order the model declares."""

from collections.abc import Iterator

from hostcheck.model.truce import Truce
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.documents import document


def pieces(made: Truce, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the document."""
    yield document(made)
