"""What hangs below a node: root ports, the PCIe switches behind them, devices on their links."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from hostcheck.model.host import PhysicalGpu
from hostcheck.model.pci import PciAddress
from hostcheck.reports import view
from hostcheck.reports.topology.svg import said
from hostcheck.reports.topology.svg.drawing import GAP, Box, Line
from hostcheck.reports.topology.svg.shares import Shares

CARD_MIN = 206
"""A GPU card is never narrower than this."""
CARD_MAX = 330
TREE = 14
"""How far devices stand in from their root port."""
LINK = 13
"""Height of the words on a link."""


class Ports(Shares):
    """Lays out root ports and switches, with the cards below them."""

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
        """Draw a root port as a tree: its name, switches, and branches to the devices below it."""
        width = span * (column + GAP) - GAP
        name = f"root port {port.address}" if port.address else "path to the root not known"
        box = self.drawn.box(Box(x, y, width, 0, "port", parent, (name,)))
        self.drawn.text((x, y + 11), name, width, box, 10, kind="soft mono")
        devices: list[view.Device] = [*port.gpus, *port.nics]
        bottom = y + 15
        for switches, members in groupby(sorted(devices, key=_switches), key=_switches):
            bottom = self.below(
                switches, list(members), x, bottom, column=column, span=span, parent=box
            )
        self.drawn.stretch(box, bottom)
        return bottom

    def below(
        self, switches: tuple[PciAddress, ...], devices: Sequence[view.Device], x: float, y: float,
        *, column: float, span: int, parent: int,
    ) -> float:  # fmt: skip
        """Draw the devices behind the same switches, or right below a root port."""
        trunk = y
        if switches:
            names = ", ".join(switches)
            told = f"PCIe switch {names}"
            joint = self.drawn.box(
                Box(x, y + 8, span * (column + GAP) - GAP, 0, "joint", parent, (told,))
            )
            self.drawn.lines.append(Line(f"M{x + 4:g} {y:g}V{y + 16:g}", "branch"))
            self.drawn.dots.append((x + 4, y + 18, "switch"))
            self.drawn.text(
                (x + TREE, y + 21), told, self.drawn.boxes[joint].width - TREE - 4, joint, 10,
                kind="soft mono",
            )  # fmt: skip
            parent, trunk = joint, y + 27
        stem = "branch" if devices[0].bridges else "branch dimline"
        tops = [trunk + 2.0] * span
        for number, device in enumerate(devices):
            turn = number % span
            at = x + turn * (column + GAP)
            end = self.branch(device, at, trunk, tops[turn], column=column, parent=parent)
            tops[turn] = end + 4
        bottom = max(tops) - 4
        used = min(span, len(devices))
        if used > 1:
            last = x + (used - 1) * (column + GAP)
            self.drawn.lines.append(Line(f"M{x + 4:g} {trunk:g}H{last + 4:g}", stem))
        if switches:
            self.drawn.stretch(parent, bottom)
        return bottom

    def branch(
        self,
        device: view.Device,
        at: float,
        trunk: float,
        top: float,
        *,
        column: float,
        parent: int,
    ) -> float:
        """Draw a device and its link: what runs over it is said on the line."""
        mark = self.found.narrow.get(device.address)
        kind = "branch" if device.bridges else "branch dimline"
        top += 2
        if isinstance(device, PhysicalGpu):
            text = said.link_of(device)
            if mark is not None:
                text = f"✕ {mark.check}: {text}"
            self.drawn.text(
                (at + TREE, top + 9), text, column - TREE, parent, 10,
                kind="red strong" if mark else "soft",
            )  # fmt: skip
            top += LINK
        end = self.device(device, at + TREE, top, column - TREE, parent)
        self.drawn.lines.append(
            Line(
                f"M{at + 4:g} {trunk:g}V{top + 14:g}H{at + TREE:g}",
                "badline" if mark else kind,
                said.link_of(device) if isinstance(device, PhysicalGpu) else "",
                (device.address, device.address),
                mark,
            )
        )
        return end + 4


def _switches(device: view.Device) -> tuple[PciAddress, ...]:
    """Return the bridges between a root port and a device, outermost first.

    Of a switch with ports of its own the one below the device is left out: it is that device's.
    """
    between = device.bridges[:-1][::-1]
    return between[:-1] if len(between) > 1 else between
