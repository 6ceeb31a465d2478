"""How many vGPUs of a VM a GPU that has room can take: at least, and at most.

What is not known widens the span: it makes neither room nor the lack of it.
"""

from typing import NamedTuple

from hostcheck.checks.engine import attempt
from hostcheck.checks.kinds import model_of
from hostcheck.checks.modes import in_time
from hostcheck.checks.running import running_on
from hostcheck.model.capacity import GpuMode
from hostcheck.model.fact import Unknown
from hostcheck.model.host import Host, PhysicalGpu
from hostcheck.model.requirements import GpuModel, Requirements, VgpuProfile, bare


class Seats(NamedTuple):
    """How many vGPUs fit."""

    least: int
    most: int


def seats(
    gpu: PhysicalGpu, host: Host, wanted: tuple[str, ...], number: int, needs: Requirements
) -> Seats:
    """Return how many of so many vGPUs fit on a GPU that has room for one of each profile."""
    model = attempt(lambda known: model_of(gpu, needs, known))
    if isinstance(model, Unknown):
        return Seats(1, number)
    names = {bare(name): name for name in wanted}.values()
    spans = [_of(gpu, host, model, name, number) for name in names]
    least = spans[0].least if len(spans) == 1 else 1
    return Seats(min(least, number), min(max(one.most for one in spans), number))


def _of(gpu: PhysicalGpu, host: Host, model: GpuModel, name: str, number: int) -> Seats:
    profile = model.profile(name)
    if profile is None or not profile.verified:
        return Seats(1, number)
    counts = _per_gpu(gpu, host, model, profile)
    most = max((one for one in counts if one is not None), default=number)
    least = min((one or 1 for one in counts), default=1)
    here = running_on(host, gpu)
    if isinstance(here, Unknown):
        return Seats(1, most)
    held = gpu.mig_instances
    if profile.mig and (isinstance(held, Unknown) or len(held.value) > len(here.value)):
        return Seats(1, most)
    running = [model.profile(one.profile) for one in here.value]
    if all(one is not None and _alike(one, profile) for one in running):
        return Seats(max(1, least - len(running)), max(1, most - len(running)))
    return Seats(1, most)


def _alike(one: VgpuProfile, other: VgpuProfile) -> bool:
    """Say whether one takes the place that the other would."""
    if one.mig or other.mig:
        return one.name == other.name
    return one.framebuffer_mib == other.framebuffer_mib


def _per_gpu(
    gpu: PhysicalGpu, host: Host, model: GpuModel, profile: VgpuProfile
) -> tuple[int | None, ...]:
    """Return what an empty GPU takes, in each mode that it may be in; None where none tells."""
    same, mixed = profile.max_per_gpu, profile.max_per_gpu_mixed
    if profile.mig:
        return (same,)
    mode = in_time(host, gpu, model)
    if isinstance(mode, Unknown):
        return (same, mixed)
    return (mixed,) if mode is GpuMode.MIXED_SIZE else (same,)
