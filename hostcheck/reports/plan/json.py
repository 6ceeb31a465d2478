"""A plan as JSON: indented, in the order the model declares, newline at the end."""

from collections.abc import Iterator

from hostcheck.model.plan import Plan
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.documents import indented, spread


def pieces(made: Plan, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield a plan cluster by cluster."""
    yield from spread(made, "clusters", ([indented(one)] for one in made.clusters))
    yield "\n"
