"""What an account, a network and the settings of hosts will not allow, before a run."""

from msgspec import Struct

from hostcheck.model.result import Severity
from hostcheck.model.run import Asked

SCHEMA = "hostcheck.doctor/1"


class Lack(Struct, frozen=True):
    """A privilege that this account does not have on some objects."""

    privilege: str
    kind: str
    """Managed object type: `HostSystem`."""
    target: str
    """vCenter or ESXi."""
    lacking: int
    of: int
    objects: tuple[str, ...]
    """Names of objects where it is missing, the first few."""
    requests: tuple[str, ...]
    """Published requests that fail without it."""
    needed_by: str
    """Option or command that sends them."""
    wanted: bool
    """Whether the run that is asked about sends them."""


class Closed(Struct, frozen=True):
    """A way to hosts that is not open, and why, for all hosts with the same reason."""

    way: str
    """Heading of the wire in `hostcheck requests`."""
    why: str
    detail: str
    privilege: str
    hosts: tuple[str, ...]


class Opened(Struct, frozen=True):
    """A way that was tried: on so many hosts it is open."""

    way: str
    open: int
    of: int


class WaySetting(Struct, frozen=True):
    """A setting of hosts that decides which ways to them there are."""

    what: str
    hosts: tuple[str, ...]


class Blind(Struct, frozen=True):
    """Why a check will be unknown on some hosts."""

    why: str
    detail: str
    asked: str
    privilege: str
    asked_for: bool
    """Whether the run would ask it: what no option asks for is no obstacle."""
    hosts: tuple[str, ...]


class Outlook(Struct, frozen=True):
    """What a run will make of one check."""

    check: str
    title: str
    severity: Severity
    judged: int
    """Hosts where it will be judged, or does not apply."""
    blind: tuple[Blind, ...]


class Doctor(Struct, frozen=True):
    """What a run with these options will and will not be allowed."""

    schema: str
    target: str
    targets: tuple[Asked, ...]
    """All that was asked, where that was more than one."""
    hosts: int
    lacks: tuple[Lack, ...]
    opened: tuple[Opened, ...]
    closed: tuple[Closed, ...]
    settings: tuple[WaySetting, ...]
    checks: tuple[Outlook, ...]
    notices: tuple[str, ...] = ()

    @property
    def stands_in_the_way(self) -> bool:
        """Whether something refuses what the run would ask."""
        blind = any(each.asked_for for one in self.checks for each in one.blind)
        silent = any(one.failure for one in self.targets)
        return bool(blind or silent or self.closed or any(one.wanted for one in self.lacks))
