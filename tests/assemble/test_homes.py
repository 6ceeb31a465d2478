"""Where VMs run is what the scheduler says of their NUMA clients, and nothing else."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from hostcheck import recording
from hostcheck.assemble import assemble
from hostcheck.model.capture import Capture
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.parsers import esxcli_vm_process_list, sched_stats_numa_clients
from hostcheck.reports.topology import svg
from hostcheck.verdict import report_of
from tests.peers import shapes, shell

FIXTURES = Path(__file__).parents[2] / "fixtures"
MACHINE = "2n-4xA100-80-nvlink-esxi803"
CLIENTS, PROCESSES = sched_stats_numa_clients.REQUEST, esxcli_vm_process_list.REQUEST


@pytest.fixture(scope="module")
def shape():
    return shapes.SHAPES[MACHINE]


@pytest.fixture(scope="module")
def recorded():
    return recording.load(FIXTURES / MACHINE)


def told(recorded, texts):
    """The nodes of each VM where the shell says these words."""
    captures = dict(recorded.captures)
    for request, text in texts.items():
        captures[request.key] = Capture(request, text, taken_at="2026-11-28T22:57:05Z")
    host = assemble(replace(recorded, captures=captures))
    return host, {vm.name: vm.numa_nodes for vm in host.vms.value}


@pytest.fixture(scope="module")
def said(shape):
    answers = shell.answers(shape)
    return {one: answers[one.template][0] for one in (CLIENTS, PROCESSES)}


def test_each_running_vm_is_on_the_home_node_of_its_clients(recorded, shape, said):
    host, nodes = told(recorded, said)
    homes = {vm.name: vm.home_node for vm in shape.vms if vm.on}
    assert len(homes) > 1
    assert {name: fact.value for name, fact in nodes.items() if isinstance(fact, Known)} == {
        name: (home,) for name, home in homes.items()
    }
    asked = {host.sources[at].asked for at in nodes["far-nic-08"].sources}
    assert asked == {CLIENTS.template, PROCESSES.template}
    drawn = svg.layout(report_of(host))
    assert sum(box.kind == "band" for box in drawn.boxes) == len(homes) + 1, "and the legend"
    assert not any(box.kind == "band lost" for box in drawn.boxes)
    row = next(box for box in drawn.boxes if box.kind == "row" and "far-nic-08" in box.says[0])
    assert row.says[-1] == f"on node {homes['far-nic-08']}"


def test_a_wide_vm_is_on_all_nodes_of_its_clients(recorded, said):
    rows = said[CLIENTS].splitlines(keepends=True)
    mine = next(row for row in rows if row.split()[0] == rows[1].split()[0])
    words = mine.split()
    second = mine.replace(f" {words[3]} ", f" {1 - int(words[3])} ", 1)
    second = "  ".join([*words[:2], "1", str(1 - int(words[3])), *words[4:]]) + "\n"
    _, nodes = told(recorded, {**said, CLIENTS: "".join([*rows, second])})
    assert (0, 1) in {fact.value for fact in nodes.values() if isinstance(fact, Known)}


def test_what_is_not_said_is_not_known(recorded, said):
    def why(**changes):
        _, nodes = told(recorded, {**said, **{globals()[k]: v for k, v in changes.items()}})
        (fact,) = {nodes["far-nic-08"]}
        assert isinstance(fact, Unknown)
        return fact

    head = said[CLIENTS].splitlines(keepends=True)[0]
    assert why(CLIENTS=head).detail == "the scheduler lists no NUMA client of it"
    assert why(CLIENTS="").detail == "the scheduler lists no NUMA client of it"
    assert "0 running VMs" in why(PROCESSES="").detail
    twice = said[PROCESSES] + said[PROCESSES]
    assert why(PROCESSES=twice).detail == "2 running VMs of the host are called far-nic-08"
    nobody = why(PROCESSES="sh: esxcli: not found")
    assert nobody.why in (Why.UNPARSED, Why.ABSENT)


def test_an_older_recording_was_not_asked(recorded):
    younger = {esxcli_vm_process_list.REQUEST.key, sched_stats_numa_clients.REQUEST.key}
    older = {key: one for key, one in recorded.captures.items() if key not in younger}
    assert len(older) == len(recorded.captures) - 2
    host = assemble(replace(recorded, captures=older))
    for vm in host.vms.value:
        assert isinstance(vm.numa_nodes, Unknown)
    assert {vm.numa_nodes.why for vm in host.vms.value} <= {Why.NOT_ASKED, Why.ABSENT}
