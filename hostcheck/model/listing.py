"""What there is, in a line each: hosts, and VMs that have, or may have, a GPU."""

from msgspec import Struct

from hostcheck.model.fact import Fact


class HostRow(Struct, frozen=True):
    """One host. `gpus` are names of its NVIDIA GPUs, `vms` counts the VMs with a GPU on it."""

    name: str
    vcenter: str
    id: str
    """Managed object id."""
    cluster: Fact[str]
    state: Fact[str]
    """connected, disconnected or notResponding; maintenance where it is connected and in that."""
    version: Fact[str]
    gpus: Fact[tuple[str, ...]]
    vms: Fact[int]


class Hosts(Struct, frozen=True):
    """All of them, by name."""

    rows: tuple[HostRow, ...]


class VmRow(Struct, frozen=True):
    """One VM with a GPU. `devices` are its vGPU profiles, and `passthrough` for each whole GPU."""

    name: str
    id: str
    """Managed object id."""
    host: str
    vcenter: str
    cluster: Fact[str]
    power: Fact[str]
    """poweredOn, poweredOff or suspended."""
    devices: Fact[tuple[str, ...]]
    gpus: Fact[tuple[str, ...]]
    """Addresses of the GPUs that serve it now."""


class Vms(Struct, frozen=True):
    """All of them, by name. `untold` are hosts whose VMs are not known, and why."""

    rows: tuple[VmRow, ...]
    untold: tuple[tuple[str, str], ...]
