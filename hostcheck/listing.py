"""Hosts and VMs in a line each, from hosts that were joined: live, recorded, or of a run file."""

from collections.abc import Iterable

from hostcheck.model.fact import Fact, Known, Unknown
from hostcheck.model.host import Host
from hostcheck.model.listing import HostRow, Hosts, VmRow, Vms
from hostcheck.model.vm import Vm

PASSTHROUGH = "passthrough"


def hosts(found: Iterable[Host]) -> Hosts:
    """List hosts; they are walked over once."""
    return Hosts(tuple(sorted(map(_host, found), key=lambda one: (one.name, one.vcenter, one.id))))


def _host(host: Host) -> HostRow:
    gpus: Fact[tuple[str, ...]] = (
        host.gpus
        if isinstance(host.gpus, Unknown)
        else Known(tuple(gpu.name for gpu in host.gpus.value))
    )
    vms: Fact[int] = host.vms if isinstance(host.vms, Unknown) else Known(len(host.vms.value))
    return HostRow(
        host.name, host.target, host.id, host.cluster, _state(host), host.version, gpus, vms
    )


def _state(host: Host) -> Fact[str]:
    state, resting = host.connection_state, host.in_maintenance_mode
    if isinstance(state, Known) and state.value == "connected":
        if isinstance(resting, Unknown):
            return resting
        if resting.value:
            return Known("maintenance", resting.sources)
    return state


def vms(found: Iterable[Host]) -> Vms:
    """List the VMs with a GPU; hosts are walked over once."""
    rows: list[VmRow] = []
    untold: list[tuple[str, str]] = []
    for host in found:
        if isinstance(host.vms, Unknown):
            untold.append((host.name, host.vms.detail))
        else:
            rows += [_vm(vm, host) for vm in host.vms.value]
    rows.sort(key=lambda one: (one.name, one.vcenter, one.id))
    return Vms(tuple(rows), tuple(sorted(untold)))


def _vm(vm: Vm, host: Host) -> VmRow:
    devices: Fact[tuple[str, ...]]
    if isinstance(vm.devices, Unknown):
        devices = vm.devices
    else:
        profiles = [
            one.profile.value if isinstance(one.profile, Known) else "vGPU of a profile not known"
            for one in vm.vgpus
        ]
        devices = Known((*profiles, *(PASSTHROUGH for _ in vm.passthroughs)))
    gpus: Fact[tuple[str, ...]] = (
        vm.gpu_addresses
        if isinstance(vm.gpu_addresses, Unknown)
        else Known(tuple(map(str, vm.gpu_addresses.value)))
    )
    return VmRow(
        vm.name, vm.id, host.name, host.target, host.cluster, vm.power_state, devices, gpus
    )
