"""The steps of a plan as CSV: a row for each step and host, for whoever keeps a change calendar.

A step that names no host has one row. Counts are of the whole step and stand in its first row. A
cluster that has no steps to a target has rows that say why, without a step's number: what stops it,
what is not known and decides, or that nothing needs doing.
"""

from collections.abc import Iterator

from hostcheck.model.plan import STAY, ClusterPlan, Option, Plan, Step
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
            if not option.steps and option.target != STAY:
                yield from _no_steps(cluster, option)


def _no_steps(cluster: ClusterPlan, option: Option) -> Iterator[str]:
    """Yield rows that say why there is nothing to do."""
    decide = [one for one in option.questions if one.decides]
    left = f", {len(option.questions)} not known" if option.questions else ""
    reasons = [
        *((one.hosts, one.what, one.fix, told.ground(one.ground)) for one in option.stops),
        *((one.hosts, f"not known: {one.what}", f"told by {one.told_by}", "") for one in decide),
    ] or [((), f"nothing needs doing{left}", option.supported, "")]
    for hosts, what, why, ground in reasons:
        for host in hosts or ("",):
            found = {
                "vcenter": cluster.target, "cluster": cluster.name, "target": option.target,
                "answer": option.feasible.value, "host": host, "what": what, "why": why,
                "rests_on": ground,
            }  # fmt: skip
            yield row(tuple(cell(found.get(name, "")) for name in HEAD))


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
