"""How many more vGPUs fit now, and why not more. Counts are vGPUs; sizes are bytes.

A VM with one vGPU takes one. A count that cannot be told is Unknown, never zero, and a sum that
holds such a part is a lower bound.
"""

from enum import StrEnum

from msgspec import Struct

from hostcheck.model.fact import Fact, Unknown, Why
from hostcheck.model.pci import PciAddress
from hostcheck.model.run import Asked


class GpuMode(StrEnum):
    """How a GPU is shared now. The first three are vSphere's words."""

    SAME_SIZE = "sameSize"
    """Time-sliced; its first vGPU locks it to one framebuffer size."""
    MIXED_SIZE = "mixedSize"
    """Time-sliced; sizes mix, each in a fixed region."""
    MIG = "multiInstanceGpu"
    """Cut into GPU instances; time-sliced types cannot start."""
    PASSTHROUGH = "passthrough"
    """Given to a VM as a whole."""
    NOT_SERVING = "not serving"
    """No vGPU can start on it: host, driver, graphics type or BIOS forbid."""
    UNKNOWN = "unknown"


class Limit(StrEnum):
    """What keeps a count from being larger."""

    COUNT = "count"
    """The catalogue's number per GPU, less what runs."""
    LOCKED = "locked"
    """Another framebuffer size runs in same-size mode."""
    SERIES = "series"
    """Another series of the same size runs, and the release does not mix series."""
    FRAGMENTED = "fragmented"
    """What runs leaves no region of this size in mixed-size mode."""
    MIG_ON = "MIG on"
    MIG_OFF = "MIG off"
    OTHER_KIND = "other kind"
    """The profile belongs to another kind of GPU."""
    NOT_OFFERED = "not offered"
    """vSphere or the installed driver does not make the profile here."""
    DRIVER = "driver"
    """The driver says that it cannot be created now."""
    PASSTHROUGH = "passthrough"
    NOT_SERVING = "not serving"
    """A required check of the GPU fails."""
    GRAPHICS_TYPE = "graphics type"
    """The graphics type of the GPU is not Shared Direct."""
    HOST = "host"
    """The host starts no VM: it is not connected, or in maintenance mode."""
    UNKNOWN = "unknown"
    """Something that the count needs is not known."""


class RunningVgpu(Struct, frozen=True):
    """One vGPU of a running VM. `profile` as vSphere spells it."""

    vm: str
    vm_id: str
    """Managed object id."""
    profile: str


class Room(Struct, frozen=True):
    """How many more vGPUs of one profile a GPU takes now, if it takes no other."""

    profile: str
    """As the catalogue spells it: `A100D-40C`."""
    free: Fact[int]
    limit: Limit
    reason: str
    """Why not more; for an Unknown count, why it is not known."""
    at_least: bool = False
    """More may fit: where the running vGPUs sit is not known, and the worst was assumed."""
    disagreement: str = ""
    """Where catalogue and driver say different things; the smaller number was kept."""


class Total(Struct, frozen=True):
    """The sum of the rooms for one profile. `at_least`: some part of it is not known."""

    profile: str
    free: int
    at_least: bool


class GpuCapacity(Struct, frozen=True):
    """One physical GPU and the room on it, for each profile that was asked about."""

    address: PciAddress
    name: str
    model: Fact[str]
    """Its entry in the catalogue."""
    mode: GpuMode
    mode_reason: str
    """Why it serves no vGPU, or why its mode is not known; else empty."""
    locked_bytes: Fact[int]
    """Framebuffer size that it is locked to; 0 is not locked."""
    running: Fact[tuple[RunningVgpu, ...]]
    """vGPUs of powered-on VMs; empty in passthrough."""
    driver_asked: bool
    """Whether the driver's list of what it can create now was read."""
    rooms: tuple[Room, ...]


class HostCapacity(Struct, frozen=True):
    """One host. `closed` says why it starts no VM at all; empty when it does, or may."""

    name: str
    id: str
    """Managed object id."""
    closed: str
    gpus: Fact[tuple[GpuCapacity, ...]]
    totals: tuple[Total, ...]
    vcenter_says: Fact[int] = Unknown(Why.NOT_ASKED, "vCenter was not asked")
    """How many more vGPUs of the one profile fit, in vCenter's own count (from 9.0 on)."""
    target: str = ""
    """vCenter or ESXi that it is of."""


class StrandedGpu(Struct, frozen=True):
    """A GPU with enough free framebuffer for a profile that it cannot take, and why."""

    host: str
    address: PciAddress
    limit: Limit
    reason: str


class Move(Struct, frozen=True):
    """A VM that alone keeps GPUs from taking a profile: without it they take `gains` vGPUs."""

    vm: str
    vm_id: str
    host: str
    gpus: tuple[PciAddress, ...]
    """GPUs that it frees."""
    gains: int
    elsewhere: bool
    """Whether other GPUs of the cluster, of no use to the profile, are known to take its vGPUs."""


class Stranded(Struct, frozen=True):
    """Fragmentation for one profile in one cluster: room that is there and cannot be used."""

    profile: str
    gpus: tuple[StrandedGpu, ...]
    sentence: str
    moves: tuple[Move, ...]
    """Best first: the one that frees the most GPUs."""


class ClusterCapacity(Struct, frozen=True):
    """Hosts of one vCenter that name the same cluster; those without a known one are together."""

    name: Fact[str]
    hosts: tuple[HostCapacity, ...]
    totals: tuple[Total, ...]
    stranded: tuple[Stranded, ...]
    target: str = ""
    """vCenter or ESXi that it is of."""


class Capacity(Struct, frozen=True):
    """The answer. `profile` is empty when all profiles of the GPUs that were found are counted.

    VM memory, processors and NUMA are not part of it.
    """

    profile: str
    catalogue_edition: str
    clusters: tuple[ClusterCapacity, ...]
    totals: tuple[Total, ...]
    """Lower bounds where a vCenter could not be asked."""
    targets: tuple[Asked, ...] = ()
    """All that was asked, where that was more than one."""
    in_maintenance: tuple[str, ...] = ()
    """Hosts that were put into maintenance mode in thought."""
