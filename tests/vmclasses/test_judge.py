"""Classes on clusters: what is kept, what no host keeps and which line to change."""

import pytest
from msgspec.structs import replace

from hostcheck.model.fact import Unknown, Why
from hostcheck.model.offer import DeviceGroup, DynamicDevice, PerVmLimit
from hostcheck.model.pci import PciId
from hostcheck.model.result import Answer, Status
from hostcheck.model.vm_class import Reservation
from tests.checks.synthetic import GIB, unknown, with_gpu
from tests.vmclasses.fleet import (
    A100,
    HALF,
    QUARTER,
    WHOLE,
    a_class,
    a_namespace,
    a_place,
    device,
    finding,
    judged,
    machine,
)


def says(place, check, status, *words):
    one = finding(place, check)
    told = f"{one.observed} | {one.expected} | {one.note} | {one.told_by}"
    assert one.status.value == status, (one.status, told)
    for word in words:
        assert word in told, (word, told)
    return one


def test_a_class_that_is_kept_is_a_go():
    place = a_place(a_class(HALF), machine(1), machine(2))
    assert place.answer is Answer.GO
    assert place.keepers == ("esx-1.example.com", "esx-2.example.com")
    assert {one.status for one in place.findings} == {Status.PASS}


# --- 1: profiles ----------------------------------------------------------------------------------


def test_a_profile_that_no_host_offers_is_named_with_line_and_nearest():
    one = a_class(HALF, "grid_a100d-41c")
    place = a_place(one, machine(1), machine(2))
    assert place.answer is Answer.NO_GO
    found = says(place, "VMC-001", "fail", "not offered: grid_a100d-41c")
    assert (found.change.where, found.change.line) == ("classes.yaml", 13)
    assert found.change.what.startswith("grid_a100d-41c: take grid_a100d-40c")
    assert found.hosts == ("esx-1.example.com", "esx-2.example.com")


def test_one_host_that_offers_it_is_enough():
    place = a_place(a_class(HALF), machine(1, profiles=(WHOLE,)), machine(2))
    assert place.answer is Answer.GO
    says(place, "VMC-001", "pass", "(on 1 of 2 hosts)")
    assert place.keepers == ("esx-2.example.com",)


def test_the_prefix_of_another_driver_is_a_doubt():
    place = a_place(a_class("nvidia_a100d-40c"), machine(1))
    assert place.answer is Answer.UNSURE
    says(place, "VMC-001", "unknown", "whether vSphere takes one name for the other is not known")


def test_a_profile_of_another_board_fails_on_every_host():
    place = a_place(a_class("nvidia_l40s-24q"), machine(1))
    says(place, "VMC-001", "fail", "no GPU here serves nvidia_l40s-24q")


def test_a_cluster_without_gpus_keeps_no_class_with_one():
    place = a_place(a_class(HALF), machine(1, gpus=0, profiles=()))
    assert place.answer is Answer.NO_GO
    one = says(place, "VMC-001", "fail", "no NVIDIA GPU")
    assert "no host of the cluster offers a profile" in one.change.what


def test_a_cluster_that_does_not_tell_its_profiles_is_unsure():
    place = a_place(a_class(HALF), machine(1, profiles_offered=unknown()))
    assert place.answer is Answer.UNSURE
    assert finding(place, "VMC-001").told_by
    assert (place.keepers, place.open) == ((), ("esx-1.example.com",))


def test_parts_that_are_kept_on_different_hosts_are_no_go_together():
    small = machine(1, memory_bytes=128 * GIB, memory_dram_bytes=128 * GIB)
    other = machine(2, profiles=(WHOLE,), vgpu_abilities=())
    place = a_place(a_class(HALF, memory=256), small, other)
    assert place.answer is Answer.NO_GO
    says(place, "VMC-001", "pass")
    says(place, "VMC-006", "pass")
    says(place, "VMC-016", "fail", "each part is kept somewhere, and never all on one host")


# --- 2: combinations ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profiles", "changes", "status", "words"),
    [
        ([HALF, QUARTER], {}, "pass", ""),
        ([HALF, HALF], {}, "pass", ""),
        ([HALF] * 8, {}, "pass", "at most 8"),
        ([HALF] * 9, {}, "unknown", "16 are believed"),
        ([HALF] * 9, {"per_vm_limits": (PerVmLimit("", 16),)}, "pass", "at most 16"),
        ([HALF] * 9, {"per_vm_limits": (PerVmLimit("", 8),)}, "fail", "at most 8"),
        ([HALF] * 2, {"version": "7.0.3"}, "fail", "before vSphere 8"),
        ([WHOLE] * 4, {"version": "7.0.3"}, "pass", "at most 4"),
        ([WHOLE] * 5, {"version": "7.0.3"}, "unknown", "at most 4"),
        ([HALF] * 2, {"version": unknown()}, "unknown", ""),
    ],
)
def test_vgpus_of_one_vm(profiles, changes, status, words):
    place = a_place(a_class(*profiles), machine(1, gpus=8, **changes))
    says(place, "VMC-002", status, words)


def test_series_do_not_mix():
    place = a_place(
        a_class("nvidia_a40-24q", "nvidia_a40-24c"),
        machine(1, model="a40", profiles=("nvidia_a40-24q", "nvidia_a40-24c")),
    )
    one = says(place, "VMC-002", "fail", "of one series")
    assert one.change.line == 10


# --- 3 and 4: devices and groups ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("devices", "whole", "changes", "status", "words"),
    [
        ([device()], 1, {}, "pass", "0000:"),
        ([device()] * 2, 2, {}, "pass", ""),
        ([device()] * 2, 1, {}, "fail", "not in passthrough"),
        ([device()] * 3, 2, {}, "fail", "too few: 0000:"),
        ([device()], 0, {}, "fail", "not in passthrough"),
        ([device("train")], 1, {}, "fail", "not labelled train: 0000:"),
        ([device("train")], 1, {"hardware_label": "train"}, "pass", "labelled train"),
        ([device("train")], 1, {"hardware_label": unknown()}, "unknown", ""),
        ([device("", PciId(0x10DE, 0x2330))], 1, {}, "fail", "no GPU here has such an id"),
        ([device("", A100, PciId(0x10DE, 0x2330))], 1, {}, "pass", ""),
        ([device("", PciId(0x15B3, 0x101B))], 1, {}, "unknown", "not looked for"),
        ([device()], 1, {"passthrough": unknown()}, "unknown", ""),
    ],
)
def test_whole_devices(devices, whole, changes, status, words):
    host = with_gpu(machine(1, whole=whole), 1, **changes)
    place = a_place(a_class(devices=devices), host)
    one = says(place, "VMC-003", status, words)
    if status == "fail":
        assert one.change.line == 14


def test_devices_of_other_vendors_are_looked_up_where_vsphere_was_asked():
    nic = device("ib", PciId(0x15B3, 0x101B))
    offered = (DynamicDevice(PciId(0x15B3, 0x101B), "ConnectX-6", "ib"),)
    for there, word in ((offered, "is offered here"), ((), "is not among what is offered here")):
        place = a_place(a_class(HALF, devices=[nic]), machine(1, offered_devices=there))
        says(place, "VMC-003", "unknown", word, "how many there are is not told")
    for label, word in (("", "is offered here"), ("roce", "is not among what is offered here")):
        other = device(label, PciId(0x15B3, 0x101B))
        place = a_place(a_class(HALF, devices=[other]), machine(1, offered_devices=offered))
        says(place, "VMC-003", "unknown", word)
        assert place.answer is Answer.UNSURE


def test_device_groups_are_unknown_and_say_what_settles_it():
    name = "Nvidia:2@grid_a100d-80c%NVLink"
    one = a_class(groups=(name,))
    group = DeviceGroup(name, ("nvidiaVgpu", "nvidiaVgpu"))
    for there, word in (((group,), "offered"), ((), f"not offered: {name}")):
        place = a_place(one, machine(1, offered_groups=there))
        says(place, "VMC-004", "unknown", word, "virtual-machine-classes of a Supervisor")
    place = a_place(one, machine(1))
    says(place, "VMC-004", "unknown", "was not asked")
    assert place.answer is Answer.UNSURE
    assert place.now.low == 0
    assert place.now.high is not None


# --- 5 and 6: memory ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({}, "pass", "64 GiB of 64 GiB reserved, not locked"),
        ({"memory": Reservation(32 * GIB)}, "fail", "32 GiB of 64 GiB reserved"),
        ({"memory": Reservation()}, "fail", "0 GiB of 64 GiB"),
        ({"memory": Reservation(), "locked_to_max": True}, "pass", "locked"),
        ({"memory_bytes": Unknown(Why.ABSENT, "the class does not say it")}, "unknown", ""),
    ],
)
def test_all_memory_must_be_reserved(changes, status, words):
    place = a_place(replace(a_class(HALF), **changes), machine(1))
    one = says(place, "VMC-005", status, words)
    if status == "fail":
        assert one.change.line == 18
        assert "requests.memory: 64Gi" in one.change.what
        assert place.answer is Answer.NO_GO


@pytest.mark.parametrize(
    ("memory", "changes", "status", "words"),
    [
        (500, {}, "pass", ""),
        (501, {}, "unknown", "it depends on what ESXi really needs"),
        (513, {}, "fail", "513 GiB wanted, 512 GiB in the host"),
        (300, {"memory_dram_bytes": 256 * GIB}, "unknown", "NVMe"),
        (200, {"memory_dram_bytes": 256 * GIB}, "pass", ""),
        (200, {"memory_dram_bytes": unknown()}, "unknown", ""),
        (64, {"memory_dram_bytes": unknown()}, "pass", ""),
        (64, {"memory_bytes": unknown()}, "unknown", ""),
    ],
)
def test_memory_of_a_class_in_the_dram_of_a_host(memory, changes, status, words):
    place = a_place(a_class(HALF, memory=memory), machine(1, **changes))
    one = says(place, "VMC-006", status, words)
    if status == "fail":
        assert (one.change.line, one.change.what) == (9, "500 GiB at most")


# --- 7 and 8: whole GPUs --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (a_class(devices=[device()]), "believed enough [I]: VM Operator's default"),
        (a_class(devices=[device()] * 8), "believed too little [I]: VM Operator's default"),
        (a_class(devices=[device()] * 8, mmio_gib=2048), "believed enough [I]: the class"),
        (a_class(WHOLE), "believed enough [I]"),
    ],
)
def test_mmio_space_is_told_as_believed(one, words):
    place = a_place(one, machine(1, gpus=8, whole=8 if one.devices else 0))
    found = says(place, "VMC-007", "unknown", words, "a VM of the class")
    assert found.mark.value == "I"
    assert place.answer is Answer.GO


def test_the_image_decides_the_firmware():
    place = a_place(a_class(devices=[device()], firmware="bios"), machine(1, whole=2))
    says(place, "VMC-008", "unknown", "the class says bios", "takes the image's", "kubectl get vmi")
    assert not [one for one in a_place(a_class(HALF), machine(1)).findings if one.check > "VMC-016"]
    checks = {one.check for one in a_place(a_class(HALF), machine(1)).findings}
    assert checks.isdisjoint({"VMC-007", "VMC-008"})


# --- 10: the class by itself ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "check", "status", "words"),
    [
        ({"poweroff": True}, "VMC-011", "fail", "older VM Operators"),
        ({"status": "READY"}, "VMC-012", "pass", "READY"),
        ({"status": "REMOVING"}, "VMC-012", "fail", "REMOVING"),
        ({"status": "ODD"}, "VMC-012", "unknown", "no such status"),
        ({"memory": Reservation(64 * GIB, 32 * GIB)}, "VMC-013", "fail", "limit 32 GiB"),
        ({"cpu": Reservation(2000, 1000)}, "VMC-013", "fail", "limit 1000m, request 2000m"),
        ({"cpu": Reservation(2000, 2000)}, "VMC-013", "pass", ""),
        ({"slots": 2}, "VMC-014", "fail", "reservedProfileID none"),
        ({"slots": 2, "slots_profile": "7f0b"}, "VMC-014", "pass", "7f0b"),
        ({"overridden": ("grid_a100d-80c",)}, "VMC-015", "fail", "left out: grid_a100d-80c"),
        ({"storage": "?"}, "VMC-010", "fail", "volumes without a policy"),
        ({"storage": "local"}, "VMC-010", "unknown", "kubectl get storageclass"),
        ({"storage": "6b1e", "form": "REST"}, "VMC-010", "unknown", "storage_specs"),
    ],
)
def test_the_class_by_itself(changes, check, status, words):
    place = a_place(replace(a_class(HALF), **changes), machine(1))
    says(place, check, status, words)


def test_instance_storage_is_compared_with_the_policies_of_each_namespace():
    one = replace(a_class(HALF), storage="6b1e", form="REST")
    spaces = [a_namespace("a", "c8", policies=("6b1e",)), a_namespace("b", "c8")]
    place = a_place(one, machine(1), namespaces=spaces, names={"c8": "gpu"})
    says(place, "VMC-010", "fail", "not bound to b")
    place = a_place(one, machine(1), namespaces=spaces[:1], names={"c8": "gpu"})
    says(place, "VMC-010", "pass")


# --- where ----------------------------------------------------------------------------------------


def two_clusters():
    return machine(1), machine(2, model="a40", profiles=("nvidia_a40-24q",), cluster="vdi")


def test_an_unbound_class_may_be_offered_where_it_is_kept():
    found = judged(a_class(HALF), two_clusters())
    (one,) = found.classes
    assert [(each.cluster, each.answer.value) for each in one.places] == [
        ("gpu", "GO"), ("vdi", "NO-GO"),
    ]  # fmt: skip
    assert one.answer is found.answer is Answer.GO


def test_a_class_must_be_kept_on_every_cluster_of_its_namespaces():
    names = {"domain-c8": "gpu", "domain-c9": "vdi"}
    space = a_namespace("team-a", "domain-c8", "domain-c9")
    found = judged(a_class(HALF), two_clusters(), namespaces=[space], names=names)
    (one,) = found.classes
    assert one.answer is Answer.NO_GO
    space = a_namespace("team-a", "domain-c8")
    (one,) = judged(a_class(HALF), two_clusters(), namespaces=[space], names=names).classes
    assert [each.cluster for each in one.places] == ["gpu"]
    assert one.places[0].namespaces == ("team-a",)
    assert one.answer is Answer.GO


def test_a_cluster_that_no_host_was_read_of_is_unsure():
    space = a_namespace("team-a", "domain-c77")
    found = judged(a_class(HALF), two_clusters(), namespaces=[space], names={"domain-c77": "far"})
    (place,) = found.classes[0].places
    assert (place.cluster, place.answer) == ("far", Answer.UNSURE)
    assert "hostcheck audit --cluster far" in finding(place, "VMC-016").told_by


def test_namespaces_of_a_supervisor_whose_clusters_are_not_told():
    space = a_namespace("team-a")
    (one,) = judged(a_class(HALF), two_clusters(), namespaces=[space]).classes
    assert len(one.places) == 2
    assert one.answer is Answer.UNSURE
    assert any("not known: judged on each cluster" in each for each in one.notices)


def test_an_empty_namespace_uses_no_class():
    space = a_namespace("team-a", "domain-c8", classes=())
    (one,) = judged(
        a_class(HALF), two_clusters(), namespaces=[space], names={"domain-c8": "vdi"}
    ).classes
    assert len(one.places) == 2


def test_clusters_that_are_not_wanted_are_left_out():
    found = judged(a_class(HALF), two_clusters(), wanted=lambda name: name == "vdi")
    (place,) = found.classes[0].places
    assert place.cluster == "vdi"


def test_a_class_without_a_gpu_is_nothing_to_judge():
    found = judged([a_class(name="small"), a_class(HALF)], [machine(1)])
    assert [one.answer for one in found.classes] == [Answer.NO_GPU, Answer.GO]
    assert found.answer is Answer.GO
    assert judged(a_class(), [machine(1)]).answer is Answer.UNSURE


def test_a_class_whose_gpu_is_overridden_is_no_class_without_a_gpu():
    found = judged(replace(a_class(), overridden=(HALF,)), [machine(1)])
    assert found.answer is Answer.NO_GO


def test_no_host_at_all_is_unsure():
    found = judged(a_class(HALF), [])
    assert found.answer is Answer.UNSURE
