"""Ways between devices that are too far apart, drawn red from one card to the other."""

from __future__ import annotations

from collections.abc import Sequence

from hostcheck.reports import view
from hostcheck.reports.topology.svg.drawing import GAP, WIDTH, Box, Line, text_width
from hostcheck.reports.topology.svg.found import LongWay
from hostcheck.reports.topology.svg.places import DrawnPlaces

LANE = 4
"""How far a way runs beside the card that it leaves, in the gap between columns."""
BUS = 7
"""Height that each group of ways takes below the packages."""
ROW = 22
NAMES = 3


class Ways(DrawnPlaces):
    """Draws the ways that findings are about, below the packages that they cross."""

    def ways(self, y: float) -> float:
        """Draw each way as a red line; those between the same nodes are one row of words."""
        groups: dict[tuple[object, ...], list[LongWay]] = {}
        for way in self.found.ways:
            if way.gpu in self.card_of and all(name in self.card_of for name in way.nics):
                key = (way.nics, self.place(self.gpu_at(way.gpu)), way.cost, way.mark.target)
                groups.setdefault(key, []).append(way)
        if not groups:
            return y
        done: set[tuple[str, str]] = set()
        for number, group in enumerate(groups.values()):
            for way in group:
                for name in way.nics:
                    if (way.gpu, name) not in done:
                        done.add((way.gpu, name))
                        self.way(way, name, y - GAP + 4 + number * BUS, number % 3)
        top = y - GAP + 8 + len(groups) * BUS
        for group in groups.values():
            top = self.row(group, top) + 6
        return top + 2

    def way(self, way: LongWay, nic: str, bus: float, turn: int) -> None:
        """Draw one way: out of the GPU's card, along below the packages, into the adapter's."""
        one = self.drawn.boxes[self.card_of[way.gpu]]
        other = self.drawn.boxes[self.card_of[nic]]
        lane = LANE + 2 * turn
        self.drawn.lines.append(
            Line(
                f"M{one.right:g} {one.y + 26 + 4 * turn:g}h{lane:g}V{bus:g}"
                f"H{other.right + lane:g}V{other.y + 21:g}H{other.right:g}",
                "badline",
                f"{self.told([way], (nic,))}\n{way.mark.check}: {way.cost}",
                (way.gpu, nic),
                way.mark,
            )
        )

    def row(self, group: Sequence[LongWay], y: float) -> float:
        """Write whose ways these are, from where to where, and what they cost."""
        first = group[0]
        told = self.told(group, first.nics)
        says = tuple(filter(None, (f"too far apart: {told}", first.cost)))
        height = ROW + (14 if first.cost else 0)
        box = self.drawn.box(Box(0, y, WIDTH, height, "way", -1, says))
        mark = f"✕ {first.mark.check}"
        width = text_width(mark, 10.5, kind="strong") + 14
        tag = self.drawn.box(Box(8, y + 3, width, 16, "tag bad", box, link=first.mark.target))
        self.drawn.text((15, y + 15), mark, width - 14, tag, 10.5, kind="strong red")
        room = WIDTH - width - 24
        self.drawn.text((16 + width, y + 15), told, room, box, 11)
        self.drawn.text((16 + width, y + 30), first.cost, room, box, 10.5, kind="soft")
        return y + height

    def told(self, group: Sequence[LongWay], nics: tuple[str, ...]) -> str:
        """Return ways in words: `VM far-nic-08: GPU 2 on node 1 to vmnic0 on node 0`."""
        vms = list(dict.fromkeys(way.vm for way in group))
        more = f" and {len(vms) - NAMES} more" if len(vms) > NAMES else ""
        numbers = sorted({self.shown.number(way.gpu) or 0 for way in group})
        found = {one.name: one for one in self.shown.nics}
        ends = ", ".join(f"{name} on {self.place(found[name])}" for name in nics)
        return (
            f"{'VM' if len(vms) == 1 else 'VMs'} {', '.join(vms[:NAMES])}{more}: "
            f"GPU {', '.join(map(str, numbers))} on {self.place(self.gpu_at(group[0].gpu))} "
            f"to {ends}"
        )

    def gpu_at(self, address: str) -> view.Device:
        """Return the GPU at an address."""
        return next(one for one in self.shown.gpus if one.address == address)

    def place(self, device: view.Device) -> str:
        """Name the node of a device."""
        node = view.node_of(self.host, device)
        return f"node {node}" if node is not None else "a node that is not known"
