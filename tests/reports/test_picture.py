"""The picture tells the truth: red is a finding about that thing, numbers are the recording's."""

import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

from hostcheck import recording
from hostcheck.capacity import capacity
from hostcheck.checks.engine import all_checks
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.host import MigSlice, OtherVms, PcieLink
from hostcheck.model.result import Status
from hostcheck.reports import words
from hostcheck.reports.run.html import whole
from hostcheck.reports.run.html.pages import HostPages
from hostcheck.reports.topology import svg, text
from hostcheck.reports.topology.svg import found
from hostcheck.runs import run_of
from hostcheck.sources.walls import host_of
from hostcheck.verdict import report_of
from tests.checks.synthetic import NEEDS, a_gpu, a_host, a_nic, a_vm, processors, unknown

FIXTURES = Path(__file__).parents[2] / "fixtures"
ADDRESS = r"\b[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]\b"
H100, A16 = "2n-8xH100-mig-mixed-esxi803", "2n-1xA16-esxi803"
FAR, SNC, CCX = (
    "2n-4xA100-80-nvlink-esxi803", "3n-2xA100-80-esxi803-snc-one-socket",
    "16n-1xL40S-amd-ccx-esxi802",
)  # fmt: skip


@pytest.fixture(scope="module")
def machines():
    return {
        path.name: report_of(host_of(recording.load(path)))
        for path in sorted(FIXTURES.iterdir())
        if path.is_dir()
    }


@pytest.fixture(scope="module")
def drawings(machines):
    return {name: svg.layout(report) for name, report in machines.items()}


def fails(report, check=""):
    return [one for one in report.results if one.status is Status.FAIL and check in ("", one.check)]


# --- red -----------------------------------------------------------------------------------------


def narrow(width=8):
    """A host with a GPU that has half its lanes."""
    one = a_gpu(0, 0, link=PcieLink(4, 4, width, 16))
    return report_of(a_host(gpus=[one, a_gpu(1, 1)], nics=[a_nic(0, 0)]))


def test_every_red_line_is_a_finding_about_its_two_ends(machines, drawings):
    seen = 0
    for name, drawn in drawings.items():
        report = machines[name]
        nodes = {
            one.name if hasattr(one, "link_up") else one.address: one.numa_node
            for one in (
                *(report.host.gpus.value if isinstance(report.host.gpus, Known) else ()),
                *(report.host.nics.value if isinstance(report.host.nics, Known) else ()),
            )
        }
        for line in drawn.lines:
            assert (line.kind == "badline") == (line.mark is not None)
            if line.mark is None:
                continue
            seen += 1
            gpu, nic = line.ends
            about = [one.observed for one in fails(report, line.mark.check)]
            assert line.mark.check == "LOC-001", "no recorded GPU lacks lanes"
            assert any(gpu in told and re.search(rf"\b{nic}\b", told) for told in about)
            assert nodes[gpu].value != nodes[nic].value
    assert seen


def test_every_finding_about_a_way_has_its_red_line(machines, drawings):
    for name, report in machines.items():
        ends = {line.ends for line in drawings[name].lines if line.mark}
        for one in fails(report, "LOC-001"):
            gpus = set(re.findall(r"([0-9a-f]{4}:[0-9a-f:]{5}\.\d) on node", one.observed))
            nics = set(re.findall(r"(vmnic\d+) on node", one.observed))
            assert gpus & {gpu for gpu, _ in ends}
            assert nics & {nic for _, nic in ends}
    assert {line.ends for line in drawings[FAR].lines if line.mark} == {
        ("0000:ca:00.0", "vmnic0"), ("0000:ca:00.0", "vmnic1"),
    }  # fmt: skip


def test_a_way_tells_its_cost_and_leads_to_its_finding(drawings):
    drawn = drawings[FAR]
    told = [label.text for label in drawn.labels]
    assert any("VM far-nic-08: GPU 2 on node 1 to vmnic0 on node 0" in one for one in told)
    assert any("139 ns for 80" in one for one in told)
    page = svg.topology_svg(report_of(host_of(recording.load(FIXTURES / FAR))), anchor="x")
    assert re.search(r'<a href="#LOC-001@x"><path class="badline"', page)


def test_a_link_without_its_lanes_is_red_and_says_so():
    report = narrow()
    (line,) = [one for one in svg.layout(report).lines if one.mark]
    assert line.ends == (report.host.gpus.value[0].address,) * 2
    assert (line.mark.check, line.kind) == ("GPU-003", "badline")
    told = [label.text for label in svg.layout(report).labels]
    assert "✕ GPU-003: Gen4 x8 of x16" in told
    assert "Gen4 x16" in told
    assert not any(one.mark for one in svg.layout(narrow(16)).lines)


def test_the_checks_that_the_picture_knows_by_name_exist():
    assert {found.WIDTH_OF_LINK, found.APART, found.OF_PACKAGES} <= {one.id for one in all_checks()}


def test_each_failing_check_is_reached_from_the_picture_and_each_link_leads_somewhere(machines):
    run = run_of("t", list(machines.values()))
    for report in run.hosts:
        page = HostPages(run, run.checks).of(report, "k")
        links = set(re.findall(r'<a [^>]*href="#([^"]+)"', page.picture))
        anchors = {one.anchor for one in page.findings}
        assert links <= anchors, report.host.name
        failing = {f"{one.check}@k" for one in fails(report)}
        assert failing <= links, report.host.name
        open_ = any(one.status is Status.UNKNOWN for one in report.results)
        assert open_ == bool(re.search(r"\? \d+ not known</text>", page.picture))


def test_the_border_of_a_device_is_red_for_its_own_findings_alone(machines, drawings):
    for name, report in machines.items():
        about = {
            address
            for one in fails(report)
            for address in re.findall(ADDRESS, f"{one.subject.id} {one.subject.values.get('gpu')}")
        }
        red = {
            address
            for box in drawings[name].boxes
            if box.kind == "gpu bad" and box.says
            for address in box.says[1:2]
        }
        assert red == about


def test_a_cut_package_carries_its_tab_and_a_whole_one_does_not(drawings):
    packages = [box for box in drawings[SNC].boxes if box.kind.startswith("pack")]
    assert [box.kind for box in packages] == ["pack bad", "pack"]
    assert "✕ NUMA-001: 2 nodes" in [label.text for label in drawings[SNC].labels]
    assert not any("NUMA-001" in one.check for box in drawings[SNC].boxes[:1] for one in box.marks)


# --- numbers -------------------------------------------------------------------------------------


def card(drawn, address):
    """All words on the card of a GPU, and around it."""
    at = next(n for n, box in enumerate(drawn.boxes) if box.says[1:2] == (address,))
    return [label.text for label in drawn.labels if label.inside == at], drawn.boxes[at]


def smi(name):
    return ET.parse(FIXTURES / name / "shell/nvidia-smi_-q_-x.txt").getroot()


def mib(element, path):
    return int(element.findtext(path).removesuffix(" MiB")) * 2**20


@pytest.mark.parametrize("name", [H100, A16, "2n-2xM60-ecc-on-esxi670"])
def test_memory_and_link_of_each_gpu_are_those_of_nvidia_smi(drawings, name):
    listed = smi(name).findall("gpu")
    assert listed
    for gpu in listed:
        domain, rest = gpu.get("id").lower().split(":", 1)
        told, box = card(drawings[name], f"{domain[-4:]}:{rest}")
        used, total = mib(gpu, "fb_memory_usage/used"), mib(gpu, "fb_memory_usage/total")
        assert f"{words.size(used)} of {words.size(total)} framebuffer used" in told
        link = gpu.find("pci/pci_gpu_link_info")
        width = f"x{link.findtext('link_widths/current_link_width').removesuffix('x')}"
        generation = link.findtext("pcie_gen/max_link_gen")
        assert f"Gen{generation} {width}" in box.says


def test_memory_of_nodes_and_speed_of_adapters_are_those_of_the_api(machines, drawings):
    for name in (H100, CCX, SNC):
        host = machines[name].host
        raw = (FIXTURES / name / "api/HostSystem.xml").read_text()
        sizes = [
            int(one) for one in re.findall(r"<memoryRangeLength>(\d+)</memoryRangeLength>", raw)
        ]
        nodes = [box for box in drawings[name].boxes if box.kind == "node"]
        shown = [box.says[1] for box in nodes if box.says[0].startswith("NUMA node")]
        assert shown == [words.size(size) for size in sizes]
        speeds = dict(
            re.findall(
                r"<device>(vmnic\d+)</device>.{0,600}?<speedMb>(\d+)</speedMb>", raw, re.DOTALL
            )
        )
        for nic in host.nics.value:
            box = next(box for box in drawings[name].boxes if box.says[:1] == (nic.name,))
            if nic.name in speeds and nic.link_up.value:
                assert f"up, {words.speed(int(speeds[nic.name]))}" in box.says


def test_instances_of_mig_are_those_of_nvidia_smi_and_orphans_are_told(machines, drawings):
    raw = (FIXTURES / H100 / "shell/nvidia-smi_mig_-lgi.txt").read_text()
    rows = re.findall(r"\|\s+(\d+)\s+(MIG \S+)\s+\d+\s+(\d+)\s+(\d+):(\d+)", raw)
    assert rows
    order = [one.address for one in machines[H100].host.gpus.value]
    drawn = drawings[H100]
    slices = [box for box in drawn.boxes if box.kind.startswith("slice")]
    assert len(slices) == len(rows)
    for index, name, instance, start, size in rows:
        _, gpu = card(drawn, order[int(index)])
        last = int(start) + int(size) - 1
        where = f"memory slices {start} to {last}" if int(size) > 1 else f"memory slice {start}"
        box = next(
            box
            for box in slices
            if drawn.boxes[box.inside] is gpu and box.says == (name, f"instance {instance}", where)
        )
        assert box.x >= gpu.x
        assert box.right <= gpu.right
    told, gpu = card(drawn, order[1])
    assert "0 of 1 in use; 4 of 8 slices free" in told
    mine = [box.kind for box in drawn.boxes if drawn.boxes[box.inside] is gpu]
    assert mine.count("slice orphan") == 1
    assert mine.count("slot") == 4


def test_what_is_left_is_what_capacity_counts(machines):
    for report in machines.values():
        counted = capacity([report.host], NEEDS)
        rooms = {
            (gpu.address, room.profile): room
            for cluster in counted.clusters
            for host in cluster.hosts
            if isinstance(host.gpus, Known)
            for gpu in host.gpus.value
            for room in gpu.rooms
        }
        for slots in report.slots:
            for one in slots.left:
                room = rooms[slots.address, one.profile]
                assert (one.free, one.why, one.at_least) == (room.free, room.reason, room.at_least)


def test_slots_are_full_empty_or_not_known(drawings):
    _, gpu = card(drawings[A16], "0000:13:00.0")
    mine = [box for box in drawings[A16].boxes if drawings[A16].boxes[box.inside] is gpu]
    assert [box.kind for box in mine if box.height == 8] == ["cell", "slot", "slot", "slot"]
    assert "room for 3 more A16-4Q" in [one for box in mine for one in box.says]
    lost = drawings["2n-2xA100-80-ssh-denied-esxi803"]
    assert any(box.kind == "slot lost" and "not known" in box.says[0] for box in lost.boxes)
    shut = drawings["2n-1xA30-sriov-off-esxi800"]
    assert any("no vGPU: no SR-IOV capability" in one for box in shut.boxes for one in box.says)


# --- places --------------------------------------------------------------------------------------


def test_switches_are_joints_with_their_devices_below_them(drawings):
    joints = [n for n, box in enumerate(drawings[A16].boxes) if box.kind == "joint"]
    assert [drawings[A16].boxes[n].says for n in joints] == [("PCIe switch 0000:11:00.0",)]
    below = [box.says[0] for box in drawings[A16].boxes if box.inside == joints[0] and box.says]
    assert below == ["GPU 0", "GPU 1", "GPU 2", "GPU 3"]
    assert not any(box.kind == "joint" for box in drawings[FAR].boxes)


def test_nodes_stand_in_their_order_however_idle(drawings):
    for name in (CCX, "8n-1xL40S-amd-nps4-esxi802", SNC):
        nodes = [box for box in drawings[name].boxes if box.says and box.says[0][:4] == "NUMA"]
        numbers = [int(box.says[0].split()[-1]) for box in nodes]
        assert numbers == sorted(numbers)
        by_place = sorted(nodes, key=lambda box: (box.inside, box.y, box.x))
        assert [box.says for box in by_place] == [box.says for box in nodes]


def test_vms_are_bands_hatched_where_their_nodes_are_not_known(drawings):
    def bands(name):
        return [box.kind for box in drawings[name].boxes if box.kind.startswith("band")]

    assert bands("2n-2xA100-80-ssh-denied-esxi803").count("band lost") == 2
    for name in ("1n-interleaved", FAR):
        assert bands(name) == ["band"] * 3, "two VMs, and the legend"
    places = [dot for dot in drawings[FAR].dots if dot[2] == "place"]
    assert len(places) == 4, "one each for the nodes of three GPUs, less one, and the legend"


def test_vms_without_a_gpu_are_counted_or_said_to_be_not_known():
    def told(other):
        made = replace(a_host(gpus=[a_gpu()], vms=[]), other_vms=other)
        return [label.text for label in svg.layout(report_of(made)).labels]

    assert "2 VMs without a GPU run here, 8 GiB" in told(Known(OtherVms(2, 8 * 2**30)))
    assert not any("without a GPU" in one for one in told(Known(OtherVms(0, 0))))
    assert any("VMs without a GPU: timeout" in one for one in told(unknown()))


def test_unknown_nodes_of_gpus_are_asked_of_the_driver(machines):
    holes = machines["2n-2xA100-80-readonly-holes-esxi803"]
    assert re.search(r"^GPU 0 +X +SYS ", text.render(holes), re.MULTILINE)
    mute = replace(holes.host, nvlink=Unknown(Why.TIMEOUT, "", "nvidia-smi topo -m"))
    assert re.search(r"^GPU 0 +X +\? ", text.render(replace(holes, host=mute)), re.MULTILINE)


# --- words ---------------------------------------------------------------------------------------


def test_picture_text_and_description_say_the_same(machines, drawings):
    for name in (H100, A16, FAR, "2n-2xA100-80-readonly-holes-esxi803", "1n-nested-esxi803"):
        report, drawn = machines[name], drawings[name]
        twin, told = text.render(report), svg.description(drawn)
        root = ET.fromstring(svg.topology_svg(report))
        tips = {one.text for one in root.iter("{http://www.w3.org/2000/svg}title")}
        for box in drawn.boxes:
            if box.says:
                assert ", ".join(box.says) in told
                assert box.says[0] in twin
                assert ", ".join(box.says[1:]) in twin
                assert box.kind == "port" or words.clean(box.tip) in tips
            for one in box.marks:
                assert not one.fails or f"✕ {one.check}" in twin
    assert "MIG off, then on" in text.render(machines[H100])
    assert "link down" in text.render(machines[FAR])
    assert "uplink of dvs-data, vSwitch0" in text.render(machines[FAR])


def test_the_foot_says_of_whom_when_and_how_it_is_numbered(machines, drawings):
    foot = drawings[H100].labels[-1].text
    taken = max(one.taken_at for one in machines[H100].host.sources)
    assert foot.startswith(f"esx-09.lab.test · GO · answers of {words.moment(taken)}")
    assert "by ESXi's numbers" in foot


def test_a_slice_whose_place_cannot_be_is_drawn_without_a_count():
    odd = (MigSlice("MIG 3g.40gb", 1, 6, 4),)
    made = report_of(a_host(gpus=[a_gpu(mig_slices=odd, mig_instances=("MIG 3g.40gb",))]))
    told = [label.text for label in svg.layout(made).labels]
    assert any(one.endswith("in use") or "use not known" in one for one in told)
    assert not any("slices free" in one for one in told)


def test_an_interleaved_host_and_a_vm_that_is_too_large_are_marked_where_they_are():
    far = a_vm(0, a_gpu(0, 0), vcpu_count=48, memory_bytes=300 * 2**30)
    made = report_of(
        a_host(gpus=[a_gpu(0, 0)], nics=[a_nic(0, 0)], vms=[far], **processors((2, 2)))
    )
    drawn = svg.layout(made)
    row = next(box for box in drawn.boxes if box.kind == "row" and box.says[0] == "VM train-0")
    assert "LOC-002" in {one.check for one in row.marks}
    assert [box.kind for box in drawn.boxes if box.kind.startswith("pack")] == ["pack bad"] * 2


# --- to and fro ----------------------------------------------------------------------------------


def test_every_tag_of_the_picture_is_a_place_that_its_finding_leads_back_to(machines):
    drawn = 0
    for report in machines.values():
        page = whole.render(run_of("vc", (report,)))
        places = re.findall(r'<a id="at:([^"]+)" href="#([^"]+)"', page)
        assert len(dict(places)) == len(places), "an id twice"
        back = re.findall(r'<a class="small" href="#at:([^"]+)">in the picture</a>', page)
        assert sorted(map(unquote, back)) == sorted(unescape(one) for one, _ in places)
        assert all(unquote(target) == unescape(one) for one, target in places)
        drawn += len(places)
    assert drawn > 100
