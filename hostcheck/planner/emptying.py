"""Whether a cluster can be emptied host by host (N+1), by the room that capacity counts."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from hostcheck.capacity.rooms import Rooms
from hostcheck.capacity.seen import SeenGpu
from hostcheck.model.fact import Known, Unknown
from hostcheck.model.plan import Emptying, Feasible
from hostcheck.model.requirements import GpuModel
from hostcheck.planner.seen import PlannedHost
from hostcheck.words import some

Free = dict[str, list[tuple[int, int]]]
"""By profile: GPUs by their number, and how many vGPUs each takes now."""


def emptying(hosts: Sequence[PlannedHost]) -> Emptying:
    """Say for each host whether the others take the vGPUs that run on it."""
    models = tuple(_models(hosts))
    wanted = {one: _wanted(one, models) for one in _profiles(hosts)}
    names = tuple(dict.fromkeys(wanted.values()))
    made = {model.key: frozenset(one for one in names if model.profile(one)) for model in models}
    rooms = Rooms(models, names, asked=False)
    free: list[Free] = []
    unknown: list[set[str]] = []
    number = 0
    for host in hosts:
        here: Free = defaultdict(list)
        dark: set[str] = set()
        for gpu in _gpus(host):
            number += 1
            for name in names:
                if not isinstance(gpu.model, Unknown) and name not in made[gpu.model.key]:
                    continue
                counted = _counts(rooms, gpu, name)
                if counted is None:
                    dark.add(name)
                elif counted:
                    here[name].append((number, counted))
        if isinstance(host.counted.gpus, Unknown):
            dark.update(wanted.values())
        free.append(here)
        unknown.append(dark)
    return _judged(hosts, wanted, free, unknown)


def _counts(rooms: Rooms, gpu: SeenGpu, name: str) -> int | None:
    """Count the vGPUs of a profile that a GPU takes now; None: not known."""
    room = rooms.room(gpu, name)
    return room.free.value if isinstance(room.free, Known) else None


def _judged(
    hosts: Sequence[PlannedHost], wanted: dict[str, str], free: list[Free], unknown: list[set[str]]
) -> Emptying:
    cannot, unsure, full, busy = [], [], [], 0
    for at, host in enumerate(hosts):
        guests = host.guests
        if not guests.known:
            unsure.append(f"{host.name}: which VMs run on it is not known")
            continue
        need = Counter(wanted[one] for one in guests.profiles)
        if not need:
            continue
        busy += 1
        others = [one for number, one in enumerate(free) if number != at]
        dark = set().union(*(one for number, one in enumerate(unknown) if number != at))
        lacks = _lacks(need, others)
        if not lacks:
            continue
        if dark & lacks.keys():
            unsure.append(
                f"{host.name}: the room for {some(sorted(dark & lacks.keys()))} is not known"
            )
        elif any(_total(name, others) < count for name, count in need.items()):
            cannot.append(f"{host.name}: {_short(need, others)}")
            full.append(host.name)
        else:
            unsure.append(f"{host.name}: its vGPUs of several sizes may not fit beside each other")
    return replace(_worded(len(hosts), busy, cannot, unsure), full=tuple(full))


def _worded(hosts: int, busy: int, cannot: list[str], unsure: list[str]) -> Emptying:
    if cannot:
        words = (
            f"{len(cannot)} of {hosts} hosts cannot be emptied: free a host's worth of GPUs, or "
            "power VMs off"
        )
        return Emptying(Feasible.BLOCKED, words, tuple(cannot), tuple(unsure))
    if unsure:
        words = f"whether {len(unsure)} of {hosts} hosts can be emptied is not known"
        return Emptying(Feasible.UNKNOWN, words, (), tuple(unsure))
    if not busy:
        return Emptying(Feasible.POSSIBLE, "no VM with a vGPU runs")
    return Emptying(Feasible.POSSIBLE, "each host can be emptied while the others keep their VMs")


def _total(name: str, others: Iterable[Free]) -> int:
    return sum(count for one in others for _, count in one.get(name, ()))


def _short(need: Counter[str], others: list[Free]) -> str:
    lacks = (
        f"{count} {name} run, the others take {_total(name, others)}"
        for name, count in sorted(need.items())
        if _total(name, others) < count
    )
    return "; ".join(lacks)


def _lacks(need: Counter[str], others: list[Free]) -> dict[str, int]:
    """Give each GPU to one profile at most, the largest need first; return what finds no room."""
    taken: set[int] = set()
    lacks = {}
    for name, count in sorted(need.items(), key=lambda one: (_total(one[0], others), one[0])):
        left = count
        for one in others:
            for gpu, room in one.get(name, ()):
                if left > 0 and gpu not in taken:
                    taken.add(gpu)
                    left -= room
        if left > 0:
            lacks[name] = left
    return lacks


def _models(hosts: Iterable[PlannedHost]) -> Iterable[GpuModel]:
    found: dict[str, GpuModel] = {}
    for host in hosts:
        for one in host.models:
            found.setdefault(one.key, one)
    return found.values()


def _gpus(host: PlannedHost) -> tuple[SeenGpu, ...]:
    gpus = host.counted.gpus
    return () if isinstance(gpus, Unknown) else gpus


def _profiles(hosts: Iterable[PlannedHost]) -> list[str]:
    return sorted({one for host in hosts for one in host.guests.profiles})


def _wanted(profile: str, models: Sequence[GpuModel]) -> str:
    """Spell a profile as the catalogue does."""
    found = (model.profile(profile) for model in models)
    return next((one.name for one in found if one is not None), profile)
