"""The rules of each mode: how many more of one profile fit beside what runs."""

import re
from fractions import Fraction
from math import ceil, floor

from hostcheck.capacity.seen import CATALOGUE, MIB, Count, SeenGpu, Sizes, absent
from hostcheck.model.capacity import GpuMode, Limit
from hostcheck.model.fact import Fact, Known, Unknown
from hostcheck.model.requirements import (
    GpuModel,
    VgpuProfile,
)
from hostcheck.words import count, gib, some

MIXES_SERIES = (8, 0, 2)
"""First release that runs types of one size and different series on one GPU."""
MEMORY_SLICES = 8
"""Parts that MIG cuts the framebuffer into."""
ROUNDED = Fraction(1, 10)
"""Names round: the 35 GiB of 1/4 of a 141 GiB GPU are 1.99 eighths."""
_SLICES = re.compile(r"-(\d{1,3})-\d+[a-z]+$", re.IGNORECASE)


def left(one: SeenGpu, model: GpuModel, wanted: VgpuProfile, running: Sizes) -> Count | Unknown:
    """Count how many more of a profile fit beside what runs."""
    if one.mode is GpuMode.MIG:
        return _mig(model, wanted, running, one.mig_instances)
    if one.mode is GpuMode.MIXED_SIZE:
        return _mixed_size(wanted, running)
    return _same_size(one.host.release, wanted, running)


def _less(most: int, running: Sizes) -> Count:
    """Count what the catalogue allows, less what runs."""
    runs = f", {len(running)} running" if running else ""
    return Count(max(0, most - len(running)), Limit.COUNT, f"{most} per GPU{runs}")


def _same_size(
    release: tuple[int, ...] | Unknown, wanted: VgpuProfile, running: Sizes
) -> Count | Unknown:
    sizes = {each.framebuffer_mib for _, each in running}
    vms = some(f"VM {vgpu.vm}" for vgpu, _ in running)
    if len(sizes) > 1:
        return absent(f"in same-size mode it runs vGPUs of several sizes: {vms}")
    if sizes and wanted.framebuffer_mib not in sizes:
        return Count(0, Limit.LOCKED, f"locked to {gib(sizes.pop() * MIB)} by {vms}")
    if any(each.series != wanted.series for _, each in running):
        if isinstance(release, Unknown):
            return release
        if release < MIXES_SERIES:
            return Count(0, Limit.SERIES, f"before vSphere 8.0 U2 one series per GPU: {vms}")
    return _less(wanted.max_per_gpu, running)


def _mixed_size(wanted: VgpuProfile, running: Sizes) -> Count | Unknown:
    """Count regions: a GPU is cut in halves down to regions of each size, and none may straddle.

    Larger vGPUs take whole regions of the wanted size. Where smaller ones sit is not known: at
    worst each spoils a region of its own, at best they share as few as possible.
    """
    for each in (wanted, *(each for _, each in running)):
        if each.max_per_gpu_mixed is None:
            return absent(f"the catalogue has no mixed-size count for {each.name}", CATALOGUE)
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
        taken = f"{count(most, 'region')} per GPU, {most - worst} taken"
        return Count(worst, Limit.COUNT if best or most == large else Limit.FRAGMENTED, taken)
    if not worst:
        smaller = some(vgpu.vm for vgpu, each in running)
        return absent(f"0 to {best}: where its smaller vGPUs sit is not known ({smaller})")
    return Count(worst, Limit.FRAGMENTED, f"{worst} to {best} by where what runs sits", True)


def _mig(
    model: GpuModel, wanted: VgpuProfile, running: Sizes, instances: Fact[tuple[str, ...]]
) -> Count | Unknown:
    """Count slices: exact for an idle GPU and for one profile, else only whether none is left."""
    others = [(vgpu, each) for vgpu, each in running if each != wanted]
    if others and _overflows(model, [wanted, *(each for _, each in running)]):
        vms = some(f"VM {vgpu.vm}" for vgpu, _ in running)
        return Count(0, Limit.COUNT, f"too few slices left by {vms}")
    if others:
        mixed = some(each.name for _, each in others)
        return absent(f"how many fit beside {mixed} depends on where those sit", CATALOGUE)
    counted = _less(wanted.max_per_gpu, running)
    idle = len(instances.value) - len(running) if isinstance(instances, Known) else 0
    if counted.free and idle > 0:
        exist = count(idle, "GPU instance")
        return absent(f"{exist} without a running VM may hold slices", "nvidia-smi mig -lgi")
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
