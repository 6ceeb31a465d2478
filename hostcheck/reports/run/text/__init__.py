"""The report for terminals: the answer first. How much follows, `Screen.show` says."""

from collections.abc import Iterator

from hostcheck.model.run import Run
from hostcheck.reports import PAPER, Screen, since
from hostcheck.reports.run.text import full, short
from hostcheck.reports.run.text.page import TextPage
from hostcheck.reports.run.text.shown import Shown
from hostcheck.reports.summary import whole as summary


def render(run: Run, *, width: int = 100, colour: bool = False) -> str:
    """Return the whole report as lines for a terminal."""
    return "".join(pieces(run, Screen(width, colour)))


def pieces(run: Run, screen: Screen = PAPER) -> Iterator[str]:
    """Yield the report line by line."""
    page = TextPage(screen.width, screen.colour)
    lines = full.lines if screen.show.details else short.lines
    for line in lines(summary.named(run), page, Shown(screen.show)):
        yield line.rstrip() + "\n"
    for line in _since(run, page):
        yield line.rstrip() + "\n"


def _since(run: Run, page: TextPage) -> Iterator[str]:
    """Yield what became of the fleet since an earlier run."""
    told = since.since_of(run)
    if told is None:
        return
    yield from ("", page.paint("SINCE THE EARLIER RUN", "strong"))
    yield from page.wrap(f"{told.headline}. Then: {told.then}", 2)
    for notice in told.notices:
        yield from page.wrap(f"! {notice}", 2, 4)
    for section in told.sections:
        yield from ("", f"  {page.paint(f'{section.name} ({section.results})', 'strong')}")
        for one in section.told:
            yield from page.wrap(f"{section.mark} {one.check} {one.title} ({one.severity})", 2, 4)
            yield from page.wrap(since.plainly(one.parts), 6, 8)
            yield from page.wrap(f"on {one.where}", 6, 8)
        if section.more:
            yield f"    and {section.more} more"
    for move in (*told.verdicts, *told.traits):
        yield from page.wrap(f"{move.what}: {move.was} -> {move.now}: {move.hosts}", 2, 4)
    yield from page.wrap(told.rest, 2)
