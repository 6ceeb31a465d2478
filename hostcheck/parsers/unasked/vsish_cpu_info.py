"""`vsish -e get /hardware/cpu/cpuInfo`: packages, dies, cores and threads.

CPU global information {
   Hyperthreading state: 2 -> enabled
   HV state: 3 -> HV Enabled
   Number of packages:2
   Number of cores:20
   Number of CPUs (threads):40
}
"""

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading
from hostcheck.syntax.vsish import block_of

REQUEST = Request(Wire.SHELL, "vsish -e get /hardware/cpu/cpuInfo", "packages, dies and cores")
_KNOWS = ("Number of packages", "Number of cores", "Number of CPUs (threads)")


class CpuInfo(Struct, frozen=True):
    """Counts over the whole host.

    `hv_support` is 3 when hardware virtualization is on, 2 when the BIOS has it off.
    """

    package_count: Reading[int]
    die_count: Reading[int]
    core_count: Reading[int]
    pu_count: Reading[int]
    hv_support: Reading[int]


def parse(text: str) -> CpuInfo:
    """Read the block."""
    record = block_of(text, what=REQUEST.template, knows=_KNOWS)
    return CpuInfo(
        package_count=record.number("Number of packages"),
        die_count=record.number("Number of dies"),
        core_count=record.number("Number of cores"),
        pu_count=record.number("Number of CPUs (threads)"),
        hv_support=record.number("HV state"),
    )
