"""What is there: the listing of hosts, clusters and VMs, and the patterns that choose of it."""

import fnmatch
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches

from msgspec import Struct

from hostcheck.errors import UsageError
from hostcheck.model.capture import Request
from hostcheck.model.fact import Unknown
from hostcheck.model.host_ref import HostRef
from hostcheck.model.run import called
from hostcheck.parsers import (
    vim_custom_values,
    vim_listing,
)
from hostcheck.syntax.opened import opened
from hostcheck.ways.base import Transport

SOME = 5
"""Names that are listed where none is like the one that was given."""
YES = ("yes", "true", "1")
"""Values of the custom attribute that name a VM for the smoke test."""


class Inventory(Struct, frozen=True):
    """What a listing holds: all hosts by name, and the names of all clusters by id."""

    hosts: tuple[HostRef, ...]
    clusters: dict[str, str]

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
    listed = _listing(vsphere, vim_listing.HOSTS)
    clusters = {one.id: one for one in _listing(vsphere, vim_listing.COMPUTE_RESOURCES)}
    vms: dict[str, list[vim_listing.Listed]] = {}
    for vm in _listing(vsphere, vim_listing.VMS):
        vms.setdefault(vm.link, []).append(vm)
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
            for one in listed
        ),
        {one.id: one.name for one in clusters.values()},
    )


def refuse_unmatched(
    found: Iterable[Inventory], hosts: Iterable[str], clusters: Iterable[str]
) -> None:
    """Raise UsageError for a name pattern that matches nothing anywhere."""
    found = list(found)
    _refuse_unmatched(hosts, [one.name for each in found for one in each.hosts], "host")
    _refuse_unmatched(
        clusters, [one for each in found for one in each.clusters.values()], "cluster"
    )


def vms_called(
    vsphere: Transport, name: str, found: Iterable[HostRef]
) -> list[tuple[HostRef, str]]:
    """Find the VMs of a name, or of a managed object id, on the given hosts."""
    by_id = {ref.id: ref for ref in found}
    return [
        (by_id[vm.link], vm.id)
        for vm in _listing(vsphere, vim_listing.VMS)
        if name in (vm.name, vm.id) and vm.link in by_id
    ]


def vm_names(vsphere: Transport) -> list[str]:
    """List the names of all VMs."""
    return [vm.name for vm in _listing(vsphere, vim_listing.VMS)]


def named(
    sessions: Mapping[str, Transport],
    found: Iterable[HostRef],
    names: Iterable[str],
    attribute: str,
) -> dict[str, frozenset[str]]:
    """Return the ids of the VMs that may run the smoke test: by name, and by a custom attribute.

    They come by vCenter, as the sessions do. Raises UsageError for a name that no VM has, or more
    than one, and for an unknown attribute.
    """
    by_vcenter = {vcenter: [one for one in found if one.vcenter == vcenter] for vcenter in sessions}
    ids: dict[str, set[str]] = {vcenter: set() for vcenter in sessions}
    for name in names:
        called = [vms_called(one, name, by_vcenter[vcenter]) for vcenter, one in sessions.items()]
        home, vm_id = one_vm([each for some in called for each in some], name)
        ids[home.vcenter].add(vm_id)
    if attribute:
        listed = {vcenter: _custom_values(one) for vcenter, one in sessions.items()}
        known = {name for some in listed.values() for one in some for name in one.known}
        if attribute not in known:
            there = ", ".join(sorted(known)) or "none"
            raise UsageError(f"no custom attribute is called {attribute!r}; there are: {there}")
        for vcenter, some in listed.items():
            here = {vm_id for one in by_vcenter[vcenter] for vm_id in one.vm_ids}
            ids[vcenter] |= {
                one.vm_id
                for one in some
                if one.vm_id in here and one.values.get(attribute, "").strip().lower() in YES
            }
    return {vcenter: frozenset(some) for vcenter, some in ids.items()}


def _custom_values(vsphere: Transport) -> tuple[vim_custom_values.Attributes, ...]:
    found = opened(vsphere.fetch(vim_custom_values.REQUEST), vim_custom_values.parse)
    if isinstance(found, Unknown):
        raise UsageError(f"custom attributes cannot be read: {found.detail}")
    return found


def one_vm(found: list[tuple[HostRef, str]], name: str) -> tuple[HostRef, str]:
    """Return the only VM of a name. Raises UsageError when there is none, or more than one."""
    if not found:
        raise UsageError(f"no VM is called {name!r} on the hosts that were given")
    if len(found) > 1:
        several = len({one.vcenter for one, _ in found}) > 1
        where = ", ".join(
            sorted(
                f"{vm_id} on {called(one.name, one.vcenter) if several else one.name}"
                for one, vm_id in found
            )
        )
        choose = "give one vCenter" if several else "give its id, or its host with --host"
        raise UsageError(f"{len(found)} VMs are called {name!r}: {where}; {choose}")
    return found[0]


def _listing(vsphere: Transport, request: Request) -> tuple[vim_listing.Listed, ...]:
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


def _refuse_unmatched(patterns: Iterable[str], names: list[str], kind: str) -> None:
    for pattern in patterns:
        fits = is_host if kind == "host" else matches
        if not any(fits(name, [pattern]) for name in names):
            raise UsageError(f"no {kind} matches {pattern!r}; {nearest(pattern, names)}")


def nearest(wanted: str, names: Iterable[str]) -> str:
    """Say which names are like the one that there is not, else some that there are."""
    every = sorted(set(names))
    by_case = {one.casefold(): one for one in every}
    near = [by_case[one] for one in get_close_matches(wanted.casefold(), by_case, n=3)]
    if near:
        return f"did you mean {', '.join(near)}?"
    more = f" and {len(every) - SOME} more" if len(every) > SOME else ""
    return f"there are: {', '.join(every[:SOME]) or 'none'}{more}"
