"""The slots of each GPU of one host, for its picture: what is taken, what is left."""

from hostcheck.capacity.look import look_at
from hostcheck.capacity.rooms import Rooms
from hostcheck.capacity.seen import Count, SeenGpu, lists
from hostcheck.model.capacity import GpuMode
from hostcheck.model.fact import Known, Unknown
from hostcheck.model.host import Host
from hostcheck.model.requirements import Requirements, VgpuProfile
from hostcheck.model.result import Result
from hostcheck.model.slots import GpuSlots, SlotsLeft, SlotTaken


def slots_of(host: Host, needs: Requirements, results: tuple[Result, ...]) -> tuple[GpuSlots, ...]:
    """Return the slots of each GPU; `results` are what was judged of the host."""
    seen = look_at(host, needs, results)
    if isinstance(seen.gpus, Unknown):
        return ()
    rooms = Rooms((), (), asked=False)
    return tuple(_slots(rooms, one) for one in seen.gpus)


def _slots(rooms: Rooms, one: SeenGpu) -> GpuSlots:
    shut = next((gate.reason for gate in one.gates if isinstance(gate, Count)), "")
    if isinstance(one.running, Unknown):
        return GpuSlots(one.address, shut, one.running, ())
    taken = tuple(
        SlotTaken(each.vm, each.vm_id, _name(one, each.profile)) for each in one.running.value
    )
    left = []
    for name in () if shut else _profiles(one, taken):
        room = rooms.room(one, name)
        left.append(SlotsLeft(name, room.free, room.reason, room.at_least))
    return GpuSlots(one.address, shut, Known(taken, one.running.sources), tuple(left))


def _name(one: SeenGpu, profile: str) -> str:
    found = None if isinstance(one.model, Unknown) else one.model.profile(profile)
    return profile if found is None else found.name


def _profiles(one: SeenGpu, taken: tuple[SlotTaken, ...]) -> tuple[str, ...]:
    """Return the profiles that run, else the largest that the GPU is cut into as it is now."""
    if taken:
        return tuple(dict.fromkeys(each.profile for each in taken))
    if isinstance(one.model, Unknown):
        return ()
    mig = one.mode is GpuMode.MIG
    fitting = [each for each in one.model.profiles if each.mig is mig and _offered(one, each)]
    largest = max(fitting, key=lambda each: each.framebuffer_mib, default=None)
    return () if largest is None else (largest.name,)


def _offered(one: SeenGpu, profile: VgpuProfile) -> bool:
    return isinstance(one.offered, Unknown) or lists(one.offered.value, profile.name)
