"""A difference as JSON: indented, in the order the model declares, newline at the end."""

from collections.abc import Iterator

from hostcheck.model.difference import Difference
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.documents import indented, spread


def pieces(made: Difference, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield a difference change by change."""
    yield from spread(made, "changes", ([indented(one)] for one in made.changes))
    yield "\n"
