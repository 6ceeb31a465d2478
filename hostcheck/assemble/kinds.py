"""What a host itself says of the kind of its GPUs: their generation, and types of its own."""

import re
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from hostcheck.model.fact import Fact, Known, Unknown, Why
from hostcheck.model.host import PhysicalGpu, VgpuLimit
from hostcheck.model.requirements import (
    Architecture,
    GpuModel,
    VgpuProfile,
    bare,
    named_profile,
)

MIB = 1024 * 1024
_CHIPS = {
    "GM": Architecture.MAXWELL,
    "GP": Architecture.PASCAL,
    "GV": Architecture.VOLTA,
    "TU": Architecture.TURING,
    "GA": Architecture.AMPERE,
    "AD": Architecture.ADA,
    "GH": Architecture.HOPPER,
    "GB": Architecture.BLACKWELL,
}
_CHIP = re.compile(rf"\b({'|'.join(_CHIPS)})[0-9]{{3}}(?:GL)?M?\b")
_BY_NAME = {one.value.lower(): one for one in Architecture if one is not Architecture.LATER}
_BEFORE = ("fermi", "kepler", "tesla")
"""Generations before the first that the catalogue knows."""


def generation(said: Fact[str], called: Fact[str], mode: Fact[str]) -> Fact[Architecture]:
    """Return a GPU's generation: nvidia-smi's word, else the chip that vSphere's name tells.

    A word that is none of ours is a later one, where the driver makes virtual functions for vGPUs.
    """
    word = said.value.partition(" ")[0].lower() if isinstance(said, Known) else ""
    if isinstance(said, Known) and word in _BY_NAME:
        return Known(_BY_NAME[word], said.sources)
    chip = _CHIP.search(called.value) if isinstance(called, Known) else None
    if isinstance(called, Known) and chip:
        return Known(_CHIPS[chip[1]], called.sources)
    if isinstance(said, Unknown):
        return said
    if word not in _BEFORE and isinstance(mode, Known) and mode.value == "SR-IOV":
        return Known(Architecture.LATER, (*said.sources, *mode.sources))
    detail = f"nvidia-smi calls its generation {said.value!r}, which is not in the catalogue"
    return Unknown(Why.ABSENT, detail, "nvidia-smi -q -x")


def with_own_types(
    gpus: Iterable[PhysicalGpu], models: dict[str, GpuModel], offered: Fact[tuple[str, ...]]
) -> tuple[PhysicalGpu, ...]:
    """Give each GPU the types that its host tells and that the catalogue does not, or otherwise.

    What vSphere offers is of the whole host: it is counted as a GPU's own where it is named like
    the types of its kind, or where no other GPU of the host can be meant.
    """
    listed = list(gpus)
    kinds = {gpu.pci_id: _model(gpu, models) for gpu in listed}
    strange = [pci_id for pci_id, model in kinds.items() if model is None]

    def of(gpu: PhysicalGpu, name: str) -> bool:
        model = kinds[gpu.pci_id]
        if model is not None:
            return model.spells(name)
        others = [one for one in kinds.values() if one is not None]
        return strange == [gpu.pci_id] and not any(one.spells(name) for one in others)

    return tuple(
        replace(gpu, own_types=_own(gpu, kinds[gpu.pci_id], of, offered)) for gpu in listed
    )


def _model(gpu: PhysicalGpu, models: dict[str, GpuModel]) -> GpuModel | None:
    return None if isinstance(gpu.catalogue_key, Unknown) else models[gpu.catalogue_key.value]


def _own(
    gpu: PhysicalGpu,
    model: GpuModel | None,
    of: Callable[[PhysicalGpu, str], bool],
    offered: Fact[tuple[str, ...]],
) -> Fact[tuple[VgpuProfile, ...]]:
    size = model.framebuffer_gib * 1024 if model else _framebuffer_mib(gpu)
    found: dict[str, VgpuProfile] = {}
    sources: set[int] = set()
    names = [] if isinstance(offered, Unknown) else [one for one in offered.value if of(gpu, one)]
    for fact, told in ((gpu.profiles_supported, None), (offered, names)):
        if isinstance(fact, Known):
            for name in fact.value if told is None else told:
                if bare(name) in found or (model and model.profile(name)):
                    continue
                if one := named_profile(name, size):
                    found[bare(name)] = one
                    sources.update(fact.sources)
    if isinstance(gpu.profile_limits, Known):
        for limit in gpu.profile_limits.value:
            one = _as_told(limit, model.profile(limit.name) if model else None, size)
            if one is not None:
                found[bare(limit.name)] = one
                sources.update(gpu.profile_limits.sources)
    return Known(tuple(found.values()), tuple(sorted(sources)))


def _as_told(limit: VgpuLimit, listed: VgpuProfile | None, size: int) -> VgpuProfile | None:
    """Return a type with its driver's numbers; None where they are the catalogue's."""
    one = listed or named_profile(limit.name, size)
    if one is None:
        return None
    most, told = limit.max_per_gpu, limit.framebuffer_bytes
    numbers = replace(
        one,
        max_per_gpu=most.value if isinstance(most, Known) and most.value else one.max_per_gpu,
        framebuffer_mib=told.value // MIB if isinstance(told, Known) else one.framebuffer_mib,
        verified=one.verified or isinstance(most, Known),
    )
    same = listed and (listed.max_per_gpu, listed.framebuffer_mib) == (
        numbers.max_per_gpu,
        numbers.framebuffer_mib,
    )
    return None if same and listed and listed.verified else numbers


def _framebuffer_mib(gpu: PhysicalGpu) -> int:
    """Return what is known of a GPU's memory; 0 where nothing is."""
    for fact in (gpu.framebuffer_bytes, gpu.graphics_memory_bytes):
        if isinstance(fact, Known) and fact.value:
            return fact.value // MIB
    return 0
