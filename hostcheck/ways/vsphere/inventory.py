"""What is there: the listing of hosts, clusters and VMs, and the patterns that choose of it."""

import fnmatch
from collections.abc import Collection, Iterable

from msgspec import Struct

from hostcheck.errors import UsageError
from hostcheck.model.capture import Request
from hostcheck.model.fact import Unknown
from hostcheck.model.host_ref import HostRef, VmRef
from hostcheck.near import meant
from hostcheck.parsers import vim_listing
from hostcheck.syntax.opened import opened
from hostcheck.ways.base import Transport


class Inventory(Struct, frozen=True):
    """What a listing holds: all hosts by name, and the names of all clusters and VMs by id."""

    hosts: tuple[HostRef, ...]
    clusters: dict[str, str]
    vms: dict[str, str]

    def vms_of(self, hosts: Iterable[HostRef]) -> list[VmRef]:
        """Return the VMs of some of the hosts, by name."""
        found = (VmRef(one, vm_id, self.vms[vm_id]) for one in hosts for vm_id in one.vm_ids)
        return sorted(found, key=lambda vm: (vm.name, vm.id))

    def chosen(self, hosts: Collection[str], clusters: Collection[str]) -> list[HostRef]:
        """Return the hosts that name patterns leave."""
        return [
            one
            for one in self.hosts
            if is_host(one.name, hosts) and matches(self.clusters.get(one.cluster_id, ""), clusters)
        ]


def inventory(vsphere: Transport, vcenter: str) -> Inventory:
    """List the hosts of a vCenter or ESXi, which goes by the name `vcenter`.

    Raises UsageError when it cannot be listed.
    """
    vsphere.expect([vim_listing.HOSTS, vim_listing.COMPUTE_RESOURCES, vim_listing.VMS])
    hosts = listed(vsphere, vim_listing.HOSTS)
    clusters = {one.id: one for one in listed(vsphere, vim_listing.COMPUTE_RESOURCES)}
    vms: dict[str, list[vim_listing.ListedObject]] = {}
    names: dict[str, str] = {}
    for vm in listed(vsphere, vim_listing.VMS):
        vms.setdefault(vm.link, []).append(vm)
        names[vm.id] = vm.name
    return Inventory(
        tuple(
            HostRef(
                one.name,
                vcenter,
                one.id,
                clusters[one.link].kind if one.link in clusters else "",
                one.link,
                tuple(sorted(vm.id for vm in vms.get(one.id, ()))),
                tuple(sorted({vm.pool for vm in vms.get(one.id, ()) if vm.pool})),
            )
            for one in hosts
        ),
        {one.id: one.name for one in clusters.values()},
        names,
    )


def refuse_unmatched(
    found: Iterable[Inventory], hosts: Iterable[str], clusters: Iterable[str]
) -> None:
    """Raise UsageError for a name pattern that matches nothing anywhere, or no host with others."""
    found = list(found)
    refuse_strangers(
        {(one.name, each.clusters.get(one.cluster_id, "")) for each in found for one in each.hosts},
        tuple(hosts), tuple(clusters),
        empty=[one for each in found for one in each.clusters.values()],
    )  # fmt: skip


def refuse_strangers(
    there: Iterable[tuple[str, str]], hosts: Collection[str], clusters: Collection[str],
    *, where: str = "", empty: Iterable[str] = (),
) -> None:  # fmt: skip
    """Raise UsageError for a pattern that matches nothing of what is there, with what is near it.

    `there` are hosts and their clusters, "" where it is not known; `empty` more clusters.
    """
    there = set(there)
    known = {cluster for _, cluster in there if cluster} | set(empty)
    before = f"{where}: " if where else ""
    for kind, fits, patterns, names in (
        ("host", is_host, hosts, {name for name, _ in there}),
        ("cluster", matches, clusters, known),
    ):
        for pattern in patterns:
            if not any(fits(name, [pattern]) for name in names):
                raise UsageError(f"{before}no {kind} matches {pattern!r}; {meant(pattern, names)}")
    both = (is_host(name, hosts) and matches(cluster, clusters) for name, cluster in there)
    if hosts and clusters and not any(both):
        told = f"hosts {', '.join(hosts)} are not in {', '.join(clusters)}"
        raise UsageError(f"{before}no host matches both: {told}")


def listed(vsphere: Transport, request: Request) -> tuple[vim_listing.ListedObject, ...]:
    """Ask for a listing. Raises UsageError when it cannot be had."""
    capture = vsphere.fetch(request)
    if capture.failure is not None:
        raise UsageError(
            f"the inventory cannot be listed: {capture.failure.detail}; the account needs "
            f"{capture.failure.privilege or 'System.View and System.Read'} on it"
        )
    found = opened(capture, vim_listing.parse)
    if isinstance(found, Unknown):
        raise UsageError(f"the inventory listing is not understood: {found.detail}")
    return found


def matches(name: str, patterns: Collection[str]) -> bool:
    """Say whether a name matches one of the patterns; no pattern matches everything."""
    return not patterns or any(fnmatch.fnmatchcase(name.lower(), one.lower()) for one in patterns)


def is_host(name: str, patterns: Collection[str]) -> bool:
    """Say whether a host's name matches one of the patterns, whole or without its domain."""
    short = name.partition(".")[0]
    return matches(name, patterns) or (not short.isdecimal() and matches(short, patterns))
