"""Where hosts of one cluster differ, of what they should have alike.

Hosts are compared within their cluster and nowhere else; of one that is in none, or whose cluster
is not known, nothing is odd. What is not known is no difference: it is counted.
"""

from msgspec import Struct

SCHEMA = "hostcheck.drift/1"


class Held(Struct, frozen=True):
    """A value, and who has it."""

    value: str
    hosts: tuple[str, ...]
    odd: bool
    """Whether fewer hosts have it than have the commonest; where as many have it, none is odd."""


class Drift(Struct, frozen=True):
    """One property of the hosts of one cluster."""

    target: str
    """vCenter or ESXi that was asked."""
    cluster: str
    topic: str
    """`VBIOS of NVIDIA A40`: what depends on a kind of hardware is told for each kind."""
    held: tuple[Held, ...]
    """The commonest first."""
    known: int
    """Hosts of which it is known."""
    hosts: int
    """Hosts of the cluster: those that are neither known nor not known have no such hardware."""
    not_known: tuple[str, ...] = ()
    """Hosts of which it is not known."""

    @property
    def differs(self) -> bool:
        """Whether not all of those that are known have the same."""
        return len(self.held) > 1

    @property
    def is_sure(self) -> bool:
        """Whether it is known of all hosts that have it."""
        return not self.not_known

    @property
    def common(self) -> str:
        """The commonest value; empty where none is known."""
        return self.held[0].value if self.held else ""

    @property
    def share(self) -> int:
        """How many have it."""
        return len(self.held[0].hosts) if self.held else 0

    @property
    def tied(self) -> bool:
        """Whether another value is as common: nobody can say then which one is odd."""
        return self.differs and not self.held[1].odd


class DriftList(Struct, frozen=True):
    """Where hosts differ, and what is not known of some; the equal properties too, if wanted."""

    schema: str
    target: str
    last_answer_at: str
    clusters: int
    """Clusters of which several hosts were compared."""
    alone: int
    """Hosts that have nobody to be compared with: in no cluster, or alone in theirs."""
    drifts: tuple[Drift, ...]
    unplaced: int = 0
    """Of these, hosts whose cluster is not known."""
    away: int = 0
    """Hosts that were not asked, and vCenters that told of none."""

    @property
    def differs(self) -> bool:
        """Whether a property differs."""
        return any(one.differs for one in self.drifts)

    @property
    def is_sure(self) -> bool:
        """Whether hosts were compared, and all is known of which they might differ."""
        known = all(one.is_sure for one in self.drifts)
        return bool(self.clusters) and known and not self.unplaced and not self.away
