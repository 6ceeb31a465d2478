"""What kind of GPU one is: by the catalogue, and by its host where the catalogue is silent."""

from typing import TypeVar

from msgspec.structs import replace

from hostcheck.checks.engine import Facts
from hostcheck.model.fact import Fact, Unknown, Why
from hostcheck.model.host import Mode, PhysicalGpu
from hostcheck.model.pci import PciId
from hostcheck.model.requirements import (
    WITHOUT_SRIOV,
    Architecture,
    GpuModel,
    Requirements,
    VgpuProfile,
    bare,
    family_of,
)

T = TypeVar("T")
MIB = 1024 * 1024
LEAST_MMIO_GIB = 64
WITH_MIG = (Architecture.AMPERE, Architecture.HOPPER, Architecture.BLACKWELL, Architecture.LATER)
"""Some of their boards have it; where nothing tells, it has to be asked for."""


def model_of(gpu: PhysicalGpu, needs: Requirements, known: Facts) -> GpuModel:
    """Return what a GPU is, or leave the check.

    The catalogue tells it, with the types that the host tells beyond it or otherwise. A GPU that
    the catalogue does not list is what its host says of it.
    """
    if isinstance(gpu.catalogue_key, Unknown):
        return _as_told(gpu, known)
    model = needs.models[known(gpu.catalogue_key)]
    known.rests_on(model.name, verified=model.verified)
    own = () if isinstance(gpu.own_types, Unknown) else gpu.own_types.value
    return _with_types(model, known(gpu.own_types)) if own else model


def kind_of(gpu: PhysicalGpu, known: Facts) -> str:
    """Return the key of its kind: the catalogue's, or the PCI id of one that is not listed."""
    if isinstance(gpu.catalogue_key, Unknown) and not isinstance(gpu.architecture, Unknown):
        return str(PciId(gpu.pci_id.vendor, gpu.pci_id.device))
    return known(gpu.catalogue_key)


def serves(gpu: PhysicalGpu, profile: str, needs: Requirements, known: Facts) -> bool:
    """Say whether a type is of this kind of GPU; leaves the check when nobody tells its types."""
    if not types_are_told(gpu):
        known(gpu.catalogue_key)
    return model_of(gpu, needs, known).serves(profile)


def types_are_told(gpu: PhysicalGpu) -> bool:
    """Say whether the catalogue or the host tells which types are of this kind of GPU."""
    if not isinstance(gpu.catalogue_key, Unknown):
        return True
    if isinstance(gpu.own_types, Unknown) or isinstance(gpu.architecture, Unknown):
        return False
    none = not isinstance(gpu.profiles_supported, Unknown) and not gpu.profiles_supported.value
    return none or bool(gpu.own_types.value)


def listed(model: GpuModel, name: str, known: Facts) -> VgpuProfile:
    """Return a type of a GPU, or leave the check."""
    found = model.profile(name)
    if found is None:
        detail = f"{name} is not among the profiles of {model.name}"
        known.leave(Unknown(Why.ABSENT, detail, "hostcheck catalogue"))
    known.rests_on(found.name, verified=found.verified)
    return found


def is_part(profile: VgpuProfile, model: GpuModel) -> bool:
    """Say whether a profile is a time-sliced part of a GPU."""
    whole = [one.framebuffer_mib for one in model.profiles if not one.mig]
    return not profile.mig and profile.framebuffer_mib < max(whole, default=0)


def _with_types(model: GpuModel, own: tuple[VgpuProfile, ...]) -> GpuModel:
    told = {bare(one.name): one for one in own}
    kept = [told.pop(bare(one.name), one) for one in model.profiles]
    families = {family_of(one.name) for one in told.values()}
    new = sorted(one for one in families if not model.spells(one))
    return replace(
        model,
        profiles=(*kept, *told.values()),
        profile_prefixes=(*model.profile_prefixes, *_spellings(new)),
    )


def _spellings(families: list[str]) -> tuple[str, ...]:
    return tuple(f"{vendor}_{one}" for one in families for vendor in ("grid", "nvidia"))


def _as_told(gpu: PhysicalGpu, known: Facts) -> GpuModel:
    """Describe a GPU that the catalogue does not list; leaves the check without its generation."""
    if isinstance(gpu.architecture, Unknown):
        known(gpu.catalogue_key)
    generation = known(gpu.architecture)
    types = () if isinstance(gpu.own_types, Unknown) else known(gpu.own_types)
    modern = generation not in WITHOUT_SRIOV
    gigabytes = -(-max([_mib(gpu), *(one.framebuffer_mib for one in types)]) // 1024)
    return GpuModel(
        key=kind_of(gpu, known),
        name=gpu.name,
        architecture=generation,
        ids=(PciId(gpu.pci_id.vendor, gpu.pci_id.device),),
        framebuffer_gib=gigabytes,
        ecc=_or(gpu.ecc_current, Mode.ENABLED) is not Mode.NOT_SUPPORTED,
        ecc_costs_framebuffer=False,
        sriov="required" if modern else "none",
        mig=_has_mig(gpu, types, generation),
        sparse=modern,
        profile_prefixes=_spellings(sorted({family_of(one.name) for one in types})),
        profiles=types,
        verified=True,
        sources=(),
        vm_mmio_gib=max(LEAST_MMIO_GIB, 2 << max(gigabytes - 1, 0).bit_length()),
        vm_mmio_verified=False,
    )


def _has_mig(gpu: PhysicalGpu, types: tuple[VgpuProfile, ...], generation: Architecture) -> bool:
    if not isinstance(gpu.mig_current, Unknown):
        return gpu.mig_current.value is not Mode.NOT_SUPPORTED
    return any(one.mig for one in types) or generation in WITH_MIG


def _mib(gpu: PhysicalGpu) -> int:
    return max(_or(gpu.framebuffer_bytes, 0), _or(gpu.graphics_memory_bytes, 0)) // MIB


def _or(fact: Fact[T], otherwise: T) -> T:
    return otherwise if isinstance(fact, Unknown) else fact.value
