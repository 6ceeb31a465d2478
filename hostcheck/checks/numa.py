"""NUMA: what the BIOS made of the sockets."""

import re

from hostcheck.checks.bios import said_of, word_of
from hostcheck.checks.boot import renumbered_by
from hostcheck.checks.engine import Facts, check, judge, not_applicable, unsure
from hostcheck.checks.expectation import Expectation
from hostcheck.checks.subjects import every_host
from hostcheck.model.bmc import Setting
from hostcheck.model.fact import Known, Unknown
from hostcheck.model.host import Host, NumaNode, Package
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import Phase, Severity, Verdict
from hostcheck.words import count, gib

EPYC_GUIDANCE = (
    "https://knowledge.broadcom.com/external/article/432801/"
    "guidance-for-amd-epyc-bios-and-numa-conf.html"
)
NESTED_MODELS = ("VMware", "VMware Virtual Platform")
NUMA_SETTINGS = (Setting.NUMA_SPLIT, Setting.L3_NUMA, Setting.NODE_INTERLEAVING)
NODES = Expectation(
    "nodes_per_package",
    (1,),
    "NUMA nodes that a package may have; one is always right",
    least=1,
    most=64,
)
NPS_WAYS = (2, 4)
"""Nodes per socket that AMD's NPS setting can make; more are last-level caches."""
NO_MEMORY = "a socket without memory or with a failed memory bank"
NAPLES = re.compile(r"AMD EPYC 7\d\d1P?\b")
"""First-generation EPYC: 7xx1, with P for one socket."""


@check(
    "NUMA-001",
    title="Every package is one NUMA node",
    severity=Severity.RECOMMENDED,
    source=EPYC_GUIDANCE,
    each=every_host,
    phase=Phase.BIOS,
    why=(
        "Sub-NUMA clustering, NPS2/4 and L3-as-NUMA cut a socket into nodes with a part of its "
        "cores, memory and PCIe devices each; a GPU VM that fits the socket then no longer fits "
        "the node that its GPU hangs on. Broadcom says to keep CCX-as-NUMA off on AMD EPYC (KB "
        "432801), prefers NPS1 (Performance Best Practices for vSphere 9.0, page 28), and HPE "
        "says that vSAN does not support sub-NUMA clustering (a50016126enw)."
    ),
    experience=(
        "by how much a cut socket slows a GPU VM was measured by one author (F. Denneman, "
        "frankdenneman.ai/2022-09-21-sub-numa-clustering), who calls it no official advice; that "
        "it is recommended here is ours."
    ),
    fix="Set one NUMA node per socket in the BIOS, unless every VM here fits the smaller nodes.",
    needs=("maintenance mode", "host reboot"),
    menus=("numa_split", "l3_numa"),
    expects=(NODES,),
)
def one_node_per_package(host: Host, _needs: Requirements, known: Facts) -> Verdict:
    model = known(host.model)
    if model.startswith(NESTED_MODELS):
        return not_applicable(
            f"nested ESXi ({model})", "its NUMA nodes are those of the hypervisor below"
        )
    packages, nodes = known(host.packages), known(host.numa_nodes)
    package_count, node_count = known(host.package_count), known(host.numa_node_count)
    if (len(packages), len(nodes)) != (package_count, max(node_count, 1)) and node_count:
        return unsure(
            f"{package_count} packages and {node_count} nodes are counted, "
            f"{len(packages)} and {len(nodes)} listed",
            "the counts and the lists of one answer agree",
        )
    culprit, allowed = renumbered_by(host), known.expected(NODES)
    expected = _expected(allowed)
    observed = f"{count(len(nodes) or 1, 'NUMA node')} on {count(package_count, 'package')}"
    if not nodes or len(nodes) < package_count:
        return judge(
            ok=not nodes and package_count == 1,
            observed=observed,
            expected=expected,
            note=_made_up(culprit)
            if culprit
            else f"{_too_few(packages, nodes)}{_told_by_bios(host, known)}",
            mended_by="NUMA-002" if culprit else "",
        )
    split = [package for package in packages if len(package.node_os_indexes) > 1]
    if not split:
        return judge(ok=len(nodes) == package_count, observed=observed, expected=expected)
    return judge(
        ok=not culprit and _evenly(packages) in allowed,
        observed=observed,
        expected=expected,
        note=_made_up(culprit)
        if culprit
        else f"{_told_apart(split, packages, nodes)}{_told_by_bios(host, known)}",
        mended_by="NUMA-002" if culprit else "",
    )


def _expected(allowed: tuple[int, ...]) -> str:
    if set(allowed) <= {1}:
        return "one NUMA node per package"
    return f"{' or '.join(map(str, sorted({1, *allowed})))} NUMA nodes per package"


def _evenly(packages: tuple[Package, ...]) -> int:
    """Return how many nodes each package has; 0 where they have not as many."""
    ways = {len(one.node_os_indexes) for one in packages}
    return ways.pop() if len(ways) == 1 else 0


def _told_by_bios(host: Host, known: Facts) -> str:
    """Name what the BMC says of it: the attributes that are to be set, or that are right."""
    told = []
    for one in NUMA_SETTINGS:
        word = word_of(host, one)
        if isinstance(word, Known):
            known(word)
            told.append(said_of(host, one))
    return f". The BIOS says: {'; '.join(told)}" if told else ""


def _made_up(culprit: str) -> str:
    return f"the boot option {culprit} makes up the nodes: see NUMA-002, not the BIOS"


def _too_few(packages: tuple[Package, ...], nodes: tuple[NumaNode, ...]) -> str:
    """Say why there are fewer nodes than packages, where that can be told."""
    bare = _without_node(packages)
    if nodes and bare:
        return f"no node on package {bare}: {NO_MEMORY}"
    if nodes and len(packages) % len(nodes):
        return f"packages share nodes unevenly: node interleaving, or {NO_MEMORY}"
    return (
        "the BIOS interleaves memory over the sockets (node interleaving or NPS0): every access is "
        "part remote"
    )


def _without_node(packages: tuple[Package, ...]) -> str:
    return ", ".join(str(package.os_index) for package in packages if not package.node_os_indexes)


def _told_apart(
    split: list[Package], packages: tuple[Package, ...], nodes: tuple[NumaNode, ...]
) -> str:
    """Name the setting that made the nodes, and the VM that no longer fits one."""
    ways = sorted({len(package.node_os_indexes) for package in split})
    first = split[0]
    if len(ways) > 1:
        each = ", ".join(f"{len(one.node_os_indexes)} on package {one.os_index}" for one in split)
        cause = f"sockets are cut unevenly, {each}: sub-NUMA clustering, or {NO_MEMORY}"
    elif first.vendor in ("amd", "hygon"):
        if ways[-1] > max(NPS_WAYS):
            cause = f"L3 cache as NUMA domain (CCX as NUMA): {ways[-1]} nodes on a socket"
        elif NAPLES.match(first.description):
            cause = f"NPS{ways[-1]}; first-generation EPYC is always cut into 4"
        else:
            cause = f"NPS{ways[-1]}"
    else:
        cause = f"sub-NUMA clustering (SNC-{ways[-1]}; Cluster-on-Die on Haswell and Broadwell)"
    where = ""
    if len(split) < len(packages):
        listed = ", ".join(str(package.os_index) for package in split)
        bare = _without_node(packages)
        others = f"no node on package {bare}: {NO_MEMORY}" if bare else "the others have one node"
        where = f" on package {listed} only; {others}"
    return f"{cause}{where}. {_largest_fit(first, nodes)}"


def _largest_fit(package: Package, nodes: tuple[NumaNode, ...]) -> str:
    """Say which VM sizes the cut costs: from above one node's size up to the socket's."""
    mine = [node for node in nodes if node.os_index in package.node_os_indexes]
    smallest = min(len(node.pus) for node in mine)
    memory = [
        node.memory_bytes.value for node in mine if not isinstance(node.memory_bytes, Unknown)
    ]
    told = f"A VM with more than {smallest} logical processors"
    if len(memory) == len(mine):
        told += f" or {gib(min(memory))} of memory"
    whole = f"{len(package.pus)} logical processors"
    if len(memory) == len(mine):
        whole += f" and {gib(sum(memory))}"
    return f"{told} spans nodes; uncut the socket holds {whole}"
