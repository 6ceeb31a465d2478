"""The weights as JSON: indented, in the order the model declares, newline at the end."""

from collections.abc import Iterator

from hostcheck.model.sparsity import Sparsity
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.documents import document


def pieces(found: Sparsity, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the document."""
    yield document(found)
