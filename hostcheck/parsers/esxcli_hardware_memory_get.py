"""`esxcli hardware memory get`: physical memory and the count of NUMA nodes.

Physical Memory: 240470433792 Bytes
Reliable Memory: 0 Bytes
NUMA Node Count: 2
"""

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading
from hostcheck.syntax.esxcli import record_of

REQUEST = Request(Wire.SHELL, "esxcli hardware memory get", "memory size and NUMA node count")
_KNOWS = ("Physical Memory", "NUMA Node Count")


class Memory(Struct, frozen=True):
    """Sizes are bytes."""

    physical_bytes: Reading[int]
    numa_node_count: Reading[int]


def parse(text: str) -> Memory:
    """Read any format of esxcli."""
    record = record_of(text, what=REQUEST.template, knows=_KNOWS)
    return Memory(
        physical_bytes=record.number("Physical Memory"),
        numa_node_count=record.number("NUMA Node Count"),
    )
