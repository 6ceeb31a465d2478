"""The vGPU profiles of some hosts: what they offer, and what the catalogue and the drivers know."""

from msgspec import Struct


class ProfileRow(Struct, frozen=True):
    """One vGPU type of one kind of GPU. `name` is vSphere's where a host offers it."""

    name: str
    gpu: str
    series: str
    framebuffer_mib: int
    mig: bool
    max_per_gpu: int
    """0: not known."""
    known_by: str
    """catalogue, or host: only the hosts tell it."""
    offered_by: tuple[str, ...]
    """Hosts whose vSphere offers it now."""


class Profiles(Struct, frozen=True):
    """All of them, by GPU. `untold` are hosts and GPUs of which nothing is known, and why."""

    edition: str
    hosts: int
    rows: tuple[ProfileRow, ...]
    untold: tuple[tuple[str, str], ...]
