"""Curated vendor numbers, as data files with their sources, and their loader."""

from functools import cache
from importlib import resources

import msgspec

from hostcheck.model.pci import PciId
from hostcheck.model.requirements import (
    GpuModel,
    HardwareVersions,
    Requirements,
    VgpuRelease,
)


class _File(msgspec.Struct, frozen=True):
    schema: str
    edition: str
    """Date of the newest source that was read."""
    sources: dict[str, str]
    releases: tuple[VgpuRelease, ...]
    gpus: tuple[GpuModel, ...]


@cache
def _file() -> _File:
    data = resources.files("hostcheck.catalog").joinpath("gpus.json").read_bytes()
    return msgspec.json.decode(data, type=_File)


@cache
def hardware_versions() -> HardwareVersions:
    """Return which virtual hardware each release of ESXi runs."""
    data = resources.files("hostcheck.catalog").joinpath("hardware_versions.json").read_bytes()
    return msgspec.json.decode(data, type=HardwareVersions)


def requirements() -> Requirements:
    """Return the catalogue as the checks see it."""
    file = _file()
    return Requirements(
        file.edition,
        {model.key: model for model in file.gpus},
        file.releases,
        hardware=hardware_versions(),
    )


def sources() -> dict[str, str]:
    """Return the catalogue's sources by key."""
    return dict(_file().sources)


def identify(pci_id: PciId) -> GpuModel | None:
    """Find a GPU by PCI id and subsystem; an A2 and an A16 differ in the subsystem alone.

    None means that the catalogue does not know it: not that it may not run vGPU.
    """
    for model in _file().gpus:
        for one in model.ids:
            if (one.vendor, one.device) == (pci_id.vendor, pci_id.device) and one.sub_device in (
                0,
                pci_id.sub_device,
            ):
                return model
    return None
