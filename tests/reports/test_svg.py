"""The picture: nothing overlaps, all text fits, unknown and failing are drawn as what they are."""

import functools
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

from hostcheck import recording
from hostcheck.model.fact import Known
from hostcheck.reports.topology import svg
from hostcheck.reports.topology.svg.drawing import Box, DrawnLabel
from hostcheck.sources.walls import host_of
from hostcheck.verdict import report_of
from tests.reports import builders as b

FIXTURES = Path(__file__).parents[2] / "fixtures"
NS = "{http://www.w3.org/2000/svg}"


def machines():
    for gpus in (0, 1, 2, 4, 8, 16):
        for packages, per_package in ((1, 1), (2, 1), (2, 2), (2, 4), (2, 8), (1, 16), (4, 1)):
            made = b.host(
                gpus=gpus, packages=packages, per_package=per_package, nics=4, vms=gpus * 3
            )
            yield f"{gpus} GPUs on {packages}x{per_package}", b.report(made)
    yield "switched", b.report(b.switched(b.host(gpus=16, nics=4), per_port=8))
    yield "NVLink rail", b.report(b.nvlinked(b.host(gpus=8)))
    yield "NVLink rails", b.report(b.nvlinked(b.host(gpus=8), pairs={
        *combinations(range(4), 2), *combinations(range(4, 8), 2)}))  # fmt: skip
    yield "NVLink arcs", b.report(b.nvlinked(b.host(gpus=16), pairs={(0, 1), (0, 15), (2, 3)}))
    yield "mixed", b.one_host().hosts[0]
    yield "unknown nodes", b.report(b.unknown_nodes())
    yield "dark", b.report(b.dark_host())
    yield "hostile", b.hostile().hosts[0]
    crowd = b.host(gpus=1, packages=1, vms=40)
    yield "crowd", b.report(crowd)
    long = replace(crowd, name="h" * 300, vms=Known(tuple(
        replace(vm, name="VM " + "W" * 200) for vm in crowd.vms.value)))  # fmt: skip
    yield "long names", b.report(long)
    nodeless = replace(crowd, numa_nodes=b.DENIED, numa_node_count=b.DENIED)
    yield "no nodes", b.report(nodeless)
    for name in ("2n-8xH100-mig-mixed-esxi803", "2n-2xM60-ecc-on-esxi670", "1n-nested-esxi803"):
        yield name, report_of(host_of(recording.load(FIXTURES / name)))


MACHINES = dict(machines())
every_machine = pytest.mark.parametrize("report", MACHINES.values(), ids=MACHINES.keys())


@functools.cache
def laid(name):
    return svg.layout(MACHINES[name])


def layouts(report):
    return next(
        (laid(name) for name, one in MACHINES.items() if one is report), None
    ) or svg.layout(report)


def area(thing: Box | DrawnLabel):
    if isinstance(thing, Box):
        return thing.x, thing.y, thing.x + thing.width, thing.y + thing.height
    return thing.left, thing.y - thing.size * 0.8, thing.left + thing.width, thing.y + 2


def apart(one, other):
    a, c = area(one), area(other)
    return a[2] <= c[0] + 0.01 or c[2] <= a[0] + 0.01 or a[3] <= c[1] + 0.01 or c[3] <= a[1] + 0.01


@every_machine
def test_boxes_of_one_parent_do_not_overlap(report):
    drawn = layouts(report)
    families = {}
    for box in drawn.boxes:
        if box.solid:
            families.setdefault(box.inside, []).append(box)
    for siblings in families.values():
        for one, other in combinations(siblings, 2):
            assert apart(one, other), (one, other)


@every_machine
def test_boxes_lie_inside_their_parent(report):
    drawn = layouts(report)
    for box in drawn.boxes:
        left, top, right, bottom = area(box)
        outer = (0, 0, svg.WIDTH, drawn.height)
        if box.inside >= 0:
            outer = area(drawn.boxes[box.inside])
        assert left >= outer[0] - 0.01, box
        assert top >= outer[1] - 0.01, box
        assert right <= outer[2] + 0.01, box
        assert bottom <= outer[3] + 0.01, box


@every_machine
def test_text_fits_its_box_and_covers_no_other_text(report):
    drawn = layouts(report)
    families = {}
    for label in drawn.labels:
        outer = (0, 0, svg.WIDTH, drawn.height)
        if label.inside >= 0:
            outer = area(drawn.boxes[label.inside])
        left, top, right, bottom = area(label)
        assert left >= outer[0] - 0.01, label
        assert right <= outer[2] + 0.01, label
        assert top >= outer[1] - 0.01, label
        assert bottom <= outer[3] + 0.01, label
        families.setdefault(label.inside, []).append(label)
    for parent, siblings in families.items():
        for one, other in combinations(siblings, 2):
            assert apart(one, other), (one, other)
        for label in siblings:
            for box in drawn.boxes:
                if box.inside == parent and box.solid:
                    assert apart(label, box), (label, box)


@every_machine
def test_the_file_is_xml_stands_alone_and_does_not_change(report):
    text = svg.topology_svg(report)
    root = ET.fromstring(text)
    assert root.tag == f"{NS}svg"
    assert root.find(f"{NS}title").text
    assert root.find(f"{NS}desc").text
    assert "prefers-color-scheme" in root.find(f"{NS}style").text
    assert text == svg.topology_svg(report)


def classes(report):
    return [box.kind for box in layouts(report).boxes]


def test_a_device_that_a_failing_result_names_is_red_and_names_the_check():
    report = b.one_host().hosts[0]
    drawn = layouts(report)
    bad = [at for at, box in enumerate(drawn.boxes) if box.kind == "gpu bad" and box.says]
    assert [{one.check for one in drawn.boxes[at].marks if one.fails} for at in bad] == [
        {"GFX-001"}
    ]
    assert "GFX-001 fails: Shared" in drawn.boxes[bad[0]].tip
    tags = [box for box in drawn.boxes if box.inside == bad[0] and box.kind == "tag bad"]
    assert [box.link for box in tags] == ["GFX-001"]
    assert any("GFX-001" in label.text for label in drawn.labels)
    assert not any(line.kind == "badline" for line in drawn.lines), "no link and no way fails"


def test_an_unknown_device_is_dashed_and_never_looks_passed():
    healthy = b.report(b.host())
    unsure = b.report(b.host(), {"ECC-001": b.Status.UNKNOWN})
    assert classes(healthy).count("gpu dim") == 0
    assert classes(unsure).count("gpu dim") == 2


def test_a_placement_only_marks_the_vm_on_that_gpu():
    made = b.host(gpus=2, vms=2)
    report = b.report(made, {"NUMA-002": (b.Status.FAIL, {"only": (1,)})})
    bad = [box for box in svg.layout(report).boxes if box.kind == "vm bad"]
    assert len(bad) == 1


def test_the_unknown_place_is_hatched():
    report = b.report(b.unknown_nodes())
    drawn = layouts(report)
    assert any(box.kind == "lost" and box.height > 60 for box in drawn.boxes)
    assert any("NUMA node not known" in label.text for label in drawn.labels)


def test_links_are_only_drawn_inside_a_page():
    report = b.one_host().hosts[0]
    assert "<a " not in svg.topology_svg(report)
    inside = svg.topology_svg(report, alone=False, anchor="esx01")
    assert '<a id="at:GFX-001@esx01" href="#GFX-001@esx01"' in inside
    assert "<style>" not in inside


def test_long_names_are_cut_and_kept_whole_in_the_title():
    report = MACHINES["long names"]
    text = svg.topology_svg(report)
    name = report.host.vms.value[0].name
    assert "…</text>" in text
    assert f"<title>VM {name}," in text


def test_hostile_names_are_inert():
    report = MACHINES["hostile"]
    text = svg.topology_svg(report)
    tags = {element.tag for element in ET.fromstring(text).iter()}
    allowed = ["svg", "title", "desc", "style", "defs", "pattern", "path", "rect", "circle", "text"]
    assert tags <= {NS + name for name in allowed}
    assert "\u202e" not in text
    assert "\x1b" not in text


def told(report):
    return [label.text for label in svg.layout(report).labels]


def test_nvlink_is_a_rail_for_full_groups_and_arcs_for_pairs():
    small = b.report(b.nvlinked(b.host(gpus=4), code="NV4"))
    own = replace(small, host=replace(small.host, nvswitches=Known(())))
    assert "every pair of GPUs 0, 1, 2, 3: 4 NVLinks of its own" in told(own)
    assert any("whether by NVSwitches is not known" in text for text in told(small))
    arcs = MACHINES["NVLink arcs"]
    drawn = [line for line in svg.layout(arcs).lines if line.kind == "link"]
    assert len(drawn) == 3
    assert drawn[0].tip == "GPU 0 to GPU 1: NV12"


def test_more_links_than_a_gpu_has_are_a_fabric():
    rail = MACHINES["NVLink rail"]
    words = "each of GPUs 0, 1, 2, 3, 4, 5, 6, 7 has 12 NVLinks into it, and any pair can use all"
    assert any("NVSwitch fabric: " + words in text for text in told(rail))
    assert any(line.kind == "link nvswitch" for line in svg.layout(rail).lines)
    seen = replace(rail.host, nvswitches=Known(("0000:05:00.0", "0000:06:00.0")))
    assert any("fabric (2 NVSwitches on PCI)" in text for text in told(b.report(seen)))
