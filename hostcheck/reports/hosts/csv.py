"""The hosts as CSV: a row for each. What is not known is empty."""

from collections.abc import Iterator

from hostcheck.model.fact import Unknown
from hostcheck.model.listing import Hosts
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports.cells import cell, row

HEAD = ("host", "vcenter", "id", "cluster", "state", "esxi", "vms", "gpu_count", "gpus")


def pieces(told: Hosts, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines."""
    yield row(HEAD)
    for one in told.rows:
        gpus = None if isinstance(one.gpus, Unknown) else one.gpus.value
        cells = (
            one.name, one.vcenter, one.id, words.known_or(one.cluster),
            words.known_or(one.state), words.known_or(one.version),
            "" if isinstance(one.vms, Unknown) else str(one.vms.value),
            "" if gpus is None else str(len(gpus)), "; ".join(gpus or ()),
        )  # fmt: skip
        yield row(tuple(map(cell, cells)))
