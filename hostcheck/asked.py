"""All that may be asked, and the one write: what is not here cannot be sent."""

from hostcheck.collectors import esxi_shell, second_opinion, vsphere
from hostcheck.model.capture import Request
from hostcheck.parsers import (
    smoke_sparse24,
    vim_directpath_capacity,
    vim_power_on,
    vim_vm_runtime,
)
from hostcheck.smoke import steps
from hostcheck.transports.soap import GUEST, READ_ONLY, WRITES


def requests() -> tuple[Request, ...]:
    """Return all that may be asked, of vSphere, of a shell, of a guest, and the one write."""
    return (
        *vsphere.REQUESTS,
        *second_opinion.REQUESTS,
        vim_directpath_capacity.REQUEST,
        vim_vm_runtime.REQUEST,
        vim_power_on.REQUEST,
        *esxi_shell.ESXCLI_REQUESTS,
        *esxi_shell.REQUESTS,
        *vsphere.SMOKE_REQUESTS,
        smoke_sparse24.REQUEST,
        *steps.CALLS,
        *steps.COMMANDS,
    )


def vsphere_methods(*, smoke: bool = False) -> tuple[str, ...]:
    """Return the vSphere methods that may be called, the one of power-on among them.

    With `smoke` those of the smoke test instead.
    """
    return tuple(sorted(GUEST if smoke else READ_ONLY | WRITES))


def may_run(request: Request) -> bool:
    """Say whether a command is a listed one. Its slots hold integers by construction."""
    return any(
        (one.wire, one.template) == (request.wire, request.template)
        for one in (*esxi_shell.REQUESTS, *esxi_shell.ESXCLI_REQUESTS)
    )
