"""What runs on a GPU and how many more vGPUs fit beside it: what a picture of it shows.

The numbers are those of `hostcheck capacity`, for the profiles that run there now or, where none
does, for the largest that it is cut into. Counts are vGPUs.
"""

from msgspec import Struct

from hostcheck.model.fact import Fact
from hostcheck.model.pci import PciAddress


class SlotTaken(Struct, frozen=True):
    """One vGPU of a running VM. `profile` as the catalogue spells it, else as vSphere does."""

    vm: str
    vm_id: str
    """Managed object id."""
    profile: str


class SlotsLeft(Struct, frozen=True):
    """How many more vGPUs of one profile fit now, if the GPU takes no other."""

    profile: str
    free: Fact[int]
    why: str
    """Why not more; for an Unknown count, why it is not known."""
    at_least: bool = False


class GpuSlots(Struct, frozen=True):
    """One GPU. `closed` says why no vGPU can start on it; empty when one can, or may."""

    address: PciAddress
    closed: str
    taken: Fact[tuple[SlotTaken, ...]]
    left: tuple[SlotsLeft, ...]
