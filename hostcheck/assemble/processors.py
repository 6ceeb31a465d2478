"""Packages and NUMA nodes, joined by the processors they share."""

from hostcheck.assemble.book import Parsed
from hostcheck.model.fact import Fact, Reading, Unknown
from hostcheck.model.host import (
    NumaNode,
    Package,
)
from hostcheck.parsers.vim_host_system import HostSystem


def packages_of(system: Parsed[HostSystem]) -> Fact[tuple[Package, ...]]:
    """Return the packages with the NUMA nodes that lie on each."""

    def join(one: HostSystem) -> Reading[tuple[Package, ...]]:
        if isinstance(one.packages, Unknown):
            return one.packages
        if isinstance(one.numa_nodes, Unknown):
            return one.numa_nodes
        return tuple(
            Package(
                package.os_index,
                package.vendor,
                package.description,
                package.pus,
                tuple(
                    node.os_index
                    for node in one.numa_nodes
                    if not set(package.pus).isdisjoint(node.pus)
                ),
            )
            for package in sorted(one.packages, key=lambda package: package.os_index)
        )

    return system.fact(join)


def numa_nodes_of(system: Parsed[HostSystem]) -> Fact[tuple[NumaNode, ...]]:
    """Return the NUMA nodes with the packages that each lies on."""

    def join(one: HostSystem) -> Reading[tuple[NumaNode, ...]]:
        if isinstance(one.packages, Unknown):
            return one.packages
        if isinstance(one.numa_nodes, Unknown):
            return one.numa_nodes
        return tuple(
            NumaNode(
                os_index=node.os_index,
                memory_bytes=system.fact(lambda _, node=node: node.memory_bytes),  # type: ignore[misc]
                pus=node.pus,
                package_os_indexes=tuple(
                    sorted(
                        package.os_index
                        for package in one.packages
                        if not set(package.pus).isdisjoint(node.pus)
                    )
                ),
            )
            for node in one.numa_nodes
        )

    return system.fact(join)
