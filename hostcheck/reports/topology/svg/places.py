"""Places of a picture: packages, the NUMA nodes on them, and the place of the lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from hostcheck.model.fact import Unknown
from hostcheck.reports import view, words
from hostcheck.reports.topology.svg import said
from hostcheck.reports.topology.svg.cards import kind_of
from hostcheck.reports.topology.svg.drawing import GAP, PAD, WIDTH, Box, Flag, fit, text_width
from hostcheck.reports.topology.svg.ports import CARD_MIN, TREE, Ports

TILE_MIN, TILE = 92, 38
"""Least width, and height, of a node without devices."""


class DrawnPlaces(Ports):
    """Lays out packages and nodes, from the top down, with what is below them."""

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
        marks = self.found.of("package") if self.cut(group) else ()
        kind = kind_of("pack", marks) if group.os_indexes else "pack dim"
        box = self.drawn.box(Box(x, y, width, 0, kind, -1, said.of_package(group), marks))
        inner = width - 2 * PAD
        used = self.drawn.text(
            (x + PAD, y + 23), said.package_name(group), inner, box, 14, kind="strong"
        )
        taken = self.tab(group, marks, x + width - PAD, y + 8, inner - used - 10, box)
        self.drawn.text(
            (x + PAD + used + 10, y + 23), group.description, inner - used - 20 - taken, box, 11,
            kind="soft",
        )  # fmt: skip
        top = y + 36
        if not group.nodes:
            self.drawn.text(
                (x + PAD, top + 12), "NUMA nodes not known", inner, box, 11, kind="soft"
            )
            return box, top + 26
        return box, self.nodes(group.nodes, x + PAD, top, inner, box) + PAD

    def cut(self, group: view.Packages) -> bool:
        """Say whether a package is one that a finding on the packages is about."""
        uneven = any(len(one.nodes) != 1 or len(one.os_indexes) != 1 for one in self.shown.groups)
        return not uneven or len(group.nodes) != 1 or len(group.os_indexes) != 1

    def tab(
        self, group: view.Packages, marks: Sequence[Flag], right: float, y: float, room: float,
        parent: int,
    ) -> float:  # fmt: skip
        """Draw a finding on the packages as a tab that ends at `right`; returns its width."""
        for one in marks[:1]:
            sign = words.MARK[one.status]
            told = words.count(len(group.nodes), "node")
            text = f"{sign} {one.check}: {told}" if one.fails else f"{sign} {one.check}"
            kind = "strong red" if one.fails else "soft"
            shown = fit(text, room - 14, 10.5, kind=kind)
            width = text_width(shown, 10.5, kind=kind) + 14
            tag = "tag bad" if one.fails else "tag dim"
            box = self.drawn.box(Box(right - width, y, width, 20, tag, parent, link=one.target))
            self.drawn.text((right - width + 7, y + 14), shown, width - 14, box, 10.5, kind=kind)
            return width
        return 0

    def nodes(
        self, nodes: Sequence[view.NumaPlace], x: float, y: float, width: float, parent: int
    ) -> float:
        """Lay nodes in their order: many without devices as small tiles between the others."""
        fitting = int((width + GAP) // (CARD_MIN + TREE + 2 * PAD + GAP))
        for idle, run in _runs(nodes, fitting):
            if idle:
                y = self.tiles(run, x, y, width, parent) + GAP
                continue
            columns = max(1, min(len(run), fitting))
            node_width = (width - GAP * (columns - 1)) / columns
            for start in range(0, len(run), columns):
                made = [
                    self.node(node, x + column * (node_width + GAP), y, node_width, parent)
                    for column, node in enumerate(run[start : start + columns])
                ]
                bottom = max(end for _, end in made)
                for index, _ in made:
                    self.drawn.stretch(index, bottom)
                y = bottom + GAP
        return y - GAP

    def tiles(
        self, nodes: Sequence[view.NumaPlace], x: float, y: float, width: float, parent: int
    ) -> float:
        """Draw nodes without devices as a strip of tiles."""
        columns = min(int((width + 6) // (TILE_MIN + 6)), max(len(nodes), 4))
        tile = (width - 6 * (columns - 1)) / columns
        for number, node in enumerate(nodes):
            row, column = divmod(number, columns)
            left, top = x + column * (tile + 6), y + row * (TILE + 6)
            box = self.drawn.box(Box(left, top, tile, TILE, "node", parent, said.of_node(node)))
            self.drawn.text(
                (left + 8, top + 16), f"node {node.os_index}", tile - 16, box, 11, kind="strong"
            )
            self.drawn.text(
                (left + 8, top + 30), said.memory_of(node), tile - 16, box, 10, kind="soft"
            )
        return y + -(-len(nodes) // columns) * (TILE + 6) - 6

    def node(
        self, node: view.NumaPlace, x: float, y: float, width: float, parent: int
    ) -> tuple[int, float]:
        """Draw a NUMA node; returns its box and where it ended."""
        box = self.drawn.box(Box(x, y, width, 0, "node", parent, said.of_node(node)))
        name, *_ = said.of_node(node)
        room = width - 2 * PAD
        used = self.drawn.text((x + PAD, y + 20), name, room, box, 12, kind="strong")
        if node.note:
            self.drawn.text(
                (x + width - PAD, y + 20), node.note, room - used - 10, box, 11, kind="soft",
                end=True,
            )  # fmt: skip
        self.drawn.text((x + PAD, y + 36), said.size_of_node(node), room, box, 11, kind="soft")
        if not node.ports:
            self.drawn.text((x + PAD, y + 56), said.IDLE, room, box, 11, kind="soft")
            return box, y + 68
        end = self.ports(node.ports, x + PAD, y + 46, room, box)
        return box, end + PAD

    def adrift(self, node: view.NumaPlace, y: float) -> float:
        """Draw the place of devices whose node is not known: hatched, and on no package."""
        devices: list[view.Device] = []
        for port in node.ports:
            devices += [*port.gpus, *port.nics]
        why = "; ".join(
            sorted(
                {words.missing(d.numa_node) for d in devices if isinstance(d.numa_node, Unknown)}
            )
        )
        told = ("NUMA node not known", why)
        box = self.drawn.box(Box(0, y, WIDTH, 0, "lost", -1, told))
        self.drawn.box(Box(PAD - 6, y + 6, WIDTH - 2 * PAD + 12, 34, "paper", box, solid=False))
        room = WIDTH - 2 * PAD
        used = self.drawn.text((PAD, y + 21), "? NUMA node not known", room, box, 14, kind="strong")
        self.drawn.text((PAD + used + 10, y + 21), why, room - used - 10, box, 11, kind="soft")
        self.drawn.text(
            (PAD, y + 36), "These devices may be on any node; nothing is assumed.", room, box, 11,
            kind="soft",
        )  # fmt: skip
        back = self.drawn.box(
            Box(PAD - 6, y + 44, WIDTH - 2 * PAD + 12, 0, "paper", box, solid=False)
        )
        end = self.ports(node.ports, PAD, y + 48, room, box)
        self.drawn.stretch(back, end + 6)
        self.drawn.stretch(box, end + PAD)
        return end + PAD + GAP


def _runs(
    nodes: Sequence[view.NumaPlace], fitting: int
) -> Iterator[tuple[bool, list[view.NumaPlace]]]:
    """Split nodes, in their order, into those with devices and those without.

    Nodes that fit side by side are not split.
    """
    if len(nodes) <= fitting:
        yield False, list(nodes)
        return
    for idle, run in groupby(nodes, key=lambda node: not node.ports):
        yield idle, list(run)
