"""A host beside its siblings as CSV: a row for each thing in which it differs."""

from collections.abc import Iterator

from hostcheck.model.difference import Siblings
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.cells import cell, row

HEAD = ("vcenter", "host", "what", "title", "here", "siblings", "share", "of", "observed")


def pieces(made: Siblings, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines."""
    yield row(HEAD)
    who = (made.target, made.host)
    for trait in made.traits:
        told = (trait.here, trait.common, str(trait.share), str(trait.of))
        yield _row((*who, "trait", trait.topic, *told, ""))
    for one in made.checks:
        told = (one.here.value, one.common.value, str(one.share), str(one.of))
        yield _row((*who, one.check, one.title, *told, "; ".join(one.observed)))
    for topic in made.not_known:
        yield _row((*who, "trait not known", topic, "", "", "", "", ""))


def _row(cells: tuple[str, ...]) -> str:
    return row(tuple(map(cell, cells)))
