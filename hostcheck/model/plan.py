"""A plan: where each host of a fleet can go, what stops it, in which order, and what that costs.

Counts are of hosts, VMs and restarts; days are written `2026-11-28`. What is not known is a
question with the page or the answer that would settle it; it is never a yes and never a no.
"""

from enum import StrEnum

from msgspec import Struct

from hostcheck.model.lifecycle import Mark
from hostcheck.model.result import Command

SCHEMA = "hostcheck.plan/1"
STAY = "stay"


class Feasible(StrEnum):
    """Whether a cluster can go somewhere."""

    POSSIBLE = "possible"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"
    """Something that decides is not known."""


class Work(StrEnum):
    """What a step is about, in the order of work."""

    LICENCE = "licence"
    IMAGE = "guest image"
    VCENTER = "vCenter"
    GUESTS = "guests"
    HOSTS = "hosts"
    HARDWARE = "VM hardware"
    AUDIT = "audit"


class Ground(Struct, frozen=True):
    """What a statement rests on: the mark of the cell, and its sources in words."""

    mark: Mark
    sources: tuple[str, ...] = ()


class Stop(Struct, frozen=True):
    """Something that keeps hosts from going there, and what would mend it."""

    what: str
    hosts: tuple[str, ...]
    fix: str
    ground: Ground


class Question(Struct, frozen=True):
    """Something that is not known: what, of which hosts (none: of all), and what tells it."""

    what: str
    hosts: tuple[str, ...]
    told_by: str
    decides: bool = False
    """Whether the answer can turn the plan into one that cannot be done."""


class Step(Struct, frozen=True):
    """One step. What it changes is written so that it can be played: driver, ESXi, guest release.

    `moves` are VMs that leave a host while they run, `power_offs` those that must be off for it;
    of each the number is a lower bound where `at_least` is set. `reboots` are of hosts.
    """

    number: int
    phase: Work
    who: str
    what: str
    why: str
    hosts: tuple[str, ...] = ()
    commands: tuple[Command, ...] = ()
    release: int = 0
    """vGPU release of host or guest drivers after it; 0: they stay as they are."""
    minor: str = ""
    driver: str = ""
    """Host driver after it; empty where it is not known or stays."""
    esxi: str = ""
    """Version of ESXi after it: `8.0.3`; empty: it stays."""
    esxi_name: str = ""
    build: int = 0
    evacuations: int = 0
    """Times that a host is emptied."""
    moves: int = 0
    power_offs: int = 0
    guest_restarts: int = 0
    reboots: int = 0
    at_least: bool = False
    ground: Ground | None = None


class Cost(Struct, frozen=True):
    """What all steps come to. A round takes every host that has to go out of service once."""

    rounds: int = 0
    evacuations: int = 0
    moves: int = 0
    power_offs: int = 0
    guest_restarts: int = 0
    reboots: int = 0
    at_least: bool = False


class Option(Struct, frozen=True):
    """One target for a cluster, and the way to it."""

    target: str
    """`stay`, or the release that it ends at: `19.5`."""
    title: str
    feasible: Feasible
    supported: str
    """Until when the result is supported, in words."""
    path: tuple[str, ...]
    """Releases one after another, the present one first; those of a round each."""
    saves: str
    """What the way by long-term branches saves against one release after another; or empty."""
    cost: Cost
    stops: tuple[Stop, ...]
    questions: tuple[Question, ...]
    notes: tuple[str, ...]
    steps: tuple[Step, ...]


class Alike(Struct, frozen=True):
    """Hosts of a cluster that stand at the same place."""

    hosts: tuple[str, ...]
    esxi: str
    """In words, with its name where the table has it: `8.0 U3e (8.0.3, build 24674464)`."""
    esxi_support: str
    release: str
    """In words: `vGPU 16.9 (driver 535.230.02)`."""
    release_support: str
    behind: str
    """The newest minor of the same release that is known, where another one runs; or empty."""
    gpus: tuple[str, ...]
    guests: tuple[str, ...]
    """Releases of the guest drivers that run: `vGPU 16: 12`."""


class Emptying(Struct, frozen=True):
    """Whether each host can be emptied while the others keep their VMs (N+1)."""

    feasible: Feasible
    words: str
    cannot: tuple[str, ...] = ()
    """Hosts whose running vGPU VMs find no room, with the reason."""
    unsure: tuple[str, ...] = ()
    full: tuple[str, ...] = ()
    """Names of the hosts that cannot."""


class ClusterPlan(Struct, frozen=True):
    """One cluster of one vCenter; hosts without a known cluster are together."""

    name: str
    target: str
    """vCenter or ESXi that it is of."""
    alike: tuple[Alike, ...]
    without_gpu: int
    emptying: Emptying
    options: tuple[Option, ...]
    """Stay first, then by release."""


class Plan(Struct, frozen=True):
    """The answer for a fleet. `day` is the day it is made for: nothing here asks a clock."""

    schema: str
    tool_version: str
    run_target: str
    read_at: str
    """When the last answer of the run was taken."""
    day: str
    table_edition: str
    window_by: str
    """What says which guests a host takes: the table, or the customer's file."""
    warnings: tuple[str, ...]
    clusters: tuple[ClusterPlan, ...]
