"""A plan as one page that a change board can approve: answer, cost, order, risks, who does what."""

from collections.abc import Iterable, Iterator, Sequence

from hostcheck.model.plan import STAY, Alike, ClusterPlan, Feasible, Option, Plan, Question, Step
from hostcheck.reports import PAPER, Screen
from hostcheck.reports import plan_words as told
from hostcheck.reports.page import TAIL, begun, safe
from hostcheck.reports.plan.html.style import STYLE

COSTS = (
    "Rounds", "Evacuations", "Host reboots", "VM moves", "VMs powered off", "Guest restarts",
)  # fmt: skip


def pieces(made: Plan, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the page; it needs nothing from elsewhere."""
    title = safe(told.title(made))
    yield (
        begun(title, f"<style>{STYLE}</style>") + "<main>\n"
        f'<header><h1>{title}</h1><p class="soft">{safe(told.about(made))}</p>\n'
    )
    for warning in made.warnings:
        yield f'<p class="warning">{safe(warning)}</p>\n'
    yield f'<p class="soft small">{safe(told.LEGEND)}</p></header>\n'
    if len(made.clusters) > 1:
        yield from _index(made.clusters)
    for number, cluster in enumerate(made.clusters):
        yield from _cluster(number, cluster)
    yield (
        f'<footer class="soft small">hostcheck {safe(made.tool_version)}, catalogue of '
        f"{safe(made.table_edition)}</footer>\n</main>\n{TAIL}"
    )


def _index(clusters: Sequence[ClusterPlan]) -> Iterator[str]:
    yield '<nav aria-label="Clusters"><h2>Clusters</h2><ul class="index">\n'
    for number, cluster in enumerate(clusters):
        marks = " ".join(_tag(one.feasible, one.target) for one in _targets(cluster))
        yield f'<li><a href="#c{number}">{safe(told.place(cluster))}</a> {marks}</li>\n'
    yield "</ul></nav>\n"


def _targets(cluster: ClusterPlan) -> list[Option]:
    return [one for one in cluster.options if one.target != STAY]


def _cluster(number: int, cluster: ClusterPlan) -> Iterator[str]:
    yield f'<section id="c{number}"><h2>{safe(told.place(cluster))}</h2>\n'
    yield f'<p class="soft">{safe(told.size(cluster))}</p>\n'
    yield from _compared(cluster)
    empty = cluster.emptying
    yield f"<p>{_tag(empty.feasible, 'N+1')} {safe(empty.words)}</p>\n"
    yield from _listed((*empty.cannot, *empty.unsure), "Hosts that cannot, or may not, be emptied")
    yield '<h3>Today</h3>\n<div class="wide"><table><thead><tr>'
    for head in ("Hosts", "ESXi", "vGPU", "GPUs", "Guests"):
        yield f'<th scope="col">{head}</th>'
    yield "</tr></thead><tbody>\n"
    yield from (_alike(one) for one in cluster.alike)
    yield "</tbody></table></div>\n"
    for option in cluster.options:
        yield from _option(option)
    yield "</section>\n"


def _compared(cluster: ClusterPlan) -> Iterator[str]:
    """Yield the targets side by side."""
    yield '<div class="wide"><table class="compared"><thead><tr><th scope="col">Target</th>'
    yield '<th scope="col">Answer</th><th scope="col">Way</th>'
    yield "".join(f'<th scope="col" class="number">{one}</th>' for one in COSTS)
    yield '<th scope="col">Supported then</th></tr></thead><tbody>\n'
    for one in cluster.options:
        yield f'<tr><th scope="row">{safe(one.title)}</th><td>{_answer(one)}</td>'
        yield f"<td>{safe(told.way(one))}</td>"
        if one.steps or one.target == STAY:
            cost = one.cost
            vms = (cost.moves, cost.power_offs, cost.guest_restarts)
            cells = [str(each) for each in (cost.rounds, cost.evacuations, cost.reboots)]
            cells += [told.amount(each, at_least=cost.at_least) for each in vms]
        else:
            cells = ["&ndash;"] * len(COSTS)
        yield "".join(f'<td class="number">{each}</td>' for each in cells)
        yield f"<td>{safe(one.supported)}</td></tr>\n"
    yield "</tbody></table></div>\n"


def _alike(one: Alike) -> str:
    behind = f'<br><span class="behind">{safe(one.behind)}</span>' if one.behind else ""
    return (
        f"<tr><td>{_names(one.hosts)}</td>"
        f'<td>{safe(one.esxi)}<br><span class="soft">{safe(one.esxi_support)}</span></td>'
        f'<td>{safe(one.release)}<br><span class="soft">{safe(one.release_support)}</span>'
        f"{behind}</td><td>{safe(', '.join(one.gpus))}</td>"
        f"<td>{safe(', '.join(one.guests)) or 'no VM with a vGPU runs'}</td></tr>\n"
    )


def _option(option: Option) -> Iterator[str]:
    if option.target == STAY and not option.notes:
        return
    yield f'<article class="{option.feasible.value}"><h3>{_answer(option)} '
    yield f"{safe(option.title)}</h3>\n"
    if option.target != STAY:
        yield f"<p><b>{safe(told.cost(option))}</b></p>\n<p>{safe(option.supported)}</p>\n"
    if option.saves:
        yield f"<p>{safe(option.saves)}</p>\n"
    if option.stops:
        yield "<h4>What stops it</h4><ul>\n"
        for stop in option.stops:
            yield f"<li><b>{safe(stop.what)}</b> ({_names(stop.hosts)}). Mend: {safe(stop.fix)} "
            yield f'<span class="soft small">{safe(told.ground(stop.ground))}</span></li>\n'
        yield "</ul>\n"
    if option.notes:
        yield "<h4>Risks and notes</h4><ul>\n"
        yield "".join(f"<li>{safe(note)}</li>\n" for note in option.notes)
        yield "</ul>\n"
    yield from _questions(option.questions)
    if option.steps:
        yield from _steps(option)
    yield "</article>\n"


def _questions(asked: Sequence[Question]) -> Iterator[str]:
    if not asked:
        return
    yield "<h4>Not known</h4><ul>\n"
    for one in sorted(asked, key=lambda one: not one.decides):
        weight = "<b>decides:</b> " if one.decides else ""
        hosts = f" ({_names(one.hosts)})" if one.hosts else ""
        yield f"<li>{weight}{safe(one.what)}{hosts}. Told by {safe(one.told_by)}</li>\n"
    yield "</ul>\n"


def _steps(option: Option) -> Iterator[str]:
    yield '<h4>Order of work</h4><div class="wide"><table class="steps"><thead><tr>'
    for head in ("Step", "Who", "What, and why", "Hosts", "Interrupts", "Done"):
        yield f'<th scope="col">{head}</th>'
    yield "</tr></thead><tbody>\n"
    for step in option.steps:
        yield f'<tr><th scope="row">{step.number}</th><td>{safe(step.who)}</td>'
        yield f"<td>{safe(step.what)}{_why(step)}</td><td>{_names(step.hosts, '')}</td>"
        yield f"<td>{safe(told.effort(step)) or 'nothing'}</td>"
        yield '<td><span class="box"></span></td></tr>\n'
    yield "</tbody></table></div>\n<h4>Who does what</h4><ul>\n"
    by_role: dict[str, list[str]] = {}
    for step in option.steps:
        by_role.setdefault(step.who, []).append(str(step.number))
    for who, numbers in by_role.items():
        which = "steps" if len(numbers) > 1 else "step"
        yield f"<li>{safe(who)}: {which} {', '.join(numbers)}</li>\n"
    yield (
        '</ul>\n<p class="sign"><span>Approved by</span><span>Date</span><span>Window</span></p>\n'
    )


def _why(step: Step) -> str:
    ground = f" {told.ground(step.ground)}" if step.ground else ""
    made = f'<br><span class="soft small">{safe(step.why + "." + ground)}</span>'
    for command in step.commands:
        label = f'<span class="soft small">{safe(command.label)}</span>' if command.label else ""
        made += f"<pre>{label}<code>{safe(command.text)}</code></pre>"
    return made


def _names(names: Sequence[str], nobody: str = "all hosts") -> str:
    """Name hosts; many are folded up."""
    if not names:
        return nobody
    every = ", ".join(f"<bdi>{safe(one)}</bdi>" for one in names)
    if len(names) <= told.NAMES:
        return every
    return f"<details><summary>{len(names)} hosts</summary>{every}</details>"


def _listed(lines: Iterable[str], title: str) -> Iterator[str]:
    every = list(lines)
    if every:
        yield f"<details><summary>{title}: {len(every)}</summary><ul>\n"
        yield "".join(f"<li>{safe(line)}</li>\n" for line in every)
        yield "</ul></details>\n"


def _answer(option: Option) -> str:
    """Tag the answer; staying is none, however long it is supported."""
    if option.target == STAY:
        return '<span class="tag unknown">no change</span>'
    return _tag(option.feasible)


def _tag(feasible: Feasible, of: str = "") -> str:
    told_of = f"{safe(of)}: " if of else ""
    sign = told.SIGN[feasible]
    return f'<span class="tag {feasible.value}">{sign} {told_of}{feasible.value}</span>'
