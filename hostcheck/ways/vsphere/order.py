"""What is asked of vSphere about one host: itself, its cluster, its VMs and what they draw on."""

from collections.abc import Iterator

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Unknown
from hostcheck.model.host_ref import HostRef
from hostcheck.parsers import (
    vim_certificates,
    vim_compute_resource,
    vim_custom_values,
    vim_directpath_capacity,
    vim_host_system,
    vim_listing,
    vim_power_on,
    vim_privileges,
    vim_query_options,
    vim_resource_pool,
    vim_software_packages,
    vim_virtual_machine,
    vim_vm_runtime,
)
from hostcheck.syntax.vim_call import method_of
from hostcheck.ways.base import SoFar, Transport
from hostcheck.ways.vsphere import second_opinion
from hostcheck.ways.vsphere.soap import SESSION

REQUESTS = (
    *vim_listing.REQUEST,
    vim_host_system.REQUEST,
    *vim_compute_resource.REQUEST,
    vim_virtual_machine.REQUEST,
    vim_resource_pool.REQUEST,
    vim_software_packages.REQUEST,
    vim_query_options.REQUEST,
    vim_privileges.REQUEST,
    *second_opinion.REQUESTS,
    vim_directpath_capacity.REQUEST,
    vim_vm_runtime.REQUEST,
    vim_power_on.REQUEST,
    vim_custom_values.REQUEST,
    vim_certificates.REQUEST,
)
WRITES = frozenset(method_of(one) for one in REQUESTS if one.wire == Wire.WRITE)
"""What only `hostcheck power-on` can call, of the VM that the user named."""
METHODS = tuple(sorted(SESSION.union(method_of(one) for one in REQUESTS if "." in one.template)))
"""What these questions are carried by."""


def questions(ref: HostRef) -> Iterator[Request]:
    """Yield the property questions about one host, in the order in which they are asked."""
    yield vim_host_system.REQUEST.of(ref.id)
    if ref.cluster_id:
        yield vim_compute_resource.request_for(ref.cluster_kind).of(ref.cluster_id)
    for vm_id in ref.vm_ids:
        yield vim_virtual_machine.REQUEST.of(vm_id)
    for pool_id in ref.pool_ids:
        yield vim_resource_pool.REQUEST.of(pool_id)


def collect(vsphere: Transport, so_far: SoFar) -> None:
    """Ask the properties of one host and of what belongs to it.

    Which VIBs are installed no property tells: that costs a call to each host.
    """
    for request in questions(so_far.ref):
        vsphere.fetch(request)
    vsphere.fetch(vim_query_options.REQUEST)
    if so_far.packages and so_far.may_have_gpus():
        host = so_far.system()
        if host is not None and not isinstance(host.image_manager_id, Unknown):
            vsphere.fetch(vim_software_packages.REQUEST.of(host.image_manager_id))
