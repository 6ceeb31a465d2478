"""The picture of one host: packages, NUMA nodes, root ports, devices, and the VMs that run there.

`layout` decides where everything goes and is testable as boxes and labels; `topology_svg` only
writes it down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from urllib.parse import quote

from hostcheck.model.host import Host
from hostcheck.model.result import Result
from hostcheck.model.run import HostReport
from hostcheck.reports import PAPER, Screen, view, words
from hostcheck.reports.topology.svg.cards import failing_of
from hostcheck.reports.topology.svg.drawing import WIDTH, Box, Drawing, Label, Line
from hostcheck.reports.topology.svg.places import Places, group_name
from hostcheck.reports.topology.svg.strips import Strips

STYLE = """
.tp{--tp-paper:#fff;--tp-ink:#1c2128;--tp-soft:#57606a;--tp-line:#c9d1d9;--tp-pack:#f6f8fa;
--tp-node:#fff;--tp-card:#f3f6fa;--tp-bar:#dbe2ea;--tp-used:#33608f;--tp-vm:#e4edf8;
--tp-vmink:#173a63;--tp-bad:#b42318;--tp-badfill:#fdf0ee;--tp-hatch:#9aa4af;--tp-link:#6b4fa0}
@media (prefers-color-scheme:dark){.tp{--tp-paper:#11161c;--tp-ink:#e6edf3;--tp-soft:#9fabb8;
--tp-line:#37424e;--tp-pack:#171d25;--tp-node:#11161c;--tp-card:#1d2630;--tp-bar:#303c49;
--tp-used:#78a9e0;--tp-vm:#1c3350;--tp-vmink:#cfe2fa;--tp-bad:#ff8f85;--tp-badfill:#341a18;
--tp-hatch:#5d6b79;--tp-link:#b9a0ec}}
@media print{.tp{--tp-paper:#fff;--tp-ink:#1c2128;--tp-soft:#57606a;--tp-line:#b8c1ca;
--tp-pack:#f6f8fa;--tp-node:#fff;--tp-card:#f3f6fa;--tp-bar:#dbe2ea;--tp-used:#33608f;
--tp-vm:#e4edf8;--tp-vmink:#173a63;--tp-bad:#b42318;--tp-badfill:#fdf0ee;--tp-hatch:#9aa4af;
--tp-link:#6b4fa0}}
.tp text{font-family:-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
fill:var(--tp-ink);font-variant-numeric:tabular-nums;pointer-events:none}
.tp .mono{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono",monospace}
.tp .soft{fill:var(--tp-soft)}.tp .strong{font-weight:600}.tp .red{fill:var(--tp-bad)}
.tp .onvm{fill:var(--tp-vmink)}
.tp rect,.tp path,.tp circle{stroke:var(--tp-line);stroke-width:1;fill:none}
.tp .paper{fill:var(--tp-paper);stroke:none}.tp .pack{fill:var(--tp-pack)}
.tp .node{fill:var(--tp-node)}.tp .gpu,.tp .nic{fill:var(--tp-card)}
.tp .chip{fill:var(--tp-node)}.tp .vm{fill:var(--tp-vm);stroke:none}
.tp .fb{fill:var(--tp-bar);stroke:none}.tp .used{fill:var(--tp-used);stroke:none}
.tp .lost{fill:url(#tp-hatch);stroke:var(--tp-soft);stroke-dasharray:5 4}
.tp .dim{stroke:var(--tp-soft);stroke-dasharray:4 3}
.tp .bad{stroke:var(--tp-bad);stroke-width:2;fill:var(--tp-badfill)}
.tp path.badline{stroke:var(--tp-bad);stroke-width:2;stroke-dasharray:none;fill:none}
.tp path.dimline{stroke:var(--tp-soft);stroke-dasharray:3 3}
.tp path.link{stroke:var(--tp-link);stroke-width:1.5}
.tp circle.dot{fill:var(--tp-link);stroke:none}
.tp .hatchline{stroke:var(--tp-hatch);stroke-width:1.2}
.tp a:focus rect,.tp a:hover rect{stroke:var(--tp-ink);stroke-width:2.5}
"""
"""Colours are variables, so that a page may set its own; shapes and words carry the meaning."""
DEFS = (
    '<defs><pattern id="tp-hatch" width="7" height="7" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><path class="hatchline" d="M0 0V7"/></pattern></defs>'
)


def pieces(report: HostReport, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield one SVG document."""
    yield topology_svg(report.host, report.results)


def topology_svg(
    host: Host, results: Iterable[Result], *, alone: bool = True, anchor: str = ""
) -> str:
    """Draw the host as one SVG document.

    Inside a page, `alone` is off: the page carries `STYLE` and `DEFS` once. `anchor` is what
    follows the `@` in the page's links; without it nothing is a link.
    """
    found = tuple(results)
    drawn = layout(host, found)
    title = f"Topology of {words.one_line(host.name)}"
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="tp" role="group" '
        f'viewBox="0 0 {WIDTH} {drawn.height:g}" width="{WIDTH}" height="{drawn.height:g}" '
        f'aria-label="{escape(title)}">'
    )
    parts = [
        opening,
        f"<title>{escape(title)}</title>",
        f"<desc>{escape(description(host, found))}</desc>",
    ]
    if alone:
        parts += [f"<style>{STYLE}</style>", DEFS]
        parts.append(f'<rect class="paper" width="{WIDTH}" height="{drawn.height:g}"/>')
    parts += [_box(box, anchor) for box in drawn.boxes]
    parts += [_line(line) for line in drawn.lines]
    parts += [f'<circle class="dot" cx="{x:g}" cy="{y:g}" r="4"/>' for x, y in drawn.dots]
    parts += [_label(label) for label in drawn.labels]
    return "\n".join([*parts, "</svg>", ""])


def description(host: Host, results: Sequence[Result]) -> str:
    """Tell the picture in a few sentences, for those who do not see it."""
    shown = view.of(host)
    told = []
    for group in shown.groups:
        told += [
            f"{group_name(group)}, NUMA node {node.os_index}: {_devices(shown, node)}"
            for node in group.nodes
        ]
    if shown.adrift:
        told.append(f"NUMA node not known: {_devices(shown, shown.adrift)}")
    told += [f"{topic} not known: {words.missing(fact)}" for topic, fact in shown.unknowns]
    for number, gpu in enumerate(shown.gpus):
        failing = failing_of(view.touching(results, gpu.address))
        if failing:
            told.append(f"GPU {number} fails {', '.join(sorted({r.check for r in failing}))}")
    if shown.note:
        told.append(shown.note.rstrip("."))
    return ". ".join(told) + "." if told else "Nothing of the topology is known."


def layout(host: Host, results: Sequence[Result]) -> Drawing:
    """Place everything on a canvas of fixed width."""
    return _Painter(host, tuple(results)).paint()


class _Painter(Places, Strips):
    """Lays out one host, from the top down."""

    def paint(self) -> Drawing:
        y = self.heading()
        y = self.packages(y)
        if self.shown.adrift:
            y = self.adrift(self.shown.adrift, y)
        y = self.missing(y)
        y = self.nvlink(y)
        y = self.elsewhere(y)
        y = self.legend(y)
        self.drawn.height = y
        return self.drawn


def _box(box: Box, anchor: str) -> str:
    tip = f"<title>{escape(words.clean(box.tip))}</title>" if box.tip else ""
    radius = {"pack": 8, "lost": 8, "node": 6}.get(box.kind.split()[0], 4)
    rect = (
        f'<rect class="{box.kind}" x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" '
        f'height="{box.height:g}" rx="{min(radius, box.height / 2):g}"'
    )
    rect += f">{tip}</rect>" if tip else "/>"
    if not (box.check and anchor):
        return rect
    return f'<a href="#{escape(quote(f"{box.check}@{anchor}", safe="@"))}">{rect}</a>'


def _line(line: Line) -> str:
    tip = f"<title>{escape(words.clean(line.tip))}</title>" if line.tip else ""
    return f'<path class="{line.kind}" d="{line.path}">{tip}</path>'


def _label(label: Label) -> str:
    anchor = ' text-anchor="end"' if label.end else ""
    kind = f' class="{label.kind}"' if label.kind else ""
    return (
        f'<text x="{label.x:g}" y="{label.y:g}" font-size="{label.size:g}"{kind}{anchor}>'
        f"{escape(label.text)}</text>"
    )


def _devices(shown: view.Layout, node: view.NumaPlace) -> str:
    names = [
        f"GPU {shown.number(gpu.address)} {words.one_line(gpu.name)}"
        for port in node.ports
        for gpu in port.gpus
    ]
    names += [words.one_line(nic.name) for port in node.ports for nic in port.nics]
    return ", ".join(names) or "no GPU and no network adapter"
