"""The PCIe devices of a place as a tree of bridges, and what a link moves."""

from collections.abc import Iterable
from typing import TypeAlias

from msgspec import Struct, field

from hostcheck.model.fact import Fact, Known
from hostcheck.model.host import Nic, PcieLink, PhysicalGpu
from hostcheck.model.pci import PciAddress, parts
from hostcheck.reports.view import NumaPlace

Device: TypeAlias = PhysicalGpu | Nic
LANE_GBS = {1: 0.25, 2: 0.5, 3: 0.985, 4: 1.969, 5: 3.938, 6: 7.563}
"""GB/s of one lane by generation, less what the encoding takes (PCI Express specification)."""
TRANSFERS = {1: "2.5", 2: "5.0", 3: "8.0", 4: "16.0", 5: "32.0", 6: "64.0"}
"""GT/s by generation."""


class PcieBranch(Struct):
    """A bridge and what is below it."""

    address: PciAddress
    branches: dict[PciAddress, "PcieBranch"] = field(default_factory=dict)
    devices: list[Device] = field(default_factory=list)

    @property
    def last_bus(self) -> int:
        """The highest bus number below it."""
        own = [parts(one.address)[1] for one in self.devices]
        return max(
            [parts(self.address)[1], *own, *(one.last_bus for one in self.branches.values())]
        )


def devices_of(place: NumaPlace) -> list[Device]:
    """Return the GPUs and network adapters of a NUMA node, by root port."""
    found: list[Device] = []
    for port in place.ports:
        found += [*port.gpus, *port.nics]
    return found


def tree(devices: Iterable[Device]) -> PcieBranch:
    """Return a nameless branch with the root ports, and devices of which no bridge is known."""
    root = PcieBranch(PciAddress(""))
    for device in devices:
        at = root
        for bridge in reversed(device.bridges):
            at = at.branches.setdefault(bridge, PcieBranch(bridge))
        at.devices.append(device)
    return root


def link_of(device: Device) -> PcieLink | None:
    """Return the link of a GPU; None where it is not known, as that of a network adapter."""
    link: Fact[PcieLink] | None = device.link if isinstance(device, PhysicalGpu) else None
    return link.value if isinstance(link, Known) else None
