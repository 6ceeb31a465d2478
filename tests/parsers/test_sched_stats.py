"""What the scheduler tells of nodes and of the VMs on them."""

import pytest

from hostcheck.errors import ParseError
from hostcheck.model.fact import Unknown, Why
from hostcheck.parsers import sched_stats_numa_clients
from hostcheck.parsers.unasked import sched_stats_ncpus, sched_stats_numa_pnode

CLIENTS = (
    "groupName  groupID  clientID  homeNode  affinity  nWorlds  vmmWorlds  localMem  remoteMem\n"
)
NODES = "nodeID  used  idle  entitled  owed  loadAvgPct  nVcpu  freeMem  totalMem\n"


def client(home="0", affinity="3", local="1024"):
    row = f"vm.77  8  0  {home}  {affinity}  12  12  {local}  0\n"
    (found,) = sched_stats_numa_clients.parse(CLIENTS + row)
    return found


@pytest.mark.parametrize("text", ["", "\n", " \r\n"])
def test_a_host_with_one_node_lists_none(text):
    assert sched_stats_numa_pnode.parse(text) == ()


def test_no_vm_runs():
    assert sched_stats_numa_clients.parse(CLIENTS) == ()
    assert sched_stats_numa_clients.parse("") == ()


def test_nodes_and_their_memory():
    first, second = sched_stats_numa_pnode.parse(
        NODES + "0 20 19980 0 0 1 24 1000 2000\r\n1 5 19994 0 0 0 0 3000 4000\r\n"
    )
    assert (first.node, first.vcpu_count, first.load_percent) == (0, 24, 1)
    assert (second.free_bytes, second.total_bytes) == (3000 * 1024, 4000 * 1024)


def test_a_later_release_may_add_columns_and_repeat_the_header():
    head = "nodeID  newThing  freeMem  totalMem\n"
    nodes = sched_stats_numa_pnode.parse(head + "0 x 1 2\n" + head + "1 x 3 4\n")
    assert [node.total_bytes for node in nodes] == [2048, 4096]
    assert isinstance(nodes[0].vcpu_count, Unknown)


@pytest.mark.parametrize(
    ("mask", "nodes"), [("1", (0,)), ("3", (0, 1)), ("12", (2, 3)), ("0x5", (0, 2))]
)
def test_affinity_is_a_bit_mask_of_nodes(mask, nodes):
    assert client(affinity=mask).affinity_nodes == nodes


@pytest.mark.parametrize("mask", ["-1", "4294967295", "18446744073709551615", "0"])
def test_a_mask_that_restricts_nothing(mask):
    reading = client(affinity=mask).affinity_nodes
    assert isinstance(reading, Unknown)
    assert reading.why is Why.ABSENT


def test_a_mask_that_is_not_understood():
    reading = client(affinity="all").affinity_nodes
    assert isinstance(reading, Unknown)
    assert reading.why is Why.UNPARSED


def test_a_vm_without_a_home():
    assert client(home="2").home_node == 2
    for words, why in (("-1", Why.ABSENT), ("65535", Why.ABSENT), ("far", Why.UNPARSED)):
        reading = client(home=words).home_node
        assert isinstance(reading, Unknown)
        assert reading.why is why
        assert reading.asked == "sched-stats -t numa-clients: homeNode"


def test_memory_that_cannot_be():
    assert client(local="2").local_bytes == 2048
    assert isinstance(client(local="9" * 30).local_bytes, Unknown)


def test_counts_of_the_scheduler():
    counts = sched_stats_ncpus.parse(
        "64 PCPUs\n   32 cores\n    4 LLCs\n    1 package\n    4 NUMA nodes\n    7 wonders\n"
    )
    assert (counts.pu_count, counts.core_count, counts.last_level_cache_count) == (64, 32, 4)
    assert (counts.package_count, counts.numa_node_count) == (1, 4)
    older = sched_stats_ncpus.parse("64 PCPUs\n")
    assert isinstance(older.numa_node_count, Unknown)
    assert older.numa_node_count.why is Why.ABSENT


@pytest.mark.parametrize(
    "text",
    [
        "sh: sched-stats: not found",
        "Usage: sched-stats [options]",
        "one two three",
        NODES + "0 20 19980\n",
        CLIENTS + "vm.77 8 0 0 3 12 12 1024\n",
    ],
)
@pytest.mark.parametrize(
    "module", [sched_stats_ncpus, sched_stats_numa_clients, sched_stats_numa_pnode]
)
def test_another_answer_is_refused(module, text):
    with pytest.raises(ParseError, match="sched-stats -t ") as caught:
        module.parse(text)
    assert "\n" not in str(caught.value)
