"""NUMA-001: what the BIOS made of the sockets, named by the setting that made it."""

import pytest

from hostcheck.model.fact import Why
from tests.checks.synthetic import (
    a_host,
    changed,
    interleaved,
    known,
    processors,
    result,
    says,
    synthetic,
    unknown,
)

NAPLES = "AMD EPYC 7601 32-Core Processor"
MILAN = "AMD EPYC 7763 64-Core Processor"


def amd(cut, description=MILAN, vendor="amd"):
    return a_host(**processors(cut, vendor=vendor, description=description))


def test_one_node_per_package():
    one = result("NUMA-001", synthetic("2 package, 2 node"))
    says(one, "pass", "2 NUMA nodes on 2 packages", "one NUMA node per package")
    assert one.sources == (0,)


def test_one_package_one_node():
    says(result("NUMA-001", synthetic("1 package, 1 node")), "pass", "1 NUMA node on 1 package")


def test_four_packages():
    says(result("NUMA-001", synthetic("4 package, 4 node")), "pass", "4 NUMA nodes on 4 packages")


@pytest.mark.parametrize("ways", [2, 3, 4])
def test_snc_is_named_with_its_ways(ways):
    one = result("NUMA-001", a_host(**processors((ways, ways))))
    says(one, "fail", f"{2 * ways} NUMA nodes on 2 packages", f"SNC-{ways}", "Cluster-on-Die")
    assert "only" not in one.note
    assert any("Sub NUMA Cluster: Disabled" in command.text for command in one.fix)


@pytest.mark.parametrize(("cut", "package"), [((2, 1), "0"), ((1, 2), "1")])
def test_snc_on_one_socket_names_the_socket(cut, package):
    one = result("NUMA-001", a_host(**processors(cut)))
    says(one, "fail", "3 NUMA nodes on 2 packages", "SNC-2", f"on package {package} only")
    assert "the others have one node" in one.note


@pytest.mark.parametrize("vendor", ["amd", "hygon"])
@pytest.mark.parametrize("ways", [2, 4])
def test_nps(ways, vendor):
    one = result("NUMA-001", amd((ways, ways), vendor=vendor))
    says(one, "fail", f"NPS{ways}")
    assert "SNC" not in one.note
    assert "L3" not in one.note
    assert "first-generation" not in one.note


def test_nps1_passes():
    says(result("NUMA-001", amd((1, 1))), "pass")


def test_l3_cache_as_numa():
    one = result("NUMA-001", amd((8, 8)))
    says(one, "fail", "L3 cache as NUMA domain", "8 nodes on a socket")
    assert "NPS" not in one.note


@pytest.mark.parametrize(
    "description", [NAPLES, "AMD EPYC 7351P 16-Core Processor", "AMD EPYC 7251 8-Core Processor"]
)
def test_naples_is_always_cut_into_four(description):
    says(
        result("NUMA-001", amd((4, 4), description)),
        "fail", "first-generation EPYC is always cut into 4",
    )  # fmt: skip


@pytest.mark.parametrize(
    "description",
    [MILAN, "AMD EPYC 7452 32-Core Processor", "AMD EPYC 7H12 64-Core Processor",
     "AMD EPYC 9354 32-Core Processor", "AMD EPYC 7543 128-Core 1 Way", ""],
)  # fmt: skip
def test_later_epyc_is_not_called_first_generation(description):
    assert "first-generation" not in result("NUMA-001", amd((4, 4), description)).note


@pytest.mark.parametrize(("packages", "nodes"), [(2, 1), (4, 1), (4, 2)])
def test_node_interleaving(packages, nodes):
    one = result("NUMA-001", a_host(**interleaved(packages, nodes)))
    says(one, "fail", f"on {packages} packages", "node interleaving or NPS0", "part remote")


def test_a_host_that_is_not_numa_with_one_package():
    host = changed(synthetic("1 package, 1 node"), numa_node_count=0, numa_nodes=())
    says(result("NUMA-001", host), "pass", "1 NUMA node on 1 package")


def test_a_host_that_is_not_numa_with_two_packages():
    host = changed(synthetic("2 package, 2 node"), numa_node_count=0, numa_nodes=())
    says(result("NUMA-001", host), "fail", "node interleaving")


def test_nodes_that_are_no_multiple_are_reported_and_not_guessed():
    one = result("NUMA-001", a_host(**interleaved(4, 3)))
    says(one, "fail", "3 NUMA nodes on 4 packages", "failed memory bank")
    assert "the BIOS interleaves" not in one.note


def test_sockets_cut_unevenly_are_not_called_by_one_setting():
    one = result("NUMA-001", a_host(**processors((2, 3))))
    says(one, "fail", "5 NUMA nodes on 2 packages", "2 on package 0, 3 on package 1")
    assert "SNC-" not in one.note
    assert "failed memory bank" in one.note


@pytest.mark.parametrize("cut", [(1, 0), (2, 0)])
def test_a_socket_without_a_node_is_named(cut):
    one = result("NUMA-001", a_host(**processors(cut)))
    says(one, "fail", "no node on package 1", "a socket without memory")


@pytest.mark.parametrize("model", ["VMware7,1", "VMware20,1", "VMware Virtual Platform"])
@pytest.mark.parametrize("cut", [(1, 1), (2, 2), (8, 8)])
def test_nested_is_not_applicable(model, cut):
    one = result("NUMA-001", a_host(model=model, **processors(cut)))
    says(one, "notapplicable", "nested", model, "hypervisor below")


def test_the_sizes_that_no_longer_fit_a_node_are_told():
    one = result("NUMA-001", a_host(**processors((2, 2))))
    says(
        one, "fail", "more than 16 logical processors or 128 GiB of memory spans nodes",
        "uncut the socket holds 32 logical processors and 256 GiB",
    )  # fmt: skip


def test_sizes_without_memory_where_memory_is_not_known():
    host = a_host(**processors((2, 2)))
    nodes = host.numa_nodes.value
    blind = tuple(
        type(node)(node.os_index, unknown(), node.pus, node.package_os_indexes) for node in nodes
    )
    one = result("NUMA-001", changed(host, numa_nodes=blind))
    says(one, "fail", "more than 16 logical processors spans nodes")
    assert "GiB" not in one.note


@pytest.mark.parametrize(
    "field", ["model", "packages", "numa_nodes", "package_count", "numa_node_count"]
)
def test_missing_numa_information_is_unknown(field):
    lost = unknown(Why.DENIED, "NoPermission", "HostSystem hardware.numaInfo", "System.Read")
    one = result("NUMA-001", changed(synthetic("2 package, 2 node"), **{field: lost}))
    says(one, "unknown", "not known")
    assert (one.unseen.why, one.unseen.privilege) == ("denied", "System.Read")
    assert one.unseen.detail == "NoPermission"
    assert one.fix == ()


@pytest.mark.parametrize("counts", [{"package_count": 4}, {"numa_node_count": 4}])
def test_counts_that_contradict_the_lists_are_unknown(counts):
    one = result("NUMA-001", changed(synthetic("2 package, 2 node"), **counts))
    says(one, "unknown", "2 and 2 listed", "the counts and the lists of one answer agree")


def test_a_missing_numa_node_is_not_node_zero():
    host = changed(synthetic("2 package, 2 node"), numa_nodes=known(()))
    says(result("NUMA-001", host), "unknown", "2 and 0 listed")
