"""Compare the catalogue with tables that NVIDIA and pci.ids publish: what a new release changes.

    python -m hostcheck.catalog.compare --vgpu-config vgpuConfig.xml --names g_nv_name_released.h \
        --device-manager config-example.yaml --pci-ids pci.ids

Any of them will do; `--bulletins` and `--archive` take a checkout of NVIDIA/product-security and of
nvidiavgpuarchive/index. It prints one line per difference and changes nothing. Exit status: 0 none,
1 some, 2 a file that is none of its kind.
"""

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

from hostcheck import catalog
from hostcheck.catalog.published import from_archive, from_bulletins
from hostcheck.errors import HostcheckError, ParseError
from hostcheck.model.requirements import GpuModel, VgpuProfile, bare, type_name
from hostcheck.syntax.xml import root_of

TITLE = "Compare the catalogue with tables that NVIDIA and pci.ids publish."

_RELEASED = re.compile(
    r"\{\s*0x([0-9A-Fa-f]{4}),\s*0x([0-9A-Fa-f]{4}),\s*0x10[Dd][Ee],\s*\"([^\"]+)\""
)
_COUNTED = re.compile(r"^\s+([0-9A-Z][\w .-]*): ([0-9]+)\s*$", re.MULTILINE)
_NVIDIA = re.compile(r"^10de  .*\n((?:(?:\t|#).*\n?)*)", re.MULTILINE)
_DEVICE = re.compile(r"^\t([0-9a-f]{4})  (.+)$", re.MULTILINE)


class PublishedType(Struct, frozen=True):
    """A vGPU type as a table has it; zeros where the table does not say."""

    device: int
    sub_device: int
    name: str
    framebuffer_mib: int = 0
    max_per_gpu: int = 0


def released_names(text: str) -> list[PublishedType]:
    """Read `g_nv_name_released.h` of the open kernel modules: ids and names of GPUs and types."""
    found = [PublishedType(int(device, 16), 0, name) for device, _, name in _RELEASED.findall(text)]
    if not found:
        raise ParseError('expected rows like { 0x20F5, 0x1799, 0x10de, "NVIDIA A800 80GB PCIe" }')
    return found


def vgpu_config(text: str) -> list[PublishedType]:
    """Read `vgpuConfig.xml` of a host driver package: sizes, and counts per GPU."""
    root = root_of(text, what="vgpuConfig.xml")
    types = {one.get("id", ""): one for one in root.findall("vgpuType")}
    found = []
    for gpu in root.findall("pgpu"):
        device = gpu.find("devId")
        if device is None:
            raise ParseError("vgpuConfig.xml: a pgpu without its devId")
        for supported in gpu.findall("supportedVgpu"):
            one = types.get(supported.get("vgpuId", ""))
            if one is None:
                raise ParseError(f"vgpuConfig.xml: no type {supported.get('vgpuId')!r}")
            found.append(
                PublishedType(
                    int(device.get("deviceId", "0"), 16),
                    int(device.get("subsystemId", "0"), 16),
                    one.get("name", ""),
                    int(one.findtext("profileSize", "0"), 16) // 2**20,
                    int(supported.findtext("maxVgpus", "0")),
                )
            )
    if not found:
        raise ParseError("vgpuConfig.xml: no pgpu with a supportedVgpu")
    return found


def device_manager(text: str) -> dict[str, set[int]]:
    """Read the configuration of NVIDIA's vGPU device manager: counts by a type's short name."""
    found: dict[str, set[int]] = {}
    for name, count in _COUNTED.findall(text):
        if type_name(name):
            found.setdefault(name, set()).add(int(count))
    if not found:
        raise ParseError("expected lines like `A40-8Q: 6` below vgpu-devices")
    return found


def pci_ids(text: str) -> dict[int, str]:
    """Read the devices of NVIDIA in pci.ids."""
    section = _NVIDIA.search(text)
    if section is None:
        raise ParseError("no vendor 10de")
    return {int(device, 16): name for device, name in _DEVICE.findall(section[1])}


def from_types(told: list[PublishedType], models: list[GpuModel]) -> Iterator[str]:
    """Compare tables that name types by device."""
    named: dict[str, set[str]] = {}
    strange: dict[int, list[str]] = {}
    for one in told:
        short = one.name.partition(" ")[2]
        if type_name(short) is None:
            continue
        here = [model for model in models if _is(model, one)]
        if not here:
            strange.setdefault(one.device, []).append(short)
        listing = [model for model in here if model.profile(one.name)]
        if here and not listing:
            yield f"{' or '.join(model.key for model in here)}: {one.name} is not listed"
        for model in listing:
            named.setdefault(model.key, set()).add(bare(one.name))
            listed = model.profile(one.name)
            if listed is not None:
                yield from _numbers(model, listed, one)
    for device, names in sorted(strange.items()):
        yield f"{device:04x}: no such GPU, and {len(names)} types of it, such as {names[0]}"
    for model in models:
        gone = list(_gone(model, named.get(model.key, set())))
        if gone:
            yield f"{model.key}: not in the table: {', '.join(gone)}"


def _gone(model: GpuModel, named: set[str]) -> Iterator[str]:
    """Yield the types that the table lacks; one of a single package has no types of the other."""
    series = {said.series for name in named if (said := type_name(name))}
    for profile in model.profiles:
        wanted = bare(profile.name)
        if profile.series in series and not any(
            name == wanted or name.endswith(f"_{wanted}") for name in named
        ):
            yield profile.name


def _is(model: GpuModel, one: PublishedType) -> bool:
    return any(
        each.device == one.device and (not one.sub_device or each.sub_device in (0, one.sub_device))
        for each in model.ids
    )


def _numbers(model: GpuModel, listed: VgpuProfile, one: PublishedType) -> Iterator[str]:
    if one.framebuffer_mib and one.framebuffer_mib != listed.framebuffer_mib:
        told, ours = one.framebuffer_mib, listed.framebuffer_mib
        yield f"{model.key}: {listed.name} has {told} MiB, not {ours}"
    if one.max_per_gpu and one.max_per_gpu != listed.max_per_gpu:
        yield f"{model.key}: {one.max_per_gpu} of {listed.name} fit, not {listed.max_per_gpu}"


def from_counts(told: dict[str, set[int]], models: list[GpuModel]) -> Iterator[str]:
    """Compare counts by short name; a name of two boards fits if one of them has the count."""
    for name, counts in told.items():
        listed = {
            (model.key, one.max_per_gpu)
            for model in models
            for one in model.profiles
            if one.name == name or one.name.endswith(f" {name}")
        }
        if not listed:
            yield f"{name} is not listed"
        elif not counts & {count for _, count in listed}:
            keys = ", ".join(f"{key} {count}" for key, count in sorted(listed))
            yield f"{' or '.join(map(str, sorted(counts)))} of {name} fit, not {keys}"


def from_ids(told: dict[int, str], models: list[GpuModel]) -> Iterator[str]:
    """Say which ids of the catalogue pci.ids does not have."""
    for model in models:
        for one in model.ids:
            if one.device not in told:
                yield f"{model.key}: {one.device:04x} is not in pci.ids"


def main(argv: list[str]) -> int:
    """Compare with the files that are named."""
    models = list(catalog.requirements().models.values())
    tables: dict[str, tuple[str, Callable[[str], Iterator[str]]]] = {
        "vgpu_config": ("vgpuConfig.xml", lambda text: from_types(vgpu_config(text), models)),
        "names": ("g_nv_name_released.h", lambda text: from_types(released_names(text), models)),
        "device_manager": (
            "config-example.yaml", lambda text: from_counts(device_manager(text), models)
        ),
        "pci_ids": ("pci.ids", lambda text: from_ids(pci_ids(text), models)),
    }  # fmt: skip
    releases = catalog.requirements().releases
    folders: dict[str, tuple[str, Callable[[Path], Iterator[str]]]] = {
        "bulletins": ("product-security", lambda path: from_bulletins(path, releases)),
        "archive": ("nvidiavgpuarchive", lambda path: from_archive(path, releases)),
    }
    options = argparse.ArgumentParser(prog="make catalogue", description=TITLE)
    for name, file in [(name, file) for name, (file, _) in (*tables.items(), *folders.items())]:
        options.add_argument(f"--{name.replace('_', '-')}", type=Path, metavar=file)
    given = {name: path for name, path in vars(options.parse_args(argv)).items() if path}
    if not given:
        options.error("name at least one file")
    differences = 0
    for name, path in given.items():
        try:
            if name in folders:
                file, look = folders[name]
                lines = list(look(path))
            else:
                file, compare = tables[name]
                lines = list(compare(path.read_text(encoding="utf-8", errors="replace")))
        except (OSError, HostcheckError, ValueError) as error:
            print(f"{path}: {error}", file=sys.stderr)  # noqa: T201
            return 2
        print(f"{file}: {len(lines)} differences")  # noqa: T201
        for line in lines:
            print(f"  {line}")  # noqa: T201
        differences += len(lines)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
