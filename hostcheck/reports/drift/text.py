"""Drift for the terminal: cluster by cluster, the odd values marked."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from hostcheck.model.drift import Drift, DriftList
from hostcheck.model.result import Status
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports.run.text.page import TextPage

NAMES = 6


def pieces(made: DriftList, screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines."""
    page = TextPage(screen.width, screen.colour)
    yield from (f"{line}\n" for line in _lines(made, page))


def _lines(made: DriftList, page: TextPage) -> Iterator[str]:
    differing = [one for one in made.drifts if one.differs]
    where = {(one.target, one.cluster) for one in differing}
    compared = f"{words.count(made.clusters, 'cluster')} of several hosts"
    unknown = sum(not one.is_sure for one in made.drifts)
    told = f"No property differs in {compared}"
    if differing:
        told = (
            f"Hosts differ in {words.count(len(differing), 'property', 'properties')}, in "
            f"{len(where)} of {compared}"
        )
    elif not made.clusters:
        told = "No host was compared with another"
    elif not made.is_sure:
        told = f"No property that is known differs in {compared}"
    yield from page.wrap(f"{told}.{''.join(_aside(made, unknown))}")
    yield from sections(made.drifts, page, names=None)


def _aside(made: DriftList, unknown: int) -> Iterator[str]:
    """Say what was not compared."""
    if unknown:
        many = words.count(unknown, "property is", "properties are")
        yield f" {many} not known of all hosts: whether they differ there is not known."
    if made.alone:
        yield f" {words.count(made.alone, 'host has', 'hosts have')} no other to be compared with"
        yield f", {made.unplaced} of them in no cluster that is known." if made.unplaced else "."
    if made.away:
        yield f" {words.count(made.away, 'host or vCenter is', 'hosts and vCenters are')} not in "
        yield "the run."


def sections(
    drifts: Iterable[Drift], page: TextPage, *, names: int | None = NAMES
) -> Iterator[str]:
    """Yield the properties below their clusters; of each value so many hosts, or all."""
    for (target, cluster), found in groupby(drifts, lambda one: (one.target, one.cluster)):
        yield ""
        yield page.paint(words.one_line(f"{cluster}, {target}"), "strong")
        for one in found:
            yield from _one(one, page, names)


def _one(one: Drift, page: TextPage, names: int | None) -> Iterator[str]:
    of = f"{one.share} of {one.known}"
    left = one.held
    if one.differs and not one.tied:
        yield from page.wrap(f"✕ {one.topic}: {one.common} ({of}), but", 2, 4)
        left = one.held[1:]
    elif one.differs:
        yield from page.wrap(f"? {one.topic}: no value is the commonest ({of})", 2, 4)
    else:
        mark = words.MARK[Status.PASS if one.is_sure else Status.UNKNOWN]
        told = f"{one.common} ({of})" if one.known else "not known of any host"
        yield from page.wrap(f"{mark} {one.topic}: {told}", 2, 4)
        left = ()
    for held in left:
        yield from page.wrap(f"{held.value}: {_names(held.hosts, names)}", 6, 8)
    if one.not_known and one.known:
        yield from page.wrap(f"not known: {_names(one.not_known, names)}", 6, 8)


def _names(hosts: tuple[str, ...], most: int | None) -> str:
    rest = len(hosts) - most if most is not None else 0
    more = f" and {words.count(rest, 'more host')}" if rest > 0 else ""
    return f"{', '.join(hosts[:most])}{more}"
