"""A recording survives being written and read, and a broken one is one line."""

import json
import re
import shutil
import string
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostcheck import recording, ways
from hostcheck.errors import UsageError
from hostcheck.files import directory_name
from hostcheck.model.capture import Capture, Request, Wire
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host_ref import HostRef
from hostcheck.model.recording import Recording
from hostcheck.recording import Manifest, RecordedEntry
from hostcheck.sources.recorded import RecordedSource
from hostcheck.sources.walls import host_of
from hostcheck.verdict import report_of
from hostcheck.ways.replay import ReplayTransport

FIXTURE = Path(__file__).parents[1] / "fixtures" / "2n-2xA100-80-esxi803"

TEXT = st.text(max_size=80)
ASKED = st.text(min_size=1, max_size=200) | st.sampled_from(
    [
        "nvidia-smi -q",
        "nvidia-smi  -q",
        "nvidia-smi_-q",
        "a/../../b",
        "..",
        "{slot}",
        "CON",
        "é",
        "\0",
    ]
)
FAILURE = st.none() | st.builds(
    Unknown, why=st.sampled_from(Why), detail=TEXT, asked=TEXT, privilege=TEXT
)


@st.composite
def captures(draw):
    wire = draw(st.sampled_from(sorted(ways.wirings())))
    subject = "" if wire == Wire.SHELL else draw(st.sampled_from(["host-1", "vm-2", "", "../x"]))
    return Capture(
        Request(wire, draw(ASKED), "", subject=subject), draw(TEXT), draw(TEXT),
        draw(st.integers(-1, 255)), draw(FAILURE), draw(st.just("2026-11-21T10:00:00Z")),
        draw(st.integers(0, 10**6)),
    )  # fmt: skip


@st.composite
def recordings(draw):
    found = {one.request.key: one for one in draw(st.lists(captures(), max_size=6))}
    words = [draw(TEXT) for _ in range(5)]
    ids = [tuple(draw(st.lists(TEXT, max_size=3))) for _ in range(2)]
    return Recording(HostRef(*words, *ids), found)


def named(recorded, name):
    return msgspec.structs.replace(recorded, ref=msgspec.structs.replace(recorded.ref, name=name))


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@settings(max_examples=150, deadline=None)
@given(recorded=recordings())
def test_what_is_saved_is_loaded(tmp_path_factory, recorded):
    folder = tmp_path_factory.mktemp("recording") / "one"
    recording.save(recorded, folder)
    loaded = recording.load(folder)
    assert loaded == recorded
    asked = set(list(recorded.captures)[::2])
    assert recording.load(folder, asked).captures == {
        key: capture for key, capture in recorded.captures.items() if key in asked
    }
    names = files(folder)
    assert set(folder.parent.rglob("*")) == {
        folder, *(folder / name for name in names), *((folder / name).parent for name in names),
    } | {folder}  # fmt: skip
    assert all(re.fullmatch(r"[A-Za-z0-9_.=,/+-]+", name) for name in names)
    replay = ReplayTransport(loaded)
    for capture in recorded.captures.values():
        assert replay.fetch(capture.request) == capture
    recording.save(loaded, folder)
    assert files(folder) == names


@given(name=st.text(max_size=300))
def test_a_host_name_is_a_safe_folder_name(name):
    made = directory_name(name)
    assert made
    assert set(made) <= set(string.ascii_letters + string.digits + "_.=,-")
    assert not made.startswith(".")
    assert len(made) <= 200


def test_replay_says_what_was_not_recorded():
    replay = ReplayTransport(recording.load(FIXTURE))
    asked = Request(Wire.SHELL, "nvidia-smi --new", "")
    assert replay.fetch(asked).failure.why is Why.NOT_RECORDED


@pytest.fixture
def copy(tmp_path):
    return Path(shutil.copytree(FIXTURE, tmp_path / "copy"))


def judged(folder):
    source = RecordedSource(folder)
    (target,) = source.machines()
    return report_of(host_of(source.collect(target)))


def test_a_file_that_is_gone_was_not_recorded_and_decides_nothing(copy):
    whole = {(one.check, one.subject.id): one.status.value for one in judged(copy).results}
    for path in sorted(copy.rglob("*.*")):
        if path.name in ("manifest.json", "expected.json"):
            continue
        data = path.read_bytes()
        path.unlink()
        for one in judged(copy).results:
            before = whole.get((one.check, one.subject.id))
            if one.status.value in ("pass", "fail") and before in ("pass", "fail", "unknown"):
                assert one.status.value == before, (path.name, one.check)
        path.write_bytes(data)


def manifest_of(folder):
    return json.loads((folder / "manifest.json").read_text())


def put(folder, manifest):
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"schema": 3}', "\xff", '{"schema": "hostcheck.recording/1"}']
)
def test_a_broken_manifest_is_one_line(copy, text):
    (copy / "manifest.json").write_text(text, encoding="latin-1")
    with pytest.raises(UsageError, match="not a manifest of a recording") as caught:
        RecordedSource(copy)
    assert "\n" not in str(caught.value)


def test_another_schema_is_one_line(copy):
    put(copy, {**manifest_of(copy), "schema": "hostcheck.recording/99"})
    with pytest.raises(UsageError, match=r"schema 'hostcheck\.recording/99', this version reads"):
        RecordedSource(copy)


def refused(folder, entry):
    """Say whether an answer is not read because its file is elsewhere; the host is judged."""
    key = (entry["wire"], entry["asked"], entry.get("subject", ""))
    capture = recording.load(folder).captures[key]
    assert judged(folder).results
    return capture.text == "" and "lies outside the recording" in capture.failure.detail


@pytest.mark.parametrize("file", ["../outside.txt", "/etc/hostname", "api/../../outside.txt"])
def test_a_path_out_of_the_recording_is_refused(copy, file):
    (copy.parent / "outside.txt").write_text("not yours")
    manifest = manifest_of(copy)
    manifest["answers"][0]["file"] = file
    put(copy, manifest)
    assert refused(copy, manifest["answers"][0])


def test_a_link_out_of_the_recording_is_refused(copy):
    (copy.parent / "outside.txt").write_text("not yours")
    entry = next(one for one in manifest_of(copy)["answers"] if one.get("file"))
    (copy / entry["file"]).unlink()
    (copy / entry["file"]).symlink_to(copy.parent / "outside.txt")
    assert refused(copy, entry)


def test_a_folder_of_answers_that_links_out_of_the_recording_is_refused(copy):
    entry = next(one for one in manifest_of(copy)["answers"] if one.get("file"))
    folder = (copy / entry["file"]).parent
    shutil.move(folder, copy.parent / "elsewhere")
    folder.symlink_to(copy.parent / "elsewhere")
    assert refused(copy, entry)


@pytest.mark.parametrize("file", [".", "api", "api/", "gone/x.xml", "\0", "/"])
def test_a_name_that_no_answer_has_is_read_of_nowhere(copy, file):
    manifest = manifest_of(copy)
    entry = manifest["answers"][0]
    entry["file"] = file
    put(copy, manifest)
    key = (entry["wire"], entry["asked"], entry.get("subject", ""))
    capture = recording.load(copy).captures[key]
    assert (capture.text, bool(capture.failure)) == ("", True)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda data: data[:-1], "bytes"),
        (lambda data: data + b" ", "bytes"),
        (lambda data: data[:-1] + b"?", "SHA-256"),
        (lambda _data: b"", "has 0 of"),
    ],
)
def test_a_copy_that_is_not_what_was_recorded_is_no_answer(tmp_path, damage, told):
    folder = tmp_path / "one"
    recording.save(recording.load(FIXTURE), folder)
    for entry in manifest_of(folder)["answers"]:
        if not entry.get("file"):
            continue
        file = folder / entry["file"]
        data = file.read_bytes()
        file.write_bytes(damage(data))
        key = (entry["wire"], entry["asked"], entry.get("subject", ""))
        found = recording.load(folder, [key]).captures[key]
        assert found.text == ""
        assert found.failure.why is Why.UNPARSED
        assert told in found.failure.detail
        file.write_bytes(data)
    assert recording.load(folder) == recording.load(FIXTURE)


def test_standard_error_may_lie_in_a_file_and_is_looked_after_like_the_answer(copy):
    manifest = manifest_of(copy)
    entry = next(one for one in manifest["answers"] if one["wire"] == "shell")
    said = "a\nbé\n".encode()
    (copy / "said.err").write_bytes(said)
    entry |= {"stderr_file": "said.err", "stderr_bytes": len(said)}
    put(copy, manifest)
    key = ("shell", entry["asked"], "")
    assert recording.load(copy).captures[key].stderr == "a\nbé\n"
    entry["stderr_bytes"] += 1
    put(copy, manifest)
    lost = recording.load(copy).captures[key]
    assert (lost.stderr, lost.failure.why) == ("", Why.UNPARSED)


def test_a_folder_of_something_else_is_not_written_to(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="is not empty and holds no recording"):
        recording.save(recording.load(FIXTURE), tmp_path)
    assert files(tmp_path) == {"notes.txt": b"mine"}


def test_a_place_that_is_no_folder_or_not_writable_is_one_line(tmp_path):
    (tmp_path / "file").write_text("mine")
    for place in (tmp_path / "file", tmp_path / "file" / "inside"):
        with pytest.raises(UsageError, match="give another folder"):
            recording.save(recording.load(FIXTURE), place)


def test_the_recording_of_another_host_is_not_overwritten(tmp_path):
    one = recording.load(FIXTURE)
    recording.save(one, tmp_path / "one")
    before = files(tmp_path)
    other = named(one, "another.lab.test")
    with pytest.raises(UsageError, match=r"is of esx-01\.lab\.test"):
        recording.save(other, tmp_path / "one")
    assert files(tmp_path) == before


def test_a_recording_that_is_replaced_is_named(tmp_path):
    recorded = recording.load(Path(__file__).parents[1] / "fixtures" / "2n-2xA100-80-esxi803")
    first, second = recording.Shelf(tmp_path), recording.Shelf(tmp_path)
    for shelf in (first, second):
        assert shelf.add(recorded) == tmp_path / recorded.ref.name
    assert (first.replaced, second.replaced) == ([], [recorded.ref.name])


def test_hosts_whose_names_differ_in_odd_letters_do_not_share_a_folder(tmp_path):
    one = recording.load(FIXTURE)
    shelf = recording.Shelf(tmp_path)
    names = ["esx 01", "esx/01", "esx:01"]
    for _ in range(2):
        places = [shelf.add(named(one, name)) for name in names]
        assert places == [tmp_path / name for name in ("esx_01", "esx_01-2", "esx_01-3")]
    shelf.close()
    assert [recording.load_manifest(place).host for place in places] == names


def test_a_recording_that_cannot_be_written_does_not_stop_the_others(tmp_path):
    one = recording.load(FIXTURE)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manifest.json").write_text("[]")
    shelf = recording.Shelf(tmp_path)
    assert shelf.add(named(one, "broken")) is None
    assert shelf.add(one) == tmp_path / "esx-01.lab.test"
    with pytest.raises(UsageError, match=r"broken"):
        shelf.close()


def test_a_folder_without_recordings_is_one_line(tmp_path):
    for folder, told in ((tmp_path, "holds no manifest.json"), (tmp_path / "x", "no such folder")):
        with pytest.raises(UsageError, match=told):
            RecordedSource(folder)


def test_two_recordings_of_one_host_are_refused(tmp_path):
    for name in ("a", "b"):
        shutil.copytree(FIXTURE, tmp_path / name)
    with pytest.raises(UsageError, match="are of one host"):
        RecordedSource(tmp_path)


def test_bytes_that_are_no_text_are_read_all_the_same(copy):
    entry = next(one for one in manifest_of(copy)["answers"] if one["asked"] == "nvidia-smi -q -x")
    (copy / entry["file"]).write_bytes(b"\xff\xfe\0 no text")
    assert judged(copy).results


def test_a_recording_appears_when_it_is_whole(tmp_path, monkeypatch):
    """Killed while it writes, the program leaves nothing that is taken for a recording."""
    recorded = recording.load(FIXTURE)

    def killed(*_given, **_named):
        raise KeyboardInterrupt

    shelf = recording.Shelf(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(recording.json, "dumps", killed)
        with pytest.raises(KeyboardInterrupt):
            shelf.add(recorded)
    assert list(tmp_path.glob("*/api/*"))
    with pytest.raises(UsageError, match="holds no manifest"):
        recording.find(tmp_path)
    shelf.add(recorded)
    (folder,) = recording.find(tmp_path)
    assert recording.load(folder) == recorded
    assert list(tmp_path.iterdir()) == [folder]


def test_a_second_question_about_a_vm_makes_no_second_vm():
    """Its subject is the VM and what of it is asked: `vm-1 about=features`."""
    answers = tuple(
        RecordedEntry(Wire.PROPERTIES, "VirtualMachine", subject)
        for subject in ("vm-1", "vm-1 about=features", "vm-2")
    )
    manifest = Manifest("s", "1", "vc", "esx-1", "host-1", "", "", ("vm-1",), answers)
    assert manifest.vms == ("vm-1", "vm-2")
