"""The report for terminals: the answer first. How much follows, `Screen.show` says."""

from collections.abc import Iterator

from hostcheck.model.run import Run
from hostcheck.reports import PAPER, Screen, summary
from hostcheck.reports.run.text import full, short
from hostcheck.reports.run.text.page import Page
from hostcheck.reports.run.text.shown import Shown


def render(run: Run, *, width: int = 100, colour: bool = False) -> str:
    """Return the whole report as lines for a terminal."""
    return "".join(pieces(run, Screen(width, colour)))


def pieces(run: Run, screen: Screen = PAPER) -> Iterator[str]:
    """Yield the report line by line."""
    page = Page(screen.width, screen.colour)
    lines = full.lines if screen.show.details else short.lines
    for line in lines(summary.named(run), page, Shown(screen.show)):
        yield line.rstrip() + "\n"
