"""Which VMs and hosts of a run a hardening audit finds fault with, though GPUs need them so."""

from collections.abc import Iterator

from hostcheck import catalog
from hostcheck.model.fact import Unknown
from hostcheck.model.host import Host
from hostcheck.model.run import Run
from hostcheck.model.truce import SCHEMA, Control, ExceptedVm, OpenShell, Truce, VmsUnread
from hostcheck.model.vm import Vm

SSH_SERVICE = "TSM-SSH"


def truce(run: Run, *, owner: str = "", expires: str = "", ticket: str = "") -> Truce:
    """Return the exceptions that the VMs and hosts of a run need.

    A VM is named where it was read: a vGPU or a whole device is what the control finds. What a host
    does not tell is told as not known, and never as no exception.
    """
    vms: dict[tuple[str, str], ExceptedVm] = {}
    shells: list[OpenShell] = []
    unread: list[VmsUnread] = []
    for report in run.hosts:
        host = report.host
        target = host.target or run.target
        if isinstance(host.vms, Unknown):
            unread.append(VmsUnread(host.name, target, host.vms))
        else:
            for vm in host.vms.value:
                if devices := tuple(_devices(vm)):
                    found = ExceptedVm(
                        vm.name, vm.id, host.name, target, _control(host, "VM"), devices
                    )
                    vms.setdefault((target, vm.id), found)
        if isinstance(host.services, Unknown):
            if not isinstance(host.vms, Unknown):
                unread.append(VmsUnread(host.name, target, host.services))
        elif any(one.key == SSH_SERVICE and one.running for one in host.services.value):
            shells.append(OpenShell(host.name, target, _control(host, "host")))
    named = {one.control for one in vms.values()} | {one.control for one in shells}
    return Truce(
        SCHEMA, run.target, tuple(one for one in _controls() if one.id in named),
        tuple(sorted(vms.values(), key=lambda one: (one.target, one.vm, one.vm_id))),
        tuple(shells), tuple(unread), owner, expires, ticket,
    )  # fmt: skip


def _devices(vm: Vm) -> Iterator[str]:
    for vgpu in vm.vgpus:
        told = vgpu.profile
        yield "vGPU" if isinstance(told, Unknown) else f"vGPU {told.value}"
    for device in vm.passthroughs:
        where = device.address
        place = "" if isinstance(where, Unknown) else f" at {where.value}"
        yield f"{device.kind} passthrough {device.label}{place}"


def _controls() -> tuple[Control, ...]:
    return catalog.hardening()


def _control(host: Host, about: str) -> str:
    """Return the control about a host's release of ESXi, empty where none is known."""
    if isinstance(host.version, Unknown):
        return ""
    return next(
        (
            one.id
            for one in _controls()
            if one.about == about and f"{host.version.value}.".startswith(f"{one.line}.")
        ),
        "",
    )
