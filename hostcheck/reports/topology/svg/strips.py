"""Strips of a picture, as wide as it is: the head, what is not known, NVLink, legend and foot."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from hostcheck.model.fact import Known, Unknown
from hostcheck.reports import view, words
from hostcheck.reports.topology.svg.bands import Bands
from hostcheck.reports.topology.svg.cards import kind_of
from hostcheck.reports.topology.svg.drawing import GAP, PAD, WIDTH, Box, Line, fit, text_width

RAIL_FROM = 3
"""From this many fully joined GPUs on, NVLink is drawn as one rail, not as arcs."""
MOST_LINKS = 18
"""NVLinks that a GPU has at most (Hopper, Blackwell): where all pairs have more, it is a fabric."""
INDEXES = "packages and NUMA nodes by ESXi's numbers, GPUs in the order of their PCI addresses"


class Strips(Bands):
    """Lays out what stands above and below the packages."""

    def heading(self) -> float:
        """Write the name of the host and what it is, and what was found about all of it."""
        host = self.host
        told = [
            " ".join(words.known_or(fact) for fact in (host.vendor, host.model)).strip(),
            f"ESXi {words.known_or(host.version)}" if isinstance(host.version, Known) else "",
            _counted(host.package_count, "package"),
            _counted(host.numa_node_count, "NUMA node"),
            words.size(host.memory_bytes.value) if isinstance(host.memory_bytes, Known) else "",
        ]
        facts = [part for part in told if part]
        marks = self.found.of("host")
        says = (words.one_line(host.name), *map(words.one_line, facts))
        box = self.drawn.box(Box(0, 0, WIDTH, 0, kind_of("head", marks), -1, says, marks))
        self.drawn.text((0, 20), host.name, WIDTH, box, 18, kind="strong")
        self.drawn.text((0, 40), " · ".join(facts), WIDTH, box, 12, kind="soft")
        bottom = 46.0
        if self.shown.note:
            self.drawn.text((0, 57), self.shown.note, WIDTH, box, 12, kind="soft")
            bottom = 62
        bottom = self.tags(marks, 0, bottom, WIDTH, box)
        self.drawn.stretch(box, bottom)
        return bottom + 8

    def missing(self, y: float) -> float:
        """Name what could not be read at all."""
        told: dict[Unknown, list[str]] = {}
        for topic, fact in self.shown.unknowns:
            if self.shown.gpus or topic not in {"NVLink", "VMs"}:
                told.setdefault(fact, []).append(topic)
        for fact, topics in told.items():
            text = f"{', '.join(topics)} not known: {words.missing(fact)}"
            box = self.drawn.box(Box(0, y, WIDTH, 30, "lost", -1, (text,)))
            shown = fit(f"? {text}", WIDTH - 48, 12)
            self.drawn.box(
                Box(10, y + 5, text_width(shown, 12) + 16, 20, "paper", box, solid=False)
            )
            self.drawn.text((18, y + 19), shown, WIDTH - 36, box, 12)
            y += 30 + 8
        return y

    def nvlink(self, y: float) -> float:
        """Draw NVLink as a strip of its own: arcs between pairs, a rail or bar for full groups."""
        bonds = self.shown.bonds
        if not bonds:
            return y
        rails, arcs = _rails_and_arcs(bonds)
        told = [self.joined(group, code) for group, code in rails]
        pairs: dict[str, list[str]] = {}
        for bond in arcs:
            pairs.setdefault(bond.code, []).append(f"{bond.first}-{bond.second}")
        by_pair = "; ".join(
            f"{_links(code)} between GPUs {', '.join(pairs[code])}" for code in sorted(pairs)
        )
        says = ("NVLink", *(text for text, _ in told), *([by_pair] if by_pair else []))
        box = self.drawn.box(Box(0, y, WIDTH, 0, "node", -1, says))
        self.drawn.text((PAD, y + 22), "NVLink", 100, box, 13, kind="strong")
        members = sorted({n for bond in bonds for n in (bond.first, bond.second)})
        left = 130
        step = min((WIDTH - left - 60) / max(len(members) - 1, 1), 150)
        at = {number: left + index * step for index, number in enumerate(members)}
        reach = max([at[b.second] - at[b.first] for b in arcs], default=0)
        ground = y + 26 + 0.75 * min(reach / 2.2, 130)
        for bond in arcs:
            self.arc(bond, at[bond.first], at[bond.second], ground)
        for number, x in at.items():
            self.drawn.dots.append((x, ground, "link"))
            self.drawn.text((x - 18, ground + 19), f"GPU {number}", 60, box, 11)
        bottom = ground + 22
        for (group, _), (text, switched) in zip(rails, told, strict=True):
            bottom = self.rail([at[n] - 24 for n in group], ground, bottom, switched=switched)
            self.drawn.text(
                (at[group[0]] - 24, bottom), text, WIDTH - at[group[0]], box, 11, kind="soft"
            )
        if by_pair:
            bottom += 16
            self.drawn.text((left - 24, bottom), by_pair, WIDTH - left, box, 11, kind="soft")
        self.drawn.stretch(box, bottom + 12)
        return bottom + 12 + GAP

    def arc(self, bond: view.Bond, a: float, b: float, ground: float) -> None:
        """Draw the NVLinks of one pair."""
        rise = min((b - a) / 2.2, 130)
        self.drawn.lines.append(
            Line(
                f"M{a:g} {ground:g}C{a:g} {ground - rise:g} {b:g} {ground - rise:g} "
                f"{b:g} {ground:g}",
                "link",
                f"GPU {bond.first} to GPU {bond.second}: {bond.code}",
            )
        )

    def rail(self, feet: list[float], ground: float, y: float, *, switched: bool) -> float:
        """Draw a group: joined pair by pair, or each to a bar of NVSwitches."""
        y += 12
        for x in feet:
            self.drawn.lines.append(Line(f"M{x:g} {ground:g}V{y:g}", "link"))
            self.drawn.lines.append(Line(f"M{x:g} {ground:g}H{x + 24:g}", "link"))
        self.drawn.lines.append(
            Line(f"M{feet[0]:g} {y:g}H{feet[-1]:g}", "link nvswitch" if switched else "link")
        )
        return y + (20 if switched else 18)

    def joined(self, group: Sequence[int], code: str) -> tuple[str, bool]:
        """Say how a fully joined group is joined: by NVSwitches, or pair by pair."""
        names = ", ".join(str(number) for number in group)
        every = f"every pair of GPUs {names}: {_links(code)}"
        links = code.removeprefix("NV")
        fabric = links.isdecimal() and int(links) * (len(group) - 1) > MOST_LINKS
        on_pci = self.host.nvswitches
        if isinstance(on_pci, Known) and not (on_pci.value or fabric):
            return f"{every} of its own", False
        if not fabric and isinstance(on_pci, Unknown):
            return f"{every}, whether by NVSwitches is not known", False
        seen = len(on_pci.value) if isinstance(on_pci, Known) else 0
        which = f" ({words.count(seen, 'NVSwitch', 'NVSwitches')} on PCI)" if seen else ""
        return (
            f"NVSwitch fabric{which}: each of GPUs {names} has {_links(code)} into it, and any "
            "pair can use all of them"
        ), True

    def legend(self, y: float) -> float:
        """Say what colours and signs mean."""
        x = 0.0
        for kind, text in (
            ("gpu bad", "✕ the checks named on it fail"),
            ("lost", "? not known"),
            ("vm", "VM on the GPU above it"),
            ("slot", "free slot"),
            ("band", "nodes that a VM is on"),
        ):
            self.drawn.box(Box(x, y + 3, 22, 12, kind, -1))
            x += 28
            x += self.drawn.text((x, y + 13), text, 240, -1, 10.5, kind="soft") + 16
        self.drawn.dots.append((x + 5, y + 9, "place"))
        x += (
            16
            + self.drawn.text((x + 16, y + 13), "node of its GPU", 150, -1, 10.5, kind="soft")
            + 16
        )
        self.drawn.lines.append(Line(f"M{x:g} {y + 9:g}h22", "badsample"))
        self.drawn.text(
            (x + 28, y + 13), "a link or way that fails", WIDTH - x - 28, -1, 10.5,
            kind="soft",
        )  # fmt: skip
        return y + 24

    def foot(self, y: float) -> float:
        """Say of which host, verdict and time this is, and how things are numbered."""
        taken = max((one.taken_at for one in self.host.sources), default="")
        told = [words.one_line(self.host.name), self.report.verdict.value]
        told += [f"answers of {words.moment(taken)}"] if taken else []
        text = " · ".join([*told, INDEXES])
        box = self.drawn.box(Box(0, y, WIDTH, 20, "foot", -1, (text,)))
        self.drawn.text((0, y + 13), text, WIDTH, box, 10.5, kind="soft")
        return y + 20


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
