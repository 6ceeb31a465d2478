"""The law in small: losing information never improves what is said of a class."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from hostcheck.model.offer import DeviceGroup
from hostcheck.model.result import Answer, Status
from hostcheck.sources.recorded import RecordedSource
from hostcheck.sources.walls import host_of
from hostcheck.vmclasses.read import offered
from tests.checks.synthetic import GIB
from tests.checks.test_losing_information import MAY_BECOME, poorer_ones
from tests.vmclasses.fleet import (
    HALF,
    QUARTER,
    WHOLE,
    a_class,
    a_namespace,
    device,
    judged,
    machine,
)

FIXTURES = Path(__file__).parents[2] / "fixtures"
GROUP = "Nvidia:2@grid_a100d-80c%NVLink"
CLASSES = (
    a_class(HALF, name="half"),
    a_class(HALF, QUARTER, memory=100, name="mixed"),
    a_class(WHOLE, WHOLE, memory=300, name="two"),
    a_class("grid_a100d-41c", name="slip"),
    a_class("nvidia_a100d-40c", reserved=1, name="spelled"),
    a_class(devices=[device()], name="whole"),
    a_class(devices=[device("train")] * 2, name="labelled"),
    a_class(groups=(GROUP,), name="group"),
)


def betrayals(before, after):
    """Return what the poorer answer claims that the richer one did not."""
    told = []
    for was, now in zip(before.classes, after.classes, strict=True):
        if now.answer not in MAY_BECOME[was.answer]:
            told.append(f"{was.name}: {was.answer.value} became {now.answer.value}")
        old = {one.cluster: one for one in was.places}
        for place in now.places:
            if place.cluster in old:
                told += [f"{was.name}: {one}" for one in _of_place(old[place.cluster], place)]
    return told


def _of_place(was, now):
    statuses = {one.check: one.status for one in was.findings}
    for one in now.findings:
        old = statuses.get(one.check, Status.NOT_APPLICABLE)
        if one.status not in (old, Status.UNKNOWN):
            yield f"{one.check}: {old.value} became {one.status.value}"
    if now.answer not in MAY_BECOME[was.answer]:
        yield f"{was.answer.value} became {now.answer.value}"
    for name in ("now", "after_loss"):
        first, then = getattr(was, name), getattr(now, name)
        high = first.high is not None and then.high is not None and then.high < first.high
        if then.low > first.low or high or (first.high is None and then.high is not None):
            yield f"{name}: {first} became {then}"


def hosts():
    """Return hosts of one cluster that differ in all that classes are judged by."""
    return (
        machine(1, gpus=2, busy=(HALF,), offered_groups=(DeviceGroup(GROUP, ("nvidiaVgpu",)),)),
        machine(2, gpus=2, whole=1, memory_dram_bytes=300 * GIB),
        machine(3, gpus=1, busy=(WHOLE,), profiles=(WHOLE,)),
    )


@pytest.mark.parametrize("at", range(3))
def test_no_fact_that_is_lost_improves_a_class(at):
    every = hosts()
    before = judged(CLASSES, every)
    assert {one.answer for one in before.classes} >= {Answer.GO, Answer.NO_GO, Answer.UNSURE}
    found, lost = [], 0
    for path, poorer in poorer_ones(every[at]):
        if path.startswith((".nics", ".packages", ".numa", ".testimonies", ".boot_options")):
            continue
        lost += 1
        changed = [*every[:at], poorer, *every[at + 1 :]]
        found += [f"without {path}: {one}" for one in betrayals(before, judged(CLASSES, changed))]
    assert lost > 100
    assert found == []


@pytest.mark.parametrize("name", ["2n-2xA100-80-esxi803", "2n-1xA16-esxi803"])
def test_no_answer_that_is_lost_improves_a_class(name):
    folder = FIXTURES / name
    source = RecordedSource(folder)
    (ref,) = source.machines()
    whole = source.collector([ref]).collect(ref)
    host = host_of(whole)
    offered = host.profiles_offered.value[:2]
    classes = tuple(a_class(one, name=one, memory=16) for one in offered) + CLASSES
    before = judged(classes, [host])
    found = []
    for key in whole.captures:
        kept = {each: one for each, one in whole.captures.items() if each != key}
        poorer = replace(whole, captures=kept)
        found += [
            f"without {key}: {one}" for one in betrayals(before, judged(classes, [host_of(poorer)]))
        ]
    assert found == []


def test_no_namespace_that_is_lost_improves_a_class():
    """A class that its namespace's cluster does not keep is no GO where that is not told."""
    one = replace(a_class(HALF), namespaces=("team-a",))
    clusters = machine(1), machine(2, model="a40", cluster="vdi", profiles=("nvidia_a40-24q",))
    names = {"domain-c8": "gpu", "domain-c9": "vdi"}
    space = a_namespace("team-a", "domain-c9")
    assert judged(one, clusters, namespaces=[space], names=names).answer is Answer.NO_GO
    for spaces, told in (([], names), ([space], {}), ([a_namespace("team-a")], names)):
        assert judged(one, clusters, namespaces=spaces, names=told).answer is Answer.UNSURE
    both = [space, a_namespace("team-b", "domain-c8")]
    used = replace(one, namespaces=("team-a", "team-b"))
    assert judged(used, clusters, namespaces=both, names=names).answer is Answer.NO_GO
    assert judged(used, clusters, namespaces=both[1:], names=names).answer is Answer.UNSURE


def test_a_kept_file_tells_no_zones_and_is_no_go_ahead():
    told = offered(
        b'{"virtual_machine_classes": [{"id": "gpu"}], "clusters": [], "namespaces": '
        b'[{"namespace": "team-a", "cluster": "c1", "vm_service_spec": {"vm_classes": ["gpu"]}}]}',
        "kept.json",
    )
    (one,) = judged(
        a_class(HALF), [machine(1)], namespaces=told.namespaces, names={"c1": "gpu"}
    ).classes
    assert one.answer is Answer.UNSURE
    assert "hostcheck vm-class --vcenter without FILE" in " ".join(one.notices)
    (one,) = judged(
        a_class("grid_a100d-41c"), [machine(1)], namespaces=told.namespaces, names={"c1": "gpu"}
    ).classes
    assert one.answer is Answer.NO_GO
