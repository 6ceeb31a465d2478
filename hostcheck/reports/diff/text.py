"""A difference for the terminal: what is new first, the same of many hosts once."""

from collections.abc import Iterator

from hostcheck.model.difference import Became, Difference
from hostcheck.model.result import Status
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports import diff_words as told
from hostcheck.reports.run.text.page import TextPage


def pieces(made: Difference, screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines."""
    page = TextPage(screen.width, screen.colour)
    yield from (f"{line}\n" for line in _lines(made, page))


def _lines(made: Difference, page: TextPage) -> Iterator[str]:
    yield page.paint(told.headline(made), made.worst(strict=False).value)
    yield from page.wrap(f"then: {told.side(made.then)}", 2, 8)
    yield from page.wrap(f"now:  {told.side(made.now)}", 2, 8)
    for notice in made.notices:
        yield from page.wrap(f"! {notice}", 2, 4)
    for became in Became:
        number = sum(one.became is became for one in made.changes)
        if number:
            yield from ("", page.paint(f"{became.value.upper()} ({number})", "strong"))
            for alike in told.changes(made, became):
                yield from _alike(alike, page)
    for title, moves in (
        ("VERDICTS", list(told.verdicts(made))), ("OTHER THAN BEFORE", list(told.traits(made))),
    ):  # fmt: skip
        if moves:
            yield from ("", page.paint(title, "strong"))
        for one in moves:
            what = "" if one.what == "Verdict" else f"{one.what}: "
            why = f" ({one.why})" if one.why else ""
            yield from page.wrap(f"{what}{one.was} -> {one.now}: {one.hosts}{why}", 2, 4)
    yield ""
    yield from page.wrap(told.rest(made))
    for name, checks in (("then", made.checks_gone), ("now", made.checks_added)):
        if checks:
            yield from page.wrap(f"Checks that only the run of {name} has: {', '.join(checks)}.")


def _alike(group: told.Together, page: TextPage) -> Iterator[str]:
    one = group.first
    sign = page.paint(told.MARK[one.became], one.now or Status.NOT_APPLICABLE)
    lines = page.wrap(f"{one.check} {one.title} ({one.severity.value})", 4, 12)
    yield f"  {sign} {lines[0].lstrip()}"
    yield from lines[1:]
    yield from page.wrap(f"{group.now}; was {group.was}", 12, 14)
    yield from page.wrap(f"on {words.one_line(group.where)}", 12, 14)
