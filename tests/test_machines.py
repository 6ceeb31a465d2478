"""Every recorded machine: its results are those beside it, and its facts are the truth."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from hostcheck.model.fact import Fact, Unknown
from hostcheck.model.host import PhysicalGpu
from hostcheck.model.result import Status
from hostcheck.model.run import HostReport
from hostcheck.sources.recorded import RecordedSource
from hostcheck.sources.walls import host_of
from hostcheck.verdict import report_of
from tests import golden
from tests.peers import shapes
from tests.peers.fleet import expected

FIXTURES = Path(__file__).parents[1] / "fixtures"
MACHINES = sorted(path.parent.name for path in FIXTURES.glob("*/manifest.json"))
MIB = 1024 * 1024
FAMILIES = {
    "sriov-off": "PCI-001",
    "ecc-on": "ECC-001",
    "gpu-lost": "GPU-001",
    "driver-missing": "DRV-002",
    "snc": "NUMA-001",
    "nps4": "NUMA-001",
    "ccx": "NUMA-001",
    "interleaved": "NUMA-001",
    "disagree": "SRC-001",
    "disconnected": "HOST-001",
    "pending": "HOST-003",
    "driver-mute": "DRV-003",
    "bmc-hpe-profile": "BMC-002",
    "bmc-dell-sriov-off": "BMC-001",
    "bmc-supermicro-sick": "BMC-004",
    "none-shown": "SRC-001",
}
"""What a machine was recorded for, and the check that must say so."""


def judged(name: str) -> HostReport:
    source = RecordedSource(FIXTURES / name)
    (target,) = source.machines()
    return report_of(host_of(source.collect(target)))


@pytest.fixture(params=MACHINES)
def machine(request: pytest.FixtureRequest) -> tuple[str, HostReport]:
    return request.param, judged(request.param)


@pytest.mark.parametrize("name", MACHINES)
def test_the_same_answers_on_the_next_day_are_worded_alike(name: str) -> None:
    """Else each night tells of a change, and a waiver of these words is void the next day."""
    source = RecordedSource(FIXTURES / name)
    (target,) = source.machines()
    recorded = source.collect(target)
    later = recorded.with_answers(
        {
            key: replace(one, taken_at=_next_day(one.taken_at))
            for key, one in recorded.captures.items()
        }
    )
    then, now = (
        [(one.check, one.subject, one.status, one.observed, one.expected) for one in report.results]
        for report in (report_of(host_of(recorded)), report_of(host_of(later)))
    )
    assert now == then


def _next_day(taken_at: str) -> str:
    if not taken_at:
        return ""
    return (datetime.fromisoformat(taken_at) + timedelta(days=1)).isoformat()


def test_every_shape_is_recorded() -> None:
    assert set(MACHINES) == set(shapes.SHAPES)


def test_results_are_those_beside_the_recording(
    machine: tuple[str, HostReport], update: bool
) -> None:
    name, report = machine
    lines = [
        {
            "check": result.check,
            "subject": result.subject.name,
            "status": result.status.value,
            "observed": result.observed,
            "expected": result.expected,
        }
        | ({"note": result.note} if result.note else {})
        | ({"unseen": f"{result.unseen.why}: {result.unseen.detail}"} if result.unseen else {})
        | (
            {"privilege": result.unseen.privilege}
            if result.unseen and result.unseen.privilege
            else {}
        )
        for result in report.results
    ]
    document = {"verdict": report.verdict.value, "results": lines}
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    golden.check(FIXTURES / name / "expected.json", text, update=update)


def test_no_check_crashes(machine: tuple[str, HostReport]) -> None:
    _, report = machine
    assert [result.trace for result in report.results if result.status is Status.ERROR] == []


def test_a_machine_shows_what_it_was_recorded_for(machine: tuple[str, HostReport]) -> None:
    name, report = machine
    wanted = {check for part, check in FAMILIES.items() if part in name}
    assert wanted <= {one.check for one in report.results if one.status is Status.FAIL}


def test_every_result_carries_its_evidence(machine: tuple[str, HostReport]) -> None:
    _, report = machine
    for result in report.results:
        if result.status in (Status.PASS, Status.FAIL):
            assert result.observed, result
            assert result.expected, result
            assert result.sources, result
            assert all(report.host.sources[index].taken_at for index in result.sources)
        if result.status is Status.UNKNOWN:
            assert result.unseen is not None, result
            assert result.unseen.why, result


def _value(fact: Fact[object]) -> object:
    if isinstance(fact, Unknown):
        return "unknown"
    value = fact.value
    return str(value) if isinstance(value, str) else value


def _differences(name: str, report: HostReport) -> Iterator[tuple[str, object, object]]:
    """Yield (what, truth, fact) where they differ."""
    host = report.host
    truth = expected(shapes.SHAPES[name])
    for key in ("version", "package_count", "core_count", "pu_count", "memory_bytes"):
        yield key, truth[key], _value(getattr(host, key))
    if not isinstance(host.memory_dram_bytes, Unknown):
        yield "DRAM", truth["memory_dram_bytes"], host.memory_dram_bytes.value
    if not isinstance(host.numa_node_count, Unknown):
        yield "numa_node_count", truth["numa_node_count"], _value(host.numa_node_count)
    if not isinstance(host.packages, Unknown):
        nodes = tuple(tuple(package.node_os_indexes) for package in host.packages.value)
        wanted = tuple(tuple(nodes) for nodes in truth["nodes_of_packages"])
        yield "nodes_of_packages", wanted, nodes
    assert not isinstance(host.gpus, Unknown)
    assert not isinstance(host.nics, Unknown)
    assert not isinstance(host.vms, Unknown)
    gpus = {gpu.address: gpu for gpu in host.gpus.value}
    yield "GPUs", set(truth["gpus"]), set(gpus)
    for address, facts in truth["gpus"].items():
        yield from _gpu_differences(address, facts, gpus[address])
    nics = {nic.name: nic for nic in host.nics.value}
    yield "NICs", set(truth["nics"]), set(nics)
    for nic_name, facts in truth["nics"].items():
        nic = nics[nic_name]
        yield f"{nic_name} address", facts["address"], nic.address
        yield f"{nic_name} speed", facts["speed_mbps"], _value(nic.speed_mbps)
        yield f"{nic_name} bridges", tuple(facts["bridges"]), nic.bridges
        if not isinstance(nic.numa_node, Unknown) and truth["numa_node_count"] != 1:
            yield f"{nic_name} node", facts["numa_node"], _value(nic.numa_node)
    yield "VMs", set(truth["vms"]), {vm.name for vm in host.vms.value}


def _gpu_differences(
    address: str, truth: dict[str, object], gpu: PhysicalGpu
) -> Iterator[tuple[str, object, object]]:
    for key in (
        "catalogue_key", "graphics_active", "graphics_configured", "uuid",
        "ecc_current", "ecc_pending", "mig_current", "mig_pending",
    ):  # fmt: skip
        found = _value(getattr(gpu, key))
        if found != "unknown" or truth[key] == "unknown":
            yield f"{address} {key}", truth[key], found
    yield f"{address} bridges", tuple(truth["bridges"]), gpu.bridges
    if not isinstance(gpu.numa_node, Unknown) and truth["numa_node"] != "unknown":
        yield f"{address} numa_node", truth["numa_node"], _value(gpu.numa_node)
    if not isinstance(gpu.sriov, Unknown):
        yield f"{address} SR-IOV", truth["sriov_capable"], gpu.sriov.value.capable
    if not isinstance(gpu.framebuffer_bytes, Unknown):
        yield f"{address} framebuffer", truth["framebuffer_mib"], gpu.framebuffer_bytes.value // MIB


def test_facts_are_the_truth(machine: tuple[str, HostReport]) -> None:
    """The fleet was described once; what was served of it reads back as it was meant."""
    name, report = machine
    wrong = [
        (what, truth, fact)
        for what, truth, fact in _differences(name, report)
        if truth != fact and not (truth is None and fact == "unknown")
    ]
    assert wrong == []


@pytest.mark.parametrize("name", [name for name in MACHINES if not shapes.SHAPES[name].denied])
def test_nothing_is_unknown_that_was_served(name: str) -> None:
    """On a host that answers everything, placement facts are known."""
    host = shapes.SHAPES[name]
    if not host.shell or host.shell_trouble or host.nested or not host.gpus:
        pytest.skip("this machine withholds answers on purpose")
    report = judged(name)
    assert not isinstance(report.host.gpus, Unknown)
    for gpu in report.host.gpus.value:
        assert not isinstance(gpu.numa_node, Unknown), gpu.address
        assert not isinstance(gpu.graphics_active, Unknown), gpu.address
        assert not isinstance(gpu.sriov, Unknown), gpu.address
