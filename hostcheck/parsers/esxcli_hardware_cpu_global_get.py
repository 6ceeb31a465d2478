"""`esxcli hardware cpu global get`: packages, cores, threads, hyperthreading, virtualization.

CPU Packages: 2
CPU Cores: 20
CPU Threads: 40
Hyperthreading Active: true
HV Support: 3
"""

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading
from hostcheck.syntax.esxcli import record_of

REQUEST = Request(Wire.SHELL, "esxcli hardware cpu global get", "packages, cores and threads")
_KNOWS = ("CPU Packages", "CPU Cores", "CPU Threads")


class Cpu(Struct, frozen=True):
    """Counts over the whole host.

    `hv_support` is 3 when hardware virtualization is on, 2 when the BIOS has it off, 1 or 0 when
    the processor has none.
    """

    package_count: Reading[int]
    core_count: Reading[int]
    pu_count: Reading[int]
    hyperthreading_active: Reading[bool]
    hyperthreading_supported: Reading[bool]
    hyperthreading_enabled: Reading[bool]
    hv_support: Reading[int]


def parse(text: str) -> Cpu:
    """Read any format of esxcli."""
    record = record_of(text, what=REQUEST.template, knows=_KNOWS)
    return Cpu(
        package_count=record.number("CPU Packages"),
        core_count=record.number("CPU Cores"),
        pu_count=record.number("CPU Threads"),
        hyperthreading_active=record.truth("Hyperthreading Active"),
        hyperthreading_supported=record.truth("Hyperthreading Supported"),
        hyperthreading_enabled=record.truth("Hyperthreading Enabled"),
        hv_support=record.number("HV Support"),
    )
