"""`esxcfg-nics -l`: network adapters, where esxcli does not answer.

Name    PCI          Driver  Link Speed      Duplex MAC Address       MTU    Description
vmnic0  0000:4b:00.0 icen    Up   25000Mbps  Full   00:00:00:00:00:00 1500   Intel(R) E810-C
"""

import re

from msgspec import Struct

from hostcheck.model import pci
from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.model.pci import PciAddress
from hostcheck.syntax.words import lines_of, refuse

REQUEST = Request(Wire.SHELL, "esxcfg-nics -l", "network adapters, a second source")
_EXPECTED = "'vmnic0  0000:4b:00.0 driver Up 25000Mbps Full mac mtu'"
_ROW = re.compile(
    r"\s*(\S{1,64})\s+(\S{1,20})\s+(?:(\S+)\s+)?(Up|Down)\s+(\d{1,9})\s*Mbps\s+(\w+)"
    r"\s+((?:[0-9a-f]{2}:){5}[0-9a-f]{2})\s+(\d{1,9})(?:\s+(.*))?",
    re.IGNORECASE | re.ASCII,
)


class NicLine(Struct, frozen=True):
    """One adapter. The speed of a link that is down is 0."""

    name: str
    address: PciAddress
    driver: Reading[str]
    link_up: bool
    speed_mbps: int
    mac: str
    mtu_bytes: int
    description: Reading[str]


def parse(text: str) -> tuple[NicLine, ...]:
    """Read the rows below the header, which may be none."""
    lines = lines_of(text, what=REQUEST.template, expected=_EXPECTED)
    rows = [line for line in lines if line.split()[:2] != ["Name", "PCI"]]
    return tuple(_row(line) for line in rows)


def _row(line: str) -> NicLine:
    match = _ROW.fullmatch(line)
    if match is None:
        raise refuse(REQUEST.template, _EXPECTED, line)
    try:
        address = pci.from_hex(match[2])
    except ValueError:
        raise refuse(REQUEST.template, "a PCI address", line) from None
    return NicLine(
        name=match[1],
        address=address,
        driver=match[3] or Unknown(Why.ABSENT, "no driver", "esxcfg-nics -l: driver"),
        link_up=match[4].lower() == "up",
        speed_mbps=int(match[5]),
        mac=match[7].lower(),
        mtu_bytes=int(match[8]),
        description=(match[9] or "").strip()
        or Unknown(Why.ABSENT, "empty", "esxcfg-nics -l: description"),
    )
