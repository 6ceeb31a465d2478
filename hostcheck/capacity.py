"""How many more vGPUs of each profile fit now, per GPU, host and cluster, and why not more.

The driver's counts, or the catalogue's where it was not asked, less what runs; what the driver says
it can create now is over both. Missing information is never a number. A GPU or host on which a
required check fails has no room, as in a preflight.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from math import ceil, floor
from types import MappingProxyType
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from hostcheck.checks.engine import all_checks, attempt, decides, deciding
from hostcheck.checks.kinds import model_of, types_are_told
from hostcheck.checks.subjects import (
    every_gpu,
    every_host,
    every_host_with_gpu,
    gib,
    numbered,
)
from hostcheck.errors import crash
from hostcheck.model.capacity import (
    Capacity,
    ClusterCapacity,
    GpuCapacity,
    GpuMode,
    HostCapacity,
    Limit,
    Move,
    Room,
    RunningVgpu,
    Stranded,
    StrandedGpu,
    Total,
)
from hostcheck.model.fact import Fact, Known, Unknown, Why
from hostcheck.model.host import Host, Mode, PhysicalGpu
from hostcheck.model.pci import PciAddress
from hostcheck.model.requirements import (
    Architecture,
    GpuModel,
    Requirements,
    VgpuProfile,
    bare,
)
from hostcheck.model.result import Result, Status
from hostcheck.model.run import Asked, silent
from hostcheck.model.vm import Vm

T = TypeVar("T")
Told = TypeVar("Told", Room, Total)

MIB = 1024 * 1024
NOBODY: Mapping[tuple[str, str], Fact[int]] = MappingProxyType({})
CATALOGUE = "hostcheck catalogue"
SERVED_BY = "HostSystem config.graphicsInfo"
MIXES_SERIES = (8, 0, 2)
"""First release that runs types of one size and different series on one GPU."""
MIXES_SIZES = (8, 0, 3)
"""First release that has a mixed-size mode, and that tells the mode of a GPU."""
NEVER_MIXES_SIZES = (
    Architecture.MAXWELL, Architecture.PASCAL, Architecture.VOLTA, Architecture.TURING,
)  # fmt: skip
MEMORY_SLICES = 8
"""Parts that MIG cuts the framebuffer into."""
ROUNDED = Fraction(1, 10)
"""Names round: the 35 GiB of 1/4 of a 141 GiB GPU are 1.99 eighths."""
NAMES_SHOWN = 3
JUDGED = (every_host, every_host_with_gpu, every_gpu)
"""What the checks are about that hold for whatever VM."""
UNAWARE = (Limit.HOST, Limit.GRAPHICS_TYPE, Limit.PASSTHROUGH, Limit.OTHER_KIND)
"""What a driver does not know of: that it would create a vGPU all the same is no disagreement."""
NO_FRAGMENTS = (Limit.COUNT, Limit.NOT_OFFERED, Limit.NOT_SERVING, Limit.UNKNOWN, *UNAWARE)

_SLICES = re.compile(r"-(\d+)-\d+[a-z]+$", re.IGNORECASE)


class _Count(Struct, frozen=True):
    """A count that is known, and what bounds it."""

    free: int
    limit: Limit
    reason: str
    at_least: bool = False


class _Host(Struct, frozen=True):
    """What counting needs of one host, so that the rest of it can go."""

    name: str
    id: str
    target: str
    cluster: Fact[str]
    release: tuple[int, ...] | Unknown


class _Gpu(Struct, frozen=True):
    """What counting needs of one GPU. `gates` forbid every vGPU on it, or leave that open."""

    host: _Host
    address: PciAddress
    name: str
    key: Fact[str]
    """Its entry in the catalogue."""
    model: GpuModel | Unknown
    gates: tuple[_Count | Unknown, ...]
    mode: GpuMode | Unknown
    running: Fact[tuple[RunningVgpu, ...]]
    offered: Fact[frozenset[str]]
    """By vSphere, as the catalogue spells profiles; bare names where the model is not known."""
    supported: Fact[frozenset[str]]
    creatable: Fact[frozenset[str]]
    mig_instances: Fact[tuple[str, ...]]


class _Seen(Struct, frozen=True):
    """One host as it was looked at."""

    host: _Host
    gates: tuple[_Count | Unknown, ...]
    gpus: tuple[_Gpu, ...] | Unknown


def offered_as(host: Host, profile: str) -> str:
    """Return vSphere's own name of a profile where it offers it on this host, else nothing."""
    names = () if isinstance(host.profiles_offered, Unknown) else host.profiles_offered.value
    return next((name for name in names if bare(name) == bare(profile)), "")


def capacity(
    hosts: Iterable[Host],
    needs: Requirements,
    *,
    profile: str = "",
    vcenter: Mapping[tuple[str, str], Fact[int]] = NOBODY,
    targets: tuple[Asked, ...] = (),
) -> Capacity:
    """Count for one profile, in any spelling, or for all profiles of the GPUs that are there.

    Hosts are walked over once, in any order, and let go. `vcenter` is vCenter's own count for that
    profile, to stand beside ours, by vCenter and host id; it is read after the last host. `targets`
    are all that were asked, where that is more than one.
    """
    seen = [_seen(host, needs) for host in hosts]
    seen.sort(key=lambda one: (one.host.name, one.host.target, one.host.id))
    models = _models(seen, needs)
    count = _Counting(models, _wanted(seen, models, profile), bool(profile), vcenter)
    groups: dict[tuple[bool, str, str], list[_Seen]] = {}
    for one in seen:
        named = one.host.cluster
        key = (True, "") if isinstance(named, Unknown) else (False, named.value)
        groups.setdefault((*key, one.host.target), []).append(one)
    clusters = tuple(count.cluster(group) for _, group in sorted(groups.items()))
    totals = tuple(_sum(name, [one.totals for one in clusters]) for name in count.wanted)
    if silent(targets):
        totals = tuple(replace(one, at_least=True) for one in totals)
    name = count.wanted[0] if profile else ""
    return Capacity(name, needs.edition, clusters, totals, targets)


def _here(seen: list[_Seen]) -> Iterator[GpuModel]:
    for one in seen:
        if not isinstance(one.gpus, Unknown):
            yield from (gpu.model for gpu in one.gpus if not isinstance(gpu.model, Unknown))


def _models(seen: list[_Seen], needs: Requirements) -> tuple[GpuModel, ...]:
    """Return the catalogue's models, then those that only their hosts know, or know more of."""
    listed = tuple(needs.models.values())
    told = dict.fromkeys(one for one in _here(seen) if needs.models.get(one.key) is not one)
    return (*listed, *told)


def _wanted(seen: list[_Seen], models: tuple[GpuModel, ...], profile: str) -> tuple[str, ...]:
    """Return the names to count, as the catalogue spells and orders them."""
    if profile:
        found = (model.profile(profile) for model in models)
        return (next((one.name for one in found if one is not None), profile),)
    here = {model.key for model in _here(seen)}
    return tuple(
        dict.fromkeys(one.name for model in models if model.key in here for one in model.profiles)
    )


# --- What a host and its GPUs are ----------------------------------------------------------------


def _seen(host: Host, needs: Requirements) -> _Seen:
    """Look at a host; what goes wrong is a host whose GPUs are not known."""
    try:
        return _look(host, needs)
    except Exception as error:  # noqa: BLE001  one sick host, not the run
        why = Unknown(Why.UNPARSED, crash(error), "hostcheck")
        return _Seen(_Host(host.name, host.id, host.target, host.cluster, why), (), why)


def _look(host: Host, needs: Requirements) -> _Seen:
    gates, by_gpu = _required(host, needs)
    kept = _Host(host.name, host.id, host.target, host.cluster, _release(host))
    if isinstance(host.gpus, Unknown):
        return _Seen(kept, gates, host.gpus)
    return _Seen(
        kept,
        gates,
        tuple(
            _look_at_gpu(host, kept, gpu, (*gates, *by_gpu.get(gpu.address, ())), needs)
            for gpu in host.gpus.value
        ),
    )


def _required(
    host: Host, needs: Requirements
) -> tuple[tuple[_Count | Unknown, ...], dict[str, list[_Count | Unknown]]]:
    """Run the checks of the host and of its GPUs that decide; return what does not pass."""
    of_host: list[_Count | Unknown] = []
    of_gpus: dict[str, list[_Count | Unknown]] = {}
    for check in all_checks():
        if check.id not in deciding() or check.each not in JUDGED:
            continue
        for result in filter(decides, check.run(host, needs)):
            gate = _gate(result)
            if gate is not None and result.subject.kind == "gpu":
                of_gpus.setdefault(result.subject.id, []).append(gate)
            elif gate is not None:
                of_host.append(gate)
    return tuple(of_host), of_gpus


def _gate(result: Result) -> _Count | Unknown | None:
    if result.status is Status.FAIL:
        family = result.check.partition("-")[0]
        limit = {"HOST": Limit.HOST, "GFX": Limit.GRAPHICS_TYPE}.get(family, Limit.NOT_SERVING)
        words = f"{result.observed}; expected {result.expected} [{result.check}]"
        return _Count(0, limit, words)
    if result.status is Status.ERROR:
        return Unknown(Why.UNPARSED, f"{result.check} failed itself: {result.trace}")
    if result.status is Status.UNKNOWN and result.unseen is not None:
        told = result.unseen
        detail = f"{told.detail} [{result.check}]"
        return Unknown(Why(told.why), detail, told.asked, told.privilege)
    return None


def _look_at_gpu(
    host: Host,
    kept: _Host,
    gpu: PhysicalGpu,
    required: tuple[_Count | Unknown, ...],
    needs: Requirements,
) -> _Gpu:
    key = gpu.catalogue_key
    model = attempt(lambda known: model_of(gpu, needs, known))
    if isinstance(key, Unknown) and not types_are_told(gpu):
        model = key
    gates = list(required)
    running: Fact[tuple[RunningVgpu, ...]]
    if isinstance(gpu.passthrough, Unknown):
        gates.append(gpu.passthrough)
        running = _running(host, gpu)
    elif gpu.passthrough.value.active:
        whole = "in passthrough: it is given to a VM as a whole"
        gates.insert(0, _Count(0, Limit.PASSTHROUGH, whole))
        running = Known(())
    else:
        running = _running(host, gpu)
    if _is(host.smi_answers, True) and _is(gpu.smi_seen, False):
        gates.append(_Count(0, Limit.NOT_SERVING, "lost: the driver runs and does not see it"))
    return _Gpu(
        host=kept,
        address=gpu.address,
        name=gpu.name,
        key=key,
        model=model,
        gates=tuple(gates),
        mode=_mode(host, gpu, model),
        running=running,
        offered=_spelled(host.profiles_offered, model),
        supported=_spelled(gpu.profiles_supported, model),
        creatable=_spelled(gpu.profiles_creatable, model),
        mig_instances=gpu.mig_instances,
    )


def _spelled(names: Fact[tuple[str, ...]], model: GpuModel | Unknown) -> Fact[frozenset[str]]:
    """Spell profile names as the catalogue does; those that it does not list stay bare."""
    if isinstance(names, Unknown):
        return names
    spelled = set()
    for name in names.value:
        found = None if isinstance(model, Unknown) else model.profile(name)
        spelled.add(bare(name) if found is None else found.name)
    return Known(frozenset(spelled), names.sources)


def _holds(names: frozenset[str], name: str) -> bool:
    """Say whether a list holds a profile."""
    wanted = bare(name)
    return name in names or any(each == wanted or each.endswith(f"_{wanted}") for each in names)


def _is(fact: Fact[T], value: T) -> bool:
    return isinstance(fact, Known) and fact.value == value


def _mode(host: Host, gpu: PhysicalGpu, model: GpuModel | Unknown) -> GpuMode | Unknown:
    """Tell how a GPU is shared: in vSphere's words, before 8.0 U3 by board, nvidia-smi, release."""
    said, mig = gpu.vgpu_mode, gpu.mig_current
    if isinstance(said, Known):
        mode = next((one for one in _SHARED if one.value == said.value), None)
        if mode is None:
            return Unknown(Why.ABSENT, f"vSphere says vGPU mode {said.value!r}", SERVED_BY)
        told = isinstance(mig, Known) and mig.value is not Mode.NOT_SUPPORTED
        if told and _is(mig, Mode.ENABLED) != (mode is GpuMode.MIG):
            detail = f"vSphere says {said.value}, nvidia-smi says MIG {_words(mig)}"
            return Unknown(Why.ABSENT, detail, SERVED_BY)
        return mode
    if isinstance(model, Unknown):
        return model
    return _mode_untold(host, said, mig, model)


def _mode_untold(host: Host, said: Unknown, mig: Fact[Mode], model: GpuModel) -> GpuMode | Unknown:
    if model.mig and isinstance(mig, Unknown):
        return mig
    if model.mig and _is(mig, Mode.NOT_SUPPORTED):
        return _absent(f"nvidia-smi says N/A for MIG, and {model.name} has it", "nvidia-smi -q -x")
    if model.mig and _is(mig, Mode.ENABLED):
        return GpuMode.MIG
    if model.architecture in NEVER_MIXES_SIZES:
        return GpuMode.SAME_SIZE
    release = _release(host)
    if isinstance(release, Unknown):
        return release
    return GpuMode.SAME_SIZE if release < MIXES_SIZES else said


_SHARED = (GpuMode.SAME_SIZE, GpuMode.MIXED_SIZE, GpuMode.MIG)


def _words(mode: Fact[Mode]) -> str:
    return mode.value.value if isinstance(mode, Known) else "unknown"


def _release(host: Host) -> tuple[int, ...] | Unknown:
    if isinstance(host.version, Unknown):
        return host.version
    parts = host.version.value.split(".")
    if not all(part.isdecimal() for part in parts):
        return Unknown(Why.UNPARSED, f"{host.version.value!r} is no release", "HostSystem config")
    return tuple(int(part) for part in parts)


# --- What runs on a GPU --------------------------------------------------------------------------


def _running(host: Host, gpu: PhysicalGpu) -> Fact[tuple[RunningVgpu, ...]]:
    """Join the VMs that vSphere lists on a GPU with their vGPUs; nvidia-smi must not gainsay it."""
    if isinstance(gpu.vm_ids, Unknown):
        return gpu.vm_ids
    if gpu.vm_ids.value and isinstance(host.vms, Unknown):
        return host.vms
    vms = {} if isinstance(host.vms, Unknown) else {vm.id: vm for vm in host.vms.value}
    found: list[RunningVgpu] = []
    for vm_id in gpu.vm_ids.value:
        vm = vms.get(vm_id)
        if vm is None:
            return _absent(f"{vm_id} runs on it, and what vGPUs it has is not known")
        here = _vgpus_here(vm, host, gpu)
        if isinstance(here, Unknown):
            return here
        found += [RunningVgpu(vm.name, vm.id, profile) for profile in here]
    running = tuple(sorted(found, key=lambda one: (one.vm, one.vm_id, one.profile)))
    return _gainsaid(host, gpu, running) or Known(running, gpu.vm_ids.sources)


def _absent(detail: str, asked: str = SERVED_BY) -> Unknown:
    return Unknown(Why.ABSENT, detail, asked)


def _vgpus_here(vm: Vm, host: Host, gpu: PhysicalGpu) -> tuple[str, ...] | Unknown:
    """Return the profiles of a VM's vGPUs on one GPU; a VM may have several, on several GPUs."""
    if isinstance(vm.power_state, Unknown):
        return vm.power_state
    if vm.power_state.value != "poweredOn":
        return ()
    if isinstance(vm.devices, Unknown):
        return vm.devices
    named: list[str] = []
    for one in vm.vgpus:
        if isinstance(one.profile, Unknown):
            return one.profile
        named.append(one.profile.value)
    profiles = tuple(named)
    across = _gpus_under(vm, host)
    if isinstance(across, Unknown):
        return profiles if len(profiles) == 1 else across
    if profiles and across == 1:
        return profiles
    if len(set(profiles)) == 1 and across == len(profiles):
        return profiles[:1]
    told = _told_by_driver(vm, host, gpu)
    many = f"{numbered(len(profiles), 'vGPU')}, {numbered(across, 'GPU')}"
    return told or _absent(f"which vGPUs of VM {vm.name} sit on it is not known: it has {many}")


def _gpus_under(vm: Vm, host: Host) -> int | Unknown:
    """Count the GPUs that vSphere lists a VM on, but for those it has as a whole."""
    count = 0
    for gpu in () if isinstance(host.gpus, Unknown) else host.gpus.value:
        if isinstance(gpu.vm_ids, Unknown):
            return gpu.vm_ids
        whole = isinstance(gpu.passthrough, Known) and gpu.passthrough.value.active
        count += vm.id in gpu.vm_ids.value and not whole
    return count


def _told_by_driver(vm: Vm, host: Host, gpu: PhysicalGpu) -> tuple[str, ...]:
    """Return a VM's vGPUs on one GPU as nvidia-smi lists them; empty when it does not."""
    if isinstance(host.vgpu_instances, Unknown):
        return ()
    told = tuple(
        one.profile
        for one in host.vgpu_instances.value
        if (one.address, one.vm_name) == (gpu.address, vm.name)
    )
    return told if all(told) else ()


def _gainsaid(host: Host, gpu: PhysicalGpu, running: tuple[RunningVgpu, ...]) -> Unknown | None:
    """Return the disagreement of vSphere and nvidia-smi on what runs, if both tell."""
    if isinstance(host.vgpu_instances, Unknown) or not _is(gpu.smi_seen, True):
        return None
    told = [one.profile for one in host.vgpu_instances.value if one.address == gpu.address]
    ours = [one.profile for one in running]
    if not all(told) or Counter(map(bare, told)) == Counter(map(bare, ours)):
        return None
    return _absent(
        f"vSphere says that {_some(ours) or 'no vGPU'} runs on it, "
        f"nvidia-smi says {_some(told) or 'no vGPU'}",
        "nvidia-smi vgpu -q",
    )


def _some(names: Iterable[str]) -> str:
    """Name a few, count the rest."""
    every = list(dict.fromkeys(names))
    more = f" and {len(every) - NAMES_SHOWN} more" if len(every) > NAMES_SHOWN else ""
    return ", ".join(every[:NAMES_SHOWN]) + more


# --- Counting ------------------------------------------------------------------------------------


class _Vm(Struct, frozen=True, order=True):
    """A running VM that holds vGPUs."""

    name: str
    id: str
    host: str
    host_id: str


_Held = dict[_Vm, Counter[str]]
"""The vGPUs of each running VM, by profile, wherever they sit."""


def _vms(one: _Gpu) -> list[_Vm]:
    """Return the holder of each vGPU on a GPU."""
    running = () if isinstance(one.running, Unknown) else one.running.value
    return [_Vm(each.vm, each.vm_id, one.host.name, one.host.id) for each in running]


def _held(gpus: list[_Gpu]) -> _Held:
    held: _Held = {}
    for one in gpus:
        running = () if isinstance(one.running, Unknown) else one.running.value
        for vm, each in zip(_vms(one), running, strict=True):
            found = None if isinstance(one.model, Unknown) else one.model.profile(each.profile)
            held.setdefault(vm, Counter())[found.name if found else each.profile] += 1
    return held


def _may_take(room: Room) -> bool:
    return isinstance(room.free, Unknown) or room.free.value > 0


class _Counting:
    """Counts the wanted profiles. `asked`: one was asked for, so other kinds of GPU are named."""

    def __init__(
        self,
        models: tuple[GpuModel, ...],
        wanted: tuple[str, ...],
        asked: bool,
        vcenter: Mapping[tuple[str, str], Fact[int]],
    ) -> None:
        self.wanted = wanted
        self._vcenter = vcenter
        self._asked = asked
        self._catalogued = {
            name for name in wanted for model in models if model.profile(name) or model.spells(name)
        }
        self._rooms: dict[tuple[int, str], Room] = {}
        """Of the GPUs of one cluster, by their identity and profile."""
        self._told: dict[Any, Any] = {}
        """Each value that many GPUs and hosts share, once."""

    def cluster(self, seen: list[_Seen]) -> ClusterCapacity:
        self._rooms = {}
        hosts = tuple(self._host(one) for one in seen)
        gpus = [gpu for one in seen if not isinstance(one.gpus, Unknown) for gpu in one.gpus]
        held = _held(gpus)
        stranded = (self._stranded(gpus, held, name) for name in self.wanted)
        return ClusterCapacity(
            name=seen[0].host.cluster,
            hosts=hosts,
            totals=tuple(_sum(name, [one.totals for one in hosts]) for name in self.wanted),
            stranded=tuple(one for one in stranded if one is not None),
            target=seen[0].host.target,
        )

    def _host(self, seen: _Seen) -> HostCapacity:
        closed = next((one.reason for one in seen.gates if isinstance(one, _Count)), "")
        gpus: Fact[tuple[GpuCapacity, ...]]
        if isinstance(seen.gpus, Unknown):
            gpus = seen.gpus
            none = (Total(name, 0, at_least=not closed) for name in self.wanted)
            totals = tuple(map(self._once, none))
        else:
            gpus = Known(tuple(self._gpu(one) for one in seen.gpus))
            rooms = [room for gpu in gpus.value for room in gpu.rooms]
            totals = tuple(self._once(_total(name, rooms)) for name in self.wanted)
        host = seen.host
        made = HostCapacity(host.name, host.id, closed, gpus, totals, target=host.target)
        said = self._vcenter.get((host.target, host.id))
        return made if said is None else replace(made, vcenter_says=said)

    def _gpu(self, one: _Gpu) -> GpuCapacity:
        shut = next((gate for gate in one.gates if isinstance(gate, _Count)), None)
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
            locked_bytes=_locked(one),
            running=one.running,
            driver_asked=isinstance(one.creatable, Known),
            rooms=tuple(self.room(one, name) for name in self._names(one)),
        )

    def _names(self, one: _Gpu) -> tuple[str, ...]:
        """Return the profiles that are worth a line on a GPU: all, if it may be of any kind."""
        if self._asked or isinstance(one.model, Unknown):
            return self.wanted
        return tuple(each.name for each in one.model.profiles)

    def room(self, one: _Gpu, name: str) -> Room:
        """Count one profile on one GPU as it is now, once."""
        key = (id(one), name)
        if key not in self._rooms:
            self._rooms[key] = self._once(self._walled(one, name))
        return self._rooms[key]

    def _walled(self, one: _Gpu, name: str) -> Room:
        """Count; what goes wrong is a room that is not known, of this GPU alone."""
        try:
            return self._judged(one, name)
        except Exception as error:  # noqa: BLE001  one odd GPU, not the run
            return _room(name, Unknown(Why.UNPARSED, crash(error), "hostcheck"))

    def _once(self, told: Told) -> Told:
        first: Told = self._told.setdefault(told, told)
        return first

    def _judged(self, one: _Gpu, name: str) -> Room:
        """Take the catalogue's number, then the driver's word on it."""
        counted = self._counted(one, name)
        said = one.creatable
        if isinstance(said, Unknown):
            return _room(name, counted)
        creatable = _holds(said.value, name)
        if isinstance(counted, Unknown):
            if creatable:
                return _room(name, counted, "; the driver says that one more can be created")
            return Room(name, Known(0, said.sources), Limit.DRIVER, NOT_CREATABLE)
        room = _room(name, counted)
        if creatable and not counted.free and counted.limit not in UNAWARE:
            says = f"the driver says that it can be created; {counted.reason}"
            return replace(room, disagreement=says)
        if not creatable and counted.free:
            return Room(
                name, Known(0, said.sources), Limit.DRIVER, NOT_CREATABLE,
                disagreement=f"the catalogue leaves room for {counted.free} ({counted.reason}); "
                f"{NOT_CREATABLE}",
            )  # fmt: skip
        return room

    def _counted(self, one: _Gpu, name: str) -> _Count | Unknown:
        """Count without the driver's word. What forbids goes before what is not known."""
        bounds = list(self._bounds(one, name))
        shut = next((bound for bound in bounds if isinstance(bound, _Count)), None)
        return shut or bounds[0]

    def _bounds(self, one: _Gpu, name: str) -> Iterator[_Count | Unknown]:
        """Yield whatever forbids the profile or leaves that open; the count only if nothing did."""
        if isinstance(one.model, Unknown):
            yield from (*one.gates, one.model)
            return
        wanted = self._of_kind(one.model, name)
        if not isinstance(wanted, VgpuProfile):
            other = isinstance(wanted, _Count)
            yield from (wanted,) if other else (*one.gates, wanted)
            return
        yield from one.gates
        seen = list(one.gates)
        for bound in (_mode_fits(one.mode, wanted), *_offered(one, name)):
            if bound is not None:
                seen.append(bound)
                yield bound
        running = _sizes(one)
        if isinstance(running, Unknown):
            yield running
        elif not isinstance(one.mode, Unknown):
            bound = _left(one, one.model, wanted, running)
            if isinstance(bound, Unknown) or not bound.free or not seen:
                yield bound

    def _of_kind(self, model: GpuModel, name: str) -> VgpuProfile | _Count | Unknown:
        found = model.profile(name)
        if found is not None and not found.verified:
            return _absent(f"how many {found.name} fit is not verified", CATALOGUE)
        if found is not None:
            return found
        if model.spells(name):
            return _absent(f"{name} is not among the profiles of {model.name}", CATALOGUE)
        if name in self._catalogued:
            return _Count(0, Limit.OTHER_KIND, f"{model.name} does not make it")
        return _absent(f"{name} is in no list of the catalogue", CATALOGUE)

    # --- Fragmentation ---

    def _stranded(self, gpus: list[_Gpu], held: _Held, name: str) -> Stranded | None:
        found = []
        for one in gpus:
            if name not in self._names(one):
                continue
            room = self.room(one, name)
            if _is(room.free, 0) and room.limit not in NO_FRAGMENTS and self._fits(one, name):
                found.append((one, room))
        if not found:
            return None
        causes = Counter(_cause(one, room.limit) for one, room in found)
        told = ", ".join(f"{number} {cause}" for cause, number in sorted(causes.items()))
        verb = "has" if len(found) == 1 else "have"
        return Stranded(
            profile=name,
            gpus=tuple(
                StrandedGpu(one.host.name, one.address, room.limit, room.reason)
                for one, room in found
            ),
            sentence=f"{numbered(len(found), 'GPU')} {verb} room, none for {name}: {told}",
            moves=self._moves([one for one, _ in found], gpus, held, name),
        )

    def _fits(self, one: _Gpu, name: str) -> bool:
        """Say whether the free framebuffer is as large as the profile."""
        running = _sizes(one)
        if isinstance(one.model, Unknown) or isinstance(running, Unknown):
            return False
        wanted = one.model.profile(name)
        used = sum(each.framebuffer_mib for _, each in running)
        whole = max(each.framebuffer_mib for each in one.model.profiles)
        return wanted is not None and wanted.framebuffer_mib <= whole - used

    def _moves(
        self, stranded: list[_Gpu], gpus: list[_Gpu], held: _Held, name: str
    ) -> tuple[Move, ...]:
        """Find the VMs that alone sit on stranded GPUs, and what the GPUs take without them."""
        freed: dict[_Vm, list[tuple[_Gpu, int]]] = {}
        for one in stranded:
            holders = set() if isinstance(one.running, Unknown) else set(_vms(one))
            without = self._judged(_emptied(one), name).free
            if len(holders) == 1 and isinstance(without, Known) and without.value:
                freed.setdefault(holders.pop(), []).append((one, without.value))
        useless = [one for one in gpus if not _may_take(self.room(one, name))] if freed else []
        seats = {
            profile: {id(one): self._seats(one, profile) for one in useless}
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

    def _seats(self, one: _Gpu, profile: str) -> int:
        free = self.room(one, profile).free
        return free.value if isinstance(free, Known) else 0


NOT_CREATABLE = "the driver says that it cannot be created now"


def _room(name: str, counted: _Count | Unknown, more: str = "") -> Room:
    if isinstance(counted, Unknown):
        return Room(name, counted, Limit.UNKNOWN, counted.detail + more)
    return Room(name, Known(counted.free), counted.limit, counted.reason, counted.at_least)


def _total(name: str, rooms: list[Room]) -> Total:
    mine = [room for room in rooms if room.profile == name]
    free = sum(room.free.value for room in mine if isinstance(room.free, Known))
    return Total(
        name, free, at_least=any(room.at_least or isinstance(room.free, Unknown) for room in mine)
    )


def _sum(name: str, parts: list[tuple[Total, ...]]) -> Total:
    mine = [total for part in parts for total in part if total.profile == name]
    return Total(name, sum(one.free for one in mine), any(one.at_least for one in mine))


def _mode_fits(mode: GpuMode | Unknown, wanted: VgpuProfile) -> _Count | Unknown | None:
    if isinstance(mode, Unknown):
        return mode
    if mode is GpuMode.MIG and not wanted.mig:
        return _Count(0, Limit.MIG_ON, "the GPU is in MIG mode, the profile is time-sliced")
    if mode is not GpuMode.MIG and wanted.mig:
        return _Count(0, Limit.MIG_OFF, "MIG is off, the profile is MIG-backed")
    return None


def _offered(one: _Gpu, name: str) -> Iterator[_Count | Unknown]:
    """Yield that vSphere or the installed driver does not make the profile here at all."""
    if isinstance(one.offered, Unknown):
        yield one.offered
    elif not _holds(one.offered.value, name):
        yield _Count(0, Limit.NOT_OFFERED, "vSphere does not offer it on this host")
    if isinstance(one.supported, Known) and not _holds(one.supported.value, name):
        yield _Count(0, Limit.NOT_OFFERED, "the driver does not make it on this GPU")


_Sizes = list[tuple[RunningVgpu, VgpuProfile]]


def _sizes(one: _Gpu) -> _Sizes | Unknown:
    """Find what runs in the catalogue."""
    if isinstance(one.running, Unknown):
        return one.running
    if isinstance(one.model, Unknown):
        return one.model
    found = []
    for vgpu in one.running.value:
        profile = one.model.profile(vgpu.profile)
        if profile is None:
            return _absent(
                f"{vgpu.profile} of VM {vgpu.vm} is not among the profiles of {one.model.name}",
                CATALOGUE,
            )
        found.append((vgpu, profile))
    return found


def _locked(one: _Gpu) -> Fact[int]:
    """Return the size that a GPU is locked to; only same-size mode locks."""
    shut = any(isinstance(gate, _Count) for gate in one.gates)
    if not shut and isinstance(one.mode, Unknown):
        return one.mode
    if shut or one.mode is not GpuMode.SAME_SIZE:
        return Known(0)
    running = _sizes(one)
    if isinstance(running, Unknown):
        return running
    return Known(running[0][1].framebuffer_mib * MIB if running else 0)


def _emptied(one: _Gpu) -> _Gpu:
    """Return the GPU as it would be with nothing on it."""
    unasked = Unknown(Why.NOT_ASKED, "this is not its state now")
    return replace(one, running=Known(()), creatable=unasked, mig_instances=Known(()))


def _cause(one: _Gpu, limit: Limit) -> str:
    if limit is Limit.LOCKED:
        size = _locked(one)
        return f"locked to {gib(size.value)}" if isinstance(size, Known) else "locked"
    return {
        Limit.SERIES: "running another series",
        Limit.FRAGMENTED: "fragmented",
        Limit.MIG_ON: "in MIG mode",
        Limit.MIG_OFF: "with MIG off",
    }.get(limit, "refused by the driver")


# --- The rules of each mode ----------------------------------------------------------------------


def _left(one: _Gpu, model: GpuModel, wanted: VgpuProfile, running: _Sizes) -> _Count | Unknown:
    if one.mode is GpuMode.MIG:
        return _mig(model, wanted, running, one.mig_instances)
    if one.mode is GpuMode.MIXED_SIZE:
        return _mixed_size(wanted, running)
    return _same_size(one.host.release, wanted, running)


def _less(most: int, running: _Sizes) -> _Count:
    """Count what the catalogue allows, less what runs."""
    runs = f", {len(running)} running" if running else ""
    return _Count(max(0, most - len(running)), Limit.COUNT, f"{most} per GPU{runs}")


def _same_size(
    release: tuple[int, ...] | Unknown, wanted: VgpuProfile, running: _Sizes
) -> _Count | Unknown:
    sizes = {each.framebuffer_mib for _, each in running}
    vms = _some(f"VM {vgpu.vm}" for vgpu, _ in running)
    if len(sizes) > 1:
        return _absent(f"in same-size mode it runs vGPUs of several sizes: {vms}")
    if sizes and wanted.framebuffer_mib not in sizes:
        return _Count(0, Limit.LOCKED, f"locked to {gib(sizes.pop() * MIB)} by {vms}")
    if any(each.series != wanted.series for _, each in running):
        if isinstance(release, Unknown):
            return release
        if release < MIXES_SERIES:
            return _Count(0, Limit.SERIES, f"before vSphere 8.0 U2 one series per GPU: {vms}")
    return _less(wanted.max_per_gpu, running)


def _mixed_size(wanted: VgpuProfile, running: _Sizes) -> _Count | Unknown:
    """Count regions: a GPU is cut in halves down to regions of each size, and none may straddle.

    Larger vGPUs take whole regions of the wanted size. Where smaller ones sit is not known: at
    worst each spoils a region of its own, at best they share as few as possible.
    """
    for each in (wanted, *(each for _, each in running)):
        if each.max_per_gpu_mixed is None:
            return _absent(f"the catalogue has no mixed-size count for {each.name}", CATALOGUE)
    most = wanted.max_per_gpu_mixed or 0
    parts = [Fraction(most, each.max_per_gpu_mixed or 1) for _, each in running]
    large = sum((part for part in parts if part >= 1), Fraction(0))
    small = [part for part in parts if part < 1]
    worst = max(0, floor(most - large - len(small)))
    best = max(0, floor(most - large - ceil(sum(small, Fraction(0)))))
    if worst == best:
        counted = _less(most, running)
        if all(each.max_per_gpu_mixed == most for _, each in running):
            return counted
        taken = f"{numbered(most, 'region')} per GPU, {most - worst} taken"
        return _Count(worst, Limit.COUNT if best or most == large else Limit.FRAGMENTED, taken)
    if not worst:
        smaller = _some(vgpu.vm for vgpu, each in running)
        return _absent(f"0 to {best}: where its smaller vGPUs sit is not known ({smaller})")
    return _Count(worst, Limit.FRAGMENTED, f"{worst} to {best} by where what runs sits", True)


def _mig(
    model: GpuModel, wanted: VgpuProfile, running: _Sizes, instances: Fact[tuple[str, ...]]
) -> _Count | Unknown:
    """Count slices: exact for an idle GPU and for one profile, else only whether none is left."""
    others = [(vgpu, each) for vgpu, each in running if each != wanted]
    if others and _overflows(model, [wanted, *(each for _, each in running)]):
        vms = _some(f"VM {vgpu.vm}" for vgpu, _ in running)
        return _Count(0, Limit.COUNT, f"too few slices left by {vms}")
    if others:
        mixed = _some(each.name for _, each in others)
        return _absent(f"how many fit beside {mixed} depends on where those sit", CATALOGUE)
    counted = _less(wanted.max_per_gpu, running)
    idle = len(instances.value) - len(running) if isinstance(instances, Known) else 0
    if counted.free and idle > 0:
        exist = numbered(idle, "GPU instance")
        return _absent(f"{exist} without a running VM may hold slices", "nvidia-smi mig -lgi")
    return counted


def _overflows(model: GpuModel, together: list[VgpuProfile]) -> bool:
    """Say whether profiles certainly do not fit on one GPU: too much framebuffer or computing."""
    backed = [each for each in model.profiles if each.mig]
    whole = max(each.framebuffer_mib for each in backed)
    eighths = sum(
        floor(Fraction(MEMORY_SLICES * each.framebuffer_mib, whole) + ROUNDED) for each in together
    )
    every = max(_slices(each) for each in backed)
    own = (each for each in together if each.max_per_gpu * _slices(each) <= every)
    return eighths > MEMORY_SLICES or sum(_slices(each) for each in own) > every


def _slices(profile: VgpuProfile) -> int:
    """Return the compute slices in a name: 3 for `H100-3-40C`."""
    match = _SLICES.search(profile.name)
    return int(match[1]) if match else 0
