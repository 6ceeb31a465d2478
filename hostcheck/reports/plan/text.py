"""A plan for the terminal: each cluster's options side by side, then steps of those that work."""

from collections.abc import Iterator

from hostcheck.model.plan import STAY, ClusterPlan, Option, Plan, Step
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports import plan_words as told
from hostcheck.reports.wrapping import wrapped


def pieces(made: Plan, screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines."""
    yield f"{told.title(made)}\n{wrapped(told.about(made), screen)}\n"
    for warning in made.warnings:
        yield wrapped(f"! {words.one_line(warning)}", screen, "  ") + "\n"
    yield f"Marks: {wrapped(told.LEGEND, screen, '  ')}\n"
    for cluster in made.clusters:
        yield from _cluster(cluster, screen)


def _cluster(cluster: ClusterPlan, screen: Screen) -> Iterator[str]:
    yield f"\n{told.place(cluster)}: {told.size(cluster)}\n"
    for one in cluster.alike:
        yield wrapped(f"  {told.hosts(one.hosts)}", screen, "    ") + "\n"
        for line in (
            f"ESXi {one.esxi}: {one.esxi_support}",
            f"{one.release}: {one.release_support}",
            f"GPUs: {', '.join(one.gpus) or 'not known'}",
            f"guests: {', '.join(one.guests)}" if one.guests else "no VM with a vGPU runs",
            f"behind: {one.behind}" if one.behind else "",
        ):
            if line:
                yield wrapped(f"    {words.one_line(line)}", screen, "      ") + "\n"
    sign = told.SIGN[cluster.emptying.feasible]
    yield wrapped(f"  {sign} Emptying (N+1): {cluster.emptying.words}", screen, "    ") + "\n"
    for line in (*cluster.emptying.cannot[: told.NAMES], *cluster.emptying.unsure[: told.NAMES]):
        yield wrapped(f"      {words.one_line(line)}", screen, "        ") + "\n"
    for option in cluster.options:
        yield from _summary(option, screen)
    for option in cluster.options:
        if option.steps:
            yield f"\n  Steps to vGPU {option.target}\n"
            for step in option.steps:
                yield from _step(step, screen)


def _summary(option: Option, screen: Screen) -> Iterator[str]:
    answer = f"{told.SIGN[option.feasible]} {option.title}: {option.feasible.value}"
    yield f"\n  {'- Stay: no change' if option.target == STAY else answer}\n"
    lines = [f"way: {told.way(option)}", f"costs: {told.cost(option)}", f"then: {option.supported}"]
    if option.saves:
        lines.append(f"saves: {option.saves}")
    if option.target == STAY:
        lines = [f"then: {option.supported}"]
    for one in option.stops:
        lines.append(f"✕ {one.what} ({told.hosts(one.hosts)}); {one.fix} {told.ground(one.ground)}")
    for asked in option.questions:
        weight = "UNKNOWN, decides" if asked.decides else "UNKNOWN"
        at = f" ({told.hosts(asked.hosts)})" if asked.hosts else ""
        lines.append(f"? {weight}: {asked.what}{at}; told by {asked.told_by}")
    lines += [f"- {note}" for note in option.notes]
    for line in lines:
        yield wrapped(f"    {words.one_line(line)}", screen, "      ") + "\n"


def _step(step: Step, screen: Screen) -> Iterator[str]:
    yield wrapped(f"  {step.number:3} [{step.who}] {words.one_line(step.what)}", screen, "      ")
    yield "\n"
    lines = [f"why: {step.why}"]
    if step.hosts:
        lines.append(f"hosts: {told.hosts(step.hosts)}")
    effort = told.effort(step)
    if effort:
        lines.append(f"costs: {effort}")
    if step.ground is not None:
        lines.append(f"rests on: {told.ground(step.ground)}")
    for line in lines:
        yield wrapped(f"      {words.one_line(line)}", screen, "        ") + "\n"
    for command in step.commands:
        label = f" ({command.label})" if command.label else ""
        yield f"      $ {words.one_line(command.text)}{label}\n"
