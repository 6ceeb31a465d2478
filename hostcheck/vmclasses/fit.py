"""How many VMs of a class fit on a cluster: now, and with any one host gone.

A number is a range. It is known where both ends are the same; losing an answer makes it wider,
never narrower. Counted are vGPUs by the room that capacity counts, whole devices, and the memory
that each VM reserves; what ESXi needs beside a VM's memory is not.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from hostcheck.capacity.rooms import Rooms
from hostcheck.capacity.seen import Seen, SeenGpu
from hostcheck.model.fact import Known, Unknown
from hostcheck.model.requirements import GpuModel
from hostcheck.model.result import Severity, Status
from hostcheck.model.vm_class import Fit, VmClass
from hostcheck.vmclasses.seen import ClassHost, FreeSpan, RunningVm, models_of
from hostcheck.words import count as counted

MOST_TOLD = 3


class _Gpu(Struct, frozen=True):
    """Room on one GPU for each profile, if it takes no other."""

    low: dict[str, int]
    high: dict[str, int | None]


class _Counted(Struct, frozen=True):
    """One host: its GPUs, and how many VMs of the class fit."""

    host: ClassHost
    gpus: tuple[_Gpu, ...]
    low: int
    high: int | None
    why: str


class ClusterFit:
    """Counts on the hosts of one cluster, for one class after another."""

    def __init__(
        self, hosts: Sequence[ClassHost], classes: Iterable[VmClass],
        perhaps: Sequence[ClassHost] = (),
    ) -> None:  # fmt: skip
        """Take hosts that were looked at, and all classes that will be counted.

        Of hosts that are `perhaps` of the cluster it is not known where they belong.
        """
        self._hosts = hosts
        self._perhaps = perhaps
        every = (*hosts, *perhaps)
        self._models = models_of(every)
        names = {one.profile for each in classes for one in each.vgpus}
        names |= {one for host in every for each in host.guests or () for one in each.profiles}
        self._names = {one: _spelled(one, self._models) for one in sorted(names)}
        self._rooms = Rooms(self._models, tuple(dict.fromkeys(self._names.values())), asked=False)
        self._most = {
            (model.key, name): found.max_per_gpu
            for model in self._models
            for name in self._names.values()
            if (found := model.profile(name)) is not None
        }

    def count(self, at: int, one: VmClass) -> tuple[Fit, Fit]:
        """Count VMs of the class that is the `at`-th on each host: now, and after a loss."""
        need = Counter(self._names[each.profile] for each in one.vgpus)
        hosts = [self._host(host, at, one, need) for host in self._hosts]
        perhaps = [self._host(host, at, one, need) for host in self._perhaps]
        low = sum(host.low for host in hosts)
        high = _sum(host.high for host in (*hosts, *perhaps))
        fits = Fit(low, high, _why(hosts, perhaps, low, high))
        lost = [self._without(hosts, perhaps, gone, one, need) for gone in (*hosts, *perhaps)]
        if not hosts or not lost:
            return fits, Fit(0, 0 if not perhaps else high)
        least = min(each[0] for each in lost)
        tops = [each[1] for each in lost[: len(hosts)] if each[1] is not None]
        return fits, Fit(least, min(tops) if tops else None)

    def _host(self, host: ClassHost, at: int, one: VmClass, need: Counter[str]) -> _Counted:
        seen = host.classes[at]
        gpus = tuple(self._gpu(gpu, need) for gpu in _gpus(host.counted))
        deciding = [each for each in seen.results if each.severity is Severity.REQUIRED]
        failed = next((each for each in deciding if each.status is Status.FAIL), None)
        if failed is not None:
            return _Counted(host, gpus, 0, 0, f"{failed.observed} [{failed.check}]")
        bounds = [_vms(host, gpus, need), _devices(seen.devices, len(one.devices))]
        memory = _memory(host.memory, one)
        low = min((each.low for each in (*bounds, memory) if each is not None), default=0)
        high = _least(each.high for each in (*bounds, memory) if each is not None)
        unsure = next((each for each in deciding if each.status is not Status.PASS
                       and each.status is not Status.NOT_APPLICABLE), None)  # fmt: skip
        if unsure is not None or not one.wants_gpu:
            why = f"{unsure.observed} [{unsure.check}]" if unsure else ""
            return _Counted(host, gpus, 0, high, why)
        return _Counted(host, gpus, low, high, self._bounded(host, bounds[0], memory))

    @staticmethod
    def _bounded(host: ClassHost, gpus: FreeSpan | None, memory: FreeSpan) -> str:
        """Say what keeps the number on a host from being larger, or known."""
        closed = [gate for gate in host.counted.gates if not isinstance(gate, Unknown)]
        if closed:
            return closed[0].reason
        dark = [gate for gate in host.counted.gates if isinstance(gate, Unknown)]
        if dark:
            return dark[0].detail
        if memory.high is None or memory.low != memory.high:
            tight = gpus is None or gpus.high is None or memory.low < gpus.high
            if tight:
                return "bound by memory, of which ESXi's own share is not certain"
        if gpus is not None and memory.low < gpus.low:
            return "bound by memory"
        return "bound by GPUs"

    def _gpu(self, gpu: SeenGpu, need: Counter[str]) -> _Gpu:
        low: dict[str, int] = {}
        high: dict[str, int | None] = {}
        for name in need:
            low[name], high[name] = self._room(gpu, name)
        return _Gpu(low, high)

    def _room(self, gpu: SeenGpu, name: str) -> tuple[int, int | None]:
        model = gpu.model
        if not isinstance(model, Unknown) and (model.key, name) not in self._most:
            return 0, None if model.spells(name) else 0
        room = self._rooms.room(gpu, name)
        most = None if isinstance(model, Unknown) else self._most[model.key, name]
        if not isinstance(room.free, Known):
            return 0, most
        return room.free.value, most if room.at_least else room.free.value

    def _without(
        self, hosts: Sequence[_Counted], perhaps: Sequence[_Counted], gone: _Counted,
        one: VmClass, need: Counter[str],
    ) -> tuple[int, int | None]:  # fmt: skip
        """Count with a host gone, and what ran on it on the others."""
        others = [each for each in hosts if each is not gone]
        every = [*others, *(each for each in perhaps if each is not gone)]
        low = sum(each.low for each in others)
        high = _sum(each.high for each in every)
        guests = gone.host.guests
        if guests is None:
            return 0, high
        loss = self._taken(guests, others, one, need)
        low = max(0, low - loss) if loss is not None else 0
        if len(need) == 1 and high is not None and _start_again(guests, every):
            ((name, each),) = need.items()
            mine = sum(self._names[p] == name for guest in guests for p in guest.profiles)
            free = _sum(_room_of(host, name) for host in every)
            if free is not None:
                high = min(high, max(0, free - mine) // each)
        return min(low, high) if high is not None else low, high

    def _taken(
        self, guests: Sequence[RunningVm], others: Sequence[_Counted], one: VmClass,
        need: Counter[str],
    ) -> int | None:  # fmt: skip
        """Say how many VMs of the class the guests of a lost host displace at most."""
        size = one.memory_bytes if isinstance(one.memory_bytes, int) else 0
        loss, foreign, beside = 0, Counter[str](), []
        for guest in guests:
            if guest.memory_bytes is None or not guest.known or not size:
                return None
            names = [self._names[each] for each in guest.profiles]
            memory = -(-guest.memory_bytes // size)
            mine = Counter(name for name in names if name in need)
            if len(need) == 1:
                gpu = max((-(-many // need[name]) for name, many in mine.items()), default=0)
                strange = [name for name in names if name not in need]
            else:
                gpu, strange = 0, names
            if strange:
                foreign.update(strange)
                beside.append(memory if len(strange) == 1 else 0)
            whole = guest.whole if one.devices else 0
            loss += max(memory, gpu + whole)
        least = min(beside, default=0)  # whoever spoils a GPU takes that much memory beside it
        return loss + sum(
            self._spoilt(name, number, others, need, least) for name, number in foreign.items()
        )

    def _spoilt(
        self, name: str, number: int, others: Sequence[_Counted], need: Counter[str], least: int
    ) -> int:
        """Say how many VMs of the class other vGPUs displace: each GPU that takes any is lost."""
        if not need:
            return 0
        most = max(
            (
                -(-low // need[profile])
                for host in others
                for gpu in host.gpus
                for profile, low in gpu.low.items()
            ),
            default=0,
        )
        rooms = [self._room(gpu, name) for host in others for gpu in _gpus(host.host.counted)]
        used = 0
        for low, _ in sorted(rooms, key=lambda one: -one[0]):
            if number > 0 and low:
                number -= low
                used += 1
        dark = any(isinstance(host.host.counted.gpus, Unknown) for host in others)
        if number > 0 and (dark or any(high is None or high > low for low, high in rooms)):
            used += number  # where they go is not known: each may spoil a GPU of its own
        return used * max(0, most - least)


def _start_again(guests: Sequence[RunningVm], others: Sequence[_Counted]) -> bool:
    """Say whether each of the others surely has the memory for all of them."""
    sizes = [one.memory_bytes for one in guests]
    total = _sum(sizes)
    return total is not None and all(one.host.memory.low >= total for one in others)


def _room_of(host: _Counted, name: str) -> int | None:
    """Count the vGPUs of a profile that a host may take."""
    if isinstance(host.host.counted.gpus, Unknown):
        return None
    return _sum(gpu.high[name] for gpu in host.gpus)


def _gpus(seen: Seen) -> tuple[SeenGpu, ...]:
    return () if isinstance(seen.gpus, Unknown) else seen.gpus


def _spelled(profile: str, models: Sequence[GpuModel]) -> str:
    """Spell a profile as the catalogue does."""
    found = (model.profile(profile) for model in models)
    return next((one.name for one in found if one is not None), profile)


def _vms(host: ClassHost, gpus: Sequence[_Gpu], need: Counter[str]) -> FreeSpan | None:
    """Count by GPUs how many VMs fit on a host; None where the class has no vGPU."""
    if not need:
        return None
    if isinstance(host.counted.gpus, Unknown):
        return FreeSpan(0, None)
    high = _least(
        None if (all_ := _sum(gpu.high[name] for gpu in gpus)) is None else all_ // each
        for name, each in need.items()
    )
    if len(need) == 1:
        ((name, each),) = need.items()
        return FreeSpan(sum(gpu.low[name] for gpu in gpus) // each, high)
    low = 0
    while (high is None or low < high) and _places(gpus, need, low + 1):
        low += 1
    return FreeSpan(low, high)


def _places(gpus: Sequence[_Gpu], need: Counter[str], number: int) -> bool:
    """Say whether so many VMs surely fit, when each GPU takes one profile alone."""
    taken: set[int] = set()
    for name, each in sorted(need.items()):
        left = each * number
        for at in sorted(range(len(gpus)), key=lambda at: -gpus[at].low[name]):
            if left > 0 and at not in taken and gpus[at].low[name]:
                taken.add(at)
                left -= gpus[at].low[name]
        if left > 0:
            return False
    return True


def _devices(free: FreeSpan, number: int) -> FreeSpan | None:
    if not number:
        return None
    return FreeSpan(free.low // number, None if free.high is None else free.high // number)


def _memory(free: FreeSpan, one: VmClass) -> FreeSpan:
    size = one.memory_bytes
    if isinstance(size, Unknown) or not size:
        return FreeSpan(0, None)
    return FreeSpan(free.low // size, None if free.high is None else free.high // size)


def _sum(parts: Iterable[int | None]) -> int | None:
    total = 0
    for one in parts:
        if one is None:
            return None
        total += one
    return total


def _least(parts: Iterable[int | None]) -> int | None:
    known = [one for one in parts if one is not None]
    return min(known) if known else None


def _why(hosts: Sequence[_Counted], perhaps: Sequence[_Counted], low: int, high: int | None) -> str:
    """Say what bounds the number: where it is open the reason, else by how many hosts what."""
    if low != high:
        dark = [one for one in hosts if one.low != one.high]
        if dark:
            return f"{dark[0].host.name}: {dark[0].why}"
        return f"{perhaps[0].host.name}: of which cluster it is is not known" if perhaps else ""
    told = Counter(one.why for one in hosts if one.why)
    return "; ".join(
        f"{why} on {counted(number, 'host')}" for why, number in sorted(told.items())[:MOST_TOLD]
    )
