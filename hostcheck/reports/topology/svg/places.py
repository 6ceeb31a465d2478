"""Places of a picture: packages, the NUMA nodes on them, root ports, and the place of the lost."""

from __future__ import annotations

from collections.abc import Sequence

from hostcheck.model.fact import Known, Unknown
from hostcheck.reports import view, words
from hostcheck.reports.topology.svg.cards import Cards, failing_of
from hostcheck.reports.topology.svg.drawing import GAP, PAD, WIDTH, Box, Line

CARD_MIN = 206
"""A GPU card is never narrower than this."""
CARD_MAX = 330
TREE = 14
"""How far devices stand in from their root port."""


class Places(Cards):
    """Lays out packages, nodes and root ports, from the top down, with the cards below them."""

    def packages(self, y: float) -> float:
        """Draw the packages, two side by side."""
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

    def package(self, group: view.Packages, x: float, y: float, width: float) -> tuple[int, float]:
        """Draw a package; returns its box and where it ended."""
        kind = "pack" if group.os_indexes else "pack dim"
        box = self.drawn.box(Box(x, y, width, 0, kind, -1, group.description))
        used = self.drawn.text(
            (x + PAD, y + 23), group_name(group), width - 2 * PAD, box, 14, kind="strong"
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
        self, node: view.NumaPlace, x: float, y: float, width: float, parent: int
    ) -> tuple[int, float]:
        """Draw a NUMA node; returns its box and where it ended."""
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
        self, ports: Sequence[view.Port], x: float, y: float, width: float, parent: int
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
        self, port: view.Port, x: float, y: float, *, column: float, span: int, parent: int
    ) -> float:
        """Draw a root port as a tree: its name, and branches to the devices below it."""
        width = span * (column + GAP) - GAP
        name = f"root port {port.address}" if port.address else "path to the root not known"
        self.drawn.text((x, y + 11), name, width, parent, 10, kind="soft mono")
        devices: list[view.Device] = [*port.gpus, *port.nics]
        trunk, stem = y + 15, "" if port.address else "dimline"
        bottom = trunk
        for number in range(span):
            at, top = x + number * (column + GAP), y + 20
            for device in devices[number::span]:
                bad = failing_of(self.told_of(device))
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

    def adrift(self, node: view.NumaPlace, y: float) -> float:
        """Draw the place of devices whose node is not known: hatched, and on no package."""
        box = self.drawn.box(Box(0, y, WIDTH, 0, "lost", -1))
        self.drawn.box(Box(PAD - 6, y + 6, WIDTH - 2 * PAD + 12, 34, "paper", box, solid=False))
        used = self.drawn.text(
            (PAD, y + 21), "? NUMA node not known", WIDTH - 2 * PAD, box, 14, kind="strong"
        )
        devices: list[view.Device] = []
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


def group_name(group: view.Packages) -> str:
    """Name a package, or packages that memory is interleaved over."""
    if not group.os_indexes:
        return "Package not known"
    if len(group.os_indexes) == 1:
        return f"Package {group.os_indexes[0]}"
    return f"Packages {', '.join(str(n) for n in group.os_indexes)} (interleaved)"
