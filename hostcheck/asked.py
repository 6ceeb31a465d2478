"""All that may be asked, and the one write: what is not here cannot be sent."""

import textwrap
from collections.abc import Iterable

from hostcheck import ask
from hostcheck.model.capture import Request, Wire
from hostcheck.parsers import (
    smoke_sparse24,
    vim_directpath_capacity,
    vim_power_on,
    vim_vm_runtime,
)
from hostcheck.ways.guest import steps
from hostcheck.ways.shell import order as esxi_shell
from hostcheck.ways.shell import script as ssh_script
from hostcheck.ways.vsphere import order as vsphere
from hostcheck.ways.vsphere import second_opinion
from hostcheck.ways.vsphere.soap import GUEST, READ_ONLY, WRITES

WIDTH = 96
TITLES = {
    Wire.PROPERTIES: "vSphere properties (read by PropertyCollector)",
    Wire.METHOD: "vSphere methods",
    Wire.TASK: "vCenter's own checks (only preflight; each leaves a line in its list of tasks)",
    Wire.WRITE: "The one request that changes something (only hostcheck power-on)",
    Wire.ESXCLI: "esxcli through the vSphere API (only with --esxcli)",
    Wire.GUEST: (
        "Smoke test in a guest that the user named (only with hostcheck smoke and --smoke); "
        "writes there, and removes it"
    ),
    Wire.SHELL: "ESXi shell over SSH (only with --ssh; those of a host may run as one line)",
}
"""In the order of the page. What is given was not asked."""


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


def page(listed: Iterable[Request] = ()) -> str:
    """Return everything that may ever be asked, and what else can be read, as text."""
    every = list(listed) or list(requests())
    lines = ["Nothing but what is listed here can be sent. Slots in braces take integers only.", ""]
    for wire in dict.fromkeys((*TITLES, *(one.wire for one in every))):
        lines += [TITLES.get(wire, wire.value)]
        for request in every:
            if request.wire is wire:
                lines += _entry(request)
        lines += [""]
    lines += ["What goes round commands that run as one line; MARK is random, drawn for that line"]
    lines += [f"  {ssh_script.framed(['COMMAND', 'COMMAND'], 'MARK')}", ""]
    lines += ["vSphere methods that carry these questions"]
    lines += _wrapped(vsphere_methods(), "  ")
    lines += ["", "vSphere methods of the smoke test; no other session can call them"]
    lines += _wrapped(vsphere_methods(smoke=True), "  ")
    lines += ["", "Never asked; `hostcheck parse` reads them too"]
    asked = {request.template for request in every}
    lines += [f"  {one.template}" for one, _ in ask.parsers() if one.template not in asked]
    return "\n".join(lines)


def _entry(request: Request) -> list[str]:
    needs = f" (needs {request.privilege})" if request.privilege else ""
    paths = _wrapped((path.name for path in request.paths), "      ")
    return [f"  {request.template}", f"      {request.purpose}{needs}", *paths]


def _wrapped(names: Iterable[str], indent: str) -> list[str]:
    return textwrap.wrap(", ".join(names), WIDTH, initial_indent=indent, subsequent_indent=indent)
