"""One host as places and distances, without any layout: what every picture and table is made from.

Places are packages, NUMA nodes on them, and the root ports below those. A device whose node is not
known has a place of its own; it is never laid on node 0. Only where a host has a single node is
every device on it by definition, and then the view says so.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

from msgspec import Struct

from hostcheck.model.fact import Fact, Known, Unknown
from hostcheck.model.host import Host, Nic, PhysicalGpu
from hostcheck.model.pci import PciAddress
from hostcheck.model.result import Result
from hostcheck.model.vm import Vm

T = TypeVar("T")
Device = PhysicalGpu | Nic

ONE_NODE = "The host has a single NUMA node, so every device is on it by definition."


class Distance(StrEnum):
    """How far two devices are apart, in the words of `nvidia-smi topo -m` where it has one."""

    SELF = "X"
    PIX = "PIX"
    PXB = "PXB"
    NODE = "NODE"
    PKG = "PKG"
    SYS = "SYS"
    UNKNOWN = "?"


LEGEND = {
    Distance.PIX: "same device path (root port), behind one and the same PCIe bridge",
    Distance.PXB: "same device path (root port), through several PCIe bridges",
    Distance.NODE: "same node: other root ports of one NUMA node (PHB or NODE of nvidia-smi)",
    Distance.PKG: "same package, other NUMA node (nvidia-smi has no word for it and says SYS)",
    Distance.SYS: "other package: the traffic crosses the link between processors",
    Distance.UNKNOWN: "unknown: the node of one of them could not be read",
}
"""The codes of the matrix, nearest first. `NV4` beside a code means four NVLinks join the pair."""


class Port(Struct, frozen=True):
    """A root port and what is below it. The address is None where the path is not known."""

    address: PciAddress | None
    gpus: tuple[PhysicalGpu, ...]
    nics: tuple[Nic, ...]


class NumaPlace(Struct, frozen=True):
    """A NUMA node, or, with `os_index` None, the place of devices whose node is not known."""

    os_index: int | None
    memory_bytes: Fact[int] | None
    """None where the host's own list of nodes does not hold this one."""
    pu_count: int | None
    ports: tuple[Port, ...]
    note: str = ""


class Packages(Struct, frozen=True):
    """A package with its nodes; several packages where a node spreads over them."""

    os_indexes: tuple[int, ...]
    """Empty where it is not known which package the nodes lie on."""
    description: str
    nodes: tuple[NumaPlace, ...]


class VmOnGpus(Struct, frozen=True):
    """A VM and the GPUs it runs on now; of a running VM `addresses` may be Unknown."""

    vm: Vm
    running: bool | None
    """None where its power state is not known."""
    addresses: Fact[tuple[PciAddress, ...]]


class Bond(Struct, frozen=True):
    """NVLink between two GPUs, by their numbers in this view: `NV12`."""

    first: int
    second: int
    code: str


class Layout(Struct, frozen=True):
    """Everything a picture needs. GPUs are numbered in the order of their PCI addresses."""

    groups: tuple[Packages, ...]
    adrift: NumaPlace | None
    """Devices whose node is not known."""
    gpus: tuple[PhysicalGpu, ...]
    nics: tuple[Nic, ...]
    guests: tuple[VmOnGpus, ...]
    bonds: tuple[Bond, ...]
    unknowns: tuple[tuple[str, Unknown], ...]
    """What of the picture could not be read at all: topic and reason."""
    note: str = ""

    def number(self, address: str) -> int | None:
        """Return the number of the GPU at an address."""
        return next((n for n, gpu in enumerate(self.gpus) if gpu.address == address), None)

    def guests_of(self, address: PciAddress) -> tuple[VmOnGpus, ...]:
        """Return the VMs that run on a GPU now."""
        return tuple(
            guest
            for guest in self.guests
            if isinstance(guest.addresses, Known) and address in guest.addresses.value
        )

    @property
    def elsewhere(self) -> tuple[VmOnGpus, ...]:
        """VMs that are on no GPU of this host as far as is known."""
        here = {gpu.address for gpu in self.gpus}
        return tuple(
            guest
            for guest in self.guests
            if not isinstance(guest.addresses, Known) or not here & set(guest.addresses.value)
        )


class MatrixCell(Struct, frozen=True):
    """One entry of the distance matrix."""

    distance: Distance
    nvlink: str = ""


class Matrix(Struct, frozen=True):
    """Distances of every GPU to every GPU and network adapter."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[MatrixCell, ...], ...]

    @property
    def used(self) -> tuple[Distance, ...]:
        """The codes that occur, in the order of the legend."""
        seen = {cell.distance for row in self.cells for cell in row}
        return tuple(code for code in LEGEND if code in seen)


def of(host: Host) -> Layout:
    """Lay the host out as places."""
    gpus = sorted(_all(host.gpus), key=lambda gpu: gpu.address)
    nics = sorted(_all(host.nics), key=lambda nic: nic.address)
    nodes = {place.os_index: place for place in _nodes(host, gpus, nics)}
    only = _only_node(host)
    devices: list[Device] = [*gpus, *nics]
    lost = [device for device in devices if node_of(host, device) is None]
    assumed = only is not None and any(isinstance(d.numa_node, Unknown) for d in devices)
    return Layout(
        groups=_groups(host, nodes),
        adrift=NumaPlace(None, None, None, _ports(lost)) if lost else None,
        gpus=tuple(gpus),
        nics=tuple(nics),
        guests=_guests(host, gpus),
        bonds=_bonds(host, gpus),
        unknowns=_unknowns(host),
        note=ONE_NODE if assumed else "",
    )


def node_of(host: Host, device: Device) -> int | None:
    """Return the NUMA node of a device, None when it is not known."""
    if isinstance(device.numa_node, Known):
        return device.numa_node.value
    return _only_node(host)


def nodes_of_vm(host: Host, vm: Vm) -> Fact[tuple[int, ...]]:
    """Return the NUMA nodes that a running VM is on: of a host that has one, that one."""
    only = _only_node(host)
    return vm.numa_nodes if only is None else Known((only,))


def troubles(gpu: PhysicalGpu) -> tuple[str, ...]:
    """Say in a word each why the driver serves nobody with a GPU, as far as it is known."""
    whole = isinstance(gpu.passthrough, Known) and gpu.passthrough.value.active
    if whole:
        return ()
    found = ["lost"] if isinstance(gpu.smi_seen, Known) and not gpu.smi_seen.value else []
    if isinstance(gpu.given_up, Known) and gpu.given_up.value:
        found.append(gpu.given_up.value)
    if isinstance(gpu.recovery_action, Known) and gpu.recovery_action.value not in ("None", "N/A"):
        found.append(f"recovery action {gpu.recovery_action.value}")
    if isinstance(gpu.reset_required, Known) and gpu.reset_required.value:
        found.append("reset required")
    if isinstance(gpu.ecc_uncorrected, Known) and gpu.ecc_uncorrected.value:
        found.append(f"{gpu.ecc_uncorrected.value} uncorrected errors")
    if isinstance(gpu.virtualization_mode, Known) and gpu.virtualization_mode.value != "Host VGPU":
        found.append(f"virtualization mode {gpu.virtualization_mode.value}")
    return tuple(found)


def distance(
    host: Host, one: Device, other: Device, packages: Mapping[int, set[int]] | None = None
) -> Distance:
    """Tell how far two devices are apart; `packages` of each node are given if they are known."""
    if one.address == other.address:
        return Distance.SELF
    if set(one.bridges) & set(other.bridges):
        return Distance.PIX if one.bridges[0] == other.bridges[0] else Distance.PXB
    here, there = node_of(host, one), node_of(host, other)
    if here is None or there is None:
        return _told_by_driver(host, one, other)
    if here == there:
        return Distance.NODE
    packages = _packages_of_nodes(host) if packages is None else packages
    mine, theirs = packages.get(here), packages.get(there)
    if mine and theirs:
        return Distance.PKG if mine & theirs else Distance.SYS
    return Distance.UNKNOWN


_DRIVER = {
    "PIX": Distance.PIX, "PXB": Distance.PXB, "PHB": Distance.NODE, "NODE": Distance.NODE,
    "SYS": Distance.SYS,
}  # fmt: skip


def _told_by_driver(host: Host, one: Device, other: Device) -> Distance:
    """Return what `nvidia-smi topo -m` says of two GPUs that NVLink does not join."""
    order = host.nvlink_order
    if not isinstance(host.nvlink, Known) or not {one.address, other.address} <= set(order):
        return Distance.UNKNOWN
    row, column = order.index(one.address), order.index(other.address)
    rows = host.nvlink.value
    said = rows[row][column] if row < len(rows) and column < len(rows[row]) else ""
    return _DRIVER.get(said, Distance.UNKNOWN)


def matrix(host: Host, shown: Layout | None = None) -> Matrix:
    """Return the distances of every GPU to every GPU and network adapter.

    `shown` is the host's layout, where it is there already.
    """
    shown = shown or of(host)
    packages = _packages_of_nodes(host)
    devices: list[Device] = [*shown.gpus, *shown.nics]
    bonds = {frozenset((bond.first, bond.second)): bond.code for bond in shown.bonds}
    names = [f"GPU {n}" for n in range(len(shown.gpus))]
    return Matrix(
        rows=tuple(names),
        columns=(*names, *(nic.name for nic in shown.nics)),
        cells=tuple(
            tuple(
                MatrixCell(
                    distance(host, gpu, device, packages), bonds.get(frozenset((row, column)), "")
                )
                for column, device in enumerate(devices)
            )
            for row, gpu in enumerate(shown.gpus)
        ),
    )


def touching(results: Iterable[Result], *names: str) -> tuple[Result, ...]:
    """Return the results whose subject is, or names, one of these devices or VMs."""
    wanted = {name for name in names if name}
    return tuple(
        result
        for result in results
        if wanted
        & {
            result.subject.id,
            *re.split(r"[\s/@|,]+", result.subject.id),
            *(word for key, word in result.subject.values.items() if key != "host"),
        }
    )


def _all(fact: Fact[tuple[T, ...]]) -> tuple[T, ...]:
    return fact.value if isinstance(fact, Known) else ()


def _only_node(host: Host) -> int | None:
    """Return the number of the host's only node, None when it has several or none is known."""
    if isinstance(host.numa_nodes, Known):
        nodes = host.numa_nodes.value
        return nodes[0].os_index if len(nodes) == 1 else None
    counted = host.numa_node_count
    return 0 if isinstance(counted, Known) and counted.value == 1 else None


def _nodes(host: Host, gpus: Sequence[PhysicalGpu], nics: Sequence[Nic]) -> list[NumaPlace]:
    """Return the listed nodes, then those that only devices speak of."""
    below: dict[int, list[Device]] = {}
    devices: list[Device] = [*gpus, *nics]
    for device in devices:
        number = node_of(host, device)
        if number is not None:
            below.setdefault(number, []).append(device)
    listed = sorted(_all(host.numa_nodes), key=lambda node: node.os_index)
    places = [
        NumaPlace(
            node.os_index,
            node.memory_bytes,
            len(node.pus),
            _ports(below.pop(node.os_index, [])),
            "spread over several packages" if len(node.package_os_indexes) > 1 else "",
        )
        for node in listed
    ]
    note = "not in the host's list of nodes" if listed else ""
    return places + [
        NumaPlace(number, None, None, _ports(devices), note)
        for number, devices in sorted(below.items())
    ]


def _ports(devices: Iterable[Device]) -> tuple[Port, ...]:
    """Group devices by root port; ports with GPUs first, an unknown path last."""
    below: dict[PciAddress | None, list[Device]] = {}
    for device in devices:
        below.setdefault(device.bridges[-1] if device.bridges else None, []).append(device)
    ports = [
        Port(
            address,
            tuple(device for device in found if isinstance(device, PhysicalGpu)),
            tuple(device for device in found if isinstance(device, Nic)),
        )
        for address, found in below.items()
    ]
    return tuple(
        sorted(ports, key=lambda port: (not port.gpus, port.address is None, port.address or ""))
    )


def _packages_of_nodes(host: Host) -> dict[int, set[int]]:
    """Return which packages each node has processors on, as nodes and packages tell it."""
    found: dict[int, set[int]] = {}
    for node in _all(host.numa_nodes):
        found.setdefault(node.os_index, set()).update(node.package_os_indexes)
    for package in _all(host.packages):
        for number in package.node_os_indexes:
            found.setdefault(number, set()).add(package.os_index)
    return found


def _groups(host: Host, nodes: dict[int | None, NumaPlace]) -> tuple[Packages, ...]:
    """Lay nodes on packages. Packages that share a node become one group."""
    spread = _packages_of_nodes(host)
    described = {package.os_index: package.description for package in _all(host.packages)}
    joined: dict[int, set[int]] = {number: {number} for number in described}
    for packages in spread.values():
        together = set(packages).union(*(joined.get(number, set()) for number in packages))
        for number in together:
            joined[number] = together
    groups: list[Packages] = []
    for number in sorted(joined):
        members = joined[number]
        if number != min(members):
            continue
        on_it = [
            place
            for index, place in nodes.items()
            if index is not None and spread.get(index, set()) & members
        ]
        words = sorted({described[m] for m in members if described.get(m)})
        groups.append(Packages(tuple(sorted(members)), " / ".join(words), tuple(on_it)))
    orphans = [p for index, p in nodes.items() if index is not None and not spread.get(index)]
    if orphans:
        groups.append(Packages((), "", tuple(orphans)))
    return tuple(groups)


def _guests(host: Host, gpus: Sequence[PhysicalGpu]) -> tuple[VmOnGpus, ...]:
    """Return the VMs with their GPUs, as the VM or else the GPUs tell it."""
    guests = []
    for vm in sorted(_all(host.vms), key=lambda vm: (vm.name, vm.id)):
        power = vm.power_state
        running = power.value != "poweredOff" if isinstance(power, Known) else None
        addresses: Fact[tuple[PciAddress, ...]] = vm.gpu_addresses
        if not isinstance(addresses, Known):
            seen = tuple(g.address for g in gpus if vm.id in _all(g.vm_ids))
            addresses = Known(seen) if seen else addresses
        guests.append(VmOnGpus(vm, running, addresses))
    return tuple(guests)


def _bonds(host: Host, gpus: Sequence[PhysicalGpu]) -> tuple[Bond, ...]:
    """Return the NVLinks among the GPUs of the view, each pair once."""
    number = {gpu.address: index for index, gpu in enumerate(gpus)}
    bonds = {}
    for here, row in zip(host.nvlink_order, _all(host.nvlink), strict=False):
        for there, code in zip(host.nvlink_order, row, strict=False):
            if code.startswith("NV") and here in number and there in number and here != there:
                pair = sorted((number[here], number[there]))
                bonds[pair[0], pair[1]] = Bond(pair[0], pair[1], code)
    return tuple(bonds[pair] for pair in sorted(bonds))


def _unknowns(host: Host) -> tuple[tuple[str, Unknown], ...]:
    facts: tuple[tuple[str, object], ...] = (
        ("Packages", host.packages),
        ("NUMA nodes", host.numa_nodes),
        ("GPUs", host.gpus),
        ("Network adapters", host.nics),
        ("VMs", host.vms),
        ("NVLink", host.nvlink),
    )
    return tuple((topic, fact) for topic, fact in facts if isinstance(fact, Unknown))
