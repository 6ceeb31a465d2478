"""`vsish -e dir /hardware/cpuTopology/package/nodes/`: processor packages of the topology tree.

    0
    1

The name misleads: these are packages, not NUMA nodes.
"""

from hostcheck.model.capture import Request, Wire
from hostcheck.syntax.vsish import numbers_of

REQUEST = Request(
    Wire.SHELL, "vsish -e dir /hardware/cpuTopology/package/nodes/", "packages, a second source"
)


def parse(text: str) -> tuple[int, ...]:
    """Return the numbers of the packages."""
    return numbers_of(text, what=REQUEST.template, section="CPU Packages", others=("NUMA nodes",))
