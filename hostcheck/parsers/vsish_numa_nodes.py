"""`vsish -e dir /hardware/cpuTopology/numa/nodes`: NUMA nodes, one number a line.

    0
    1
    2
    3

As a part of one script with the packages, the numbers come under the heading `NUMA nodes`.
"""

from hostcheck.model.capture import Request, Wire
from hostcheck.syntax.vsish import numbers_of

REQUEST = Request(
    Wire.SHELL, "vsish -e dir /hardware/cpuTopology/numa/nodes", "NUMA nodes, to find sub-NUMA"
)


def parse(text: str) -> tuple[int, ...]:
    """Return the numbers of the nodes."""
    return numbers_of(text, what=REQUEST.template, section="NUMA nodes", others=("CPU Packages",))
