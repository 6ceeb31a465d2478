"""What the plan needs: the catalogue's numbers and the site's wishes, as the checks see them."""

import re
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

from hostcheck.model.bios import BiosTable
from hostcheck.model.lifecycle import LONG_TERM, UNTOLD, Cell, EsxiLine, Minor, PackedReleases
from hostcheck.model.pci import PciId
from hostcheck.model.release import release_of


class Architecture(StrEnum):
    """GPU generations that have, or had, vGPU."""

    MAXWELL = "Maxwell"
    PASCAL = "Pascal"
    VOLTA = "Volta"
    TURING = "Turing"
    AMPERE = "Ampere"
    ADA = "Ada"
    HOPPER = "Hopper"
    BLACKWELL = "Blackwell"
    LATER = "later"
    """One that its driver names, with SR-IOV, and that this program does not know."""


WITHOUT_SRIOV = (
    Architecture.MAXWELL,
    Architecture.PASCAL,
    Architecture.VOLTA,
    Architecture.TURING,
)
"""Their vGPUs use no virtual functions; nor have they MIG or sparse tensor cores."""


@lru_cache(4096)
def bare(name: str) -> str:
    """Return a profile's name without vendor words: `GRID A40-8Q`, `nvidia_a40-8q` -> `a40-8q`."""
    return name.lower().replace(" ", "_").removeprefix("nvidia_").removeprefix("grid_")


MOST_VGPUS = 32
"""More time-sliced vGPUs of one type no GPU of the catalogue takes."""
_TYPE = re.compile(r"-(?:([0-9])-)?([0-9]{1,4})([abcq])(?:me|gfx|4)?$", re.IGNORECASE)
"""The end of a type's name: MIG slices, size in GB, series, and a form of it: `1-5CME`, `2B4`."""


class TypeName(Struct, frozen=True):
    """What the name of a vGPU type says. `slices` is 0 where MIG does not back it."""

    slices: int
    framebuffer_mib: int
    series: str


@lru_cache(4096)
def type_name(name: str) -> TypeName | None:
    """Read `A100-1-5CME`, `nvidia_rtx_pro_6000_blackwell_dc-2-24qgfx`, `grid_m60-0q` (512 MB)."""
    found = _TYPE.search(name)
    if found is None:
        return None
    return TypeName(int(found[1] or 0), int(found[2]) * 1024 or 512, found[3].upper())


def family_of(name: str) -> str:
    """Return what a type's name has before its size, without vendor words; empty when it is none.

    `GRID P4-8Q` and `grid_p4-2b4` are both of `p4-`.
    """
    found = _TYPE.search(name)
    return bare(name[: found.start() + 1]) if found else ""


def named_profile(name: str, framebuffer_mib: int) -> "VgpuProfile | None":
    """Return what the name of a type says of it, on a GPU of that size; None when it is none.

    How many fit is not in its name: so many at most, and of a MIG-backed type one.
    """
    said = type_name(name)
    if said is None:
        return None
    fit = 1 if said.slices else min(MOST_VGPUS, framebuffer_mib // said.framebuffer_mib)
    size, backed = said.framebuffer_mib, said.slices > 0
    return VgpuProfile(name, said.series, size, backed, max(1, fit), verified=False)


class VgpuProfile(Struct, frozen=True):
    """One vGPU type. `series` is A, B, C or Q; counts are per GPU."""

    name: str
    series: str
    framebuffer_mib: int
    mig: bool
    max_per_gpu: int
    max_per_gpu_mixed: int | None = None
    verified: bool = True


_INDEXES: dict[int, tuple[tuple[VgpuProfile, ...], dict[str, VgpuProfile]]] = {}
"""Profiles by bare name, by the identity of the list that each entry keeps alive."""
MOST_INDEXES = 512
"""More kinds of GPU with types of their own than the catalogue and any fleet at a time have."""


def _by_name(profiles: tuple[VgpuProfile, ...]) -> dict[str, VgpuProfile]:
    found = _INDEXES.get(id(profiles))
    if found is not None and found[0] is profiles:
        return found[1]
    if len(_INDEXES) >= MOST_INDEXES:
        _INDEXES.clear()
    named = {bare(one.name): one for one in reversed(profiles)}
    _INDEXES[id(profiles)] = (profiles, named)
    return named


@lru_cache(256)
def _beginnings(prefixes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(bare, prefixes))


class GpuModel(Struct, frozen=True):
    """One catalogue entry: a kind of physical GPU. `sources` are keys of the catalogue's list."""

    key: str
    name: str
    architecture: Architecture
    ids: tuple[PciId, ...]
    """Sub-system zero matches any."""
    framebuffer_gib: int
    ecc: bool
    ecc_costs_framebuffer: bool
    """GDDR boards pay 1/16 of the framebuffer, HBM boards nothing."""
    sriov: str
    """required, t4 or none: what vGPU on it needs of the BIOS."""
    mig: bool
    sparse: bool
    """2:4 structured sparsity in the tensor cores."""
    profile_prefixes: tuple[str, ...]
    """vSphere spellings: `nvidia_a40-`, `grid_a100d-`."""
    profiles: tuple[VgpuProfile, ...]
    verified: bool
    sources: tuple[str, ...]
    vm_mmio_gib: int = 0
    """64-bit MMIO space that a VM needs for one whole GPU, GiB; 0 where no table names the board
    and nobody inferred it."""
    vm_mmio_verified: bool = True
    """False where no table names the board and the number is inferred from its memory."""
    not_on_esxi: str = ""
    """Why no ESXi host is known to run vGPUs on it; empty where they do."""

    def profile(self, name: str) -> VgpuProfile | None:
        """Find a profile in any spelling: vSphere's, nvidia-smi's or the catalogue's.

        The catalogue leaves the board out of some names: `DC-48Q` of an RTX PRO. None when it does
        not list the profile.
        """
        wanted = bare(name)
        exact = _by_name(self.profiles).get(wanted)
        if exact is not None or not self.spells(name):
            return exact
        return next((one for one in self.profiles if wanted.endswith(f"_{bare(one.name)}")), None)

    def spells(self, name: str) -> bool:
        """Whether a profile name begins like one of this GPU, with or without vendor words."""
        return bare(name).startswith(_beginnings(self.profile_prefixes))

    def serves(self, profile: str) -> bool:
        """Whether a VM's profile name is of this GPU, in any spelling: which one is VGPU-003's."""
        return self.spells(profile)


class EsxiNeed(Struct, frozen=True):
    """The first ESXi patch that a vGPU release supports: builds order only within one version."""

    version: str
    build: int
    name: str
    verified: bool
    sources: tuple[str, ...]


class VgpuRelease(Struct, frozen=True):
    """A vGPU release and the driver branch of its host and guest drivers: 17 is 550.

    Release 0 is a branch that exists and that no vGPU release is known to use.
    """

    release: int
    branch: int
    verified: bool
    sources: tuple[str, ...]
    kind: Cell = UNTOLD
    """LTSB (long-term) or production."""
    ends: Cell = UNTOLD
    """Month after which NVIDIA supports it no more: `2026-07`."""
    enterprise: Cell = UNTOLD
    """The release of NVIDIA AI Enterprise Infra that carries it: `4.x`."""
    esxi: EsxiNeed | None = None
    packages: tuple[PackedReleases, ...] = ()
    minors: tuple[Minor, ...] = ()
    """Ascending."""
    notes: str = "https://docs.nvidia.com/vgpu/"
    """Its notes for VMware vSphere; where they are not known, where NVIDIA keeps all notes."""

    @property
    def long_term(self) -> bool:
        """Whether it is a long-term support branch, or believed to be one."""
        return self.kind.value == LONG_TERM


class DriverEnd(Struct, frozen=True):
    """The last driver branch for some GPUs, named by generation or by key."""

    of: tuple[str, ...]
    last_branch: int
    verified: bool
    sources: tuple[str, ...]

    def concerns(self, model: GpuModel) -> bool:
        """Whether the GPU is one of them."""
        return model.architecture.value in self.of or model.key in self.of


class DriverFault(Struct, frozen=True):
    """A fault of a driver branch on some generations, and the version that cured it."""

    branch: int
    cured: str
    release: str
    architectures: tuple[Architecture, ...]
    what: str
    sources: tuple[str, ...]


class HostRelease(Struct, frozen=True):
    """A release of ESXi and the newest virtual hardware that it runs: 21 of `vmx-21`."""

    release: str
    hardware_version: int
    verified: bool
    sources: tuple[str, ...]


class HardwareVersions(Struct, frozen=True):
    """Which virtual hardware each release of ESXi runs; updates matter."""

    schema: str
    edition: str
    """Date of the newest source that was read."""
    sources: dict[str, str]
    releases: tuple[HostRelease, ...]
    """Ascending; each holds until the next."""
    foreign: tuple[int, ...]
    """Versions of other products between those of ESXi."""

    def of(self, release: str) -> HostRelease | None:
        """Return the entry that a release falls under; None where it is no release of the list."""
        numbers = release_of(release)
        if not numbers:
            return None
        wanted = (*numbers, 0, 0)[:3]
        known = [one for one in self.releases if release_of(one.release) <= wanted]
        return known[-1] if known else None


NO_HARDWARE = HardwareVersions("", "", {}, (), ())


class Requirements(Struct, frozen=True):
    """The catalogue, found by key."""

    edition: str
    models: dict[str, GpuModel]
    releases: tuple[VgpuRelease, ...] = ()
    """By branch, ascending."""
    hardware: HardwareVersions = NO_HARDWARE
    ends: tuple[DriverEnd, ...] = ()
    faults: tuple[DriverFault, ...] = ()
    esxi: tuple[EsxiLine, ...] = ()
    """Lines of ESXi, ascending."""
    bios: BiosTable = BiosTable()
    table_edition: str = ""
    """Date of the table of releases and lines: of the newest source that was read."""
