"""What is asked of vSphere: a listing first, then every chosen host, its cluster and its VMs."""

import fnmatch
from collections.abc import Collection, Iterable, Iterator

from msgspec import Struct

from hostcheck.errors import ParseError, UsageError
from hostcheck.model.capture import Request
from hostcheck.model.fact import Unknown
from hostcheck.parsers import (
    vim_compute_resource,
    vim_custom_values,
    vim_host_system,
    vim_listing,
    vim_query_options,
    vim_resource_pool,
    vim_software_packages,
    vim_virtual_machine,
)
from hostcheck.transports.base import Transport

REQUESTS = (
    *vim_listing.REQUEST,
    vim_host_system.REQUEST,
    *vim_compute_resource.REQUEST,
    vim_virtual_machine.REQUEST,
    vim_resource_pool.REQUEST,
    vim_software_packages.REQUEST,
    vim_query_options.REQUEST,
)

SMOKE_REQUESTS = (vim_custom_values.REQUEST,)
YES = ("yes", "true", "1")
"""Values of the custom attribute that name a VM for the smoke test."""


class Target(Struct, frozen=True):
    """A host to be collected, and the managed objects that belong to it."""

    name: str
    host_id: str
    cluster_kind: str
    cluster_id: str
    vm_ids: tuple[str, ...]
    pool_ids: tuple[str, ...] = ()
    """Resource pools of its VMs."""


def targets(
    vsphere: Transport, *, hosts: Iterable[str] = (), clusters: Iterable[str] = ()
) -> list[Target]:
    """List the hosts, filtered by name patterns before anything else is asked.

    Raises UsageError when the inventory cannot be listed or a pattern matches nothing.
    """
    listed = _listing(vsphere, vim_listing.HOSTS)
    clusters_found = {one.id: one for one in _listing(vsphere, vim_listing.COMPUTE_RESOURCES)}
    names = {one.id: one.name for one in clusters_found.values()}
    vms: dict[str, list[vim_listing.Listed]] = {}
    for vm in _listing(vsphere, vim_listing.VMS):
        vms.setdefault(vm.link, []).append(vm)
    hosts, clusters = list(hosts), list(clusters)
    _refuse_unmatched(hosts, [one.name for one in listed], "host")
    _refuse_unmatched(clusters, list(names.values()), "cluster")
    return [
        Target(
            one.name,
            one.id,
            clusters_found[one.link].kind if one.link in clusters_found else "",
            one.link,
            tuple(sorted(vm.id for vm in vms.get(one.id, ()))),
            tuple(sorted({vm.pool for vm in vms.get(one.id, ()) if vm.pool})),
        )
        for one in listed
        if matches(one.name, hosts) and matches(names.get(one.link, ""), clusters)
    ]


def vms_called(vsphere: Transport, name: str, found: Iterable[Target]) -> list[tuple[Target, str]]:
    """Find the VMs of a name on the given hosts."""
    by_id = {target.host_id: target for target in found}
    return [
        (by_id[vm.link], vm.id)
        for vm in _listing(vsphere, vim_listing.VMS)
        if vm.name == name and vm.link in by_id
    ]


def named(
    vsphere: Transport, found: Iterable[Target], names: Iterable[str], attribute: str
) -> frozenset[str]:
    """Return the ids of the VMs that may run the smoke test: by name, and by a custom attribute.

    Raises UsageError for a name that no VM has, or more than one, and for an unknown attribute.
    """
    found = list(found)
    ids = {one_vm(vms_called(vsphere, name, found), name)[1] for name in names}
    if attribute:
        here = {vm_id for target in found for vm_id in target.vm_ids}
        capture = vsphere.fetch(vim_custom_values.REQUEST)
        if capture.failure is not None:
            raise UsageError(f"custom attributes cannot be read: {capture.failure.detail}")
        try:
            listed = vim_custom_values.parse(capture.text)
        except ParseError as error:
            raise UsageError(f"custom attributes are not understood: {error}") from None
        if not any(attribute in one.known for one in listed):
            known = ", ".join(sorted({name for one in listed for name in one.known})) or "none"
            raise UsageError(f"no custom attribute is called {attribute!r}; there are: {known}")
        ids |= {
            one.vm_id
            for one in listed
            if one.vm_id in here and one.values.get(attribute, "").strip().lower() in YES
        }
    return frozenset(ids)


def one_vm(found: list[tuple[Target, str]], name: str) -> tuple[Target, str]:
    """Return the only VM of a name. Raises UsageError when there is none, or more than one."""
    if not found:
        raise UsageError(f"no VM is called {name!r} on the hosts that were given")
    if len(found) > 1:
        where = ", ".join(sorted(target.name for target, _ in found))
        raise UsageError(f"{len(found)} VMs are called {name!r}, on {where}; rename one")
    return found[0]


def _listing(vsphere: Transport, request: Request) -> tuple[vim_listing.Listed, ...]:
    capture = vsphere.fetch(request)
    if capture.failure is not None:
        raise UsageError(
            f"the inventory cannot be listed: {capture.failure.detail}; the account needs "
            f"{capture.failure.privilege or 'System.View and System.Read'} on it"
        )
    try:
        return vim_listing.parse(capture.text)
    except ParseError as error:
        raise UsageError(f"the inventory listing is not understood: {error}") from None


def matches(name: str, patterns: Collection[str]) -> bool:
    """Say whether a name matches one of the patterns; no pattern matches everything."""
    return not patterns or any(fnmatch.fnmatchcase(name.lower(), one.lower()) for one in patterns)


def _refuse_unmatched(patterns: list[str], names: list[str], kind: str) -> None:
    for pattern in patterns:
        if not any(matches(name, [pattern]) for name in names):
            some = ", ".join(sorted(names)[:5]) or "none"
            raise UsageError(f"no {kind} matches {pattern!r}; there are: {some}")


def questions(target: Target) -> Iterator[Request]:
    """Yield the property questions about one host, in the order in which they are asked."""
    yield vim_host_system.REQUEST.of(target.host_id)
    if target.cluster_id:
        yield vim_compute_resource.request_for(target.cluster_kind).of(target.cluster_id)
    for vm_id in target.vm_ids:
        yield vim_virtual_machine.REQUEST.of(vm_id)
    for pool_id in target.pool_ids:
        yield vim_resource_pool.REQUEST.of(pool_id)


def collect(vsphere: Transport, target: Target) -> None:
    """Ask the properties of one host and of what belongs to it."""
    for request in questions(target):
        vsphere.fetch(request)
    vsphere.fetch(vim_query_options.REQUEST)


def host_in(vsphere: Transport, target: Target) -> vim_host_system.HostSystem | None:
    """Return what was understood of the host itself, for the questions that depend on it."""
    capture = vsphere.fetch(vim_host_system.REQUEST.of(target.host_id))
    try:
        return vim_host_system.parse(capture.text) if capture.failure is None else None
    except ParseError:
        return None


def collect_packages(vsphere: Transport, host: vim_host_system.HostSystem) -> None:
    """Ask which VIBs are installed: no property tells, so it costs a call to each host."""
    if not isinstance(host.image_manager_id, Unknown):
        vsphere.fetch(vim_software_packages.REQUEST.of(host.image_manager_id))
