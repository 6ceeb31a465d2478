"""Where the running VMs of a host are: the home nodes of their NUMA clients, by their numbers."""

from msgspec.structs import replace

from hostcheck.assemble.book import Book, Parsed
from hostcheck.model.fact import Fact, Known, Unknown, Why
from hostcheck.model.vm import Vm
from hostcheck.parsers import esxcli_vm_process_list, sched_stats_numa_clients
from hostcheck.parsers.esxcli_vm_process_list import VmProcess
from hostcheck.parsers.sched_stats_numa_clients import NumaClient

ASKED = sched_stats_numa_clients.REQUEST.template
Processes = Parsed[tuple[VmProcess, ...]]
Clients = Parsed[tuple[NumaClient, ...]]


def with_homes(vms: Fact[tuple[Vm, ...]], book: Book) -> Fact[tuple[Vm, ...]]:
    """Return the VMs with the nodes that they run on, as far as the scheduler tells."""
    if isinstance(vms, Unknown):
        return vms
    processes = book.read(esxcli_vm_process_list.REQUEST, esxcli_vm_process_list.parse)
    clients = book.read(sched_stats_numa_clients.REQUEST, sched_stats_numa_clients.parse)
    found = tuple(replace(vm, numa_nodes=_nodes(vm, processes, clients)) for vm in vms.value)
    return Known(found, vms.sources)


def _nodes(vm: Vm, processes: Processes, clients: Clients) -> Fact[tuple[int, ...]]:
    if isinstance(vm.power_state, Unknown):
        return vm.power_state
    if vm.power_state.value != "poweredOn":
        return Unknown(Why.ABSENT, "the VM is not running", ASKED)
    if isinstance(processes.value, Unknown):
        return processes.value
    if isinstance(clients.value, Unknown):
        return clients.value
    called = [one for one in processes.value if one.name == vm.name]
    if len(called) != 1:
        told = f"{len(called)} running VMs of the host are called {vm.name}"
        return Unknown(Why.ABSENT, told, esxcli_vm_process_list.REQUEST.template)
    # The scheduler's groups go by a number of the VM's worlds; all worlds are of one numbering.
    groups = {f"vm.{number}" for number in (called[0].world_id, called[0].vmx_cartel_id)}
    mine = [one for one in clients.value if one.group in groups]
    if not mine:
        return Unknown(Why.ABSENT, "the scheduler lists no NUMA client of it", ASKED)
    nodes = set()
    for one in mine:
        if isinstance(one.home_node, Unknown):
            return one.home_node
        nodes.add(one.home_node)
    return Known(tuple(sorted(nodes)), (processes.source, clients.source))
