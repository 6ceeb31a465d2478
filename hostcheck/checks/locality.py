"""LOC: whether GPU, network and VM meet on one NUMA node."""

from hostcheck.checks.engine import Facts, check, judge, not_applicable, run
from hostcheck.checks.expectation import Expectation
from hostcheck.checks.subjects import (
    Placement,
    addresses,
    every_placement,
    megabytes,
    serving_gpus,
    takes_all,
)
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host import Host
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import Severity, Verdict
from hostcheck.model.vm import Vm
from hostcheck.words import gib

STUDY = "frankdenneman.ai/2022-09-21-sub-numa-clustering"
"""It is cited once, in the manual page of each check that tells what it measured."""
SIBLING = "memory of another node of the same socket answers about 9 % slower than its own"
OTHER_SOCKET = "memory of the other socket answers about 73 % slower than its own (139 ns for 80)"
OTHER_SOCKET_CUT = (
    "memory of the other socket answers 78 to 90 % slower than its own where sockets are cut"
)
"""What a way costs, measured once and elsewhere: an estimate, and told as one."""
TOGETHER = Expectation(
    "together", "node", "what GPU and uplinks must share", words=("node", "package")
)
LOCALITY = "https://frankdenneman.ai/2020-01-10-pcie-device-numa-node-locality/"


@check(
    "LOC-001",
    title="The VM's GPU and the adapters that carry its traffic are on one NUMA node",
    severity=Severity.RECOMMENDED,
    source=LOCALITY,
    each=every_placement,
    why=(
        "Data that arrives on the other socket crosses the link between the sockets on its way to "
        "the GPU, at a part of the bandwidth and with more latency."
    ),
    experience=(
        f"how much it costs was measured by one author ({STUDY}), on Skylake; no vendor gives a "
        "figure."
    ),
    fix=(
        "Connect the VM to a switch whose active uplinks sit on the GPU's node, or start it on a "
        "GPU on the uplinks' node."
    ),
    how=(
        run(
            "vSphere Client",
            "{host} > Configure > Networking > Virtual switches > Edit > Teaming and failover",
        ),
    ),
    expects=(TOGETHER,),
)
def gpu_and_uplinks_together(placed: Placement, needs: Requirements, known: Facts) -> Verdict:
    gpus = serving_gpus(placed, needs, known)
    if not gpus:
        return not_applicable("no GPU here serves it")
    if not placed.vm.nics:
        return not_applicable("the VM has no network adapter")
    nics = {nic.name: nic for nic in known(placed.host.nics)}
    uplinks = sorted({name for nic in placed.vm.nics for name in known(nic.uplinks)})
    if not uplinks:
        return not_applicable("its networks have no uplinks")
    at = {name: known(nics[name].numa_node) for name in uplinks}
    gpu_nodes = {gpu.address: known(gpu.numa_node) for gpu in gpus}
    together = known.expected(TOGETHER)
    if together == "package":
        known(placed.host.numa_nodes)
    near = [
        address
        for address, node in gpu_nodes.items()
        if all(
            other == node or (together == "package" and _one_socket(placed.host, node, other))
            for other in at.values()
        )
    ]
    ok = len(near) == len(gpus) if takes_all(placed, known) else bool(near)
    told_gpus = ", ".join(f"{address} on node {node}" for address, node in gpu_nodes.items())
    told_nics = ", ".join(f"{name} on node {node}" for name, node in at.items())
    note = ""
    if ok and len(near) < len(gpus):
        note = f"only on {', '.join(near)}: vSphere may choose another GPU"
    elif not ok:
        apart = [(one, other) for one in gpu_nodes.values() for other in at.values()]
        note = _estimate(placed.host, [pair for pair in apart if pair[0] != pair[1]])
    return judge(
        ok=ok,
        observed=f"{told_gpus}; {told_nics}",
        expected="GPU and uplinks on one " + ("NUMA node" if together == "node" else together),
        note=note,
    )


@check(
    "LOC-002",
    title="The VM fits into the NUMA node of its GPU",
    severity=Severity.RECOMMENDED,
    source=LOCALITY,
    each=every_placement,
    why=(
        "A VM with more processors or memory than one node has is spread over several, and part "
        "of it then works on the GPU from afar."
    ),
    experience=(
        f"how much it costs was measured by one author ({STUDY}), on Skylake; no vendor gives a "
        "figure."
    ),
    fix="Make the VM smaller, or make the nodes larger (one NUMA node per socket, see NUMA-001).",
    how=(
        run("govc", "govc vm.change -vm {vm} -c {in_sockets} -m {megabytes} -memory-pin"),
        run(
            "PowerCLI (processors)",
            "Set-VM -VM (Get-VM -Id {vm_id}) -NumCpu {cpus} -CoresPerSocket {cpus} -Confirm:$false",
        ),
        run("govc (memory)", "govc vm.change -vm {vm} -m {memory_alone} -memory-pin"),
    ),
    needs=("VM power off",),
)
def fits_gpu_node(placed: Placement, needs: Requirements, known: Facts) -> Verdict:
    gpus = serving_gpus(placed, needs, known)
    if not gpus:
        return not_applicable("no GPU here serves it")
    vcpus, memory = known(placed.vm.vcpu_count), known(placed.vm.memory_bytes)
    sizes = {gpu.address: _size(placed.host, known(gpu.numa_node), known) for gpu in gpus}
    fitting = [
        address for address, (cores, size) in sizes.items() if vcpus <= cores and memory <= size
    ]
    ok = len(fitting) == len(gpus) if takes_all(placed, known) else bool(fitting)
    cores, size = max(sizes.values())
    if takes_all(placed, known):
        cores, size = (min(each) for each in zip(*sizes.values(), strict=True))
    whole = _in_whole_sockets(placed.vm, min(vcpus, cores))
    note = ""
    if not ok:
        spans = [pair for gpu in gpus for pair in _spills_to(placed.host, known(gpu.numa_node))]
        excess = _excess(vcpus, cores, memory, size)
        note = f"{excess}; {_estimate(placed.host, spans)}".rstrip("; ")
    return judge(
        ok=ok,
        observed=f"{vcpus} vCPU and {gib(memory)}; GPU {addresses(gpus)}",
        expected=f"at most {cores} cores and {gib(size)}, the GPU's node",
        note=note,
        megabytes=megabytes(min(memory, size)),
        in_sockets=whole,
        cpus=None if whole else min(vcpus, cores),
        memory_alone=None if whole or memory <= size else megabytes(size),
    )


def _in_whole_sockets(vm: Vm, most: int) -> int | None:
    """Return how many processors up to a number fill the VM's sockets, or None.

    vSphere refuses any other number until the size of the sockets is changed too. None: not even
    one socket is that small, or their size is not known.
    """
    size = 0 if isinstance(vm.cores_per_socket, Unknown) else vm.cores_per_socket.value
    return most // size * size or None if size > 0 else None


def _spills_to(host: Host, home: int) -> list[tuple[int, int]]:
    """Return (home, other) for the node that a VM too large for its home takes next."""
    nodes = () if isinstance(host.numa_nodes, Unknown) else host.numa_nodes.value
    others = [(home, node.os_index) for node in nodes if node.os_index != home]
    near = [pair for pair in others if _one_socket(host, *pair)]
    return near[:1] or others[:1]


def _one_socket(host: Host, one: int, other: int) -> bool:
    nodes = () if isinstance(host.numa_nodes, Unknown) else host.numa_nodes.value
    sockets = {node.os_index: set(node.package_os_indexes) for node in nodes}
    return bool(sockets.get(one, set()) & sockets.get(other, set()))


def _estimate(host: Host, apart: list[tuple[int, int]]) -> str:
    """Say what the worst of some ways between nodes costs; empty where nodes are not known."""
    if isinstance(host.numa_nodes, Unknown) or not apart:
        return ""
    if all(_one_socket(host, *pair) for pair in apart):
        cost = SIBLING
    else:
        sockets = {index for node in host.numa_nodes.value for index in node.package_os_indexes}
        cut = len(host.numa_nodes.value) > len(sockets)
        cost = OTHER_SOCKET_CUT if cut else OTHER_SOCKET
    return f"estimate: {cost}"


def _size(host: Host, node_index: int, known: Facts) -> tuple[int, int]:
    """Return cores and bytes of a node; hyper-threads do not count, as ESXi counts."""
    pus, nodes = known(host.pu_count), known(host.numa_nodes)
    threads = max(1, pus // known(host.core_count))
    listed = sum(len(node.pus) for node in nodes)
    if listed != pus:
        told = f"{pus} processors are counted, {listed} listed by node"
        known.leave(Unknown(Why.UNPARSED, told, "hardware.numaInfo"))
    for node in nodes:
        if node.os_index == node_index:
            return len(node.pus) // threads, known(node.memory_bytes)
    unlisted = f"NUMA node {node_index} is not listed"
    return known.leave(Unknown(Why.ABSENT, unlisted, "hardware.numaInfo"))


def _excess(vcpus: int, cores: int, memory: int, size: int) -> str:
    parts = []
    if vcpus > cores:
        parts.append(f"{vcpus - cores} vCPU too many")
    if memory > size:
        parts.append(f"{gib(memory - size)} too much memory")
    return " and ".join(parts)
