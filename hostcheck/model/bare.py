"""Servers as their BMCs tell them, with or without ESXi: shown, and judged for vGPU."""

from msgspec import Struct

from hostcheck.model.bmc import Bmc
from hostcheck.model.capture import Origin
from hostcheck.model.fact import Fact
from hostcheck.model.result import Answer, Result

BARE_SCHEMA = "hostcheck.bmc/1"


class BareServer(Struct, frozen=True):
    """One computer behind a BMC."""

    name: str
    """As the inventory calls it: the host, else the service tag, else the address."""
    address: str
    bmc: Fact[Bmc]
    results: tuple[Result, ...]
    """Of the checks that ask nothing but the BMC."""
    deciding: tuple[Result, ...]
    """Those of them that the verdict rests on."""
    verdict: Answer
    sources: tuple[Origin, ...]


class BareFleet(Struct, frozen=True):
    """Servers in the order in which they were named."""

    servers: tuple[BareServer, ...]
    judged: bool
    """Whether a verdict was asked for."""
    profile: str = ""
    """vGPU profile that they are judged for; empty: any that needs virtual functions."""
    boards: tuple[str, ...] = ()
    """Kinds of GPU that have the profile."""
    names: dict[str, str] = {}
    """What settings are called, by their neutral names."""
    verdict: Answer = Answer.UNSURE
    schema: str = BARE_SCHEMA
