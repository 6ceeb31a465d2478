"""What the plan needs: the catalogue's numbers and the site's wishes, as the checks see them."""

from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

from hostcheck.model.pci import PciId


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


@lru_cache(4096)
def bare(name: str) -> str:
    """Return a profile's name without vendor words: `GRID A40-8Q`, `nvidia_a40-8q` -> `a40-8q`."""
    return name.lower().replace(" ", "_").removeprefix("nvidia_").removeprefix("grid_")


class VgpuProfile(Struct, frozen=True):
    """One vGPU type. `series` is A, B, C or Q; counts are per GPU."""

    name: str
    series: str
    framebuffer_mib: int
    mig: bool
    max_per_gpu: int
    max_per_gpu_mixed: int | None = None
    verified: bool = True


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
    vm_mmio_gib: int = 64
    """64-bit MMIO space that a VM needs for one whole GPU, GiB; the general rule where no table
    names the board."""

    def profile(self, name: str) -> VgpuProfile | None:
        """Find a profile in any spelling: vSphere's, nvidia-smi's or the catalogue's.

        The catalogue leaves the board out of some names: `DC-48Q` of an RTX PRO. None when it does
        not list the profile.
        """
        wanted = bare(name)
        exact = next((one for one in self.profiles if bare(one.name) == wanted), None)
        if exact is not None or not self.spells(name):
            return exact
        return next((one for one in self.profiles if wanted.endswith(f"_{bare(one.name)}")), None)

    def spells(self, name: str) -> bool:
        """Whether a profile name begins like one of this GPU, with or without vendor words."""
        return bare(name).startswith(tuple(bare(prefix) for prefix in self.profile_prefixes))

    def serves(self, profile: str) -> bool:
        """Whether a vSphere profile name belongs to this GPU, in either spelling."""
        return profile.lower().startswith(self.profile_prefixes)


class VgpuRelease(Struct, frozen=True):
    """A vGPU release and the driver branch of its host and guest drivers: 17 is 550."""

    release: int
    branch: int
    verified: bool
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
        try:
            wanted = (*numbers(release), 0, 0)[:3]
        except ValueError:
            return None
        known = [one for one in self.releases if numbers(one.release) <= wanted]
        return known[-1] if known else None


def numbers(release: str) -> tuple[int, ...]:
    """Return a release as numbers: (8, 0, 3). Raises ValueError when it is none."""
    return tuple(int(part) for part in release.split("."))


NO_HARDWARE = HardwareVersions("", "", {}, (), ())


class Requirements(Struct, frozen=True):
    """The catalogue, found by key."""

    edition: str
    models: dict[str, GpuModel]
    releases: tuple[VgpuRelease, ...] = ()
    """By branch, ascending."""
    hardware: HardwareVersions = NO_HARDWARE
