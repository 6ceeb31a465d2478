"""The answers as CSV: a row for each VM and host on which it might start, the best host first.

A VM whose hosts are all in maintenance mode in thought has one row, without a host.
"""

from collections.abc import Iterator

from hostcheck.model.answers import Answers, Place, VmAnswer
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.cells import cell, row

HEAD = (
    "vm", "vm_id", "verdict", "changed", "runs_on", "rank", "vcenter", "host", "host_verdict",
    "gpus", "failed", "unknown", "reason", "settled_by", "in_maintenance",
)  # fmt: skip


def nowhere(one: VmAnswer) -> Place:
    """Return what stands for the hosts of a VM that has none: its reason is in no other row."""
    return Place(0, "", "", one.verdict, (), (), (), one.reason)


def pieces(told: Answers, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines."""
    yield row(HEAD)
    for one in told.vms:
        for place in one.places or (nowhere(one),):
            told_of = (
                one.vm, one.vm_id, one.verdict.value, one.changed, one.runs_on,
                str(place.rank or ""), place.target, place.host, place.verdict.value,
                " ".join(place.gpus), " ".join(place.failed), " ".join(place.unknown),
                place.reason, "; ".join(one.settled_by), " ".join(one.in_maintenance),
            )  # fmt: skip
            yield row(tuple(map(cell, told_of)))
