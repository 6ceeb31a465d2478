"""Where a PCI device sits: its NUMA node and the bridges above it."""

from hostcheck.assemble.book import Book, Parsed, not_asked
from hostcheck.assemble.shell_only import ByShell
from hostcheck.model.fact import Fact, Known, Reading, Unknown, Why
from hostcheck.model.host import (
    NumaNode,
)
from hostcheck.model.pci import PciAddress
from hostcheck.parsers import (
    esxcli_hardware_pci_list,
    vsish_pci_config_header,
)
from hostcheck.parsers.vim_host_system import HostSystem
from hostcheck.ways.shell.order import config_header


class Locator:
    """Finds the NUMA node and the upstream bridges of a device."""

    def __init__(
        self,
        book: Book,
        system: Parsed[HostSystem],
        pci: Parsed[tuple[esxcli_hardware_pci_list.PciDevice, ...]],
        nodes: Fact[tuple[NumaNode, ...]],
    ) -> None:
        self._book = book
        self._system = system
        self._pci = pci
        self._nodes = nodes
        self._by_api: dict[PciAddress, int] = {}
        self._parents: dict[PciAddress, PciAddress] = {}
        if not isinstance(system.value, Unknown):
            if not isinstance(system.value.numa_nodes, Unknown):
                for node in system.value.numa_nodes:
                    self._by_api |= dict.fromkeys(node.pci, node.os_index)
            if not isinstance(system.value.devices, Unknown):
                for device in system.value.devices:
                    if not isinstance(device.parent, Unknown):
                        self._parents[device.address] = device.parent

    def bridges(self, where: PciAddress) -> tuple[PciAddress, ...]:
        """Return the bridges above a device, nearest first."""
        found: list[PciAddress] = []
        while (parent := self._parents.get(where)) is not None and parent not in found:
            found.append(parent)
            where = parent
        return tuple(found)

    def node(self, where: PciAddress) -> Fact[int]:
        """Return the NUMA node: of the API where it lists any device, else of esxcli or vsish."""
        if isinstance(self._system, ByShell):
            return self._by_shell(where)
        if isinstance(self._nodes, Unknown):
            return self._nodes
        if len(self._nodes.value) == 1 and self._counts_one():
            return Known(self._nodes.value[0].os_index, self._nodes.sources)
        by_api = self.by_api(where)
        if self._by_api or isinstance(self._system.value, Unknown):
            return by_api
        by_shell = self._by_shell(where)
        silent = not isinstance(self._pci.value, Unknown) or not_asked(by_shell)
        return by_shell if isinstance(by_shell, Known) or not silent else by_api

    def _by_shell(self, where: PciAddress) -> Fact[int]:
        """Return what esxcli says or, where it answered and is silent, vsish."""
        by_esxcli = self.by_esxcli(where)
        answered = not isinstance(self._pci.value, Unknown)
        if isinstance(by_esxcli, Known) or not (answered or not_asked(by_esxcli)):
            return by_esxcli  # a lost answer is not silence: vsish must not stand in for it
        by_vsish = self.by_vsish(where)
        return by_vsish if isinstance(by_vsish, Known) else by_esxcli

    def _counts_one(self) -> bool:
        """Say whether the host counts one node too: another may be missing from its list."""
        count = self._system.fact(lambda one: one.numa_node_count)
        return isinstance(count, Known) and count.value <= 1

    def by_api(self, where: PciAddress) -> Fact[int]:
        """Return what `numaInfo.numaNode[].pciId` says."""
        silent = (
            "no NUMA node lists any PCI device" if not self._by_api else "no NUMA node lists it"
        )
        missing = Unknown(Why.ABSENT, f"{where}: {silent}", "HostSystem hardware.numaInfo")
        return self._system.fact(
            lambda one: (
                one.numa_nodes
                if isinstance(one.numa_nodes, Unknown)
                else self._by_api.get(where, missing)
            )
        )

    def by_esxcli(self, where: PciAddress) -> Fact[int]:
        """Return what `esxcli hardware pci list` says."""

        def pick(devices: tuple[esxcli_hardware_pci_list.PciDevice, ...]) -> Reading[int]:
            for device in devices:
                if device.address == where:
                    return device.numa_node
            return Unknown(Why.ABSENT, f"{where} is not listed", "esxcli hardware pci list")

        return self._pci.fact(pick)

    def by_vsish(self, where: PciAddress) -> Fact[int]:
        """Return what the vsish PCI config header says."""
        header = self._book.read(config_header(where), vsish_pci_config_header.parse)
        return header.fact(lambda one: one.numa_node)
