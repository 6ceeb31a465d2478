"""Files that were sent: read where they lie, joined by host, refused when they are not honest."""

import gzip
import io
import os
import re
import shutil
import tarfile
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from hostcheck import app, catalog, recording
from hostcheck.bundles import archive
from hostcheck.checks.engine import run_all
from hostcheck.cli import main
from hostcheck.errors import UsageError
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.host_ref import HostRef
from hostcheck.model.recording import Recording
from hostcheck.sources.asking import finish
from hostcheck.sources.recorded import RecordedSource
from hostcheck.sources.walls import host_of

ROOT = Path(__file__).parents[2]
FIXTURE = ROOT / "fixtures" / "2n-2xA100-80-esxi803"
FIXTURES = FIXTURE.parent
MACHINES = sorted(
    path.parent.name
    for path in FIXTURES.glob("*/manifest.json")
    if (path.parent / "shell").is_dir()
)
NAME = "esx-01.lab.test"


def whole():
    return recording.load(FIXTURE)


def by_shell(name=NAME):
    """What the script leaves of the recorded host: what its shell told, under its own name."""
    told = {key: one for key, one in whole().captures.items() if key[0] == "shell"}
    return Recording(HostRef(name, "", ""), told)


def over_api():
    there = whole()
    told = {key: one for key, one in there.captures.items() if key[0] != "shell"}
    return msgspec.structs.replace(there, captures=told)


def packed(recorded, path, folder="host"):
    """Write a recording as one .tgz and return its path."""
    with_files = path.parent / f"{path.name}.unpacked"
    recording.save(recorded, with_files)
    with tarfile.open(path, "w:gz") as out:
        out.add(with_files, folder)
    shutil.rmtree(with_files)
    return path


def only(source):
    (ref,) = source.machines()
    return source.collect(ref)


def test_one_file_is_one_host_and_what_only_the_api_tells_is_unknown(tmp_path):
    source = RecordedSource(packed(by_shell(), tmp_path / "one.tgz"))
    assert source.about.target == "hosts on themselves"
    host = host_of(only(source))
    assert host.name == NAME
    assert [gpu.address for gpu in host.gpus.value] == ["0000:4a:00.0", "0000:ca:00.0"]
    assert (host.version.value, host.package_count.value) == ("8.0.3", 2)
    for fact in (host.vms, host.memory_reserved_bytes, host.nics, host.model, host.cluster):
        assert isinstance(fact, Unknown)
        assert fact.why is Why.NOT_ASKED
        assert "only the vSphere API tells this" in fact.detail
    for gpu in host.gpus.value:
        assert (gpu.numa_node, gpu.ecc_current) != (None, None)
        assert isinstance(gpu.numa_node, Known)
        assert isinstance(gpu.vm_ids, Unknown)
    assert sum(one.status.value == "pass" for one in judged(by_shell())) > 40


def _key(one):
    """A host's id is the API's, and the name of a GPU has its slot where a BMC tells it."""
    return one.check, one.subject.id if one.subject.kind == "gpu" else one.subject.name


@pytest.mark.parametrize("machine", MACHINES)
def test_what_the_shell_alone_decides_the_whole_decides_too(machine):
    there = recording.load(FIXTURES / machine)
    told = {key: one for key, one in there.captures.items() if key[0] == "shell"}
    alone = Recording(HostRef(there.ref.name, "", ""), told)
    whole = {_key(one): one.status.value for one in judged(there)}
    for one in judged(alone):
        if one.status.value in ("pass", "fail"):
            assert whole[_key(one)] in (one.status.value, "unknown"), one


def test_every_fact_names_the_answer_that_it_was_read_from(tmp_path):
    host = host_of(only(RecordedSource(packed(by_shell(), tmp_path / "one.tgz"))))
    asked = [host.sources[index].asked for index in host.version.sources]
    assert asked == ["esxcli system version get"]
    (gpu, _) = host.gpus.value
    assert {host.sources[at].asked for at in gpu.graphics_active.sources} == {
        "esxcli graphics device list"
    }
    assert {host.sources[at].asked for at in gpu.passthrough.sources} == {
        "esxcli hardware pci list"
    }
    assert all(
        len({fact.sources for fact in one.statements if isinstance(fact, Known)})
        == sum(isinstance(fact, Known) for fact in one.statements)
        for one in host.testimonies
    ), "an answer does not testify for itself"


def test_losing_an_answer_of_the_shell_never_improves_a_result():
    told = by_shell()
    before = {(one.check, one.subject.id): one.status.value for one in judged(told)}
    for key in told.captures:
        left = {one: capture for one, capture in told.captures.items() if one != key}
        for one in judged(msgspec.structs.replace(told, captures=left)):
            was = before.get((one.check, one.subject.id))
            if was in ("unknown", "fail"):
                assert one.status.value != "pass", (key, one.check)


def judged(recorded):
    return run_all(host_of(finish(recorded.ref, recorded, {})), catalog.requirements())


@pytest.mark.parametrize("name", [NAME, "ESX-01.lab.test", "esx-01"])
def test_with_a_recording_over_the_api_it_is_the_whole(tmp_path, name):
    recording.save(over_api(), tmp_path / "api")
    packed(by_shell(name), tmp_path / "shell.tgz")
    both = RecordedSource(tmp_path)
    alone = RecordedSource(FIXTURE)
    assert both.machines() == alone.machines()
    assert both.about == alone.about
    assert only(both) == only(alone)


def test_a_host_that_may_be_two_stays_its_own(tmp_path):
    for domain in ("a.test", "b.test"):
        there = over_api()
        ref = msgspec.structs.replace(there.ref, name=f"esx-01.{domain}")
        recording.save(msgspec.structs.replace(there, ref=ref), tmp_path / domain)
    packed(by_shell("esx-01"), tmp_path / "shell.tgz")
    source = RecordedSource(tmp_path)
    assert [one.name for one in source.machines()] == ["esx-01", "esx-01.a.test", "esx-01.b.test"]
    assert source.about.target == "hosts on themselves, vcenter.lab.test"


def test_two_answers_of_one_shell_are_refused(tmp_path):
    packed(by_shell(), tmp_path / "one.tgz")
    packed(by_shell(), tmp_path / "two.tgz")
    with pytest.raises(UsageError, match="are of one host"):
        RecordedSource(tmp_path)
    (tmp_path / "two.tgz").unlink()
    recording.save(whole(), tmp_path / "whole")
    with pytest.raises(UsageError, match="are of one host"):
        RecordedSource(tmp_path)


def test_a_bad_archive_is_one_bad_host(tmp_path):
    packed(by_shell(), tmp_path / "good.tgz")
    data = (tmp_path / "good.tgz").read_bytes()
    (tmp_path / "cut.tgz").write_bytes(data[: len(data) // 2])
    (tmp_path / "none.tgz").write_bytes(b"hello")
    source = RecordedSource(tmp_path)
    found = {ref.name: host_of(source.collect(ref)) for ref in source.machines()}
    assert set(found) == {NAME, "cut.tgz", "none.tgz"}
    for name in ("cut.tgz", "none.tgz"):
        assert isinstance(found[name].gpus, Unknown)
        assert "not a whole .tgz" in found[name].gpus.detail
    assert isinstance(found[NAME].gpus, Known)


def test_a_file_that_is_bad_behind_its_label_is_one_bad_host(tmp_path):
    packed(by_shell(), tmp_path / "good.tgz")
    packed(by_shell("esx-99"), tmp_path / "late.tgz")
    source = RecordedSource(tmp_path)
    data = (tmp_path / "late.tgz").read_bytes()
    (tmp_path / "late.tgz").write_bytes(data[:-20])  # as a copy that still runs, or a sick disk
    found = {ref.name: host_of(source.collect(ref)) for ref in source.machines()}
    assert isinstance(found["esx-99"].gpus, Unknown)
    assert "not a whole .tgz" in found["esx-99"].gpus.detail
    assert isinstance(found[NAME].gpus, Known)
    alone = RecordedSource(tmp_path / "good.tgz")
    (tmp_path / "good.tgz").write_bytes(b"hello")
    with pytest.raises(UsageError, match="not a whole"):
        only(alone)


def test_a_lone_file_that_is_bad_leaves_no_journal(tmp_path):
    packed(by_shell(), tmp_path / "good.tgz")
    alone, place = RecordedSource(tmp_path / "good.tgz"), tmp_path / "run.json.journal"
    (tmp_path / "good.tgz").write_bytes(b"hello")
    with app.start_journal(alone, place, resume=False) as journal:
        assert place.exists()
        with pytest.raises(UsageError, match="not a whole"):
            app.audit(alone, journal, done=lambda _: None)
    assert not place.exists()


def test_two_files_of_one_host_are_that_host_unknown_and_no_other(tmp_path):
    for name, host in (("a", "esx-98"), ("b", "esx-98"), ("c", NAME)):
        packed(by_shell(host), tmp_path / f"{name}.tgz")
    source = RecordedSource(tmp_path)
    found = {ref.name: host_of(source.collect(ref)) for ref in source.machines()}
    assert sorted(found) == [NAME, "esx-98"]
    assert isinstance(found["esx-98"].gpus, Unknown)
    assert re.search(r"b\.tgz and .*a\.tgz are of one host; give one", found["esx-98"].gpus.detail)
    assert isinstance(found[NAME].gpus, Known)


def test_a_pipe_or_a_device_is_not_waited_for(tmp_path):
    packed(by_shell(), tmp_path / "good.tgz")
    for name in ("pipe.tgz", "pipe.zip", "nvidia-bug-report.log.gz"):
        os.mkfifo(tmp_path / name)
    (tmp_path / "zero.tgz").symlink_to("/dev/zero")
    (tmp_path / "loop.tgz").symlink_to("loop.tgz")
    (tmp_path / "gone.tgz").symlink_to("nowhere.tgz")
    source = RecordedSource(tmp_path)
    found = {ref.name: host_of(source.collect(ref)) for ref in source.machines()}
    assert isinstance(found.pop(NAME).gpus, Known)
    assert len(found) == 6
    for name, host in found.items():
        assert isinstance(host.gpus, Unknown), name
        wrong = "No such file|symbolic links" if name[0] in "lg" else "not a regular file"
        assert re.search(wrong, host.gpus.detail), (name, host.gpus.detail)
    with pytest.raises(UsageError, match=r"pipe\.tgz: not a regular file; give the file itself"):
        RecordedSource(tmp_path / "pipe.tgz")


def test_every_cut_of_an_archive_is_refused(tmp_path):
    data = packed(by_shell(), tmp_path / "good.tgz").read_bytes()
    for length in sorted({0, 1, 9, 10, 18, *range(20, len(data), len(data) // 40), len(data) - 1}):
        (tmp_path / "cut.tgz").write_bytes(data[:length])
        with pytest.raises(UsageError, match=r"cut\.tgz: not a whole \.tgz"):
            list(archive.members_of(tmp_path / "cut.tgz", archive.RECORDING, lambda _: True))


def sent(tmp_path, *members):
    """Write an archive of (header, content) as they come."""
    path = tmp_path / "sent.tgz"
    with tarfile.open(path, "w:gz") as out:
        for name, change, data in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            for field, value in change.items():
                setattr(member, field, value)
            out.addfile(member, io.BytesIO(data))
    return path


def read(path, limits=archive.RECORDING):
    return dict(archive.members_of(path, limits, lambda _: True))


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "./../x", "a/.."])
def test_a_name_that_leaves_its_folder_ends_the_reading(tmp_path, name):
    with pytest.raises(UsageError, match="a name that leaves its folder"):
        read(sent(tmp_path, (name, {}, b"x")))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_what_is_no_regular_file_is_not_read(tmp_path, kind):
    link = {"type": kind, "linkname": "/etc/passwd"}
    assert read(sent(tmp_path, ("a/x", link, b""), ("a/y", {}, b"y"))) == {"a/y": b"y"}


def test_a_second_file_of_one_name_is_refused(tmp_path):
    with pytest.raises(UsageError, match="two files called 'a/x'"):
        read(sent(tmp_path, ("a/x", {}, b"1"), ("./a/x", {}, b"2")))


def test_sizes_have_limits(tmp_path):
    small = archive.Limits(member=10, total=1 << 20, kept=15, members=3)
    with pytest.raises(UsageError, match="'a' has 11 bytes"):
        read(sent(tmp_path, ("a", {}, b"12345678901")), small)
    with pytest.raises(UsageError, match="'b' has 10 bytes"):
        read(sent(tmp_path, ("a", {}, b"1234567890"), ("b", {}, b"1234567890")), small)
    many = [(str(number), {}, b"") for number in range(4)]
    with pytest.raises(UsageError, match="more than 3 members"):
        read(sent(tmp_path, *many), small)


def test_a_bomb_is_not_unpacked(tmp_path):
    path = tmp_path / "bomb.tgz"
    with gzip.open(path, "wb", 9) as out:
        member = tarfile.TarInfo("zeros")
        member.size = 300 * archive.MEBI
        out.write(member.tobuf())
        for _ in range(300):
            out.write(bytes(archive.MEBI))
    limits = archive.BUNDLE._replace(ratio=10)
    with pytest.raises(UsageError, match="more than it may unpack to"):
        list(archive.members_of(path, limits, lambda _: False))


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_header_of_a_gigabyte_is_not_read(tmp_path, kind):
    member = tarfile.TarInfo("x")
    member.type, member.size = kind, 1 << 30
    path = tmp_path / "long.tgz"
    path.write_bytes(gzip.compress(member.tobuf()))
    with pytest.raises(UsageError, match="a header of 1073741824 bytes"):
        read(path)


def test_a_file_of_something_else_is_one_line(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="not a folder, nor a file of a host"):
        RecordedSource(tmp_path / "notes.txt")
    with pytest.raises(UsageError, match="it holds no answer of a command"):
        RecordedSource(sent(tmp_path, ("a/x", {}, b"1")))


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("audit", "UNSURE"),
        ("topology esx-01.lab.test", "NUMA node 1"),
        ("capacity", ">=0"),
        ("profiles", "not known"),
        ("preflight --profile nvidia_a100d-40c --vcpus 4 --memory 4096", "UNSURE"),
    ],
)
def test_every_command_that_replays_takes_such_a_file(tmp_path, command, told):
    path = packed(by_shell(), tmp_path / "one.tgz")
    done = CliRunner().invoke(main, [*command.split(), "--from", str(path)])
    assert told in done.output, done.output
    assert "no host" not in done.output  # what no host tells is not what no host has
    assert done.exit_code in (0, 3), done.output
    assert "Traceback" not in done.output
