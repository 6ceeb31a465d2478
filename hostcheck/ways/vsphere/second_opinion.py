"""What a preflight asks besides: what each candidate offers, and what vCenter thinks of a start.

One task is enough for a cluster whose DRS places VMs: vCenter then tests every host that is
connected and not in maintenance mode. Elsewhere it must be told the host, and each one is a task.
"""

from collections.abc import Iterable

from hostcheck.model.capture import Capture, Request
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.model.host_ref import HostRef
from hostcheck.model.recording import Recording
from hostcheck.parsers import (
    vim_check_task,
    vim_compute_resource,
    vim_config_option,
    vim_config_target,
    vim_cpu_features,
    vim_virtual_machine,
)
from hostcheck.parsers.vim_compute_resource import ComputeResource
from hostcheck.parsers.vim_virtual_machine import VirtualMachine
from hostcheck.syntax.opened import opened
from hostcheck.ways.base import Transport

REQUESTS = (
    vim_config_target.REQUEST,
    vim_config_option.REQUEST,
    *vim_cpu_features.REQUEST,
    *vim_check_task.REQUEST,
)
NOBODY = "what to ask is not known: the answer about the VM or its cluster leaves it out"
CALLS = 4
"""Questions to one host each that vCenter is asked at a time: it waits for the host."""
PLACES = ("fullyAutomated", "partiallyAutomated", "manual")
"""With DRS on, however automated, vCenter tests every host of the cluster by itself."""


def ask(transport: Transport, questions: Iterable[Request]) -> dict[tuple[str, str, str], Capture]:
    """Put the questions; one without an object to put it to is answered by that reason."""
    answers = {}
    for request in questions:
        nobody = Unknown(Why.ABSENT, NOBODY, request.text)
        answers[request.key] = (
            transport.fetch(request) if request.subject else Capture(request, failure=nobody)
        )
    return answers


def offered(recorded: Recording) -> Request:
    """Return the question which devices a host offers to a VM."""
    return vim_config_target.REQUEST.of(_browser(recorded), host=recorded.ref.id)


def limit(recorded: Recording, hardware_version: Reading[int]) -> Request:
    """Return the question how many vGPUs a VM may have; nobody is asked for an unknown version."""
    known = isinstance(hardware_version, int)
    return vim_config_option.REQUEST.of(
        _browser(recorded) if known else "", host=recorded.ref.id, version=str(hardware_version)
    )


def _browser(recorded: Recording) -> str:
    compute = compute_of(recorded)
    if compute is None or isinstance(compute.environment_browser, Unknown):
        return ""
    return compute.environment_browser


def power_on(one: HostRef, home: Recording, vm: VirtualMachine) -> Request:
    """Return the question whether a VM would start on a host: on all of its cluster, or that one.

    The VM's own resource pool counts in its own cluster, the root pool of the host elsewhere.
    """
    ask = vim_check_task.POWER_ON
    if isinstance(vm.resource_pool, Unknown) or one.cluster_id != home.ref.cluster_id:
        return ask.of(vm.id, host=one.id)
    return ask.of(vm.id, **_where(one, home, vm.resource_pool))


def vm_config(recorded: Recording, vm_id: str, spec: dict[str, str]) -> Request:
    """Return the question whether a VM that does not exist yet could live on a host."""
    compute = compute_of(recorded)
    pool = (
        ""
        if compute is None or isinstance(compute.resource_pool, Unknown)
        else (compute.resource_pool)
    )
    where = _where(recorded.ref, recorded, pool) if pool else {"host": recorded.ref.id}
    return vim_check_task.VM_CONFIG.of(vm_id, **where, **spec)


def _where(one: HostRef, home: Recording, pool: str) -> dict[str, str]:
    """Name the pool alone where vCenter then tests every host of it, else the host too."""
    compute = compute_of(home)
    alone = home.ref.cluster_kind != vim_compute_resource.CLUSTER.template
    if alone or (compute is not None and compute.drs_automation in PLACES):
        return {"pool": pool}
    return {"host": one.id, "pool": pool}


def compute_of(recorded: Recording) -> ComputeResource | None:
    """Read what a host belongs to, None where that was not understood."""
    ref = recorded.ref
    request = vim_compute_resource.request_for(ref.cluster_kind).of(ref.cluster_id)
    capture = recorded.captures.get(request.key)
    found = None if capture is None else opened(capture, vim_compute_resource.parse)
    return None if isinstance(found, Unknown) else found


def vm_of(recorded: Recording, vm_id: str) -> VirtualMachine | None:
    """Read a VM, None where it was not understood."""
    capture = recorded.captures.get(vim_virtual_machine.REQUEST.of(vm_id).key)
    found = None if capture is None else opened(capture, vim_virtual_machine.parse)
    return None if isinstance(found, Unknown) else found
