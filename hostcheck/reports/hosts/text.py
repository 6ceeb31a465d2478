"""The hosts for terminals: a table. What is not known is a question mark."""

from collections import Counter
from collections.abc import Iterator

from hostcheck.model.fact import Fact, Unknown
from hostcheck.model.listing import HostRow, Hosts
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports.table import columns

HEAD = ("HOST", "CLUSTER", "STATE", "ESXI", "VMS", "GPUS")


def pieces(told: Hosts, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield line by line."""
    several = len({one.vcenter for one in told.rows}) > 1
    head = ("VCENTER", *HEAD) if several else HEAD
    rows = ((one.vcenter, *_row(one)) if several else _row(one) for one in told.rows)
    if told.rows:
        yield from (f"{line}\n" for line in columns(head, rows, 0))
    gpus = sum(0 if isinstance(one.gpus, Unknown) else len(one.gpus.value) for one in told.rows)
    least = "at least " if any(isinstance(one.gpus, Unknown) for one in told.rows) else ""
    yield f"{words.count(len(told.rows), 'host')}, {least}{words.count(gpus, 'GPU')}\n"


def _row(one: HostRow) -> tuple[str, ...]:
    vms = "?" if isinstance(one.vms, Unknown) else str(one.vms.value)
    known = (words.known_or(each, "?") for each in (one.cluster, one.state, one.version))
    return (one.name, *known, vms, _gpus(one.gpus))


def _gpus(gpus: Fact[tuple[str, ...]]) -> str:
    if isinstance(gpus, Unknown):
        return "?"
    counts = Counter(gpus.value)
    return ", ".join(f"{counts[name]} x {name}" for name in sorted(counts)) or "-"
