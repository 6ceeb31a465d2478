"""`sched-stats -t numa-pnode`: load and memory of each NUMA node; nothing on a one-node host.

nodeID      used        idle        entitled    owed        loadAvgPct  nVcpu   freeMem     totalMem
0           20          19980       0           0           0           0       28826116    33547656
1           5           19994       0           0           0           0       29269384    33554432
"""

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading
from hostcheck.syntax.record import NO_NODE
from hostcheck.syntax.words import rows_of

REQUEST = Request(Wire.SHELL, "sched-stats -t numa-pnode", "memory and load of each NUMA node")


class NodeLoad(Struct, frozen=True):
    """One node. Memory is what the VMkernel manages on it."""

    node: Reading[int]
    vcpu_count: Reading[int]
    load_percent: Reading[int]
    free_bytes: Reading[int]
    total_bytes: Reading[int]


def parse(text: str) -> tuple[NodeLoad, ...]:
    """Read the table. Empty text is a host with one node, which the command does not list."""
    return tuple(
        NodeLoad(
            node=record.number("nodeID", nothing=NO_NODE),
            vcpu_count=record.number("nVcpu"),
            load_percent=record.number("loadAvgPct"),
            free_bytes=record.kilobytes("freeMem"),
            total_bytes=record.kilobytes("totalMem"),
        )
        for record in rows_of(text, what=REQUEST.template, header=("nodeID", "totalMem"))
    )
