"""What a host does not change by itself: over time, or beside its siblings, a change has a cause.

A trait is one line of words; empty where it is not known, for what is not known has not changed.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

from hostcheck.model.fact import Fact, Known
from hostcheck.model.host import Host, Mode, PhysicalGpu

MODE = {Mode.ENABLED: "on", Mode.DISABLED: "off", Mode.NOT_SUPPORTED: "N/A"}


def _text(*facts: Fact[Any]) -> str:
    return " ".join(str(fact.value) for fact in facts if isinstance(fact, Known))


def gpu_names(host: Host) -> str:
    """Return the GPUs of a host by kind, in one line."""
    if not isinstance(host.gpus, Known):
        return ""
    return _tally([gpu.name for gpu in host.gpus.value]) or "none"


def _modes(host: Host, mode_of: Callable[[PhysicalGpu], Fact[Mode]]) -> str:
    """Return the mode of all GPUs, or how many have which; nothing where one is not known."""
    modes = [mode_of(gpu) for gpu in host.gpus.value] if isinstance(host.gpus, Known) else []
    told = [MODE[one.value] for one in modes if isinstance(one, Known)]
    if len(told) < len(modes):
        return ""
    return told[0] if len(set(told)) == 1 else _tally(told)


def _tally(told: list[str]) -> str:
    tally = Counter(told)
    return ", ".join(f"{tally[name]} x {name}" for name in sorted(tally))


def _nodes_per_package(host: Host) -> str:
    nodes, packages = host.numa_node_count, host.package_count
    if isinstance(nodes, Known) and isinstance(packages, Known) and packages.value:
        return f"{nodes.value / packages.value:g}"
    return ""


TRAITS: dict[str, Callable[[Host], str]] = {
    "ESXi build": lambda host: _text(host.version, host.build),
    "vGPU manager": lambda host: _text(host.driver_version),
    "Model": lambda host: _text(host.vendor, host.model),
    "BIOS": lambda host: _text(host.bios_version),
    "GPUs": gpu_names,
    "ECC mode": lambda host: _modes(host, lambda gpu: gpu.ecc_current),
    "MIG mode": lambda host: _modes(host, lambda gpu: gpu.mig_current),
    "NUMA nodes per package": _nodes_per_package,
    "Default graphics type": lambda host: _text(host.graphics_default),
    "Assignment policy": lambda host: _text(host.assignment_policy),
}
"""By topic, in the order in which they are told."""

FIELDS = (
    "assignment_policy", "bios_version", "build", "driver_version", "gpus", "graphics_default",
    "model", "numa_node_count", "package_count", "vendor", "version",
)  # fmt: skip
GPU_FIELDS = ("ecc_current", "mig_current", "name")
"""All that a trait is read from, for whoever opens no more of a host."""
