"""Drift as CSV: a row for each host and property that it has, or may have."""

from collections.abc import Iterator

from hostcheck.model.drift import DriftList
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.cells import cell, row

HEAD = ("vcenter", "cluster", "property", "host", "value", "odd", "commonest", "share", "known")


def pieces(made: DriftList, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines."""
    yield row(HEAD)
    for one in made.drifts:
        told = (one.common, str(one.share), str(one.known))
        for held in one.held:
            odd = "yes" if held.odd else "no"
            for host in held.hosts:
                cells = (one.target, one.cluster, one.topic, host, held.value, odd, *told)
                yield row(tuple(map(cell, cells)))
        for host in one.not_known:
            cells = (one.target, one.cluster, one.topic, host, "", "not known", *told)
            yield row(tuple(map(cell, cells)))
