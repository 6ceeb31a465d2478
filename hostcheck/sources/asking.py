"""What is asked of one machine, in which order."""

from hostcheck.assemble import gpu_addresses, may_have_gpus, smoke
from hostcheck.assemble.book import Book
from hostcheck.model.capture import Wire
from hostcheck.model.fact import Fact
from hostcheck.model.host_ref import HostRef
from hostcheck.parsers import (
    smoke_sparse24,
    vim_directpath_capacity,
    vim_software_packages,
)
from hostcheck.recording import Recording
from hostcheck.sources import walls
from hostcheck.sources.base import SHELL_WIRES, SMOKE_WIRES, VSPHERE_WIRES, OpenShell, Source
from hostcheck.ways.base import Transport
from hostcheck.ways.recorder import RecorderTransport
from hostcheck.ways.replay import ReplayTransport
from hostcheck.ways.shell import order as esxi_shell
from hostcheck.ways.vsphere import order as vsphere


def ask_host(
    ref: HostRef,
    session: Transport,
    shell: Transport | None,
    guests: Transport | None,
    *,
    over_esxcli: bool,
    packages: bool,
) -> Recording:
    """Ask vSphere, then the shell of the host, then the guests that it has."""
    none: frozenset[str] = frozenset()
    asked = RecorderTransport(
        session, shell or session, guests or session,
        accepts=(VSPHERE_WIRES, SHELL_WIRES if shell else none, SMOKE_WIRES if guests else none),
    )  # fmt: skip
    vsphere.collect(asked, ref)
    host = vsphere.host_in(asked, ref) if packages or shell is not None else None
    if packages and host is not None and may_have_gpus(host):
        vsphere.collect_packages(asked, host)
    if over_esxcli:
        esxi_shell.collect_esxcli(asked, ref.id)
    if shell is not None:
        esxi_shell.collect(asked, gpu_addresses(host))
    recorded = Recording(ref, asked.captures)
    if guests is not None:
        asked.fetch(smoke.NAMED)
        for vm_id in smoke.guests_of(walls.host_of(recorded)):
            asked.fetch(smoke_sparse24.REQUEST.of(vm_id))
    return recorded


def finish(ref: HostRef, there: Recording, open_shell: OpenShell | None = None) -> Recording:
    """Put the questions of today to answers that are there, and to the shell of the host."""
    replay = ReplayTransport(there)
    wires = {key[0] for key in there.captures}
    asked = {key[1] for key in there.captures}
    shell = open_shell(ref.name) if open_shell else None
    try:
        return ask_host(
            ref,
            replay,
            shell or (replay if Wire.SHELL.value in wires else None),
            replay if SMOKE_WIRES & wires else None,
            over_esxcli=Wire.ESXCLI.value in wires,
            packages=vim_software_packages.REQUEST.template in asked,
        )
    finally:
        if shell is not None:
            shell.close()


def vcenter_count(source: Source, recorded: Recording, profile: str) -> Fact[int]:
    """Ask vCenter how many more vGPUs of a profile fit on a host; it tells from 9.0 on."""
    request = vim_directpath_capacity.REQUEST.of(recorded.ref.id, profile=profile)
    book = Book(walls.ask(source.asker(recorded.ref.vcenter), recorded, [request]).captures)
    return book.read(request, vim_directpath_capacity.parse).fact(lambda remaining: remaining)
