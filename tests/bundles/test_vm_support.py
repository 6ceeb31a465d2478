"""Bundles of vm-support and reports of nvidia-bug-report.

They are made up here from what the played host prints, in the form that public tools read: no real
one of a vGPU host was in reach.
"""

import gzip
import io
import re
import tarfile
import zipfile
from pathlib import Path

import pytest

from hostcheck import recording
from hostcheck.bundles import names, places, vm_support
from hostcheck.errors import UsageError
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.sources.recorded import RecordedSource
from hostcheck.sources.walls import host_of
from tests.bundles.test_places import over_api
from tests.peers import shapes, shell

KIND = "2n-2xA100-80-esxi803"
SHAPE = shapes.HOSTS[KIND]
ADDRESSES = ["0000:4a:00.0", "0000:ca:00.0"]
TOP = f"esx-{SHAPE.name}-2026-11-27--09.12-2460058"
RULE = "_" * 44
ADDRESS = re.compile(r"^([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])$", re.MULTILINE)
SEEN = (
    ("localcli system settings kernel list -d", "localcli_system-settings-kernel-list--d.txt"),
    ("vsish -e get /vmkModules/tracing/stats", "vsish_-e-get-vmkModulestracingstats.txt"),
    ("/bin/esxcfg-info -a -F xml", "esxcfg-info_-a--F-xml.txt"),
    ("vmware -vl", "vmware_-vl.txt"),
    ("lspci", "lspci.txt"),
    (
        "localcli --plugin-dir /usr/lib/vmware/esxcli/int device driver list",
        "localcli_--plugin-dir-usrlibvmwareesxcliint-device-driver-list.txt",
    ),
    ("esxcli hardware pci list", "localcli_hardware-pci-list.txt"),
)
"""Names of files in bundles that public sources show, and the command lines behind them."""


def printed(command):
    return shell.answers(SHAPE)[command][0]


def localcli(command):
    """As localcli prints it: a colon behind the address that heads a block."""
    return ADDRESS.sub(r"\1:", printed(command))


def bundle():
    """The files of a bundle, by their path below the top folder."""
    return {
        "README": "Options: {'manifests': []}\nCaptured on: 2026-11-27 09:12:44.123456\n",
        "action.log": "2026-11-27 09:12:44 done\n",
        "commands/vmware_-vl.txt": printed("vmware -v") + "VMware ESXi 8.0 Update 3\n",
        "commands/uname_-a.txt": f"VMkernel {SHAPE.name} 8.0.3 #1 SMP Release build-24022510\n",
        "commands/localcli_hardware-pci-list.txt": localcli("esxcli hardware pci list"),
        "commands/localcli_graphics-device-list.txt": localcli("esxcli graphics device list"),
        "commands/localcli_software-vib-list.txt": printed("esxcli software vib list"),
        "var/run/log/vmkernel.log": "licenseKey = none of our business\n",
    }


def packed(path, files, top=TOP):
    with tarfile.open(path, "w:gz") as out:
        folder = tarfile.TarInfo(top)
        folder.type = tarfile.DIRTYPE
        out.addfile(folder)
        for name, text in files.items():
            data = text if isinstance(text, bytes) else text.encode()
            member = tarfile.TarInfo(f"{top}/{name}")
            member.size = len(data)
            out.addfile(member, io.BytesIO(data))
    return path


def report(*sections, last="*** /bin/true"):
    """A report of nvidia-bug-report.sh with sections of (announcement, text)."""
    head = (
        f"{RULE}\n\nStart of NVIDIA bug report log file.  Please include this file, along\n\n"
        f"nvidia-bug-report.sh Version: 1\n\nDate: Fri Nov 27 09:20:11 UTC 2026\n"
        f"uname: VMkernel {SHAPE.name} 8.0.3 #1 SMP Release build-24022510\n\n"
    )
    told = "".join(
        f"{RULE}\n\n*** {command}\n*** ls: -rwxr-xr-x 1 root root 1 x\n\n{text}\n"
        for command, text in sections
    )
    return f"{head}{told}{RULE}\n\n{last}\n"


def only(path):
    source = RecordedSource(path)
    (ref,) = source.machines()
    return source.collect(ref)


@pytest.mark.parametrize(("command", "file"), SEEN)
def test_names_of_files_follow_the_rule(command, file):
    assert names.name_of(command.split()) == file


def test_a_bundle_tells_what_it_holds_and_nothing_else(tmp_path):
    recorded = only(packed(tmp_path / "sent.tgz", bundle()))
    host = host_of(recorded)
    assert (host.name, host.version.value) == (SHAPE.name, SHAPE.version)
    assert host.build.value == str(SHAPE.build)
    assert [gpu.address for gpu in host.gpus.value] == ADDRESSES
    for gpu in host.gpus.value:
        assert isinstance(gpu.graphics_active, Known)
        assert isinstance(gpu.numa_node, Known)
    assert any("NVD" in one.name for one in host.driver_packages.value)
    for fact in (host.smi_answers, host.driver_version, host.boot_options, host.memory_bytes):
        assert isinstance(fact, Unknown)
        assert (fact.why, fact.detail) == (Why.NOT_RECORDED, vm_support.NOT_THERE)
    assert {one.taken_at for one in recorded.captures.values() if one.failure is None} == {
        "2026-11-27T09:12:44Z"
    }
    assert not [one for one in recorded.captures.values() if "licenseKey" in one.text]


def test_the_time_is_that_of_the_folder_where_the_readme_tells_none(tmp_path):
    files = {**bundle(), "README": "Captured on: yesterday\n"}
    recorded = only(packed(tmp_path / "sent.tgz", files))
    assert {one.taken_at for one in recorded.captures.values() if one.failure is None} == {
        "2026-11-27T09:12:00Z"
    }


def test_fragments_are_joined_in_the_order_of_their_numbers_and_gaps_told(tmp_path):
    name = "commands/localcli_hardware-pci-list.txt"
    files = bundle()
    text = files.pop(name)
    cuts = [text[at : at + len(text) // 11] for at in range(0, len(text), len(text) // 11)]
    parts = {f"{name}.FRAG-{number:05}": one for number, one in enumerate(cuts)}
    assert len(parts) > 10
    backwards = dict(reversed(parts.items()))
    host = host_of(only(packed(tmp_path / "one.tgz", {**files, **backwards})))
    assert [gpu.address for gpu in host.gpus.value] == ADDRESSES
    del parts[f"{name}.FRAG-00003"]
    lost = host_of(only(packed(tmp_path / "gap.tgz", {**files, **parts}))).gpus
    assert isinstance(lost, Unknown)
    assert (lost.why, lost.detail) == (
        Why.NOT_RECORDED, "fragments are missing in the bundle: 00003",
    )  # fmt: skip


@pytest.mark.parametrize(
    "said", ["", "Error: Unknown command or namespace hardware pci list\n", "sh: not found\n"]
)
def test_a_command_that_failed_in_the_bundle_is_no_answer(tmp_path, said):
    files = {**bundle(), "commands/localcli_hardware-pci-list.txt": said}
    host = host_of(only(packed(tmp_path / "sent.tgz", files)))
    assert isinstance(host.gpus, Unknown)


def test_an_unpacked_bundle_is_the_same_and_links_are_not_followed(tmp_path):
    folder = tmp_path / TOP
    for name, text in bundle().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    whole = only(packed(tmp_path / "sent.tgz", bundle()))
    assert only(folder) == whole
    (tmp_path / "sent.tgz").unlink()
    assert only(tmp_path) == whole
    file = folder / "commands" / "localcli_hardware-pci-list.txt"
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    assert isinstance(host_of(only(folder)).gpus, Unknown)


def test_the_export_of_a_vcenter_is_many_hosts_and_one_bad_one_is_one(tmp_path):
    other = TOP.replace("esx-01", "esx-02")
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as out:
        for top in (TOP, other):
            out.write(packed(tmp_path / "sent.tgz", bundle(), top), f"logs/{top}.tgz")
        out.writestr("logs/bad.tgz", b"hello")
        out.writestr("notes.txt", b"hello")
    (tmp_path / "sent.tgz").unlink()
    source = RecordedSource(tmp_path / "export.zip")
    found = {ref.name: host_of(source.collect(ref)) for ref in source.machines()}
    assert list(found) == ["bad.tgz", "esx-01.lab.test", "esx-02.lab.test"]
    assert "not a whole .tgz" in found.pop("bad.tgz").gpus.detail
    assert all([gpu.address for gpu in one.gpus.value] == ADDRESSES for one in found.values())


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x03\x04 and nothing"])
def test_a_zip_that_is_none_is_one_line(tmp_path, data):
    (tmp_path / "export.zip").write_bytes(data)
    with pytest.raises(UsageError, match=r"export\.zip: not a whole \.zip"):
        RecordedSource(tmp_path / "export.zip")


def test_a_zip_without_bundles_is_one_line(tmp_path):
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as out:
        out.writestr("notes.txt", b"hello")
    with pytest.raises(UsageError, match="it holds 0 bundles"):
        RecordedSource(tmp_path / "export.zip")


def test_an_archive_of_something_else_is_one_line(tmp_path):
    with pytest.raises(UsageError, match="says which host it is of"):
        RecordedSource(packed(tmp_path / "sent.tgz", {"README": "x"}, "x"))
    with pytest.raises(UsageError, match="it holds no answer of a command"):
        RecordedSource(packed(tmp_path / "sent.tgz", {"var/log/x": "x"}, "vc-1"))


def test_a_folder_without_a_date_is_named_by_uname(tmp_path):
    assert host_of(only(packed(tmp_path / "sent.tgz", bundle(), "renamed"))).name == SHAPE.name


SECTIONS = (
    ("/usr/bin/nvidia-smi -q -x", printed("nvidia-smi -q -x")),
    ("/usr/bin/nvidia-smi vgpu --query", printed("nvidia-smi vgpu -q")),
)


@pytest.mark.parametrize("zipped", [False, True])
def test_a_report_of_the_driver_tells_what_nvidia_smi_said(tmp_path, zipped):
    text = report(*SECTIONS).encode()
    path = tmp_path / ("nvidia-bug-report.log.gz" if zipped else "nvidia-bug-report.log")
    path.write_bytes(gzip.compress(text) if zipped else text)
    captures = only(path).captures
    heard = {key[1]: one for key, one in captures.items() if one.failure is None}
    assert set(heard) == {"nvidia-smi -q -x", "nvidia-smi vgpu -q"}
    assert {one.taken_at for one in heard.values()} == {"2026-11-27T09:20:11Z"}
    assert heard["nvidia-smi -q -x"].text.strip() == printed("nvidia-smi -q -x").strip()


@pytest.mark.parametrize(
    "command",
    [
        "nvidia-smi -q -x -i 0",
        "nvidia-smi -q -d ECC",
        "nvidia-smi --query-gpu=name",
        "cat nvidia-smi",
    ],
)
def test_a_section_of_another_question_is_not_the_answer(tmp_path, command):
    path = tmp_path / "nvidia-bug-report.log"
    path.write_text(report((command, printed("nvidia-smi -q -x"))))
    assert all(one.failure is not None for one in only(path).captures.values())


def test_the_last_section_may_be_cut_and_is_not_believed(tmp_path):
    path = tmp_path / "nvidia-bug-report.log"
    path.write_text(report(last="*** nvidia-smi -q -x\n" + printed("nvidia-smi -q -x")))
    assert all(one.failure is not None for one in only(path).captures.values())
    (tmp_path / "nvidia-bug-report.log.gz").write_bytes(gzip.compress(report().encode())[:-9])
    with pytest.raises(UsageError, match="cannot be read"):
        RecordedSource(tmp_path / "nvidia-bug-report.log.gz")
    path.write_text("hello\n")
    with pytest.raises(UsageError, match=r"no report of nvidia-bug-report\.sh"):
        RecordedSource(path)


def test_bundle_report_and_api_are_one_host(tmp_path):
    packed(tmp_path / "sent.tgz", bundle())
    (tmp_path / "nvidia-bug-report.log").write_text(report(*SECTIONS))
    host = host_of(only(tmp_path))
    assert host.smi_answers.value
    assert all(isinstance(gpu.ecc_current, Known) for gpu in host.gpus.value)
    recording.save(over_api(), tmp_path / "api")
    whole = host_of(only(tmp_path))
    assert whole.name == SHAPE.name
    assert isinstance(whole.vms, Known)
    assert all(isinstance(gpu.ecc_current, Known) for gpu in whole.gpus.value)
    packed(tmp_path / "again.tgz", bundle())
    with pytest.raises(UsageError, match="are of one host"):
        RecordedSource(tmp_path)


def test_places_are_told_by_what_they_are(tmp_path):
    packed(tmp_path / "sent.tgz", bundle())
    (place,) = places.find(Path(tmp_path / "sent.tgz"))
    assert isinstance(place, vm_support.Packed)
