"""The steps of a plan as CSV: a row for each step and host, for whoever keeps a change calendar.

A step that names no host has one row. Counts are of the whole step and stand in its first row.
"""

from collections.abc import Iterator

from hostcheck.model.plan import ClusterPlan, Option, Plan, Step
from hostcheck.reports import PAPER, Screen
from hostcheck.reports import plan_words as told
from hostcheck.reports.cells import cell, row

HEAD = (
    "vcenter", "cluster", "target", "answer", "step", "phase", "who", "host", "what", "release",
    "driver", "esxi", "build", "evacuations", "host_reboots", "vm_moves", "vm_power_offs",
    "guest_restarts", "at_least", "why", "rests_on", "commands",
)  # fmt: skip


def pieces(made: Plan, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines."""
    yield row(HEAD)
    for cluster in made.clusters:
        for option in cluster.options:
            for step in option.steps:
                for at, host in enumerate(step.hosts or ("",)):
                    yield row(_step(cluster, option, step, host, first=at == 0))


def _step(
    cluster: ClusterPlan, option: Option, step: Step, host: str, *, first: bool
) -> tuple[str, ...]:
    counts = (
        step.evacuations, step.reboots, step.moves, step.power_offs, step.guest_restarts
    )  # fmt: skip
    return (
        cell(cluster.target), cell(cluster.name), option.target, option.feasible.value,
        str(step.number), step.phase.value, step.who, cell(host), cell(step.what),
        step.minor or (str(step.release) if step.release else ""), step.driver, step.esxi_name,
        str(step.build) if step.build else "",
        *(str(one) if first else "" for one in counts),
        "yes" if step.at_least else "no", cell(step.why), cell(told.ground(step.ground)),
        cell(" ; ".join(one.text for one in step.commands)),
    )  # fmt: skip
