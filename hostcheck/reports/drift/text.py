"""Drift for the terminal: cluster by cluster, the odd values marked."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from hostcheck.model.drift import Drift, DriftList
from hostcheck.model.result import Status
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports.run.text.page import Page

NAMES = 6


def pieces(made: DriftList, screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines."""
    page = Page(screen.width, screen.colour)
    yield from (f"{line}\n" for line in _lines(made, page))


def _lines(made: DriftList, page: Page) -> Iterator[str]:
    differing = [one for one in made.drifts if one.differs]
    where = {(one.target, one.cluster) for one in differing}
    compared = f"{words.count(made.clusters, 'cluster')} of several hosts"
    told = (
        f"Hosts differ in {words.count(len(differing), 'property', 'properties')}, in "
        f"{len(where)} of {compared}"
        if differing
        else f"No property differs in {compared}"
    )
    alone = words.count(made.alone, "host has", "hosts have")
    with_nobody = f" {alone} no other to be compared with." if made.alone else ""
    yield from page.wrap(f"{told}.{with_nobody}")
    yield from sections(made.drifts, page, names=None)


def sections(drifts: Iterable[Drift], page: Page, *, names: int | None = NAMES) -> Iterator[str]:
    """Yield the properties below their clusters; of each value so many hosts, or all."""
    for (target, cluster), found in groupby(drifts, lambda one: (one.target, one.cluster)):
        yield ""
        yield page.paint(words.one_line(f"{cluster}, {target}"), "strong")
        for one in found:
            yield from _one(one, page, names)


def _one(one: Drift, page: Page, names: int | None) -> Iterator[str]:
    unknown = one.hosts - one.known
    of = f"{one.share} of {one.known}" + (f", of {unknown} not known" if unknown else "")
    if not one.differs:
        yield from page.wrap(f"{words.MARK[Status.PASS]} {one.topic}: {one.common} ({of})", 2, 4)
        return
    if one.tied:
        yield from page.wrap(f"? {one.topic}: no value is the commonest ({of})", 2, 4)
        left = one.held
    else:
        yield from page.wrap(f"✕ {one.topic}: {one.common} ({of}), but", 2, 4)
        left = one.held[1:]
    for held in left:
        rest = len(held.hosts) - names if names is not None else 0
        more = f" and {words.count(rest, 'more host')}" if rest > 0 else ""
        yield from page.wrap(f"{held.value}: {', '.join(held.hosts[:names])}{more}", 6, 8)
