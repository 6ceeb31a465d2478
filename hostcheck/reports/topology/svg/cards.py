"""Cards of a picture: a GPU, a network adapter, and the small chips and tags on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from hostcheck.model.fact import Known, Unknown
from hostcheck.model.host import Nic, PhysicalGpu
from hostcheck.model.run import HostReport
from hostcheck.reports import view, words
from hostcheck.reports.topology.svg import said
from hostcheck.reports.topology.svg.drawing import Box, Drawing, Flag, fit, text_width
from hostcheck.reports.topology.svg.found import Findings

CHIP = 18
"""Height of a chip."""
Chip = tuple[str, str, tuple[str, ...], str]
"""Its text, kind, what it says beside that, and the finding that it links to."""


class Cards:
    """Draws what lies on a node of one host. Every method returns the y where it ended."""

    def __init__(self, report: HostReport) -> None:
        self.report = report
        self.host = report.host
        self.shown = view.of(report.host)
        self.found = Findings(report, self.shown)
        self.drawn = Drawing(self.shown)
        self.slots = {one.address: one for one in report.slots}
        self.card_of: dict[str, int] = {}
        """The box of each GPU, by address, and of each network adapter, by name."""

    def device(self, device: view.Device, x: float, y: float, width: float, parent: int) -> float:
        """Draw a network adapter or a GPU."""
        if isinstance(device, Nic):
            return self.nic(device, x, y, width, parent)
        return self.gpu(device, x, y, width, parent)

    def gpu(self, gpu: PhysicalGpu, x: float, y: float, width: float, parent: int) -> float:
        """Draw a GPU with what was found about it, its modes, framebuffer, slices and slots."""
        number = self.shown.number(gpu.address)
        marks = self.found.of("gpu", gpu.address)
        box = self.drawn.box(
            Box(x, y, width, 0, kind_of("gpu", marks), parent, said.of_gpu(number, gpu), marks)
        )
        self.card_of[gpu.address] = box
        room, left = width - 20, x + 10
        used = self.drawn.text((left, y + 18), f"GPU {number}", room, box, 13, kind="strong")
        self.drawn.text(
            (x + width - 10, y + 18), gpu.address, room - used - 8, box, 10.5, kind="soft mono",
            end=True,
        )  # fmt: skip
        self.drawn.text((left, y + 34), gpu.name, room, box, 11.5)
        bottom = self.tags(marks, left, y + 41, room, box)
        chips = [
            (text, "chip" if known else "chip dim", (text, why), "")
            for text, known, why in said.modes_of(gpu)
        ]
        bottom = self.flow(chips, left, bottom, room, box)
        bottom = self.framebuffer(gpu, left, bottom + 6, room, box)
        bottom = self.occupied(gpu, x=left, y=bottom, room=room, parent=box)
        self.drawn.stretch(box, bottom + 10)
        return bottom + 10

    def occupied(self, gpu: PhysicalGpu, *, x: float, y: float, room: float, parent: int) -> float:
        """Draw what shares a GPU."""
        raise NotImplementedError

    def tags(self, marks: Sequence[Flag], x: float, y: float, room: float, parent: int) -> float:
        """Print the checks that fail, each a link, and how many are not known."""
        chips: list[Chip] = []
        for check in dict.fromkeys(one.check for one in marks if one.fails):
            mine = next(one for one in marks if one.check == check and one.fails)
            chips.append((f"{words.MARK[mine.status]} {check}", "tag bad", (), mine.target))
        unsure = [one for one in marks if not one.fails]
        if unsure:
            number = len({one.check for one in unsure})
            chips.append((f"? {number} not known", "tag dim", (), unsure[0].target))
        return self.flow(chips, x, y, room, parent) + 5 if chips else y

    def flow(self, chips: Iterable[Chip], x: float, y: float, room: float, parent: int) -> float:
        """Lay small chips in rows. What a tag or chip says is said by the box around it."""
        at, top = x, y
        for text, kind, _, link in chips:
            bold = "strong" if kind.startswith("tag bad") else ""
            shown = fit(text, room - 14, 10.5, kind=bold)
            width = min(text_width(shown, 10.5, kind=bold) + 14, room)
            if at > x and at + width > x + room:
                at, top = x, top + CHIP + 4
            box = self.drawn.box(Box(at, top, width, CHIP, kind, parent, link=link))
            ink = f"{bold} red".strip() if "bad" in kind else "onvm" if kind == "vm" else ""
            self.drawn.text((at + 7, top + 13), shown, width - 14, box, 10.5, kind=ink)
            at += width + 5
        return top + CHIP

    def framebuffer(self, gpu: PhysicalGpu, x: float, y: float, room: float, parent: int) -> float:
        """Draw how much of the framebuffer is used, where that is known."""
        used, total = gpu.framebuffer_used_bytes, gpu.framebuffer_bytes
        known = isinstance(used, Known) and isinstance(total, Known) and total.value > 0
        bar = Box(x, y, room, 7, "fb" if known else "lost", parent)
        self.drawn.box(bar)
        if isinstance(used, Known) and isinstance(total, Known) and total.value > 0:
            share = min(max(used.value / total.value, 0), 1)
            if share:
                self.drawn.box(replace(bar, width=max(room * share, 2), kind="used", solid=False))
        self.drawn.text((x, y + 20), said.framebuffer_of(gpu), room, parent, 10.5, kind="soft")
        return y + 24

    def nic(self, nic: Nic, x: float, y: float, width: float, parent: int) -> float:
        """Draw a network adapter: its speed, and the switches that it is an uplink of."""
        marks = self.found.of("nic", nic.name)
        kind = kind_of("nic", marks)
        if isinstance(nic.link_up, Unknown) and kind == "nic":
            kind = "nic dim"
        box = self.drawn.box(Box(x, y, width, 42, kind, parent, said.of_nic(nic), marks))
        self.card_of[nic.name] = box
        used = self.drawn.text((x + 10, y + 17), nic.name, width - 20, box, 12, kind="strong")
        self.drawn.text(
            (x + width - 10, y + 17), said.state_of(nic), width - 28 - used, box, 10.5, kind="soft",
            end=True,
        )  # fmt: skip
        used = self.drawn.text(
            (x + 10, y + 33), nic.address, width - 20, box, 10.5, kind="soft mono"
        )
        self.drawn.text(
            (x + width - 10, y + 33), ", ".join(nic.switches) or "no uplink", width - 28 - used,
            box, 10.5, kind="soft", end=True,
        )  # fmt: skip
        if not marks:
            return y + 42
        bottom = self.tags(marks, x + 10, y + 41, width - 20, box) + 3
        self.drawn.stretch(box, bottom)
        return bottom


def kind_of(kind: str, marks: Sequence[Flag]) -> str:
    """Return how a box is drawn: red where a finding is about it, dashed where one is open."""
    if any(one.fails for one in marks):
        return f"{kind} bad"
    return f"{kind} dim" if marks else kind
