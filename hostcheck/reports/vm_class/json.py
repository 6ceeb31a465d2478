"""VM classes judged, as JSON: indented, in the order the model declares, newline at the end."""

from collections.abc import Iterator

from hostcheck.model.vm_class import Judged
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.documents import indented, spread


def pieces(made: Judged, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield class by class."""
    yield from spread(made, "classes", ([indented(one)] for one in made.classes))
    yield "\n"
