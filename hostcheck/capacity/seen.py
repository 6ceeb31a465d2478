"""What counting needs of a host and its GPUs, as they were looked at once."""

from msgspec import Struct

from hostcheck.checks.modes import SERVED_BY
from hostcheck.model.capacity import GpuMode, Limit, RunningVgpu
from hostcheck.model.fact import Fact, Unknown, Why
from hostcheck.model.pci import PciAddress
from hostcheck.model.requirements import GpuModel, VgpuProfile, bare

CATALOGUE = "hostcheck catalogue"
MIB = 1024 * 1024


class Count(Struct, frozen=True):
    """A count that is known, and what bounds it."""

    free: int
    limit: Limit
    reason: str
    at_least: bool = False


class SeenHost(Struct, frozen=True):
    """What counting needs of one host, so that the rest of it can go."""

    name: str
    id: str
    target: str
    cluster: Fact[str]
    release: tuple[int, ...] | Unknown


class SeenGpu(Struct, frozen=True):
    """What counting needs of one GPU. `gates` forbid every vGPU on it, or leave that open."""

    host: SeenHost
    address: PciAddress
    name: str
    key: Fact[str]
    """Its entry in the catalogue."""
    model: GpuModel | Unknown
    gates: tuple[Count | Unknown, ...]
    mode: GpuMode | Unknown
    running: Fact[tuple[RunningVgpu, ...]]
    offered: Fact[frozenset[str]]
    """By vSphere, as the catalogue spells profiles; bare names where the model is not known."""
    supported: Fact[frozenset[str]]
    creatable: Fact[frozenset[str]]
    mig_instances: Fact[tuple[str, ...]]


class Seen(Struct, frozen=True):
    """One host as it was looked at."""

    host: SeenHost
    gates: tuple[Count | Unknown, ...]
    gpus: tuple[SeenGpu, ...] | Unknown


def lists(names: frozenset[str], name: str) -> bool:
    """Say whether a list holds a profile."""
    wanted = bare(name)
    return name in names or any(each == wanted or each.endswith(f"_{wanted}") for each in names)


def absent(detail: str, asked: str = SERVED_BY) -> Unknown:
    """Say that an answer leaves something open."""
    return Unknown(Why.ABSENT, detail, asked)


Sizes = list[tuple[RunningVgpu, VgpuProfile]]


def sizes(one: SeenGpu) -> Sizes | Unknown:
    """Find what runs in the catalogue."""
    if isinstance(one.running, Unknown):
        return one.running
    if isinstance(one.model, Unknown):
        return one.model
    found = []
    for vgpu in one.running.value:
        profile = one.model.profile(vgpu.profile)
        if profile is None:
            return absent(
                f"{vgpu.profile} of VM {vgpu.vm} is not among the profiles of {one.model.name}",
                CATALOGUE,
            )
        found.append((vgpu, profile))
    return found
