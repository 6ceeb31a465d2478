"""`vsish -e get /memory/memInfo`: NUMA nodes, and memory nodes, which are something else.

    System memory information {
       Number of NUMA nodes:2
       Number of memory nodes:3
    }

Memory tiers make memory nodes too, so only the NUMA nodes tell of sub-NUMA clustering.
"""

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading
from hostcheck.syntax.vsish import block_of

REQUEST = Request(Wire.SHELL, "vsish -e get /memory/memInfo", "NUMA nodes and memory nodes")
_KNOWS = ("Number of NUMA nodes", "Number of memory nodes")


class MemInfo(Struct, frozen=True):
    """Two counts that must not be mixed up."""

    numa_node_count: Reading[int]
    memory_node_count: Reading[int]


def parse(text: str) -> MemInfo:
    """Read the block."""
    record = block_of(text, what=REQUEST.template, knows=_KNOWS)
    return MemInfo(
        numa_node_count=record.number("Number of NUMA nodes"),
        memory_node_count=record.number("Number of memory nodes"),
    )
