"""Curated vendor numbers, as data files with their sources, and their loader."""

from functools import cache
from importlib import resources
from typing import Any

import msgspec

from hostcheck.model.bios import BiosTable
from hostcheck.model.lifecycle import EsxiLine
from hostcheck.model.pci import NVIDIA, PciId
from hostcheck.model.requirements import (
    DriverEnd,
    DriverFault,
    GpuModel,
    HardwareVersions,
    Requirements,
    VgpuRelease,
    type_name,
)
from hostcheck.model.truce import Control


class _File(msgspec.Struct, frozen=True):
    schema: str
    edition: str
    """Date of the newest source that was read."""
    sources: dict[str, str]
    faults: tuple[DriverFault, ...]
    gpus: tuple[dict[str, Any], ...]
    """As they are written: ids as `13bd:1160`, types without what their names say."""


class _Table(msgspec.Struct, frozen=True):
    """`releases.json`: how long releases of vGPU and lines of ESXi live, and what is in them."""

    schema: str
    edition: str
    """Date of the newest source that was read."""
    sources: dict[str, str]
    releases: tuple[VgpuRelease, ...]
    ends: tuple[DriverEnd, ...]
    esxi: tuple[EsxiLine, ...]


@cache
def _file() -> _File:
    return msgspec.json.decode(_bytes("gpus.json"), type=_File)


@cache
def _table() -> _Table:
    return msgspec.json.decode(_bytes("releases.json"), type=_Table)


@cache
def hardware_versions() -> HardwareVersions:
    """Return which virtual hardware each release of ESXi runs."""
    return msgspec.json.decode(_bytes("hardware_versions.json"), type=HardwareVersions)


def _bytes(name: str) -> bytes:
    return resources.files("hostcheck.catalog").joinpath(name).read_bytes()


@cache
def _models() -> dict[str, GpuModel]:
    return {model.key: model for model in map(_model, _file().gpus)}


def _model(written: dict[str, Any]) -> GpuModel:
    ids = [_pci_id(one) for one in written["ids"]]
    profiles = [_profile(one) for one in written["profiles"]]
    return msgspec.convert({**written, "ids": ids, "profiles": profiles}, GpuModel)


def _pci_id(written: str) -> PciId:
    """Read `13bd` or `13bd:1160`: a device of NVIDIA's and, where that decides, its subsystem."""
    device, _, sub_device = written.partition(":")
    return PciId(NVIDIA, int(device, 16), 0, int(sub_device or "0", 16))


def _profile(written: dict[str, Any]) -> dict[str, Any]:
    named = type_name(written["name"])
    if named is None:
        raise ValueError(f"not the name of a vGPU type: {written['name']}")
    return {**written, "series": named.series, "mig": named.slices > 0}


@cache
def bios() -> BiosTable:
    """Return which attribute of a BIOS says which setting, and in which menu it stands."""
    return msgspec.json.decode(_bytes("bios.json"), type=BiosTable)


class _Hardening(msgspec.Struct, frozen=True):
    """`hardening.json`: controls of hardening standards that find fault with GPU hosts and VMs."""

    schema: str
    edition: str
    sources: dict[str, str]
    controls: tuple[Control, ...]


@cache
def hardening() -> tuple[Control, ...]:
    """Return the controls of hardening standards that find fault with GPU hosts and VMs."""
    held = msgspec.json.decode(_bytes("hardening.json"), type=_Hardening)
    return tuple(
        msgspec.structs.replace(one, source=held.sources[one.source]) for one in held.controls
    )


@cache
def requirements() -> Requirements:
    """Return the catalogue as the checks see it."""
    file, table = _file(), _table()
    return Requirements(
        file.edition, _models(), table.releases,
        hardware=hardware_versions(), ends=table.ends, faults=file.faults,
        esxi=table.esxi, bios=bios(), table_edition=table.edition,
    )  # fmt: skip


def sources() -> dict[str, str]:
    """Return the sources of GPUs and releases by key."""
    return {**_file().sources, **_table().sources, **bios().sources}


def identify(pci_id: PciId) -> GpuModel | None:
    """Find a GPU by PCI id and subsystem; an A2 and an A16 differ in the subsystem alone.

    None means that the catalogue does not know it: not that it may not run vGPU.
    """
    for model in _models().values():
        for one in model.ids:
            if (one.vendor, one.device) == (pci_id.vendor, pci_id.device) and one.sub_device in (
                0,
                pci_id.sub_device,
            ):
                return model
    return None


def has_device(pci_id: PciId) -> bool:
    """Say whether a vendor and device id is that of any GPU of the catalogue."""
    return any(
        (one.vendor, one.device) == (pci_id.vendor, pci_id.device)
        for model in requirements().models.values()
        for one in model.ids
    )
