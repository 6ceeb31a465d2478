"""`vsish -e dir /hardware/cpu/packageList`: processor packages, one number a line.

    0
    1

As a part of one script with the NUMA nodes, the numbers come under the heading `CPU Packages`.
"""

from hostcheck.model.capture import Request, Wire
from hostcheck.syntax.vsish import numbers_of

REQUEST = Request(
    Wire.SHELL, "vsish -e dir /hardware/cpu/packageList", "processor packages, to find sub-NUMA"
)


def parse(text: str) -> tuple[int, ...]:
    """Return the numbers of the packages."""
    return numbers_of(text, what=REQUEST.template, section="CPU Packages", others=("NUMA nodes",))
