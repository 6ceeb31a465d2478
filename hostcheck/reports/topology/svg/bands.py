"""The VMs of a picture: each that runs as a band over the nodes that it occupies, others named."""

from __future__ import annotations

from hostcheck.model.fact import Known, Unknown
from hostcheck.reports import view, words
from hostcheck.reports.topology.svg import said
from hostcheck.reports.topology.svg.cards import Chip
from hostcheck.reports.topology.svg.drawing import GAP, PAD, WIDTH, Box, fit, text_width
from hostcheck.reports.topology.svg.ways import Ways

LEFT = 420
"""Where the nodes begin."""
ROWS = 12
"""VMs that have a row where nothing is wrong with them."""


class Bands(Ways):
    """Lays out the VMs below the packages."""

    def bands(self, y: float) -> float:
        """Draw a row for each running VM with a GPU, and say how many there are without one."""
        running = [one for one in self.shown.guests if one.running]
        rest = self.others()
        if not running and not rest:
            return y
        box = self.drawn.box(Box(0, y, WIDTH, 0, "node", -1, ("Running VMs",)))
        self.drawn.text((PAD, y + 22), "Running VMs", LEFT - PAD, box, 13, kind="strong")
        nodes = self.numbers() if running else []
        each = (WIDTH - LEFT - PAD) / max(len(nodes), 1)
        for column, number in enumerate(nodes):
            name = f"node {number}" if each >= 52 else str(number)
            self.drawn.text(
                (LEFT + column * each + 4, y + 22), name, each - 6, box, 10.5, kind="soft"
            )
        top = y + 30
        grave = [one for one in running if self.found.of("vm", one.vm.id)]
        shown = grave + [one for one in running if one not in grave][: max(ROWS - len(grave), 0)]
        for guest in (one for one in running if one in shown):
            top = self.band(guest, nodes, top, box) + 4
        told = [f"and {words.count(len(running) - len(shown), 'more VM')} with a GPU"]
        told = (told if len(shown) < len(running) else []) + ([rest] if rest else [])
        if told:
            line = self.drawn.box(
                Box(PAD, top, WIDTH - 2 * PAD, 18, "port", box, ("; ".join(told),))
            )
            self.drawn.text(
                (PAD, top + 13), "; ".join(told), WIDTH - 2 * PAD, line, 11, kind="soft"
            )
            top += 20
        self.drawn.stretch(box, top + 6)
        return top + 6 + GAP

    def numbers(self) -> list[int]:
        """Return the nodes of the host, in their order."""
        places = (node.os_index for group in self.shown.groups for node in group.nodes)
        return sorted(number for number in places if number is not None)

    def others(self) -> str:
        """Say how many VMs without a GPU run here."""
        told = self.host.other_vms
        if isinstance(told, Unknown):
            return f"VMs without a GPU: {words.missing(told)}"
        if not told.value.count:
            return ""
        number = words.count(told.value.count, "VM")
        runs = "runs" if told.value.count == 1 else "run"
        return f"{number} without a GPU {runs} here, {words.size(told.value.memory_bytes)}"

    def band(self, guest: view.VmOnGpus, nodes: list[int], y: float, parent: int) -> float:
        """Draw one VM: what it is, what was found about it, and the nodes that it is on."""
        vm = guest.vm
        marks = self.found.of("vm", vm.id)
        occupied = view.nodes_of_vm(self.host, vm)
        says = (
            f"VM {words.one_line(vm.name)}", said.size_of(vm), words.profiles(vm),
            said.gpus_of(guest, self.shown), _on(occupied),
        )  # fmt: skip
        box = self.drawn.box(Box(PAD, y, WIDTH - 2 * PAD, 20, "row", parent, says, marks))
        used = self.drawn.text((PAD + 4, y + 14), vm.name, 170, box, 11, kind="strong")
        suspended = "suspended; " if _is_suspended(guest) else ""
        self.drawn.text(
            (LEFT - 10, y + 14),
            f"{suspended}{said.size_of(vm)}; {said.gpus_of(guest, self.shown)}",
            LEFT - PAD - used - 24, box, 10.5, kind="soft", end=True,
        )  # fmt: skip
        self.across(guest, occupied, nodes, y, box)
        if not marks:
            return y + 20
        bottom = self.tags(marks, PAD + 4, y + 20, LEFT - PAD - 14, box)
        self.drawn.stretch(box, bottom)
        return bottom

    def across(
        self, guest: view.VmOnGpus, occupied: Known[tuple[int, ...]] | Unknown, nodes: list[int],
        y: float, parent: int,
    ) -> None:  # fmt: skip
        """Draw the band: solid over the nodes that are known, hatched over all where none is."""
        each = (WIDTH - LEFT - PAD) / max(len(nodes), 1)
        if isinstance(occupied, Known):
            for column, number in enumerate(nodes):
                if number in occupied.value:
                    self.drawn.box(
                        Box(LEFT + column * each + 1, y + 3, each - 2, 14, "band", parent)
                    )
        else:
            self.drawn.box(Box(LEFT + 1, y + 3, WIDTH - LEFT - PAD - 2, 14, "band lost", parent))
        if isinstance(guest.addresses, Unknown):
            return
        for gpu in self.shown.gpus:
            node = view.node_of(self.host, gpu)
            if gpu.address in guest.addresses.value and node in nodes:
                self.drawn.dots.append((LEFT + (nodes.index(node) + 0.5) * each, y + 10, "place"))

    def elsewhere(self, y: float) -> float:
        """Name the VMs that do not run, or of which that is not known, each with its findings."""
        for title, wanted in (("Powered off", False), ("Power not known", None)):
            guests = [guest for guest in self.shown.guests if guest.running is wanted]
            if not guests:
                continue
            self.drawn.text((0, y + 13), title, 150, -1, 11, kind="soft")
            at, top = 160.0, y
            for guest in guests:
                at, top = self.named(guest, title.lower(), at, top)
            y = top + 28
        return y

    def named(self, guest: view.VmOnGpus, state: str, at: float, y: float) -> tuple[float, float]:
        """Draw a VM's name and its findings in one row of chips; returns where the next begins."""
        vm = guest.vm
        marks = self.found.of("vm", vm.id)
        name = fit(vm.name, 190, 10.5)
        chips: list[Chip] = [(name, "chip" if guest.running is False else "chip dim", (), "")]
        for check in dict.fromkeys(one.check for one in marks if one.fails):
            mine = next(one for one in marks if one.check == check)
            chips.append((f"✕ {check}", "tag bad", (), mine.target))
        unsure = [one for one in marks if not one.fails]
        if unsure:
            number = len({one.check for one in unsure})
            chips.append((f"? {number} not known", "tag dim", (), unsure[0].target))
        width = sum(
            text_width(text, 10.5, kind="strong" if "bad" in kind else "") + 19
            for text, kind, _, _ in chips
        )
        width = min(width, WIDTH - 160)
        if at > 160 and at + width > WIDTH:
            at, y = 160.0, y + 24
        says = (f"VM {words.one_line(vm.name)}", state)
        box = self.drawn.box(Box(at, y, width, 20, "row", -1, says, marks))
        bottom = self.flow(chips, at, y + 1, width, box)
        self.drawn.stretch(box, bottom + 1)
        return at + width + 8, bottom - 19


def _is_suspended(guest: view.VmOnGpus) -> bool:
    power = guest.vm.power_state
    return isinstance(power, Known) and power.value == "suspended"


def _on(nodes: Known[tuple[int, ...]] | Unknown) -> str:
    if isinstance(nodes, Unknown):
        return f"its own nodes: {words.missing(nodes)}"
    return f"on {'node' if len(nodes.value) == 1 else 'nodes'} {', '.join(map(str, nodes.value))}"
