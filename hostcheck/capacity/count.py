"""Add up the rooms of GPUs, hosts and clusters."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

from msgspec.structs import replace

from hostcheck.capacity.look import closed, look_at
from hostcheck.capacity.rooms import Rooms, locked
from hostcheck.capacity.seen import Count, Seen, SeenGpu
from hostcheck.capacity.stranded import held_by, stranded
from hostcheck.model.capacity import (
    Capacity,
    ClusterCapacity,
    GpuCapacity,
    GpuMode,
    HostCapacity,
    Limit,
    Room,
    Total,
)
from hostcheck.model.fact import Fact, Known, Unknown
from hostcheck.model.host import Host
from hostcheck.model.requirements import (
    GpuModel,
    Requirements,
)
from hostcheck.model.run import Asked, silent

NOBODY: Mapping[tuple[str, str], Fact[int]] = MappingProxyType({})


def capacity(
    hosts: Iterable[Host],
    needs: Requirements,
    *,
    profile: str = "",
    vcenter: Mapping[tuple[str, str], Fact[int]] = NOBODY,
    targets: tuple[Asked, ...] = (),
) -> Capacity:
    """Look at each host once, let it go, and count."""
    looked = (look_at(host, needs) for host in hosts)
    return of_seen(looked, needs, profile=profile, vcenter=vcenter, targets=targets)


def of_seen(
    hosts: Iterable[Seen],
    needs: Requirements,
    *,
    profile: str = "",
    vcenter: Mapping[tuple[str, str], Fact[int]] = NOBODY,
    targets: tuple[Asked, ...] = (),
    rests: Callable[[str], bool] = lambda _: False,
) -> Capacity:
    """Count for one profile, in any spelling, or for all profiles of the GPUs that are there.

    Hosts come in any order. `rests` says which are in maintenance mode in thought. `vcenter` is
    vCenter's own count for that profile, to stand beside ours, by vCenter and host id; it is read
    after the last host. `targets` are all that were asked, where that is more than one.
    """
    seen = sorted(hosts, key=lambda one: (one.host.name, one.host.target, one.host.id))
    resting = tuple(one.host.name for one in seen if rests(one.host.name))
    seen = [closed(one) if one.host.name in resting else one for one in seen]
    models = _models(seen, needs)
    wanted = _wanted(seen, models, profile)
    rooms = Rooms(models, wanted, asked=bool(profile))
    count = _Counting(rooms, wanted, vcenter)
    groups: dict[tuple[bool, str, str], list[Seen]] = {}
    for one in seen:
        named = one.host.cluster
        key = (True, "") if isinstance(named, Unknown) else (False, named.value)
        groups.setdefault((*key, one.host.target), []).append(one)
    clusters = tuple(count.cluster(group) for _, group in sorted(groups.items()))
    totals = tuple(_sum(name, [one.totals for one in clusters]) for name in wanted)
    if silent(targets):
        totals = tuple(replace(one, at_least=True) for one in totals)
    name = wanted[0] if profile else ""
    return Capacity(name, needs.edition, clusters, totals, targets, resting)


def _here(seen: list[Seen]) -> Iterator[GpuModel]:
    for one in seen:
        if not isinstance(one.gpus, Unknown):
            yield from (gpu.model for gpu in one.gpus if not isinstance(gpu.model, Unknown))


def _models(seen: list[Seen], needs: Requirements) -> tuple[GpuModel, ...]:
    """Return the catalogue's models, then those that only their hosts know, or know more of."""
    listed = tuple(needs.models.values())
    told = dict.fromkeys(one for one in _here(seen) if needs.models.get(one.key) is not one)
    return (*listed, *told)


def _wanted(seen: list[Seen], models: tuple[GpuModel, ...], profile: str) -> tuple[str, ...]:
    """Return the names to count, as the catalogue spells and orders them."""
    if profile:
        found = (model.profile(profile) for model in models)
        return (next((one.name for one in found if one is not None), profile),)
    here = {model.key for model in _here(seen)}
    return tuple(
        dict.fromkeys(one.name for model in models if model.key in here for one in model.profiles)
    )


class _Counting:
    """Adds up the rooms for the wanted profiles."""

    def __init__(
        self, rooms: Rooms, wanted: tuple[str, ...], vcenter: Mapping[tuple[str, str], Fact[int]]
    ) -> None:
        self.wanted = wanted
        self._rooms = rooms
        self._vcenter = vcenter

    def cluster(self, seen: list[Seen]) -> ClusterCapacity:
        self._rooms.forget()
        hosts = tuple(self._host(one) for one in seen)
        gpus = [gpu for one in seen if not isinstance(one.gpus, Unknown) for gpu in one.gpus]
        held = held_by(gpus)
        stuck = (stranded(self._rooms, gpus, held, name) for name in self.wanted)
        return ClusterCapacity(
            name=seen[0].host.cluster,
            hosts=hosts,
            totals=tuple(_sum(name, [one.totals for one in hosts]) for name in self.wanted),
            stranded=tuple(one for one in stuck if one is not None),
            target=seen[0].host.target,
        )

    def _host(self, seen: Seen) -> HostCapacity:
        closed = next((one.reason for one in seen.gates if isinstance(one, Count)), "")
        gpus: Fact[tuple[GpuCapacity, ...]]
        if isinstance(seen.gpus, Unknown):
            gpus = seen.gpus
            none = (Total(name, 0, at_least=not closed) for name in self.wanted)
            totals = tuple(map(self._rooms.once, none))
        else:
            gpus = Known(tuple(self._gpu(one) for one in seen.gpus))
            rooms = [room for gpu in gpus.value for room in gpu.rooms]
            totals = tuple(self._rooms.once(_total(name, rooms)) for name in self.wanted)
        host = seen.host
        made = HostCapacity(host.name, host.id, closed, gpus, totals, target=host.target)
        said = self._vcenter.get((host.target, host.id))
        return made if said is None else replace(made, vcenter_says=said)

    def _gpu(self, one: SeenGpu) -> GpuCapacity:
        shut = next((gate for gate in one.gates if isinstance(gate, Count)), None)
        if shut is not None:
            whole = shut.limit is Limit.PASSTHROUGH
            mode, why = GpuMode.PASSTHROUGH if whole else GpuMode.NOT_SERVING, shut.reason
        elif isinstance(one.mode, Unknown):
            mode, why = GpuMode.UNKNOWN, one.mode.detail
        else:
            mode, why = one.mode, ""
        return GpuCapacity(
            address=one.address,
            name=one.name,
            model=one.key,
            mode=mode,
            mode_reason=why,
            locked_bytes=locked(one),
            running=one.running,
            driver_asked=isinstance(one.creatable, Known),
            rooms=tuple(self._rooms.room(one, name) for name in self._rooms.names(one)),
        )


def _total(name: str, rooms: list[Room]) -> Total:
    mine = [room for room in rooms if room.profile == name]
    free = sum(room.free.value for room in mine if isinstance(room.free, Known))
    return Total(
        name, free, at_least=any(room.at_least or isinstance(room.free, Unknown) for room in mine)
    )


def _sum(name: str, parts: list[tuple[Total, ...]]) -> Total:
    mine = [total for part in parts for total in part if total.profile == name]
    return Total(name, sum(one.free for one in mine), any(one.at_least for one in mine))
