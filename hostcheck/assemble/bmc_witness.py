"""What the BIOS is said to be set to, beside what the host shows of it: SRC-001 compares them."""

from hostcheck.model.bmc import OFF, ON, Bmc, Setting
from hostcheck.model.fact import Fact, Known, Unknown, Why
from hostcheck.model.host import Host, PhysicalGpu, Testimony

WINDOW_BYTES = 256 * 1024 * 1024
"""Larger memory windows of a GPU can only be mapped above 4 GB."""
SEVERAL = "more than 1"
_NOT_SHOWN = Unknown(Why.ABSENT, "a GPU's memory window does not show it", "nvidia-smi")


def testimonies_of(host: Host, bmc: Fact[Bmc]) -> tuple[Testimony, ...]:
    """Put side by side what the host shows of BIOS settings, and what the BMC says of them."""
    told = [
        Testimony("IOMMU", (_iommu(host), _said(bmc, Setting.IOMMU))),
        Testimony("NUMA nodes of a package", _split(host, bmc)),
    ]
    for gpu in host.gpus.value if isinstance(host.gpus, Known) else ():
        told += [
            Testimony(f"SR-IOV for GPU {gpu.address}", (_sriov(gpu), _said(bmc, Setting.SRIOV))),
            Testimony(
                f"window above 4 GB of GPU {gpu.address}",
                (_window(gpu), _said(bmc, Setting.ABOVE_4G)),
            ),
        ]
    return tuple(one for one in told if not _mute(one.statements[1], bmc))


def _mute(said: Fact[str], bmc: Fact[Bmc]) -> bool:
    """Say whether the host's BMC has no word on this: then there is nothing to compare."""
    return isinstance(bmc, Known) and isinstance(said, Unknown) and said.why is Why.ABSENT


def _said(bmc: Fact[Bmc], setting: Setting) -> Fact[str]:
    return bmc if isinstance(bmc, Unknown) else bmc.value.active(setting)


def _iommu(host: Host) -> Fact[str]:
    if isinstance(host.gpus, Unknown):
        return host.gpus
    sources: set[int] = set()
    capable = False
    for gpu in host.gpus.value:
        if isinstance(gpu.passthrough, Unknown):
            return gpu.passthrough
        capable = capable or gpu.passthrough.value.capable
        sources.update(gpu.passthrough.sources)
    return Known(ON if capable else OFF, tuple(sorted(sources)))


def _sriov(gpu: PhysicalGpu) -> Fact[str]:
    if isinstance(gpu.sriov, Unknown):
        return gpu.sriov
    return Known(ON if gpu.sriov.value.capable else OFF, gpu.sriov.sources)


def _window(gpu: PhysicalGpu) -> Fact[str]:
    if isinstance(gpu.bar1_bytes, Unknown):
        return gpu.bar1_bytes
    shown = gpu.bar1_bytes.value > WINDOW_BYTES
    return Known(ON, gpu.bar1_bytes.sources) if shown else _NOT_SHOWN


def _split(host: Host, bmc: Fact[Bmc]) -> tuple[Fact[str], ...]:
    """Return in how many nodes a package is cut: counted, and as it is set."""
    seen = _counted(host)
    if isinstance(bmc, Unknown):
        return seen, bmc
    split = bmc.value.active(Setting.NUMA_SPLIT)
    caches = bmc.value.active(Setting.L3_NUMA)
    if isinstance(caches, Known) and caches.value == ON:
        return _several(seen), Known(SEVERAL, caches.sources)
    if isinstance(split, Unknown):
        return seen, split
    if split.value == ON:
        return _several(seen), Known(SEVERAL, split.sources)
    words = {OFF: "1", "joined": "0.5"}
    return seen, Known(words.get(split.value, split.value), split.sources)


def _counted(host: Host) -> Fact[str]:
    nodes, packages = host.numa_node_count, host.package_count
    if isinstance(nodes, Unknown):
        return nodes
    if isinstance(packages, Unknown):
        return packages
    each = max(nodes.value, 1) / max(packages.value, 1)
    return Known(f"{each:g}", tuple(sorted({*nodes.sources, *packages.sources})))


def _several(seen: Fact[str]) -> Fact[str]:
    if isinstance(seen, Unknown) or float(seen.value) <= 1:
        return seen
    return Known(SEVERAL, seen.sources)
