"""What a host does not change by itself: over time, or beside its siblings, a change has a cause.

A trait is one line of words; empty where it is not known, for what is not known has not changed.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from hostcheck.model.fact import Fact, Known
from hostcheck.model.host import Host, Mode, Nic, PhysicalGpu

MODE = {Mode.ENABLED: "on", Mode.DISABLED: "off", Mode.NOT_SUPPORTED: "N/A"}
NONE = "none"
"""Of what a host has none of."""


def _text(*facts: Fact[Any]) -> str:
    """Return what facts say together; nothing where one of them is not known."""
    told = [str(fact.value) for fact in facts if isinstance(fact, Known)]
    return " ".join(told) if len(told) == len(facts) else ""


def gpu_names(host: Host) -> str:
    """Return the GPUs of a host by kind, in one line."""
    if not isinstance(host.gpus, Known):
        return ""
    return _tally([gpu.name for gpu in host.gpus.value]) or NONE


def _modes(host: Host, mode_of: Callable[[PhysicalGpu], Fact[Mode]]) -> str:
    """Return the mode of all GPUs, or how many have which; nothing where one is not known."""
    if not isinstance(host.gpus, Known):
        return ""
    modes = [mode_of(gpu) for gpu in host.gpus.value]
    told = [MODE[one.value] for one in modes if isinstance(one, Known)]
    if len(told) < len(modes):
        return ""
    return told[0] if len(set(told)) == 1 else _tally(told) or NONE


def _of_kinds(told: Iterable[tuple[str, Fact[Any]]]) -> Iterator[tuple[str, str]]:
    """Yield what the parts of each kind have: nothing where it is not known of one of them.

    Parts whose kind is not known are of the kind "", and may be of any: no kind is known then.
    """
    found: dict[str, list[Fact[Any]]] = {}
    for kind, fact in told:
        found.setdefault(kind, []).append(fact)
    for kind, facts in found.items():
        values = [one.value for one in facts if isinstance(one, Known)]
        if "" in found or len(values) < len(facts):
            yield kind, ""
            continue
        said = [MODE[one] if isinstance(one, Mode) else str(one) for one in values]
        yield kind, said[0] if len(set(said)) == 1 else _tally(said)


def _gpus(host: Host, fact_of: Callable[[PhysicalGpu], Fact[Any]]) -> Iterator[tuple[str, str]]:
    if isinstance(host.gpus, Known):
        yield from _of_kinds((gpu.name, fact_of(gpu)) for gpu in host.gpus.value)
    else:
        yield "", ""


def _nics(host: Host) -> Iterator[tuple[str, str]]:
    if isinstance(host.nics, Known):
        yield from _of_kinds((_kind(nic), nic.firmware) for nic in host.nics.value)
    else:
        yield "", ""


def _kind(nic: Nic) -> str:
    return nic.model.value if isinstance(nic.model, Known) else ""


def _joined(told: Iterable[tuple[str, str]]) -> str:
    """Return what all kinds have in one line; nothing where that is not known of one of them."""
    parts = list(told)
    known = all(words for _, words in parts)
    line = "; ".join(f"{kind}: {words}" for kind, words in parts) or NONE
    return line if known else ""


def _tally(told: list[str]) -> str:
    tally = Counter(told)
    return ", ".join(f"{tally[name]} x {name}" for name in sorted(tally))


def nodes_per_package(host: Host) -> str:
    """Return how many NUMA nodes lie on each package, by package, or on how many one lies.

    `1`, `2 + 1` where packages differ, `1 over 8 packages`; empty where it is not known.
    """
    nodes, packages = host.numa_node_count, host.package_count
    if not isinstance(nodes, Known) or not isinstance(packages, Known) or not packages.value:
        return ""
    if nodes.value < packages.value:
        return f"{nodes.value} over {packages.value} packages"
    if isinstance(host.packages, Known):
        on = [len(one.node_os_indexes) for one in host.packages.value]
        if sum(on) == nodes.value and len(on) == packages.value and len(set(on)) > 1:
            return " + ".join(map(str, on))
    each, rest = divmod(nodes.value, packages.value)
    if each > 1 and not rest and not isinstance(host.packages, Known):
        return ""
    return f"{nodes.value} over {packages.value} packages" if rest else str(each)


TRAITS: dict[str, Callable[[Host], str]] = {
    "ESXi build": lambda host: _text(host.version, host.build),
    "vGPU manager": lambda host: _text(host.driver_version),
    "Model": lambda host: _text(host.vendor, host.model),
    "BIOS": lambda host: _text(host.bios_version),
    "GPUs": gpu_names,
    "ECC mode": lambda host: _modes(host, lambda gpu: gpu.ecc_current),
    "MIG mode": lambda host: _modes(host, lambda gpu: gpu.mig_current),
    "NUMA nodes per package": nodes_per_package,
    "Default graphics type": lambda host: _text(host.graphics_default),
    "Assignment policy": lambda host: _text(host.assignment_policy),
    "VBIOS": lambda host: _joined(_gpus(host, lambda gpu: gpu.vbios)),
    "NIC firmware": lambda host: _joined(_nics(host)),
}
"""By topic, in the order in which they are told."""

_OF_A_KIND = ("BIOS", "ECC mode", "MIG mode", "VBIOS", "NIC firmware")
OF_GPU_HOSTS = ("vGPU manager", "Default graphics type", "Assignment policy")
"""What a host without a GPU need not have."""


class Trait(NamedTuple):
    """One thing that hosts of a cluster should have alike."""

    family: str
    """`VBIOS`: what is told for each kind of hardware is one family."""
    topic: str
    """`VBIOS of NVIDIA A40`; empty where the host has some of the family, or may have, and nobody
    knows of which kind."""
    value: str
    """Empty where it is not known."""
    asked: bool = True
    """Whether anybody wanted to know it."""
    kin: str = ""
    """Whatever a host of the same kin tells of the family, this one has as well."""


def alike(host: Host) -> Iterator[Trait]:
    """Yield what hosts of one cluster should have alike; nothing of hardware that it has not.

    What depends on a kind of hardware is a topic of its own for each.
    """
    bare = isinstance(host.gpus, Known) and not host.gpus.value
    for topic, words in TRAITS.items():
        if topic in _OF_A_KIND:
            continue
        value = words(host)
        if value or not bare or topic not in OF_GPU_HOSTS:
            yield Trait(topic, topic, value)
    for family, told in (
        ("BIOS", [(_text(host.model), _text(host.bios_version))]),
        ("ECC mode", _gpus(host, lambda gpu: gpu.ecc_current)),
        ("MIG mode", _gpus(host, lambda gpu: gpu.mig_current)),
        ("VBIOS", _gpus(host, lambda gpu: gpu.vbios)),
        ("NIC firmware", _nics(host)),
    ):
        yield from (
            Trait(family, f"{family} of {kind}" if kind else "", value if kind else "")
            for kind, value in told
        )


FIELDS = (
    "assignment_policy", "bios_version", "build", "driver_version", "gpus", "graphics_default",
    "model", "nics", "numa_node_count", "package_count", "packages", "vendor", "version",
)  # fmt: skip
GPU_FIELDS = ("ecc_current", "mig_current", "name", "vbios")
NIC_FIELDS = ("firmware", "model")
"""All that a trait is read from, for whoever opens no more of a host."""
