"""The picture of one host: packages, NUMA nodes, root ports, devices, and the VMs that run there.

`layout` decides where everything goes and is testable as boxes and labels; `topology_svg` only
writes it down. What is red is so because of a finding about that very thing, and links to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from html import escape as escaped
from urllib.parse import quote

from hostcheck.model.run import HostReport
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports.topology.svg.drawing import WIDTH, Box, Drawing, DrawnLabel, Line
from hostcheck.reports.topology.svg.strips import Strips

STYLE = """
.tp{--tp-paper:#fff;--tp-ink:#1c2128;--tp-soft:#57606a;--tp-line:#c9d1d9;--tp-pack:#f6f8fa;
--tp-node:#fff;--tp-card:#f3f6fa;--tp-bar:#dbe2ea;--tp-used:#33608f;--tp-vm:#e4edf8;
--tp-vmink:#173a63;--tp-bad:#b42318;--tp-badfill:#fdf0ee;--tp-hatch:#9aa4af;--tp-link:#6b4fa0;
--tp-edge:#848d97}
@media (prefers-color-scheme:dark){.tp{--tp-paper:#11161c;--tp-ink:#e6edf3;--tp-soft:#9fabb8;
--tp-line:#37424e;--tp-pack:#171d25;--tp-node:#11161c;--tp-card:#1d2630;--tp-bar:#303c49;
--tp-used:#78a9e0;--tp-vm:#1c3350;--tp-vmink:#cfe2fa;--tp-bad:#ff8f85;--tp-badfill:#341a18;
--tp-hatch:#5d6b79;--tp-link:#b9a0ec;--tp-edge:#6e7681}}
@media print{.tp{--tp-paper:#fff;--tp-ink:#1c2128;--tp-soft:#57606a;--tp-line:#b8c1ca;
--tp-pack:#f6f8fa;--tp-node:#fff;--tp-card:#f3f6fa;--tp-bar:#dbe2ea;--tp-used:#33608f;
--tp-vm:#e4edf8;--tp-vmink:#173a63;--tp-bad:#b42318;--tp-badfill:#fdf0ee;--tp-hatch:#9aa4af;
--tp-link:#6b4fa0;--tp-edge:#848d97}}
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
.tp .head,.tp .foot,.tp .row,.tp .way,.tp .port{stroke:none}
.tp .tag{fill:var(--tp-node)}.tp .joint{stroke-dasharray:1 3}
.tp .slice,.tp .cell,.tp .band{fill:var(--tp-used);stroke:none}.tp .slice{fill:var(--tp-vm)}
.tp .slice,.tp .cell{stroke:var(--tp-soft)}
.tp .slot{stroke:var(--tp-soft);stroke-dasharray:2 2}.tp .none{stroke:var(--tp-line)}
.tp .lost,.tp .orphan{fill:url(#tp-hatch);stroke:var(--tp-soft);stroke-dasharray:5 4}
.tp .dim{stroke:var(--tp-soft);stroke-dasharray:4 3}
.tp .bad{stroke:var(--tp-bad);stroke-width:2;fill:var(--tp-badfill)}
.tp path.badline{stroke:var(--tp-bad);stroke-width:2;stroke-dasharray:none;fill:none}
.tp path.badsample{stroke:var(--tp-bad);stroke-width:2}
.tp path.branch,.tp .gpu,.tp .nic,.tp .node,.tp .pack{stroke:var(--tp-edge)}
.tp .bad{stroke:var(--tp-bad)}.tp .dim{stroke:var(--tp-soft)}
.tp .head,.tp .row{stroke:none;fill:none}.tp .pack.bad{fill:var(--tp-pack)}
.tp path.dimline{stroke:var(--tp-soft);stroke-dasharray:3 3}
.tp path.link{stroke:var(--tp-link);stroke-width:1.5}
.tp path.nvswitch{stroke-width:8}
.tp circle.link{fill:var(--tp-link);stroke:none}
.tp circle.switch{fill:var(--tp-edge);stroke:none}
.tp circle.place{fill:var(--tp-paper);stroke:var(--tp-ink);stroke-width:2}
.tp .hatchline{stroke:var(--tp-hatch);stroke-width:1.2}
.tp a:target rect{animation:tp-here .5s 6 alternate}
@keyframes tp-here{to{stroke:var(--tp-ink);stroke-width:5}}
.tp a:target rect,.tp a:focus rect,.tp a:hover rect,.tp a:focus path,.tp a:hover path{
stroke:var(--tp-ink);stroke-width:2.5}
"""
"""Colours are variables, so that a page may set its own; shapes and words carry the meaning."""
DEFS = (
    '<defs><pattern id="tp-hatch" width="7" height="7" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><path class="hatchline" d="M0 0V7"/></pattern></defs>'
)


EDGE = 4
"""Margin around the picture, which its outermost lines need."""
escape = lru_cache(4096)(escaped)
"""Hosts say many things alike."""


def pieces(report: HostReport, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield one SVG document."""
    yield topology_svg(report)


def topology_svg(
    report: HostReport, *, alone: bool = True, anchor: str = "", drawn: Drawing | None = None
) -> str:
    """Draw the host as one SVG document.

    Inside a page, `alone` is off: the page carries `STYLE` and `DEFS` once. `anchor` is what
    follows the `@` in the page's links; without it nothing is a link. `drawn` is the layout, where
    it is there already.
    """
    drawn = drawn or layout(report)
    width, height = WIDTH + 2 * EDGE, drawn.height + 2 * EDGE
    title = f"Topology of {words.one_line(report.host.name)}"
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="tp" role="group" '
        f'viewBox="{-EDGE} {-EDGE} {width} {height:g}" width="{width}" height="{height:g}" '
        f'aria-label="{escape(title)}">'
    )
    parts = [
        opening,
        f"<title>{escape(title)}</title>",
        f"<desc>{escape(description(drawn))}</desc>",
    ]
    if alone:
        parts += [f"<style>{STYLE}</style>", DEFS]
        parts.append(
            f'<rect class="paper" x="{-EDGE}" y="{-EDGE}" width="{width}" height="{height:g}"/>'
        )
    first = dict.fromkeys(box.link for box in drawn.boxes if box.link)
    for box in drawn.boxes:
        if box.kind != "port":
            parts.append(_box(box, anchor, place=first.pop(box.link, "") is None))
    parts += [_line(line, anchor) for line in drawn.lines]
    parts += [f'<circle class="{kind}" cx="{x:g}" cy="{y:g}" r="4"/>' for x, y, kind in drawn.dots]
    parts += [_label(label) for label in drawn.labels]
    return "\n".join([*parts, "</svg>", ""])


def description(drawn: Drawing) -> str:
    """Tell the picture in a few sentences, for those who do not see it."""
    told = []
    for _, box in drawn.told():
        fails = sorted({one.check for one in box.marks if one.fails})
        unsure = len({one.check for one in box.marks if not one.fails})
        about = [f"fails {', '.join(fails)}"] if fails else []
        about += [f"{words.count(unsure, 'check')} not known"] if unsure else []
        told.append("; ".join([", ".join(box.says), *about]))
    return words.clean(". ".join(told) + ".")


def layout(report: HostReport) -> Drawing:
    """Place everything on a canvas of fixed width."""
    return _Painter(report).paint()


class _Painter(Strips):
    """Lays out one host, from the top down."""

    def paint(self) -> Drawing:
        y = self.heading()
        y = self.packages(y)
        if self.shown.adrift:
            y = self.adrift(self.shown.adrift, y)
        y = self.ways(y)
        y = self.missing(y)
        y = self.nvlink(y)
        y = self.bands(y)
        y = self.elsewhere(y)
        y = self.legend(y)
        y = self.foot(y)
        self.drawn.height = y
        return self.drawn


def _href(target: str, anchor: str) -> str:
    return escape(quote(f"{target}@{anchor}", safe="@:~"))


def _box(box: Box, anchor: str, *, place: bool) -> str:
    """Write a box; as the `place` of a finding it has an id that the finding links back to."""
    tip = f"<title>{escape(words.clean(box.tip))}</title>" if box.says else ""
    radius = {"pack": 8, "lost": 8, "node": 6}.get(box.kind.split()[0], 4)
    rect = (
        f'<rect class="{box.kind}" x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" '
        f'height="{box.height:g}" rx="{min(radius, box.height / 2):g}"'
    )
    rect += f">{tip}</rect>" if tip else "/>"
    if not (box.link and anchor):
        return rect
    to = _href(box.link, anchor)
    at = f' id="at:{escape(box.link)}@{escape(words.clean(anchor))}"' if place else ""
    return f'<a{at} href="#{to}" aria-label="{escape(box.link)}">{rect}</a>'


def _line(line: Line, anchor: str) -> str:
    tip = f"<title>{escape(words.clean(line.tip))}</title>" if line.tip else ""
    path = f'<path class="{line.kind}" d="{line.path}">{tip}</path>'
    if line.mark is None or not anchor:
        return path
    return f'<a href="#{_href(line.mark.target, anchor)}">{path}</a>'


def _label(label: DrawnLabel) -> str:
    anchor = ' text-anchor="end"' if label.end else ""
    kind = f' class="{label.kind}"' if label.kind else ""
    return (
        f'<text x="{label.x:g}" y="{label.y:g}" font-size="{label.size:g}"{kind}{anchor}>'
        f"{escape(label.text)}</text>"
    )
