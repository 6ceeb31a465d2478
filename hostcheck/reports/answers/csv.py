"""The answers as CSV: a row for each VM and host on which it might start, the best host first."""

from collections.abc import Iterator

from hostcheck.model.answers import Answers
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.cells import cell, row

HEAD = (
    "vm", "vm_id", "verdict", "changed", "runs_on", "rank", "vcenter", "host", "host_verdict",
    "gpus", "failed", "unknown", "reason", "settled_by",
)  # fmt: skip


def pieces(told: Answers, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines."""
    yield row(HEAD)
    for one in told.vms:
        for place in one.places:
            told_of = (
                one.vm, one.vm_id, one.verdict.value, one.changed, one.runs_on,
                str(place.rank), place.target, place.host, place.verdict.value,
                " ".join(place.gpus), " ".join(place.failed), " ".join(place.unknown),
                place.reason, "; ".join(one.settled_by),
            )  # fmt: skip
            yield row(tuple(map(cell, told_of)))
