"""Cards of a picture: a GPU with its framebuffer and VMs, a network adapter, and small chips."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from hostcheck.model.fact import Known, Unknown
from hostcheck.model.host import Host, Nic, PhysicalGpu
from hostcheck.model.result import Result, Status
from hostcheck.reports import view, words
from hostcheck.reports.topology.svg.drawing import Box, Drawing, fit, text_width

VMS_SHOWN = 6


class Cards:
    """Draws what lies on a node of one host. Every method returns the y where it ended."""

    def __init__(self, host: Host, results: tuple[Result, ...]) -> None:
        self.host = host
        self.results = results
        self.shown = view.of(host)
        self.drawn = Drawing()

    def told_of(self, device: view.Device) -> tuple[Result, ...]:
        """Return the results that name a device."""
        if isinstance(device, Nic):
            return view.touching(self.results, device.address, device.name)
        return view.touching(self.results, device.address)

    def device(self, device: view.Device, x: float, y: float, width: float, parent: int) -> float:
        """Draw a network adapter or a GPU."""
        if isinstance(device, Nic):
            return self.nic(device, x, y, width, parent)
        return self.gpu(device, x, y, width, parent)

    def gpu(self, gpu: PhysicalGpu, x: float, y: float, width: float, parent: int) -> float:
        """Draw a GPU with its framebuffer and VMs."""
        told = self.told_of(gpu)
        failing, unsure = failing_of(told), _unsure(told)
        number = self.shown.number(gpu.address)
        box = self.drawn.box(
            Box(
                x, y, width, 0, "gpu bad" if failing else "gpu dim" if unsure else "gpu", parent,
                tip_of(f"GPU {number}: {gpu.name}, {gpu.address}", failing, unsure),
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
        """Draw how much of the framebuffer is used, where that is known."""
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
        self, guests: Sequence[view.VmOnGpus], gpu: PhysicalGpu,
        *, x: float, y: float, room: float, parent: int,
    ) -> float:  # fmt: skip
        """Draw the VMs on a GPU, the first few of many."""
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
        self, guest: view.VmOnGpus, address: str, *, x: float, y: float, room: float, parent: int
    ) -> float:
        """Draw one VM."""
        vm = guest.vm
        told = [
            r for r in view.touching(self.results, vm.id)
            if r.subject.kind != "placement" or view.touching([r], address)
        ]  # fmt: skip
        failing, unsure = failing_of(told), _unsure(told)
        profile = words.profiles(vm)
        kind = "vm bad" if failing else "vm dim" if unsure else "vm"
        tip = tip_of(f"VM {vm.name}, {profile}", failing, unsure)
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
        """Draw a network adapter."""
        told = self.told_of(nic)
        failing, unsure = failing_of(told), _unsure(told)
        blind = isinstance(nic.link_up, Unknown) or bool(unsure)
        kind = "nic bad" if failing else "nic dim" if blind else "nic"
        check = failing[0].check if failing else unsure[0].check if unsure else ""
        switches = ", ".join(nic.switches) or "no virtual switch"
        tip = tip_of(f"{nic.name}, {nic.address}, uplink of {switches}", failing, unsure)
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


def failing_of(results: Iterable[Result]) -> list[Result]:
    """Return the results that fail."""
    return [result for result in results if result.status is Status.FAIL]


def _unsure(results: Iterable[Result]) -> list[Result]:
    return [r for r in results if r.status in {Status.UNKNOWN, Status.ERROR}]


def _verdict(failing: Sequence[Result], unsure: Sequence[Result]) -> tuple[str, str]:
    if failing:
        return f"✕ {words.count(len(failing), 'fail')}", "red strong"
    if unsure:
        return f"? {len(unsure)} unknown", "soft"
    return "", ""


def tip_of(name: str, failing: Iterable[Result], unsure: Iterable[Result]) -> str:
    """Return what a pointer over a box shows."""
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
    tip = "what the driver says of it: it serves nobody so"
    chips += [(words.one_line(said), "chip", tip) for said in view.troubles(gpu)]
    return chips
