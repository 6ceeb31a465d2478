"""Classes of every version and spelling are read; slips are one line with the key meant."""

from pathlib import Path

import pytest

from hostcheck.errors import UsageError
from hostcheck.model.fact import Unknown
from hostcheck.model.pci import PciId
from hostcheck.model.vm_class import Reservation
from hostcheck.vmclasses.read import read

FILES = Path(__file__).parent / "files"
GIB = 2**30
A100 = PciId(0x10DE, 0x20B5)


def classes(name):
    return {one.name: one for one in read(FILES / name).classes}


def profiles(one):
    return [each.profile for each in one.vgpus]


def test_version_1_may_name_a_profile_twice_and_binds_classes_to_namespaces():
    one = classes("v1alpha1.yaml")["two-whole"]
    assert (one.form, one.cpus, one.memory_bytes) == ("v1alpha1", 32, 256 * GIB)
    assert profiles(one) == ["grid_a100d-80c"] * 2
    assert (one.memory, one.cpu) == (Reservation(256 * GIB), Reservation(16_000))
    assert one.namespaces == ("team-a",)
    assert [each.line for each in one.vgpus] == [12, 13]


def test_version_2_whole_devices():
    one = classes("v1alpha2.yaml")["whole-device"]
    assert one.form == "v1alpha2"
    (device,) = one.devices
    assert (device.ids, device.label, device.line) == ((A100,), "train", 13)
    assert not one.vgpus
    assert one.wants_gpu


def test_version_3_instance_storage():
    one = classes("v1alpha3.yaml")["with-storage"]
    assert (one.form, one.storage, one.namespaces) == ("v1alpha3", "local-nvme", ("team-a",))
    assert not one.notices


def test_version_4_lists_instances_and_config_specs():
    found = classes("v1alpha4.yaml")
    one = found["locked"]
    assert profiles(one) == ["grid_a100d-20c"] * 2
    assert one.locked_to_max
    assert one.firmware == "efi"
    assert one.line_of("locked_to_max") == 36
    assert not found["locked-b41f0"].wants_gpu


def test_version_5_as_json_with_tabs():
    one = classes("v1alpha5.json")["dynamic"]
    (device,) = one.devices
    assert device.ids == (A100, PciId(0x10DE, 0x2091))
    assert (one.mmio_gib, one.poweroff, one.hardware_version) == (1024, True, 21)
    assert one.memory == Reservation(64 * GIB)


def test_version_6_device_groups():
    one = classes("v1alpha6.yaml")["group"]
    assert one.groups == ("Nvidia:2@grid_a100d-80c%NVLink",)
    assert (one.slots, one.slots_profile) == (2, "7f0b")


@pytest.mark.parametrize(
    ("file", "name", "reserved", "storage", "status"),
    [
        ("rest-8.0u2.json", "rest-old", 64 * GIB, "6b1e", "READY"),
        ("rest-latest.json", "rest-new", 32 * GIB, "", "REMOVING"),
        ("rest-simulator.json", "rest-sim", 16 * GIB, "", ""),
    ],
)
def test_rest_in_every_spelling(file, name, reserved, storage, status):
    one = classes(file)[name]
    assert one.form == "REST"
    assert profiles(one) == ["grid_a100d-40c"]
    assert (one.memory.request, one.storage, one.status) == (reserved, storage, status)
    assert not one.notices


def test_the_simulators_devices_are_read_too():
    (device,) = classes("rest-simulator.json")["rest-sim"].devices
    assert (device.ids, device.label) == ((A100,), "train")


WHOLE = (FILES / "v1alpha3.yaml").read_text()
REST = (FILES / "rest-8.0u2.json").read_text()


@pytest.mark.parametrize(
    ("text", "old", "new", "told"),
    [
        (WHOLE, "vgpuDevices", "vgpuDevcies", ("line 11: no key spec.hardware.devices.vgpuDevcies; "
         "nearest: vgpuDevices")),
        (WHOLE, "profileName", "profilename", ("line 12: no key "
         "spec.hardware.devices.vgpuDevices[0].profilename; nearest: profileName")),
        (WHOLE, "instanceStorage", "storage", "line 13: no key spec.hardware.storage; keys here: "),
        (WHOLE, "metadata", "metdata", "line 3: no key metdata; nearest: metadata"),
        (WHOLE, "kind: VirtualMachineClass", "kind: VirtualMachinClass", ("line 2: no kind "
         "VirtualMachinClass; nearest: VirtualMachineClass")),
        (WHOLE, "vmoperator.vmware.com/v1alpha3", "v1", "line 1: apiVersion 'v1'"),
        (WHOLE, "cpus: 16", "cpus: sixteen", ("line 8: spec.hardware.cpus is a text (sixteen), "
         "expected a whole number")),
        (WHOLE, "cpus: 16", "cpus: 0", "line 8: spec.hardware.cpus is 0, expected 1 or more"),
        (WHOLE, "128Gi\n    dev", "128GB\n    dev", ("line 9: spec.hardware.memory: '128GB' is no "
         "quantity; write 64Gi")),
        (WHOLE, "        memory: 128Gi", "        memory: -1Gi", ("line 20: "
         "spec.policies.resources.requests.memory is negative")),
        (WHOLE, "- profileName: grid_a100d-40c", "- profileName:", "has no profileName"),
        (WHOLE, "- profileName: grid_a100d-40c", "- grid_a100d-40c", ("line 12: "
         "spec.hardware.devices.vgpuDevices[0] is a text (grid_a100d-40c), expected a mapping")),
        (WHOLE, "- profileName: grid_a100d-40c", "- profileName: x\n        - profileName: x",
         "line 13: profile x stands twice"),
        (WHOLE, "  name: with-storage", "  labels: {}", "line 3: the class has no metadata.name"),
        (WHOLE, "- size: 256Gi", "- {}", "volumes[0] has no size"),
        (WHOLE, "cpus: 16", "cpus: 16\n    cpus: 8", "line 9: 'cpus' stands twice"),
        (WHOLE, "name: with-storage", "name: &a x\n  b: *a", "alias *a is not taken"),
        (WHOLE, "name: with-storage", "name: !!python/object:os.system x", "line 4"),
        (REST, "cpu_count", "cpu_cuont", "no key cpu_cuont; nearest: cpu_count"),
        (REST, '"id"', '"name"', "the class has no id"),
        (REST, '_reservation": 100', '_reservation": 101', "101: a percentage"),
        (REST, '"memory_MB": 65536', '"memory_MB": 65536, "memory_mb": 1', "are one key"),
        (REST, "262144}", "262144", "expected"),
        ("", "", "", "no VM class is in it"),
        ("{}", "", "", "neither a VM class nor a list of them"),
        ("just words", "", "", "the document is a text (just words), expected a mapping"),
        ('{"schema": "hostcheck.run/2"}', "", "", "neither a VM class nor a list of them"),
        ("[1, 2]", "", "", "the document is a number (1), expected a mapping"),
        ("[" * 20000, "", "", "not YAML"),
        ("a:\n\t- c", "", "", "line 2"),
        ("kind: Pod\n", "", "", "no VM class is in it"),
    ],
)  # fmt: skip
def test_a_slip_is_one_line(tmp_path, text, old, new, told):
    assert old in text
    file = tmp_path / "classes.yaml"
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(UsageError) as raised:
        read(file)
    words = str(raised.value)
    assert told in words
    assert words.startswith(str(file))
    assert "\n" not in words


def test_a_file_that_cannot_be_read_is_one_line(tmp_path):
    for name, data in (("gone", None), ("binary", b"\x00\xff\xfe"), ("large", b" " * (2**22 + 1))):
        file = tmp_path / name
        if data is not None:
            file.write_bytes(data)
        with pytest.raises(UsageError, match=name):
            read(file)


def test_a_class_that_stands_twice_is_refused_unless_in_two_namespaces(tmp_path):
    file = tmp_path / "classes.yaml"
    file.write_text(f"{WHOLE}---\n{WHOLE}")
    with pytest.raises(UsageError, match=r"line 25: class with-storage stands twice, .* line 4"):
        read(file)
    file.write_text(f"{WHOLE}---\n{WHOLE.replace('team-a', 'team-b')}")
    assert len(read(file).classes) == 2


def test_what_is_new_is_told_and_not_read(tmp_path):
    file = tmp_path / "classes.yaml"
    text = WHOLE.replace("v1alpha3", "v1alpha9").replace(
        "  hardware:", "  wholly: new\n  hardware:"
    )
    file.write_text(f"{text}---\nkind: Pod\napiVersion: v1\n")
    found = read(file)
    (one,) = found.classes
    assert one.form == "v1alpha9"
    assert any("spec.wholly is not known" in each for each in one.notices)
    assert any("newer" in each for each in one.notices)
    assert found.notices == ("line 23: Pod is no VM class",)


def test_devices_beside_a_config_spec_are_overridden(tmp_path):
    file = tmp_path / "classes.yaml"
    file.write_text(
        WHOLE + "  configSpec:\n    _typeName: VirtualMachineConfigSpec\n    firmware: efi\n"
    )
    (one,) = read(file).classes
    assert one.overridden == ("grid_a100d-40c",)
    assert not one.wants_gpu
    file.write_text(WHOLE + "  configSpec:\n    _typeName: VirtualMachineConfigSpec\n")
    (one,) = read(file).classes
    assert one.wants_gpu


def test_what_the_class_does_not_say_is_not_known(tmp_path):
    file = tmp_path / "classes.yaml"
    file.write_text(WHOLE.replace("    memory: 128Gi\n    dev", "    dev"))
    (one,) = read(file).classes
    assert isinstance(one.memory_bytes, Unknown)
