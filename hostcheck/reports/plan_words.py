"""Sentences of a plan that its formats share."""

from collections.abc import Sequence

from hostcheck.model.lifecycle import Mark
from hostcheck.model.plan import STAY, ClusterPlan, Cost, Feasible, Ground, Option, Plan, Step
from hostcheck.reports import words

SIGN = {Feasible.POSSIBLE: "✓", Feasible.BLOCKED: "✕", Feasible.UNKNOWN: "?"}
MEANS = {
    Mark.READ: "read in the maker's text or file",
    Mark.QUOTED: "as somebody else quotes it",
    Mark.INFERRED: "believed: inferred from what was read",
    Mark.UNKNOWN: "not known",
}
LEGEND = "; ".join(f"[{mark.value}] {told}" for mark, told in MEANS.items())
NAMES = 8
"""So many hosts are named; the rest is counted."""


def title(made: Plan) -> str:
    """Return the heading."""
    none = "" if made.clusters else ": no host with an NVIDIA GPU was read, so nothing to plan"
    return f"Upgrade plan for {words.one_line(made.run_target) or 'the run'}, {made.day}{none}"


def about(made: Plan) -> str:
    """Say what the plan rests on."""
    read = f"Hosts read until {words.moment(made.read_at)}" if made.read_at else "No host answered"
    return (
        f"{read}. Table of releases of "
        f"{made.table_edition}. Which guests a host takes: {words.one_line(made.window_by)}."
    )


def place(cluster: ClusterPlan) -> str:
    """Name a cluster."""
    name = f"Cluster {cluster.name}" if cluster.name else "Hosts of no known cluster"
    return words.one_line(f"{name} ({cluster.target})" if cluster.target else name)


def size(cluster: ClusterPlan) -> str:
    """Count its hosts."""
    count = sum(len(one.hosts) for one in cluster.alike)
    told = words.count(count, "host with GPUs", "hosts with GPUs")
    return f"{told}, {cluster.without_gpu} without" if cluster.without_gpu else told


def hosts(names: Sequence[str], most: int = NAMES) -> str:
    """Name hosts, the rest counted; all where none is named."""
    if not names:
        return "all hosts"
    shown = ", ".join(words.one_line(one) for one in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def ground(one: Ground | None) -> str:
    """Say what a statement rests on: `[V] source`."""
    if one is None:
        return ""
    return f"[{one.mark.value}] {'; '.join(one.sources)}".rstrip()


def way(option: Option) -> str:
    """Tell the releases on the way: `16 > 19.5`."""
    if option.target == STAY:
        return "nothing changes"
    return " > ".join(option.path) if option.path else "-"


def amount(number: int, *, at_least: bool) -> str:
    """Return a count: `4`, `at least 4`."""
    return f"at least {number}" if at_least else str(number)


def cost(option: Option) -> str:
    """Say what an option costs, in one line."""
    if option.target == STAY:
        return "nothing now"
    if not option.steps:
        return "-"
    one: Cost = option.cost
    vms = ", ".join((
        words.count(one.moves, "VM move"), words.count(one.power_offs, "power-off"),
        words.count(one.guest_restarts, "guest restart"),
    ))  # fmt: skip
    return (
        f"{words.count(one.rounds, 'round')}, {words.count(one.evacuations, 'evacuation')}, "
        f"{words.count(one.reboots, 'host reboot')}, {vms}"
        f"{' (VMs: at least)' if one.at_least else ''}"
    )


def effort(step: Step) -> str:
    """Say what a step interrupts; empty where it interrupts nothing."""
    told = [
        words.count(step.evacuations, "evacuation") if step.evacuations else "",
        words.count(step.reboots, "host reboot") if step.reboots else "",
        words.count(step.moves, "VM move") if step.moves else "",
        words.count(step.power_offs, "VM off", "VMs off") if step.power_offs else "",
        words.count(step.guest_restarts, "guest restart") if step.guest_restarts else "",
    ]
    said = ", ".join(filter(None, told))
    return f"{said} (VMs: at least)" if said and step.at_least else said
