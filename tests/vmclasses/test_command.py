"""hostcheck vm-class: from classes and a run to text, JSON, CSV, HTML and an exit code."""

import csv
import io
import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

import hostcheck
from hostcheck import runfile, runlines
from hostcheck.capacity.look import gatekeepers
from hostcheck.cli import main
from hostcheck.vmclasses.read import read
from hostcheck.vmclasses.seen import seen_of
from tests.checks.synthetic import NEEDS, changed, unknown
from tests.vmclasses.fleet import QUARTER, machine, run_with

FILES = Path(__file__).parent / "files"
FIXTURES = Path(__file__).parents[2] / "fixtures"
EXAMPLE = FILES / "example.yaml"
SCHEMA = json.loads((Path(hostcheck.__file__).parent / "schema" / "vm-class-1.json").read_text())


@pytest.fixture
def told(tmp_path):
    """Judge a file of classes on hosts; return the exit code and what was printed."""

    def run(file, *hosts, options=()):
        saved = tmp_path / "run.json"
        runfile.write(run_with(hosts), saved)
        words = ["vm-class", str(file), str(saved), *options]
        done = CliRunner().invoke(main, words, env={"COLUMNS": "100"})
        return done.exit_code, done.output

    return run


def one_of(name, tmp_path):
    """Return a file with one class of the example."""
    parts = EXAMPLE.read_text().split("---\n")
    file = tmp_path / f"{name}.yaml"
    file.write_text(next(one for one in parts if f"name: {name}" in one))
    return file


def test_the_text_says_what_a_person_acts_on(told):
    code, text = told(EXAMPLE, machine(1, busy=(QUARTER,)), machine(2, whole=1))
    assert code == 1
    flat = " ".join(text.split())
    for words in (
        f"VM classes of {EXAMPLE}",
        "NO-GO: 3 classes: 2 GO, 1 NO-GO",
        "✓ GO notebook",
        "kept by 2 of 2 hosts",
        "✕ NO-GO training",
        "promises what no host keeps",
        f"change {EXAMPLE}:27: nvidia_a100-80c: take grid_a100d-80c",
        f"change {EXAMPLE}:31: requests.memory: 256Gi",
        "UNKNOWN, recommended [I]",
    ):
        assert words in flat, (words, text)


@pytest.mark.parametrize(
    ("name", "hosts", "code"),
    [
        ("notebook", [machine(1)], 0),
        ("training", [machine(1)], 1),
        ("notebook", [machine(1, profiles_offered=unknown())], 3),
        ("notebook", [machine(1, gpus=0, profiles=())], 1),
        ("notebook", [], 3),
        ("whole-gpu", [machine(1, whole=1)], 0),
        ("whole-gpu", [machine(1)], 1),
    ],
)
def test_exit_codes(told, tmp_path, name, hosts, code):
    found, text = told(one_of(name, tmp_path), *hosts)
    assert found == code, text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--from", str(FIXTURES)], "leave out --from and --vcenter"),
        (["--vcenter", "vc.example.com"], "leave out --from and --vcenter"),
        (["--cluster", "nosuch"], "no cluster matches 'nosuch'; there are: gpu"),
        (["--host", "nosuch"], "no host matches 'nosuch'; there are: esx-1.example.com"),
        (["--format", "xml"], "xml"),
    ],
)
def test_what_is_given_wrong_is_one_line(told, options, words):
    code, text = told(EXAMPLE, machine(1), options=options)
    assert code == 2
    assert words in text
    assert len(text.strip().splitlines()) == 1, text


def test_a_file_that_is_no_class_is_one_line(told, tmp_path):
    for name, data in (("a.yaml", "kind: Pod\n"), ("b.json", "{}"), ("c.yaml", "[1"), ("d", "")):
        file = tmp_path / name
        file.write_text(data)
        code, text = told(file, machine(1))
        assert code == 2
        assert len(text.strip().splitlines()) == 1, text
    code, text = told(tmp_path / "nosuch.yaml", machine(1))
    assert (code, "does not exist" in text) == (2, True)
    run = tmp_path / "run.json"
    code, text = told(run, machine(1))
    assert code == 2
    assert "Traceback" not in text


def test_a_class_without_a_gpu_is_not_judged(told, tmp_path):
    file = tmp_path / "small.yaml"
    text = one_of("notebook", tmp_path).read_text()
    file.write_text(text.replace("profileName: grid_a100d-20c", "").replace("        - \n", "")
                    .replace("    devices:\n      vgpuDevices:\n", ""))  # fmt: skip
    code, text = told(file, machine(1))
    assert code == 3
    assert "asks for no GPU: not judged" in text


def test_clusters_are_chosen(told, tmp_path):
    other = machine(2, model="a40", cluster="vdi", profiles=("nvidia_a40-24q",))
    file = one_of("notebook", tmp_path)
    assert told(file, machine(1), other)[0] == 0
    assert told(file, machine(1), other, options=["--cluster", "vd*"])[0] == 1
    code, text = told(file, machine(1), other, options=["--host", "esx-2*"])
    assert code == 1, text


def test_the_document_follows_its_schema(told):
    _, text = told(EXAMPLE, machine(1), machine(2, whole=1), options=["--format", "json"])
    document = json.loads(text)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert document["schema"] == "hostcheck.vm-class/1"
    assert document["answer"] == "NO-GO"
    assert [one["answer"] for one in document["classes"]] == ["GO", "NO-GO", "GO"]
    (place,) = document["classes"][0]["places"]
    assert place["now"] == {"low": 11, "high": 12, "why": place["now"]["why"]}


def test_csv_has_a_row_for_each_judgement(told):
    _, text = told(EXAMPLE, machine(1), options=["--format", "csv"])
    head, *rows = csv.reader(io.StringIO(text))
    assert {len(one) for one in rows} == {len(head)}
    found = [dict(zip(head, one, strict=True)) for one in rows]
    wrong = next(one for one in found if (one["class"], one["check"]) == ("training", "VMC-001"))
    assert (wrong["status"], wrong["change_line"], wrong["line"]) == ("fail", "27", "20")


def test_the_page_is_whole_and_runs_nothing(told):
    _, text = told(EXAMPLE, machine(1, cluster="<b>x"), options=["--format", "html"])
    assert text.startswith("<!DOCTYPE html>")
    assert text.rstrip().endswith("</html>")
    assert "default-src 'none'" in text
    assert "<script" not in text
    assert "&lt;b&gt;x" in text
    assert "<b>x" not in text
    for words in ("notebook", "VMC-001", "NO-GO", "take grid_a100d-80c"):
        assert words in text


@pytest.mark.parametrize("format_", ["text", "json", "html", "csv"])
def test_names_are_made_harmless_and_bytes_are_the_same(told, tmp_path, format_):
    file = tmp_path / "odd.yaml"
    odd = '"a\\e[31m\\u202Eb"'
    file.write_text(one_of("notebook", tmp_path).read_text().replace("notebook", odd))
    hosts = [machine(1, cluster="c\x1b[31m")]
    first = told(file, *hosts, options=["--format", format_])
    assert first == told(file, *hosts, options=["--format", format_])
    if format_ != "csv":
        assert "\x1b" not in first[1]
        assert "\u202e" not in first[1] or format_ == "json"


def test_a_run_read_by_lines_is_judged_as_the_whole_run(tmp_path):
    hosts = [
        machine(1, busy=(QUARTER,)), machine(2, whole=1), changed(machine(3), vms=unknown()),
        machine(4, memory_dram_bytes=unknown()),
    ]  # fmt: skip
    saved = tmp_path / "run.json"
    runfile.write(run_with(hosts), saved)
    classes = [one for name in FILES.iterdir() for one in read(name).classes]
    whole = runfile.read(saved).hosts
    lines = runlines.read(saved, gatekeepers(), runlines.CLASSES).hosts
    for one, other in zip(whole, lines, strict=True):
        first = seen_of(one.host, classes, NEEDS, one.results)
        then = seen_of(other.host, classes, NEEDS, other.results)
        assert _bare(first) == _bare(then)


def _bare(seen):
    """Return it without the indexes of sources, which are not kept."""
    results = [
        (one.check, one.status, one.observed, one.expected, one.note, one.unseen)
        for each in seen.classes
        for one in each.results
    ]
    rooms = [each.devices for each in seen.classes]
    return seen.name, seen.memory, seen.most_memory, seen.guests, seen.offered, rooms, results


def test_recordings_are_judged_too():
    words = ["vm-class", str(FILES / "v1alpha4.yaml"), "--from", str(FIXTURES), "-q"]
    done = CliRunner().invoke(main, [*words, "--format", "json"], env={"COLUMNS": "100"})
    document = json.loads(done.output)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    first, second = document["classes"]
    assert first["answer"] in ("GO", "UNSURE")
    assert len(first["places"]) >= 1
    assert second["answer"] == "NO-GPU"
