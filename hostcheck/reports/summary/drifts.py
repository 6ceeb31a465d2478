"""Properties in which the hosts of a fleet should not differ, and who has another value."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hostcheck.model.fact import Fact, Known
from hostcheck.model.host import Host


@dataclass(frozen=True, slots=True)
class Drift:
    """One property in which hosts differ: the commonest value, and who has another."""

    topic: str
    common: str
    share: int
    of: int
    others: tuple[tuple[str, tuple[str, ...]], ...]


def _text(*facts: Fact[Any]) -> str:
    return " ".join(str(fact.value) for fact in facts if isinstance(fact, Known))


def gpu_names(host: Host) -> str:
    """Return the GPUs of a host by kind, in one line."""
    if not isinstance(host.gpus, Known):
        return ""
    tally = Counter(gpu.name for gpu in host.gpus.value)
    return ", ".join(f"{tally[name]} x {name}" for name in sorted(tally)) or "none"


def _nodes_per_package(host: Host) -> str:
    nodes, packages = host.numa_node_count, host.package_count
    if isinstance(nodes, Known) and isinstance(packages, Known) and packages.value:
        return f"{nodes.value / packages.value:g}"
    return ""


TOPICS: dict[str, Callable[[Host], str]] = {
    "ESXi build": lambda host: _text(host.version, host.build),
    "vGPU manager": lambda host: _text(host.driver_version),
    "Model": lambda host: _text(host.vendor, host.model),
    "BIOS": lambda host: _text(host.bios_version),
    "GPUs": gpu_names,
    "NUMA nodes per package": _nodes_per_package,
    "Default graphics type": lambda host: _text(host.graphics_default),
    "Assignment policy": lambda host: _text(host.assignment_policy),
}


class Drifts:
    """Values of the properties in which hosts of one fleet should not differ."""

    def __init__(self) -> None:
        self._holders: dict[str, dict[str, list[str]]] = {topic: {} for topic in TOPICS}

    def add(self, host: Host) -> None:
        """Note what a host has."""
        for topic, value_of in TOPICS.items():
            value = value_of(host)
            if value:
                self._holders[topic].setdefault(value, []).append(host.name)

    def drifts(self) -> tuple[Drift, ...]:
        """Return the properties in which the hosts differ, unknown values aside."""
        found = []
        for topic, holders in self._holders.items():
            if len(holders) < 2:
                continue
            ranked = sorted(holders.items(), key=lambda item: (-len(item[1]), item[0]))
            found.append(
                Drift(
                    topic, ranked[0][0], len(ranked[0][1]), sum(map(len, holders.values())),
                    tuple((value, tuple(names)) for value, names in ranked[1:]),
                )
            )  # fmt: skip
        return tuple(found)
