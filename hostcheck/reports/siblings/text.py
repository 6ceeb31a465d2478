"""A host beside its siblings for the terminal: what it is otherwise, and is judged otherwise."""

from collections.abc import Iterator

from hostcheck.model.difference import Siblings
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports.run.text.page import TextPage


def pieces(made: Siblings, screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines."""
    page = TextPage(screen.width, screen.colour)
    yield from (f"{line}\n" for line in _lines(made, page))


def _lines(made: Siblings, page: TextPage) -> Iterator[str]:
    beside = f"{words.count(made.count, 'sibling')} ({words.one_line(made.kin)})"
    if not made.traits and not made.checks:
        as_known = ", as far as it is known" if made.not_known else ""
        yield from page.wrap(f"{made.host} is like its {beside}{as_known}.")
        yield from _not_known(made, page)
        return
    differs = len(made.traits) + len(made.checks)
    yield from page.wrap(
        f"{made.host} differs from its {beside} in {words.count(differs, 'point')}"
    )
    if made.traits:
        yield from ("", page.paint("IS OTHERWISE", "strong"))
    for trait in made.traits:
        line = f"{trait.topic}: {trait.here}; {trait.common} on {trait.share} of {trait.of}"
        yield from page.wrap(line, 2, 4)
    if made.checks:
        yield from ("", page.paint("IS JUDGED OTHERWISE", "strong"))
    for one in made.checks:
        sign = page.paint(words.MARK[one.here], one.here)
        here, common = words.STATUS[one.here], words.STATUS[one.common]
        lines = page.wrap(
            f"{one.check} {one.title}: {here}; {common} on {one.share} of {one.of}", 4, 12
        )
        yield f"  {sign} {lines[0].lstrip()}"
        yield from lines[1:]
        for seen in one.observed:
            yield from page.wrap(seen, 12, 14)
    yield from _not_known(made, page)


def _not_known(made: Siblings, page: TextPage) -> Iterator[str]:
    if made.not_known:
        yield from ("", page.paint("IS NOT KNOWN OF IT, OR OF TOO MANY SIBLINGS", "strong"))
        yield from page.wrap(", ".join(made.not_known), 2, 4)
