"""Look at a host: what forbids vGPUs on it and on its GPUs, and what its GPUs are."""

from collections.abc import Iterable, Iterator
from functools import cache

from msgspec.structs import replace

from hostcheck.capacity.seen import Count, Seen, SeenGpu, SeenHost
from hostcheck.checks.engine import all_checks, attempt, decides, deciding
from hostcheck.checks.kinds import model_of, types_are_told
from hostcheck.checks.modes import esxi_of, mode_of
from hostcheck.checks.running import running_on
from hostcheck.checks.subjects import (
    every_gpu,
    every_host,
    every_host_with_gpu,
)
from hostcheck.errors import crash
from hostcheck.model.capacity import (
    Limit,
    RunningVgpu,
)
from hostcheck.model.fact import Fact, Known, Unknown, Why, holds
from hostcheck.model.host import Host, PhysicalGpu
from hostcheck.model.requirements import (
    GpuModel,
    Requirements,
    bare,
)
from hostcheck.model.result import Result, Status

JUDGED = (every_host, every_host_with_gpu, every_gpu)
"""What the checks are about that hold for whatever VM."""
FINE = (Status.PASS, Status.NOT_APPLICABLE, Status.NOT_SELECTED)
"""What closes no gate."""


def look_at(host: Host, needs: Requirements, results: tuple[Result, ...] | None = None) -> Seen:
    """Look at a host; what goes wrong is a host whose GPUs are not known.

    `results` are what was judged of it before; without them its checks are run.
    """
    try:
        return _look(host, needs, results)
    except Exception as error:  # noqa: BLE001  one sick host, not the run
        why = Unknown(Why.UNPARSED, crash(error), "hostcheck")
        return Seen(SeenHost(host.name, host.id, host.target, host.cluster, why), (), why)


def closed(one: Seen) -> Seen:
    """Return a host as it would be in maintenance mode: it starts no VM, and keeps what runs."""
    gate = Count(0, Limit.HOST, "in maintenance mode, in thought")
    gpus = one.gpus
    if not isinstance(gpus, Unknown):
        gpus = tuple(replace(gpu, gates=(gate, *gpu.gates)) for gpu in gpus)
    return replace(one, gates=(gate, *one.gates), gpus=gpus)


def _look(host: Host, needs: Requirements, results: tuple[Result, ...] | None) -> Seen:
    gates, by_gpu = _gates(_judged(host, needs) if results is None else results)
    kept = SeenHost(host.name, host.id, host.target, host.cluster, esxi_of(host))
    if isinstance(host.gpus, Unknown):
        return Seen(kept, gates, host.gpus)
    return Seen(
        kept,
        gates,
        tuple(
            _look_at_gpu(host, kept, gpu, (*gates, *by_gpu.get(gpu.address, ())), needs)
            for gpu in host.gpus.value
        ),
    )


def _judged(host: Host, needs: Requirements) -> Iterator[Result]:
    """Run the checks of the host and of its GPUs that decide."""
    for check in all_checks():
        if check.id in gatekeepers():
            yield from check.run(host, needs)


@cache
def gatekeepers() -> frozenset[str]:
    """Return the ids of the checks that decide whatever VM is to start."""
    return frozenset(one.id for one in all_checks() if one.id in deciding() and one.each in JUDGED)


def _gates(
    results: Iterable[Result],
) -> tuple[tuple[Count | Unknown, ...], dict[str, list[Count | Unknown]]]:
    """Return what does not pass of the host and of its GPUs."""
    of_host: list[Count | Unknown] = []
    of_gpus: dict[str, list[Count | Unknown]] = {}
    for result in results:
        if result.status in FINE or result.check not in gatekeepers() or not decides(result):
            continue
        gate = _gate(result)
        if gate is not None and result.subject.kind == "gpu":
            of_gpus.setdefault(result.subject.id, []).append(gate)
        elif gate is not None:
            of_host.append(gate)
    return tuple(of_host), of_gpus


def _gate(result: Result) -> Count | Unknown | None:
    if result.status is Status.FAIL:
        family = result.check.partition("-")[0]
        limit = {"HOST": Limit.HOST, "GFX": Limit.GRAPHICS_TYPE}.get(family, Limit.NOT_SERVING)
        words = f"{result.observed}; expected {result.expected} [{result.check}]"
        return Count(0, limit, words)
    if result.status is Status.ERROR:
        return Unknown(Why.UNPARSED, f"{result.check} failed itself: {result.trace}")
    if result.status is Status.UNKNOWN and result.unseen is not None:
        told = result.unseen
        detail = f"{told.detail} [{result.check}]"
        return Unknown(Why(told.why), detail, told.asked, told.privilege)
    return None


def _look_at_gpu(
    host: Host,
    kept: SeenHost,
    gpu: PhysicalGpu,
    required: tuple[Count | Unknown, ...],
    needs: Requirements,
) -> SeenGpu:
    key = gpu.catalogue_key
    model = attempt(lambda known: model_of(gpu, needs, known))
    if isinstance(key, Unknown) and not types_are_told(gpu):
        model = key
    gates = list(required)
    running: Fact[tuple[RunningVgpu, ...]]
    if isinstance(gpu.passthrough, Unknown):
        gates.append(gpu.passthrough)
        running = running_on(host, gpu)
    elif gpu.passthrough.value.active:
        whole = "in passthrough: it is given to a VM as a whole"
        gates.insert(0, Count(0, Limit.PASSTHROUGH, whole))
        running = Known(())
    else:
        running = running_on(host, gpu)
    if holds(host.smi_answers, True) and holds(gpu.smi_seen, False):
        gates.append(Count(0, Limit.NOT_SERVING, "lost: the driver runs and does not see it"))
    return SeenGpu(
        host=kept,
        address=gpu.address,
        name=gpu.name,
        key=key,
        model=model,
        gates=tuple(gates),
        mode=mode_of(host, gpu, model),
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
    if isinstance(model, Unknown):
        return Known(frozenset(map(bare, names.value)), names.sources)
    return Known(_as_listed(names.value, model), names.sources)


_LISTED: dict[tuple[int, tuple[str, ...]], tuple[GpuModel, frozenset[str]]] = {}
"""Lists that were spelled before: hosts of one driver tell the same ones. Each keeps its model."""
MOST_LISTS = 2048


def _as_listed(names: tuple[str, ...], model: GpuModel) -> frozenset[str]:
    key = (id(model), names)
    found = _LISTED.get(key)
    if found is not None and found[0] is model:
        return found[1]
    if len(_LISTED) >= MOST_LISTS:
        _LISTED.clear()
    listed = ((model.profile(name), name) for name in names)
    spelled = frozenset(bare(name) if one is None else one.name for one, name in listed)
    _LISTED[key] = (model, spelled)
    return spelled
