"""Which VM is meant: by name, managed object id, UUID, inventory path, or a custom attribute."""

import re
from collections.abc import Collection, Iterable, Mapping

from hostcheck.errors import UsageError
from hostcheck.model.capture import Request
from hostcheck.model.fact import Unknown
from hostcheck.model.host_ref import VmRef
from hostcheck.model.run import called
from hostcheck.near import meant
from hostcheck.parsers import vim_custom_values, vim_listing
from hostcheck.syntax.opened import opened
from hostcheck.ways.base import Transport
from hostcheck.words import spelled

YES = ("yes", "true", "1")
"""Values of the custom attribute that name a VM for the smoke test."""
DEEPEST = 100
"""Folders above a VM that are looked at; an inventory has no circle, an answer might."""
VM_FOLDER = "vm"
"""Every datacenter's own folder of VMs, which clients leave out of paths or name."""
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def is_uuid(given: str) -> bool:
    """Say whether a word is a UUID as vSphere writes them."""
    return _UUID.fullmatch(given) is not None


def goes_by(given: str, vm: VmRef) -> bool:
    """Say whether a word is a VM's name, as it is kept or shown, or its managed object id."""
    return given in (vm.name, spelled(vm.name), vm.id)


def vms_called(vsphere: Transport, given: str, here: Collection[VmRef]) -> list[VmRef]:
    """Find the VMs that a word means among those here.

    A word with a slash that is no name is an inventory path, whole or its end.
    """
    if is_uuid(given):
        ids = {one.id for one in _places(vsphere, vim_listing.VM_PLACES) if _has(one, given)}
        return [one for one in here if one.id in ids]
    named = [one for one in here if goes_by(given, one)]
    if named or "/" not in given.strip("/"):
        return named
    paths = _paths(vsphere)
    return [one for one in here if _ends(paths.get(one.id, ""), spelled(one.name), given)]


def _has(one: vim_listing.InventoryPlace, uuid: str) -> bool:
    return uuid.lower() in (each.lower() for each in one.uuids)


def _ends(folder: str, name: str, given: str) -> bool:
    """Say whether a path ends so; the folder `vm` of the datacenter may be named or left out."""
    whole, wanted = f"/{folder}/{name}", "/" + given.strip("/")
    datacenter, _, below = whole.partition(f"/{VM_FOLDER}/")
    return whole.endswith(wanted) or f"{datacenter}/{below}".endswith(wanted)


def _paths(vsphere: Transport) -> dict[str, str]:
    """Return the folder of every VM, by its id: `dc/vm/gpu`."""
    above = {
        one.id: one
        for request in (vim_listing.FOLDERS, vim_listing.DATACENTERS)
        for one in _places(vsphere, request)
    }

    def path(at: str) -> str:
        parts: list[str] = []
        while at in above and above[at].parent and len(parts) < DEEPEST:
            parts.append(spelled(above[at].name))
            at = above[at].parent
        return "/".join(reversed(parts))

    return {one.id: path(one.parent) for one in _places(vsphere, vim_listing.VM_PLACES)}


def _places(vsphere: Transport, request: Request) -> tuple[vim_listing.InventoryPlace, ...]:
    capture = vsphere.fetch(request)
    if capture.failure is not None:
        raise UsageError(
            f"the inventory's paths and UUIDs cannot be listed: {capture.failure.detail}; name the "
            "VM by its name or id"
        )
    found = opened(capture, vim_listing.parse_places)
    if isinstance(found, Unknown):
        raise UsageError(
            f"the inventory's paths and UUIDs are not understood: {found.detail}; name the VM by "
            "its name or id"
        )
    return found


def named(
    sessions: Mapping[str, Transport],
    found: Iterable[VmRef],
    names: Iterable[str],
    attribute: str,
) -> dict[str, frozenset[str]]:
    """Return the ids of the VMs that may run the smoke test: by name, and by a custom attribute.

    They come by vCenter, as the sessions do; `found` are the VMs of all. Raises UsageError for a
    name that no VM has, or more than one, and for an unknown attribute.
    """
    by_vcenter: dict[str, list[VmRef]] = {vcenter: [] for vcenter in sessions}
    for one in found:
        by_vcenter[one.host.vcenter].append(one)
    ids: dict[str, set[str]] = {vcenter: set() for vcenter in sessions}
    for name in names:
        several = [vms_called(one, name, by_vcenter[vcenter]) for vcenter, one in sessions.items()]
        vm = one_vm([each for some in several for each in some], name)
        ids[vm.host.vcenter].add(vm.id)
    if attribute:
        values = {vcenter: _custom_values(one) for vcenter, one in sessions.items()}
        known = {name for some in values.values() for one in some for name in one.known}
        if attribute not in known:
            there = ", ".join(sorted(known)) or "none"
            raise UsageError(f"no custom attribute is called {attribute!r}; there are: {there}")
        for vcenter, some in values.items():
            here = {one.id for one in by_vcenter[vcenter]}
            ids[vcenter] |= {
                one.vm_id
                for one in some
                if one.vm_id in here and one.values.get(attribute, "").strip().lower() in YES
            }
    return {vcenter: frozenset(some) for vcenter, some in ids.items()}


def _custom_values(vsphere: Transport) -> tuple[vim_custom_values.CustomAttributes, ...]:
    found = opened(vsphere.fetch(vim_custom_values.REQUEST), vim_custom_values.parse)
    if isinstance(found, Unknown):
        raise UsageError(f"custom attributes cannot be read: {found.detail}")
    return found


def one_vm(found: Collection[VmRef], name: str) -> VmRef:
    """Return the only VM of a name. Raises UsageError when there is none, or more than one."""
    if not found:
        raise UsageError(f"no VM is called {name!r} on the hosts that were given")
    if len(found) > 1:
        several = len({one.host.vcenter for one in found}) > 1
        where = ", ".join(
            sorted(
                f"{one.id} on {called(one.host.name, one.host.vcenter if several else '')}"
                for one in found
            )
        )
        choose = "give one vCenter" if several else "give its id, its UUID, or its host with --host"
        raise UsageError(f"{len(found)} VMs are called {name!r}: {where}; {choose}")
    return next(iter(found))


def none_called(name: str, there: Iterable[VmRef], *, recorded: bool = False) -> UsageError:
    """Return the error for a name that no VM has, with those that are like it."""
    told = "no VM has the UUID" if is_uuid(name) else "no VM is called"
    hint = meant(name.rpartition("/")[2], [one.name for one in there])
    if recorded and (is_uuid(name) or "/" in name):
        hint = f"recordings hold no UUIDs and no inventory paths: give its name or id; {hint}"
    return UsageError(f"{told} {name!r}; {hint}")
