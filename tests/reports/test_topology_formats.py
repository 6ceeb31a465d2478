"""A host for the tools that draw machines: hwloc, Graphviz, NCCL."""

import re
import subprocess
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

from hostcheck.errors import UsageError
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.reports import pieces, view, write
from hostcheck.sources.recorded import RecordedSource
from hostcheck.sources.walls import host_of
from hostcheck.verdict import report_of
from tests.reports import builders as b
from tests.reports.consumers import program

FIXTURES = Path(__file__).parents[2] / "fixtures"
LOST = Unknown(Why.DENIED, "NoPermission", "hardware.numaInfo", "System.Read")
MACHINES = (
    "1n-interleaved", "2n-4xA100-80-nvlink-esxi803", "3n-2xA100-80-esxi803-snc-one-socket",
    "8n-1xL40S-amd-nps4-esxi802", "2n-2xA100-80-no-pci-nodes-esxi803",
)  # fmt: skip
BUILT = {
    "switches": lambda: b.report(b.switched(b.host(gpus=8, nics=4))),
    "lost nodes": lambda: b.report(b.unknown_nodes()),
    "hostile": lambda: b.hostile().hosts[0],
    "no bridges": lambda: b.report(replace(b.host(), gpus=Known(
        tuple(replace(one, bridges=(), link=LOST) for one in b.host().gpus.value)))),
}  # fmt: skip


@cache
def host_report(name):
    if name in BUILT:
        return BUILT[name]()
    source = RecordedSource(FIXTURES / name)
    (target,) = source.machines()
    return report_of(host_of(source.collect(target)))


@pytest.fixture(params=(*MACHINES, *BUILT), scope="module")
def report(request):
    return host_report(request.param)


def told(name, report):
    return "".join(pieces("topology", name, report))


def run(*words, **more):
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, timeout=60,
        env={"HWLOC_XML_VERBOSE": "1", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}, **more,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def test_hwloc_counts_what_the_host_has(report, tmp_path):
    write("topology", "hwloc-xml", report, tmp_path / "x.xml")
    text = run(program("lstopo") and "hwloc-info", "-i", str(tmp_path / "x.xml"))
    counts = {name: int(n) for n, name in re.findall(r":\s+(\d+) (\w+) \(type", text)}
    host, shown = report.host, view.of(report.host)
    devices = len(host.gpus.value) + len(host.nics.value)
    on_gpus = sum(len(shown.guests_of(gpu.address)) for gpu in host.gpus.value)
    assert counts["Package"] == host.package_count.value
    assert counts["NUMANode"] == host.numa_node_count.value
    assert counts["PU"] == host.pu_count.value
    assert counts["PCIDev"] == counts["OSDev"] == devices
    assert counts.get("Misc", 0) == on_gpus + len(shown.elsewhere)


def test_hwloc_has_each_device_where_it_is(report, tmp_path):
    """A device hangs below its NUMA node, and below the whole machine where that is not known."""
    write("topology", "hwloc-xml", report, tmp_path / "x.xml")
    calc = (program("lstopo") and "hwloc-calc", "-i", str(tmp_path / "x.xml"), "-I", "numa", "--po")
    every = sorted(one.os_index for one in report.host.numa_nodes.value)
    for device in (*report.host.gpus.value, *report.host.nics.value)[:3]:
        at = view.node_of(report.host, device)
        found = run(*calc, f"pci={device.address}").strip().split(",")
        assert sorted(map(int, found)) == (every if at is None else [at])


def test_lstopo_draws_it(report, tmp_path):
    write("topology", "hwloc-xml", report, tmp_path / "x.xml")
    run(
        program("lstopo"),
        "--of",
        "nativesvg",
        "-i",
        str(tmp_path / "x.xml"),
        str(tmp_path / "x.svg"),
    )
    drawn = (tmp_path / "x.svg").read_text(encoding="utf-8", errors="replace")
    assert drawn.count("Net ") >= len(report.host.nics.value)
    assert drawn.count("GPU ") >= len(report.host.gpus.value)


def test_hwloc_is_told_nothing_that_is_not_known():
    root = ET.fromstring(told("hwloc-xml", host_report("no bridges")))
    cards = [one for one in root.iter("object")
             if one.get("type") == "PCIDev" and one.get("pci_type").startswith("0302")]  # fmt: skip
    assert len(cards) == 2
    assert all(one.get("pci_link_speed") is None for one in cards)
    lost = ET.fromstring(told("hwloc-xml", host_report("lost nodes")))
    notes = [one.get("value") for one in lost.iter("info") if one.get("name") == "Locality"]
    assert notes == ["its NUMA node is not known"] * 2


@pytest.mark.parametrize("name", ["numa_nodes", "packages"])
def test_what_hwloc_cannot_show_is_said_in_one_line(name, tmp_path):
    report = b.report(replace(b.host(), **{name: LOST}))
    with pytest.raises(UsageError) as said:
        write("topology", "hwloc-xml", report, tmp_path / "x.xml")
    assert "not known: denied: NoPermission; needs System.Read; --format json" in str(said.value)
    assert list(tmp_path.iterdir()) == []


# Graphviz


def test_graphviz_draws_every_device_and_vm(report, tmp_path):
    drawn = run(program("dot"), "-Tsvg", input=told("dot", report))
    root = ET.fromstring(drawn)
    titles = {one.text for one in root.iter("{http://www.w3.org/2000/svg}title")}
    host = report.host
    assert {one.address for one in (*host.gpus.value, *host.nics.value)} <= titles
    assert {f"vm{at}" for at in range(len(view.of(host).guests))} <= titles
    assert tmp_path.is_dir()


def test_what_is_not_known_is_dashed_in_the_graph():
    text = told("dot", host_report("lost nodes"))
    assert 'label="NUMA node not known"; style=dashed;' in text
    lost = told("dot", b.report(replace(b.host(), numa_nodes=LOST)))
    assert "NUMA nodes not known" in lost


# NCCL, by the rules of its parser: xml.cc of NCCL 2.30


def nccl(text):
    """Read a document as NCCL does: tags and comments alone, on a few rules; yield its tags."""
    rest = re.sub(r"<!--(?:(?!--).)*-->", "", text)
    assert re.sub(r"<[^<>]*>", "", rest).strip() == ""
    for tag in re.findall(r"<([^<>]*)>", rest):
        assert "\n" not in tag
        assert "\t" not in tag
        assert not tag.startswith(("?", "!"))
        name, *_ = tag.split()
        found = re.findall(r'(\w+)="([^"]*)"', tag)
        assert len(found) <= 16
        assert all(len(value) <= 254 and value.isascii() for _, value in found)
        assert re.sub(r'\w+="[^"]*"', "", tag).split() in ([name], [name, "/"])
        yield name.strip("/"), dict(found)


def test_nccl_can_read_it(report):
    tags = list(nccl(told("nccl-xml", report)))
    assert tags[0] == ("system", {"version": "1"})
    for name, found in tags:
        if name == "pci" and found:
            assert {"busid", "class", "link_speed", "link_width"} <= set(found)
            assert re.fullmatch(r"|\d+\.\d GT/s PCIe", found["link_speed"])
    host = report.host
    nodes = [found["numaid"] for name, found in tags if name == "cpu" and found]
    listed = [one.os_index for one in host.numa_nodes.value]
    assert set(map(int, nodes)) == set(listed)
    placed = [one.address for one in host.gpus.value if view.node_of(host, one) is not None]
    assert len([1 for name, found in tags if name == "gpu"]) == len(placed)
    left = re.findall(r"<!-- left out: (\S+)", told("nccl-xml", report))
    every = {one.address for one in (*host.gpus.value, *host.nics.value)}
    assert {found["busid"] for name, found in tags if name == "pci" and found} >= every - set(left)


def test_nccl_gets_the_uuid_to_find_a_guests_address_by():
    (card, *_) = host_report("2n-4xA100-80-nvlink-esxi803").host.gpus.value
    assert f'uuid="{card.uuid.value}"' in told(
        "nccl-xml", host_report("2n-4xA100-80-nvlink-esxi803")
    )


def test_nccl_without_known_gpus_is_refused():
    with pytest.raises(UsageError, match="this host's are not known: denied"):
        told("nccl-xml", b.report(replace(b.host(), gpus=LOST)))
