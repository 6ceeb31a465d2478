"""Strips of a picture, as wide as it is: the head, what is not known, NVLink, other VMs, legend."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from hostcheck.model.fact import Known, Unknown
from hostcheck.reports import view, words
from hostcheck.reports.topology.svg.cards import Cards, failing_of, tip_of
from hostcheck.reports.topology.svg.drawing import GAP, PAD, WIDTH, Box, Line, fit, text_width

RAIL_FROM = 3
"""From this many fully joined GPUs on, NVLink is drawn as one rail, not as arcs."""


class Strips(Cards):
    """Lays out what stands above and below the packages."""

    def heading(self) -> float:
        """Write the name of the host and what it is."""
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
                failing = failing_of(view.touching(self.results, guest.vm.id))
                kind = "vm bad" if failing else "chip" if wanted is False else "chip dim"
                text = ("✕ " if failing else "") + guest.vm.name
                tip = tip_of(f"VM {guest.vm.name}", failing, [])
                chips.append((fit(text, 190, 10.5), kind, tip))
            y = self.flow(chips, 160, y, WIDTH - 160, -1) + 10
        return y

    def legend(self, y: float) -> float:
        """Say what colours and signs mean."""
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
    bonds: Sequence[view.Bond],
) -> tuple[list[tuple[tuple[int, ...], str]], list[view.Bond]]:
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
