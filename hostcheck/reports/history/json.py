"""A history's answer as JSON: indented, in the order the model declares, newline at the end."""

from collections.abc import Iterator

from hostcheck.model.history import Past
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.documents import indented, spread


def pieces(made: Past, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield an answer finding by finding."""
    yield from spread(made, "findings", ([indented(one)] for one in made.findings))
    yield "\n"
