"""The VMs as CSV: a row for each. What is not known is empty."""

from collections.abc import Iterator

from hostcheck.model.fact import Fact, Unknown
from hostcheck.model.listing import Vms
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports.cells import cell, row

HEAD = ("vm", "id", "power", "host", "vcenter", "cluster", "devices", "gpus")


def pieces(told: Vms, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines."""
    yield row(HEAD)
    for one in told.rows:
        cells = (
            one.name, one.id, words.known_or(one.power), one.host, one.vcenter,
            words.known_or(one.cluster), _listed(one.devices), _listed(one.gpus),
        )  # fmt: skip
        yield row(tuple(map(cell, cells)))


def _listed(fact: Fact[tuple[str, ...]]) -> str:
    return "" if isinstance(fact, Unknown) else "; ".join(fact.value)
