"""What shares a GPU: MIG instances, the VMs on it, and the slots that are left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hostcheck.model.fact import Known, Unknown
from hostcheck.model.host import MigSlice, Mode, PhysicalGpu
from hostcheck.model.slots import GpuSlots
from hostcheck.reports import view, words
from hostcheck.reports.topology.svg import said
from hostcheck.reports.topology.svg.cards import Cards, kind_of
from hostcheck.reports.topology.svg.drawing import Box, fit, text_width

VMS_SHOWN = 6
CELLS = 16
"""A GPU of at most so many slots shows each of them."""
ROW = 20
NONE = "MIG on, no instance"


class Shares(Cards):
    """Draws what shares a GPU, on its card."""

    def occupied(self, gpu: PhysicalGpu, *, x: float, y: float, room: float, parent: int) -> float:
        """Draw instances, VMs, and what is left."""
        y = self.instances(gpu, x=x, y=y, room=room, parent=parent)
        y = self.guests(self.shown.guests_of(gpu.address), gpu, x=x, y=y, room=room, parent=parent)
        told = self.slots.get(gpu.address)
        return y if told is None else self.left(told, x=x, y=y, room=room, parent=parent)

    def instances(self, gpu: PhysicalGpu, *, x: float, y: float, room: float, parent: int) -> float:
        """Draw the memory slices of MIG: those that instances hold, with or without a VM."""
        held = gpu.mig_slices
        if isinstance(held, Unknown) or not held.value:
            if not _on(gpu):
                return y
            told = f"? MIG instances: {words.missing(held)}" if isinstance(held, Unknown) else NONE
            self.drawn.text((x, y + 13), told, room, parent, 10.5, kind="soft")
            return y + 18
        total = _slices(gpu, held.value)
        each = room / (total or max(8, *(one.start + one.size for one in held.value)))
        for number in range(total):
            if not any(one.start <= number < one.start + one.size for one in held.value):
                self.drawn.box(Box(x + number * each + 1, y + 2, each - 2, 16, "slot", parent))
        kind, told = self.usage(gpu, held.value)
        for one in held.value:
            left, width = x + one.start * each, one.size * each
            box = self.drawn.box(
                Box(left + 1, y + 2, width - 2, 16, kind, parent, said.of_slice(one))
            )
            name = one.name.removeprefix("MIG ")
            if text_width(name, 9) <= width - 6:
                ink = "onvm" if kind == "slice" else ""
                self.drawn.text((left + 4, y + 14), name, width - 6, box, 9, kind=ink)
        if total:
            free = total - sum(one.size for one in held.value)
            told += f"; {free} of {words.count(total, 'slice')} free"
        self.drawn.text((x, y + 31), told, room, parent, 10.5, kind="soft")
        return y + 36

    def usage(self, gpu: PhysicalGpu, held: Sequence[MigSlice]) -> tuple[str, str]:
        """Say how many instances have a VM: the kind to draw them in, and the words."""
        told = self.slots.get(gpu.address)
        if told is None or isinstance(told.taken, Unknown):
            return "slice dim", f"{words.count(len(held), 'instance')}, use not known"
        used = min(len(told.taken.value), len(held))
        kind = "slice" if used == len(held) else "slice dim" if used else "slice orphan"
        return kind, f"{used} of {len(held)} in use"

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
            y += ROW
        return y

    def guest(
        self, guest: view.VmOnGpus, address: str, *, x: float, y: float, room: float, parent: int
    ) -> float:
        """Draw one VM."""
        vm = guest.vm
        marks = self.found.of_guest(vm, address)
        kind = kind_of("vm", marks)
        failing = "bad" in kind
        profile = words.profiles(vm)
        box = self.drawn.box(
            Box(
                x, y, room, ROW, kind, parent, (f"VM {words.one_line(vm.name)}", profile), marks,
                link=marks[0].target if failing else "",
            )
        )  # fmt: skip
        ink = "red" if failing else "onvm"
        mark = f"{words.MARK[marks[0].status]} " if failing else ""
        used = self.drawn.text((x + 7, y + 14), mark + vm.name, room * 0.56, box, 10.5, kind=ink)
        self.drawn.text(
            (x + room - 7, y + 14), profile, room - used - 22, box, 10, kind=ink, end=True
        )
        return y + ROW

    def left(self, told: GpuSlots, *, x: float, y: float, room: float, parent: int) -> float:
        """Draw how many more vGPUs fit: the numbers of `hostcheck capacity`."""
        if told.closed:
            text = f"no vGPU: {words.one_line(told.closed)}"
            box = self.drawn.box(Box(x, y + 4, room, ROW, "slot none", parent, (text,)))
            self.drawn.text((x + 7, y + 18), text, room - 14, box, 10, kind="soft")
            return y + 4 + ROW
        taken = (
            Counter(one.profile for one in told.taken.value)
            if isinstance(told.taken, Known)
            else Counter[str]()
        )
        for one in told.left:
            known = isinstance(one.free, Known)
            kind = "slot" if known and one.free != Known(0) else "slot none"
            says = (said.of_left(one),)
            box = self.drawn.box(
                Box(x, y + 4, room, ROW, kind if known else "slot lost", parent, says)
            )
            shown = fit(said.more_of(one), room - 14, 10.5)
            if not known:
                width = text_width(shown, 10.5) + 8
                self.drawn.box(Box(x + 3, y + 7, width, ROW - 6, "paper", box, solid=False))
            self.drawn.text((x + 7, y + 18), shown, room - 14, box, 10.5)
            y += 4 + ROW
            if isinstance(one.free, Known) and not one.at_least and len(taken) <= 1:
                y = self.cells(
                    sum(taken.values()), one.free.value, x=x, y=y, room=room, parent=parent
                )
        return y

    def cells(
        self, taken: int, free: int, *, x: float, y: float, room: float, parent: int
    ) -> float:
        """Draw each slot of a GPU that runs one profile: taken ones full, free ones empty."""
        total = taken + free
        if not (taken and free) or total > CELLS:
            return y
        each = room / total
        for number in range(total):
            kind = "cell" if number < taken else "slot"
            self.drawn.box(Box(x + number * each + 1, y + 4, each - 2, 8, kind, parent))
        return y + 12


def _on(gpu: PhysicalGpu) -> bool:
    return isinstance(gpu.mig_current, Known) and gpu.mig_current.value is Mode.ENABLED


def _slices(gpu: PhysicalGpu, held: Sequence[MigSlice]) -> int:
    """Return how many memory slices a GPU has, by the memory that one of them is; 0: not known.

    An instance says its memory in its name: `3g.40gb` in four slices of a GPU of 80 GB.
    """
    total = gpu.framebuffer_bytes
    if isinstance(total, Unknown):
        return 0
    for one in held:
        gigabytes = one.name.rpartition(".")[2].partition("gb")[0]
        if gigabytes.isdecimal() and int(gigabytes):
            whole = round(total.value / 2**30 / (int(gigabytes) / one.size))
            fits = all(each.start + each.size <= whole for each in held)
            return whole if fits else 0
    return 0
