"""The run as JSON: indented, in the order the model declares, newline at the end."""

from collections.abc import Iterator

from hostcheck.model.run import Run
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.documents import indented, spread


def render(run: Run) -> str:
    """Return the run as JSON; the same run is always the same text."""
    return "".join(pieces(run))


def pieces(run: Run, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the text host by host."""
    yield from spread(run, "hosts", ([indented(report)] for report in run.hosts))
    yield "\n"
