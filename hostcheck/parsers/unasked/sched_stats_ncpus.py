"""`sched-stats -t ncpus`: processors as the scheduler counts them, one count a line.

64 PCPUs
32 cores
 4 LLCs
 2 packages
 4 NUMA nodes
"""

import re

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading
from hostcheck.syntax.record import Record, key
from hostcheck.syntax.words import lines_of, refuse

REQUEST = Request(Wire.SHELL, "sched-stats -t ncpus", "last-level caches, packages and NUMA nodes")
_COUNT = re.compile(r"\s*(\d+)\s+(\S.*)", re.ASCII)
_KNOWS = ("PCPUs", "cores", "LLCs", "packages", "NUMA nodes")


class Ncpus(Struct, frozen=True):
    """Counts over the whole host. As many NUMA nodes as caches is `L3 as NUMA` on AMD."""

    pu_count: Reading[int]
    core_count: Reading[int]
    last_level_cache_count: Reading[int]
    package_count: Reading[int]
    numa_node_count: Reading[int]


def parse(text: str) -> Ncpus:
    """Read the counts that are known."""
    lines = lines_of(text, what=REQUEST.template, expected="'N PCPUs'")
    counts = [match for line in lines if (match := _COUNT.fullmatch(line))]
    record = Record(REQUEST.template, {_plural(match[2]): (match[1],) for match in counts})
    if not record.has(*_KNOWS):
        raise refuse(REQUEST.template, "'N PCPUs'", lines[0])
    return Ncpus(
        pu_count=record.number("PCPUs"),
        core_count=record.number("cores"),
        last_level_cache_count=record.number("LLCs"),
        package_count=record.number("packages"),
        numa_node_count=record.number("NUMA nodes"),
    )


def _plural(words: str) -> str:
    """Return the counted thing; `1 package` counts packages too."""
    name = key(words)
    return name if name.endswith("s") else f"{name}s"
