"""The picture of one host: packages, NUMA nodes, root ports, devices, and the VMs that run there.

`layout` decides where everything goes and is testable as boxes and labels; `topology_svg` only
writes it down. Widths of text are estimated generously, because the reader's font is not known.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from itertools import combinations
from urllib.parse import quote

from hostcheck.model.fact import Known, Unknown
from hostcheck.model.host import Host, Nic, PhysicalGpu
from hostcheck.model.result import Result, Status
from hostcheck.reports import topology, words

WIDTH = 1120
GAP = 14
PAD = 14
CARD_MIN = 206
"""A GPU card is never narrower than this."""
CARD_MAX = 330
VMS_SHOWN = 6
TREE = 14
"""How far devices stand in from their root port."""
RAIL_FROM = 3
"""From this many fully joined GPUs on, NVLink is drawn as one rail, not as arcs."""

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


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle and the box it lies in: an index, or -1 for the canvas."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    inside: int
    tip: str = ""
    check: str = ""
    """The check to link to."""
    solid: bool = True
    """Whether other boxes and labels must keep clear of it."""


@dataclass(frozen=True, slots=True)
class Label:
    """One line of text. `x` is its left end, or its right end when `end` is set."""

    x: float
    y: float
    text: str
    size: float
    kind: str
    inside: int
    end: bool = False

    @property
    def width(self) -> float:
        """The estimated width."""
        return text_width(self.text, self.size, mono="mono" in self.kind)

    @property
    def left(self) -> float:
        """Where the text begins."""
        return self.x - self.width if self.end else self.x


@dataclass(frozen=True, slots=True)
class Line:
    """A path in SVG's words."""

    path: str
    kind: str
    tip: str = ""


@dataclass(slots=True)
class Drawing:
    """Everything that is drawn, parents before what lies in them."""

    height: float = 0
    boxes: list[Box] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    dots: list[tuple[float, float]] = field(default_factory=list)

    def box(self, made: Box) -> int:
        """Add a box and return its index."""
        self.boxes.append(made)
        return len(self.boxes) - 1

    def stretch(self, index: int, bottom: float) -> None:
        """Let a box reach down to `bottom`."""
        box = self.boxes[index]
        self.boxes[index] = replace(box, height=bottom - box.y)

    def text(
        self, at: tuple[float, float], text: str, room: float, inside: int, size: float = 11,
        *, kind: str = "", end: bool = False,
    ) -> float:  # fmt: skip
        """Add a label, cut to the room there is, and return its width."""
        label = Label(*at, fit(text, room, size, mono="mono" in kind), size, kind, inside, end=end)
        if label.text:
            self.labels.append(label)
        return label.width


def text_width(text: str, size: float, *, mono: bool = False) -> float:
    """Estimate the width of text, on the wide side of common fonts."""
    return sum(_advance(sign, mono=mono) for sign in text) * size


def _advance(sign: str, *, mono: bool) -> float:
    if unicodedata.combining(sign):
        return 0
    if unicodedata.east_asian_width(sign) in "WF" or ord(sign) > 0x2FFF:
        return 1.25
    if mono:
        return 0.615 if sign.isascii() else 0.9
    if sign in " .,:;'|!ijlI()[]ftr/-·":
        return 0.36
    if sign in "mwMW@%" or not sign.isascii():
        return 0.92
    return 0.7 if sign.isupper() else 0.6


def fit(text: str, room: float, size: float, *, mono: bool = False) -> str:
    """Return the text on one line, cut with an ellipsis where it would not fit."""
    line = words.one_line(text[:500])
    if text_width(line, size, mono=mono) <= room:
        return line
    while line and text_width(line + "…", size, mono=mono) > room:
        line = line[:-1]
    return line.rstrip() + "…" if line else ""


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
    shown = topology.view(host)
    told = []
    for group in shown.groups:
        told += [
            f"{_group_name(group)}, NUMA node {node.os_index}: {_devices(shown, node)}"
            for node in group.nodes
        ]
    if shown.adrift:
        told.append(f"NUMA node not known: {_devices(shown, shown.adrift)}")
    told += [f"{topic} not known: {words.missing(fact)}" for topic, fact in shown.unknowns]
    for number, gpu in enumerate(shown.gpus):
        failing = _failing(topology.touching(results, gpu.address))
        if failing:
            told.append(f"GPU {number} fails {', '.join(sorted({r.check for r in failing}))}")
    if shown.note:
        told.append(shown.note.rstrip("."))
    return ". ".join(told) + "." if told else "Nothing of the topology is known."


def layout(host: Host, results: Sequence[Result]) -> Drawing:
    """Place everything on a canvas of fixed width."""
    return _Painter(host, tuple(results)).paint()


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


def _group_name(group: topology.Group) -> str:
    if not group.os_indexes:
        return "Package not known"
    if len(group.os_indexes) == 1:
        return f"Package {group.os_indexes[0]}"
    return f"Packages {', '.join(str(n) for n in group.os_indexes)} (interleaved)"


def _devices(shown: topology.Topology, node: topology.Node) -> str:
    names = [
        f"GPU {shown.number(gpu.address)} {words.one_line(gpu.name)}"
        for port in node.ports
        for gpu in port.gpus
    ]
    names += [words.one_line(nic.name) for port in node.ports for nic in port.nics]
    return ", ".join(names) or "no GPU and no network adapter"


def _failing(results: Iterable[Result]) -> list[Result]:
    return [result for result in results if result.status is Status.FAIL]


def _unsure(results: Iterable[Result]) -> list[Result]:
    return [r for r in results if r.status in {Status.UNKNOWN, Status.ERROR}]


class _Painter:
    """Lays out one host, from the top down. Every method returns the y where it ended."""

    def __init__(self, host: Host, results: tuple[Result, ...]) -> None:
        self.host = host
        self.results = results
        self.shown = topology.view(host)
        self.drawn = Drawing()

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

    def heading(self) -> float:
        host = self.host
        self.drawn.text((0, 20), host.name, WIDTH, -1, 18, kind="strong")
        told = [
            " ".join(words.known_or(fact) for fact in (host.vendor, host.model)).strip(),
            f"ESXi {words.known_or(host.version)}" if isinstance(host.version, Known) else "",
            _counted(host.package_count, "package"),
            _counted(host.numa_node_count, "NUMA node"),
            words.size(host.memory_bytes.value) if isinstance(host.memory_bytes, Known) else "",
        ]
        self.drawn.text(
            (0, 40), " · ".join(part for part in told if part), WIDTH, -1, 12, kind="soft"
        )
        if self.shown.note:
            self.drawn.text((0, 57), self.shown.note, WIDTH, -1, 12, kind="soft")
            return 70
        return 54

    def packages(self, y: float) -> float:
        groups = self.shown.groups
        if not groups:
            return y
        columns = 1 if len(groups) == 1 else 2
        width = (WIDTH - GAP * (columns - 1)) / columns
        for start in range(0, len(groups), columns):
            row = groups[start : start + columns]
            made = [
                self.package(group, column * (width + GAP), y, width)
                for column, group in enumerate(row)
            ]
            bottom = max(end for _, end in made)
            for index, _ in made:
                self.drawn.stretch(index, bottom)
            y = bottom + GAP
        return y

    def package(self, group: topology.Group, x: float, y: float, width: float) -> tuple[int, float]:
        kind = "pack" if group.os_indexes else "pack dim"
        box = self.drawn.box(Box(x, y, width, 0, kind, -1, group.description))
        used = self.drawn.text(
            (x + PAD, y + 23), _group_name(group), width - 2 * PAD, box, 14, kind="strong"
        )
        self.drawn.text(
            (x + PAD + used + 10, y + 23), group.description, width - 2 * PAD - used - 10, box,
            11, kind="soft",
        )  # fmt: skip
        inner, top = width - 2 * PAD, y + 36
        if not group.nodes:
            self.drawn.text(
                (x + PAD, top + 12), "NUMA nodes not known", inner, box, 11, kind="soft"
            )
            return box, top + 26
        fitting = int((inner + GAP) // (CARD_MIN + TREE + 2 * PAD + GAP))
        columns = max(1, min(len(group.nodes), fitting))
        node_width = (inner - GAP * (columns - 1)) / columns
        busy = [node for node in group.nodes if node.ports]
        idle = [node for node in group.nodes if not node.ports]
        if len(group.nodes) <= columns:
            busy, idle = list(group.nodes), []
        for nodes in (busy, idle):
            for start in range(0, len(nodes), columns):
                made = [
                    self.node(node, x + PAD + column * (node_width + GAP), top, node_width, box)
                    for column, node in enumerate(nodes[start : start + columns])
                ]
                bottom = max(end for _, end in made)
                for index, _ in made:
                    self.drawn.stretch(index, bottom)
                top = bottom + GAP
        return box, top - GAP + PAD

    def node(
        self, node: topology.Node, x: float, y: float, width: float, parent: int
    ) -> tuple[int, float]:
        box = self.drawn.box(Box(x, y, width, 0, "node", parent))
        name = f"NUMA node {node.os_index}"
        used = self.drawn.text((x + PAD, y + 20), name, width - 2 * PAD, box, 12, kind="strong")
        if node.note:
            room = width - 2 * PAD - used - 10
            self.drawn.text(
                (x + width - PAD, y + 20), node.note, room, box, 11, kind="soft", end=True
            )
        if isinstance(node.memory_bytes, Known):
            memory = words.size(node.memory_bytes.value)
        else:
            memory = "memory not known"
        threads = "" if node.pu_count is None else f" · {words.count(node.pu_count, 'PU')}"
        self.drawn.text((x + PAD, y + 36), memory + threads, width - 2 * PAD, box, 11, kind="soft")
        if not node.ports:
            self.drawn.text(
                (x + PAD, y + 56),
                "no GPU, no network adapter",
                width - 2 * PAD,
                box,
                11,
                kind="soft",
            )
            return box, y + 68
        end = self.ports(node.ports, x + PAD, y + 46, width - 2 * PAD, box)
        return box, end + PAD

    def ports(
        self, ports: Sequence[topology.Port], x: float, y: float, width: float, parent: int
    ) -> float:
        """Lay root ports in rows of columns; one with many devices spans several columns."""
        columns = max(1, int((width + GAP) // (CARD_MIN + TREE + GAP)))
        column = min((width + GAP) / columns - GAP, CARD_MAX + TREE)
        taken, bottom = 0, y
        for port in ports:
            devices = len(port.gpus) + len(port.nics)
            span = min(columns, devices if devices > 2 else 1)
            if taken + span > columns:
                taken, y = 0, bottom + GAP
            end = self.port(
                port, x + taken * (column + GAP), y, column=column, span=span, parent=parent
            )
            bottom = max(bottom, end)
            taken += span
        return bottom

    def port(
        self, port: topology.Port, x: float, y: float, *, column: float, span: int, parent: int
    ) -> float:
        """Draw a root port as a tree: its name, and branches to the devices below it."""
        width = span * (column + GAP) - GAP
        name = f"root port {port.address}" if port.address else "path to the root not known"
        self.drawn.text((x, y + 11), name, width, parent, 10, kind="soft mono")
        devices: list[topology.Device] = [*port.gpus, *port.nics]
        trunk, stem = y + 15, "" if port.address else "dimline"
        bottom = trunk
        for number in range(span):
            at, top = x + number * (column + GAP), y + 20
            for device in devices[number::span]:
                bad = _failing(self.told_of(device))
                kind = "badline" if bad else "dimline" if device.bridges == () else stem
                end = self.device(device, at + TREE, top, column - TREE, parent)
                self.drawn.lines.append(
                    Line(f"M{at + 4:g} {trunk:g}V{top + 14:g}H{at + TREE:g}", kind)
                )
                top = end + 8
            bottom = max(bottom, top - 8)
        if span > 1:
            last = x + (span - 1) * (column + GAP)
            self.drawn.lines.append(Line(f"M{x + 4:g} {trunk:g}H{last + 4:g}", stem))
        return bottom

    def told_of(self, device: topology.Device) -> tuple[Result, ...]:
        if isinstance(device, Nic):
            return topology.touching(self.results, device.address, device.name)
        return topology.touching(self.results, device.address)

    def device(
        self, device: topology.Device, x: float, y: float, width: float, parent: int
    ) -> float:
        if isinstance(device, Nic):
            return self.nic(device, x, y, width, parent)
        return self.gpu(device, x, y, width, parent)

    def gpu(self, gpu: PhysicalGpu, x: float, y: float, width: float, parent: int) -> float:
        told = self.told_of(gpu)
        failing, unsure = _failing(told), _unsure(told)
        number = self.shown.number(gpu.address)
        box = self.drawn.box(
            Box(
                x, y, width, 0, "gpu bad" if failing else "gpu dim" if unsure else "gpu", parent,
                _tip(f"GPU {number}: {gpu.name}, {gpu.address}", failing, unsure),
                failing[0].check if failing else unsure[0].check if unsure else "",
            )
        )  # fmt: skip
        room, left = width - 20, x + 10
        used = self.drawn.text((left, y + 18), f"GPU {number}", room, box, 13, kind="strong")
        verdict, kind = _verdict(failing, unsure)
        self.drawn.text(
            (x + width - 10, y + 18), verdict, room - used - 8, box, 11, kind=kind, end=True
        )
        self.drawn.text((left, y + 34), gpu.name, room, box, 11.5)
        used = self.drawn.text((left, y + 50), gpu.address, room, box, 10.5, kind="soft mono")
        if isinstance(gpu.link, Known):
            link = f"Gen{gpu.link.value.generation_max} x{gpu.link.value.width}"
            self.drawn.text(
                (x + width - 10, y + 50), link, room - used - 8, box, 10.5, kind="soft", end=True
            )
        bottom = self.flow(_chips(gpu), left, y + 58, room, box)
        bottom = self.framebuffer(gpu, left, bottom + 6, room, box)
        bottom = self.guests(
            self.shown.guests_of(gpu.address), gpu, x=left, y=bottom, room=room, parent=box
        )
        self.drawn.stretch(box, bottom + 10)
        return bottom + 10

    def flow(
        self, chips: Iterable[tuple[str, str, str]], x: float, y: float, room: float, parent: int
    ) -> float:
        """Lay small chips in rows: text, kind, tip."""
        at, top = x, y
        for text, kind, tip in chips:
            shown = fit(text, room - 14, 10.5)
            width = min(text_width(shown, 10.5) + 14, room)
            if at > x and at + width > x + room:
                at, top = x, top + 22
            box = self.drawn.box(Box(at, top, width, 18, kind, parent, tip))
            ink = "onvm" if kind.startswith("vm") and "bad" not in kind else ""
            self.drawn.text((at + 7, top + 13), shown, width - 14, box, 10.5, kind=ink)
            at += width + 5
        return top + 18

    def framebuffer(self, gpu: PhysicalGpu, x: float, y: float, room: float, parent: int) -> float:
        used, total = gpu.framebuffer_used_bytes, gpu.framebuffer_bytes
        known = isinstance(used, Known) and isinstance(total, Known) and total.value > 0
        bar = Box(x, y, room, 7, "fb" if known else "lost", parent)
        self.drawn.box(bar)
        if isinstance(used, Known) and isinstance(total, Known) and total.value > 0:
            share = min(max(used.value / total.value, 0), 1)
            if share:
                self.drawn.box(replace(bar, width=max(room * share, 2), kind="used", solid=False))
            text = f"{words.size(used.value)} of {words.size(total.value)} framebuffer used"
        elif isinstance(total, Known):
            text = f"{words.size(total.value)} framebuffer, use not known"
        else:
            text = "framebuffer not known"
        self.drawn.text((x, y + 20), text, room, parent, 10.5, kind="soft")
        return y + 24

    def guests(
        self, guests: Sequence[topology.Guest], gpu: PhysicalGpu,
        *, x: float, y: float, room: float, parent: int,
    ) -> float:  # fmt: skip
        if not guests:
            known = isinstance(gpu.vm_ids, Known) and isinstance(self.host.vms, Known)
            text = "no VM on it" if known else "VMs not known"
            self.drawn.text((x, y + 13), text, room, parent, 10.5, kind="soft")
            return y + 18
        shown = guests if len(guests) <= VMS_SHOWN else guests[: VMS_SHOWN - 1]
        for guest in shown:
            y = self.guest(guest, gpu.address, x=x, y=y + 4, room=room, parent=parent)
        if len(shown) < len(guests):
            rest = guests[len(shown) :]
            self.drawn.text(
                (x + 7, y + 15), f"and {len(rest)} more VMs", room - 7, parent, 10.5, kind="soft"
            )
            y += 20
        return y

    def guest(
        self, guest: topology.Guest, address: str, *, x: float, y: float, room: float, parent: int
    ) -> float:
        vm = guest.vm
        told = [
            r for r in topology.touching(self.results, vm.id)
            if r.subject.kind != "placement" or topology.touching([r], address)
        ]  # fmt: skip
        failing, unsure = _failing(told), _unsure(told)
        profile = words.profiles(vm)
        kind = "vm bad" if failing else "vm dim" if unsure else "vm"
        tip = _tip(f"VM {vm.name}, {profile}", failing, unsure)
        check = failing[0].check if failing else ""
        box = self.drawn.box(Box(x, y, room, 20, kind, parent, tip, check))
        ink = "red" if failing else "onvm"
        mark = "✕ " if failing else ""
        used = self.drawn.text((x + 7, y + 14), mark + vm.name, room * 0.56, box, 10.5, kind=ink)
        self.drawn.text(
            (x + room - 7, y + 14), profile, room - used - 22, box, 10, kind=ink, end=True
        )
        return y + 20

    def nic(self, nic: Nic, x: float, y: float, width: float, parent: int) -> float:
        told = self.told_of(nic)
        failing, unsure = _failing(told), _unsure(told)
        blind = isinstance(nic.link_up, Unknown) or bool(unsure)
        kind = "nic bad" if failing else "nic dim" if blind else "nic"
        check = failing[0].check if failing else unsure[0].check if unsure else ""
        switches = ", ".join(nic.switches) or "no virtual switch"
        tip = _tip(f"{nic.name}, {nic.address}, uplink of {switches}", failing, unsure)
        box = self.drawn.box(Box(x, y, width, 42, kind, parent, tip, check))
        if isinstance(nic.link_up, Known):
            up = nic.link_up.value
            speed = words.speed(nic.speed_mbps.value) if isinstance(nic.speed_mbps, Known) else "?"
            state = f"▲ up {speed}" if up else "▽ link down"
        else:
            state = "? link not known"
        ink = "red" if failing else "soft"
        used = self.drawn.text(
            (x + 10, y + 17), nic.name, (width - 20) * 0.6, box, 12, kind="strong"
        )
        self.drawn.text(
            (x + width - 10, y + 17), ("✕ " if failing else "") + state, width - 28 - used, box,
            10.5, kind=ink, end=True,
        )  # fmt: skip
        used = self.drawn.text(
            (x + 10, y + 33), nic.address, width - 20, box, 10.5, kind="soft mono"
        )
        driver = words.known_or(nic.driver)
        self.drawn.text(
            (x + width - 10, y + 33), driver, width - 28 - used, box, 10.5, kind="soft", end=True
        )
        return y + 42

    def adrift(self, node: topology.Node, y: float) -> float:
        """Draw the place of devices whose node is not known: hatched, and on no package."""
        box = self.drawn.box(Box(0, y, WIDTH, 0, "lost", -1))
        self.drawn.box(Box(PAD - 6, y + 6, WIDTH - 2 * PAD + 12, 34, "paper", box, solid=False))
        used = self.drawn.text(
            (PAD, y + 21), "? NUMA node not known", WIDTH - 2 * PAD, box, 14, kind="strong"
        )
        devices: list[topology.Device] = []
        for port in node.ports:
            devices += [*port.gpus, *port.nics]
        reasons = sorted(
            {words.missing(d.numa_node) for d in devices if isinstance(d.numa_node, Unknown)}
        )
        self.drawn.text(
            (PAD + used + 10, y + 21), "; ".join(reasons), WIDTH - 2 * PAD - used - 10, box, 11,
            kind="soft",
        )  # fmt: skip
        self.drawn.text(
            (PAD, y + 36), "These devices may be on any node; nothing is assumed.",
            WIDTH - 2 * PAD, box, 11, kind="soft",
        )  # fmt: skip
        back = self.drawn.box(
            Box(PAD - 6, y + 44, WIDTH - 2 * PAD + 12, 0, "paper", box, solid=False)
        )
        end = self.ports(node.ports, PAD, y + 48, WIDTH - 2 * PAD, box)
        self.drawn.stretch(back, end + 6)
        self.drawn.stretch(box, end + PAD)
        return end + PAD + GAP

    def missing(self, y: float) -> float:
        """Name what could not be read at all."""
        told: dict[Unknown, list[str]] = {}
        for topic, fact in self.shown.unknowns:
            if self.shown.gpus or topic not in {"NVLink", "VMs"}:
                told.setdefault(fact, []).append(topic)
        for fact, topics in told.items():
            box = self.drawn.box(Box(0, y, WIDTH, 30, "lost", -1, words.missing(fact)))
            text = f"? {', '.join(topics)} not known: {words.missing(fact)}"
            shown = fit(text, WIDTH - 48, 12)
            self.drawn.box(
                Box(10, y + 5, text_width(shown, 12) + 16, 20, "paper", box, solid=False)
            )
            self.drawn.text((18, y + 19), shown, WIDTH - 36, box, 12)
            y += 30 + 8
        return y

    def nvlink(self, y: float) -> float:
        """Draw NVLink as a strip of its own: arcs between pairs, a rail for full groups."""
        bonds = self.shown.bonds
        if not bonds:
            return y
        box = self.drawn.box(Box(0, y, WIDTH, 0, "node", -1))
        self.drawn.text((PAD, y + 22), "NVLink", WIDTH, box, 13, kind="strong")
        members = sorted({n for bond in bonds for n in (bond.first, bond.second)})
        left = 130
        step = min((WIDTH - left - 60) / max(len(members) - 1, 1), 150)
        at = {number: left + index * step for index, number in enumerate(members)}
        rails, arcs = _rails_and_arcs(bonds)
        reach = max([at[b.second] - at[b.first] for b in arcs], default=0)
        head = 18 + 0.75 * min(reach / 2.2, 130)
        ground = y + head + 8
        for bond in arcs:
            a, b = at[bond.first], at[bond.second]
            rise = min((b - a) / 2.2, 130)
            self.drawn.lines.append(
                Line(
                    f"M{a:g} {ground:g}C{a:g} {ground - rise:g} {b:g} {ground - rise:g} "
                    f"{b:g} {ground:g}",
                    "link",
                    f"GPU {bond.first} to GPU {bond.second}: {bond.code}",
                )
            )
        bottom = ground + 22
        for number, x in at.items():
            self.drawn.dots.append((x, ground))
            self.drawn.text((x - 18, ground + 19), f"GPU {number}", 60, box, 11)
        for group, code in rails:
            bottom += 12
            for number in group:
                self.drawn.lines.append(Line(f"M{at[number] - 24:g} {ground:g}V{bottom:g}", "link"))
                self.drawn.lines.append(
                    Line(f"M{at[number] - 24:g} {ground:g}H{at[number]:g}", "link")
                )
            self.drawn.lines.append(
                Line(f"M{at[group[0]] - 24:g} {bottom:g}H{at[group[-1]] - 24:g}", "link")
            )
            bottom += 18
            names = ", ".join(str(number) for number in group)
            self.drawn.text(
                (at[group[0]] - 24, bottom), f"every pair of GPUs {names}: {_links(code)}",
                WIDTH - at[group[0]], box, 11, kind="soft",
            )  # fmt: skip
        if arcs:
            bottom += 16
            told: dict[str, list[str]] = {}
            for bond in arcs:
                told.setdefault(bond.code, []).append(f"{bond.first}-{bond.second}")
            text = "; ".join(f"{_links(code)}: {', '.join(told[code])}" for code in sorted(told))
            self.drawn.text((left - 24, bottom), text, WIDTH - left, box, 11, kind="soft")
        self.drawn.stretch(box, bottom + 12)
        return bottom + 12 + GAP

    def elsewhere(self, y: float) -> float:
        """Draw the VMs that are on no GPU here: off, or running where nobody could tell."""
        for words_for, wanted in (
            ("Powered off", False), ("On, GPU not known or none", True), ("Power not known", None)
        ):  # fmt: skip
            guests = [guest for guest in self.shown.elsewhere if guest.running is wanted]
            if not guests:
                continue
            self.drawn.text((0, y + 13), words_for, 150, -1, 11, kind="soft")
            chips = []
            for guest in guests:
                failing = _failing(topology.touching(self.results, guest.vm.id))
                kind = "vm bad" if failing else "chip" if wanted is False else "chip dim"
                text = ("✕ " if failing else "") + guest.vm.name
                tip = _tip(f"VM {guest.vm.name}", failing, [])
                chips.append((fit(text, 190, 10.5), kind, tip))
            y = self.flow(chips, 160, y, WIDTH - 160, -1) + 10
        return y

    def legend(self, y: float) -> float:
        self.drawn.box(Box(0, y + 3, 22, 12, "gpu bad", -1))
        x = 28 + self.drawn.text(
            (28, y + 13), "✕ a failing check names it", 220, -1, 11, kind="soft"
        )
        self.drawn.box(Box(x + 20, y + 3, 22, 12, "lost", -1))
        x += 48
        x += self.drawn.text(
            (x, y + 13), "? not known, or a check could not tell", 300, -1, 11, kind="soft"
        )
        self.drawn.box(Box(x + 20, y + 3, 22, 12, "vm", -1))
        self.drawn.text((x + 48, y + 13), "VM on the GPU above it", 200, -1, 11, kind="soft")
        return y + 22


def _counted(fact: Known[int] | Unknown, noun: str) -> str:
    return words.count(fact.value, noun) if isinstance(fact, Known) else ""


def _links(code: str) -> str:
    number = code.removeprefix("NV")
    return f"{words.count(int(number), 'NVLink')}" if number.isdecimal() else code


def _rails_and_arcs(
    bonds: Sequence[topology.Bond],
) -> tuple[list[tuple[tuple[int, ...], str]], list[topology.Bond]]:
    """Split NVLinks into groups in which every pair is joined alike, and the single pairs left."""
    rails: list[tuple[tuple[int, ...], str]] = []
    left = {(bond.first, bond.second): bond for bond in bonds}
    for bond in bonds:
        if (bond.first, bond.second) not in left:
            continue
        group = [bond.first, bond.second]
        for other in sorted({n for pair in left for n in pair} - set(group)):
            pairs = [(min(n, other), max(n, other)) for n in group]
            if all(pair in left and left[pair].code == bond.code for pair in pairs):
                group.append(other)
        if len(group) >= RAIL_FROM:
            group.sort()
            for pair in combinations(group, 2):
                del left[pair]
            rails.append((tuple(group), bond.code))
    return rails, list(left.values())


def _verdict(failing: Sequence[Result], unsure: Sequence[Result]) -> tuple[str, str]:
    if failing:
        return f"✕ {words.count(len(failing), 'fail')}", "red strong"
    if unsure:
        return f"? {len(unsure)} unknown", "soft"
    return "", ""


def _tip(name: str, failing: Iterable[Result], unsure: Iterable[Result]) -> str:
    lines = [name]
    lines += [f"✕ {r.check} fails: {r.observed}" for r in failing]
    lines += [f"? {r.check} is {r.status.value}" for r in unsure]
    return "\n".join(lines)


def _chips(gpu: PhysicalGpu) -> list[tuple[str, str, str]]:
    chips = []
    if isinstance(gpu.graphics_active, Known):
        chips.append((words.GRAPHICS[gpu.graphics_active.value], "chip", "active graphics type"))
    else:
        tip = f"graphics type: {words.missing(gpu.graphics_active)}"
        chips.append(("? graphics type", "chip dim", tip))
    for name, now, later in (
        ("ECC", gpu.ecc_current, gpu.ecc_pending),
        ("MIG", gpu.mig_current, gpu.mig_pending),
    ):
        if not isinstance(now, Known):
            chips.append((f"? {name}", "chip dim", f"{name}: {words.missing(now)}"))
            continue
        text = f"{name} {words.MODE[now.value]}"
        if isinstance(later, Known) and later.value != now.value:
            text += f", then {words.MODE[later.value]}"
        chips.append((text, "chip", f"{name} now, and after the next reset"))
    return chips
