"""A VM on a host that is not its own: what is known of it comes from its own host."""

import msgspec

from hostcheck import catalog
from hostcheck.checks.subjects import Placement
from hostcheck.checks.vmotion import home_of
from hostcheck.model.capture import Origin, Wire
from hostcheck.model.fact import Known, Unknown
from hostcheck.model.host import Host
from hostcheck.model.recording import Recording
from hostcheck.model.vm import Vm
from hostcheck.parsers import vim_cpu_features, vim_resource_pool, vim_virtual_machine
from hostcheck.sources.walls import nothing_of


def with_vm(recorded: Recording, vm_id: str, home: Recording) -> Recording:
    """Return a machine's answers as if that VM were registered on it: for a preflight elsewhere.

    What is known of the VM, and of the resource pool that it stays in, comes from its own host.
    """
    keys = [vim_virtual_machine.REQUEST.of(vm_id).key]
    keys += [vim_cpu_features.of_vm(vm_id).key]
    keys += [vim_resource_pool.REQUEST.of(pool_id).key for pool_id in home.ref.pool_ids]
    moved = {key: home.captures[key] for key in keys if key in home.captures}
    vm_ids = tuple(sorted({*recorded.ref.vm_ids, vm_id}))
    ref = msgspec.structs.replace(recorded.ref, vm_ids=vm_ids)
    return msgspec.structs.replace(recorded, ref=ref, captures={**recorded.captures, **moved})


def beside(host: Host, vm_id: str, own: Host) -> Host:
    """Return a candidate whose checks know what the VM has on its own host."""
    try:
        return _knowing(host, vm_id, own)
    except Exception as error:  # noqa: BLE001  one sick host, not the run
        return nothing_of(host.ref, error)


def _knowing(host: Host, vm_id: str, own: Host) -> Host:
    there = [vm for vm in vms_of(own) if vm.id == vm_id]
    if isinstance(host.vms, Unknown) or not there:
        return host
    read = next((one.taken_at for one in own.sources if one.taken_at), "")
    told = Origin(Wire.GIVEN, f"answers of the VM's own host {own.name}", own.id, read)
    home = home_of(Placement(there[0], own), catalog.requirements(), len(host.sources))
    vms = tuple(
        msgspec.structs.replace(vm, home=home) if vm.id == vm_id else vm for vm in host.vms.value
    )
    known = Known(vms, host.vms.sources)
    return msgspec.structs.replace(host, sources=(*host.sources, told), vms=known)


def vms_of(host: Host) -> tuple[Vm, ...]:
    """Return the VMs of a host, none where they are not known."""
    return () if isinstance(host.vms, Unknown) else host.vms.value
