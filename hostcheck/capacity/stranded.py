"""Framebuffer that is free and of no use to a profile, and the VMs whose move would mend it."""

from collections import Counter

from msgspec import Struct
from msgspec.structs import replace

from hostcheck.capacity.rooms import UNAWARE, Rooms, locked
from hostcheck.capacity.seen import SeenGpu, sizes
from hostcheck.model.capacity import (
    Limit,
    Move,
    Room,
    Stranded,
    StrandedGpu,
)
from hostcheck.model.fact import Known, Unknown, Why, holds
from hostcheck.words import count, gib

NO_FRAGMENTS = (Limit.COUNT, Limit.NOT_OFFERED, Limit.NOT_SERVING, Limit.UNKNOWN, *UNAWARE)


class Holder(Struct, frozen=True, order=True):
    """A running VM that holds vGPUs."""

    name: str
    id: str
    host: str
    host_id: str


Held = dict[Holder, Counter[str]]
"""The vGPUs of each running VM, by profile, wherever they sit."""


def _holders(one: SeenGpu) -> list[Holder]:
    """Return the holder of each vGPU on a GPU."""
    running = () if isinstance(one.running, Unknown) else one.running.value
    return [Holder(each.vm, each.vm_id, one.host.name, one.host.id) for each in running]


def held_by(gpus: list[SeenGpu]) -> Held:
    """Collect what each running VM holds on these GPUs."""
    held: Held = {}
    for one in gpus:
        running = () if isinstance(one.running, Unknown) else one.running.value
        for vm, each in zip(_holders(one), running, strict=True):
            found = None if isinstance(one.model, Unknown) else one.model.profile(each.profile)
            held.setdefault(vm, Counter())[found.name if found else each.profile] += 1
    return held


def _may_take(room: Room) -> bool:
    return isinstance(room.free, Unknown) or room.free.value > 0


def stranded(rooms: Rooms, gpus: list[SeenGpu], held: Held, name: str) -> Stranded | None:
    """Find the GPUs with free framebuffer that a profile cannot have."""
    found = []
    for one in gpus:
        if name not in rooms.names(one):
            continue
        room = rooms.room(one, name)
        if holds(room.free, 0) and room.limit not in NO_FRAGMENTS and _fits(one, name):
            found.append((one, room))
    if not found:
        return None
    causes = Counter(_cause(one, room.limit) for one, room in found)
    told = ", ".join(f"{number} {cause}" for cause, number in sorted(causes.items()))
    verb = "has" if len(found) == 1 else "have"
    return Stranded(
        profile=name,
        gpus=tuple(
            StrandedGpu(one.host.name, one.address, room.limit, room.reason) for one, room in found
        ),
        sentence=f"{count(len(found), 'GPU')} {verb} room, none for {name}: {told}",
        moves=_moves(rooms, [one for one, _ in found], gpus, held, name),
    )


def _fits(one: SeenGpu, name: str) -> bool:
    """Say whether the free framebuffer is as large as the profile."""
    running = sizes(one)
    if isinstance(one.model, Unknown) or isinstance(running, Unknown):
        return False
    wanted = one.model.profile(name)
    used = sum(each.framebuffer_mib for _, each in running)
    whole = max(each.framebuffer_mib for each in one.model.profiles)
    return wanted is not None and wanted.framebuffer_mib <= whole - used


def _moves(
    rooms: Rooms, stuck: list[SeenGpu], gpus: list[SeenGpu], held: Held, name: str
) -> tuple[Move, ...]:
    """Find the VMs that alone sit on stranded GPUs, and what the GPUs take without them."""
    freed: dict[Holder, list[tuple[SeenGpu, int]]] = {}
    for one in stuck:
        holders = set() if isinstance(one.running, Unknown) else set(_holders(one))
        without = rooms.judged(_emptied(one), name).free
        if len(holders) == 1 and isinstance(without, Known) and without.value:
            freed.setdefault(holders.pop(), []).append((one, without.value))
    useless = [one for one in gpus if not _may_take(rooms.room(one, name))] if freed else []
    seats = {
        profile: {id(one): _seats(rooms, one, profile) for one in useless}
        for profile in {each for vm in freed for each in held[vm]}
    }
    moves = []
    for vm, parts in freed.items():
        ((profile, number),) = held[vm].items() if len(held[vm]) == 1 else (("", 0),)
        gone = {id(one) for one, _ in parts}
        free = sum(n for key, n in seats.get(profile, {}).items() if key not in gone)
        moves.append(
            Move(
                vm=vm.name,
                vm_id=vm.id,
                host=vm.host,
                gpus=tuple(one.address for one, _ in parts),
                gains=sum(gain for _, gain in parts),
                elsewhere=bool(profile) and free >= number,
            )
        )
    moves.sort(key=lambda one: (-len(one.gpus), -one.gains, not one.elsewhere, one.vm))
    return tuple(moves)


def _seats(rooms: Rooms, one: SeenGpu, profile: str) -> int:
    free = rooms.room(one, profile).free
    return free.value if isinstance(free, Known) else 0


def _emptied(one: SeenGpu) -> SeenGpu:
    """Return the GPU as it would be with nothing on it."""
    unasked = Unknown(Why.NOT_ASKED, "this is not its state now")
    return replace(one, running=Known(()), creatable=unasked, mig_instances=Known(()))


def _cause(one: SeenGpu, limit: Limit) -> str:
    if limit is Limit.LOCKED:
        size = locked(one)
        return f"locked to {gib(size.value)}" if isinstance(size, Known) else "locked"
    return {
        Limit.SERIES: "running another series",
        Limit.FRAGMENTED: "fragmented",
        Limit.MIG_ON: "in MIG mode",
        Limit.MIG_OFF: "with MIG off",
    }.get(limit, "refused by the driver")
