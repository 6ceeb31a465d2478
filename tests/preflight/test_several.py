"""Several VMs in one run: one table, one connection, each judged as if it alone were started."""

import csv
import io
import json
import shutil
import sys
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from hostcheck import runfile
from hostcheck.cli import main
from hostcheck.errors import UsageError
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.result import Answer
from hostcheck.preflight import preflight, several
from hostcheck.preflight.answers import answer_of, answers_of
from hostcheck.reports import Screen, formats, pieces
from hostcheck.sources.base import AboutSource
from hostcheck.sources.recorded import RecordedSource
from tests.answers import fields, machine, vgpu
from tests.preflight.test_preflight import OFF, VM, Fleet, recorded

several_module = sys.modules["hostcheck.preflight.several"]
FIXTURES = Path(__file__).parents[2] / "fixtures"
ELSEWHERE = "domain-c2"
SICK = {"memoryReservationLockedToMax": "false", "memoryAllocation": fields(reservation=0)}


def fleet():
    """Two clusters: in the first a good VM and one that cannot start, and one that runs."""
    return Fleet(
        recorded("esx-1", VM, machine("vm-2", vgpu(), **OFF, **SICK), machine("vm-4", vgpu())),
        recorded("esx-2", number=2),
        recorded("esx-3", machine("vm-3", vgpu(), **OFF), number=3, cluster=ELSEWHERE),
    )


def judged(source, *names, **how):
    left = []
    runs = list(several(source, names, left=left.append, done=lambda _: None, **how))
    return {run.preflight.vm: run.preflight for run in runs}, left


def test_every_powered_off_vm_with_a_gpu_on_the_hosts_of_its_cluster():
    source = fleet()
    found, left = judged(source)
    assert {name: one.verdict for name, one in found.items()} == {
        "name of vm-1": Answer.GO, "name of vm-2": Answer.NO_GO, "name of vm-3": Answer.GO,
    }  # fmt: skip
    assert [one.host for one in found["name of vm-1"].candidates] == ["esx-1", "esx-2"]
    assert [one.host for one in found["name of vm-3"].candidates] == ["esx-3"]
    assert left == []


def test_each_host_is_asked_once():
    source = fleet()
    judged(source)
    assert sorted(source.collected) == ["esx-1", "esx-2", "esx-3"]
    source = fleet()
    judged(source, "name of vm-1", "vm-2")
    assert sorted(source.collected) == ["esx-1", "esx-2"]


def test_the_answer_is_that_of_a_preflight_of_it_alone():
    found, _ = judged(fleet())
    for name, asked in found.items():
        assert preflight(fleet(), name, done=lambda _: None).preflight == asked


def test_those_that_are_named_and_each_once():
    found, _ = judged(fleet(), "name of vm-2", "vm-2", "vm-3")
    assert list(found) == ["name of vm-2", "name of vm-3"]
    assert found["name of vm-2"].vm_id == "vm-2"


SHARED = "vm-10005"


def test_vms_that_share_an_id_are_each_judged_as_if_alone(tmp_path):
    """Two vCenters number their VMs by themselves, and recordings of both may lie in one folder."""
    for name in ("2n-1xA30-bmc-dell-sriov-off-esxi800", "4n-2xA100-80-esxi803-snc2"):
        shutil.copytree(FIXTURES / name, tmp_path / name)
    for path in [*(tmp_path / "2n-1xA30-bmc-dell-sriov-off-esxi800").rglob("*")]:
        if path.is_file():
            path.write_text(path.read_text().replace("vm-10075", SHARED))
            path.rename(path.with_name(path.name.replace("vm-10075", SHARED)))
    source = RecordedSource(tmp_path)
    found, left = judged(source, "bench-42", "train-02-a", opinion=False)
    assert {name: (one.vm_id, one.verdict) for name, one in found.items()} == {
        "bench-42": (SHARED, Answer.NO_GO), "train-02-a": (SHARED, Answer.GO),
    }  # fmt: skip
    assert left == []
    for name, asked in found.items():
        assert preflight(source, name, opinion=False, done=lambda _: None).preflight == asked
    given = ["preflight", "-q", "bench-42", "train-02-a", "--from", str(tmp_path)]
    done = CliRunner().invoke(main, given)
    assert done.exit_code == 1
    assert "verdict=NO-GO vms=2 go=1 no_go=1" in done.output


def test_a_named_vm_that_was_lost_on_the_way_is_told(monkeypatch):
    lost = several_module.of_vm

    def of_another(source, vm, **how):
        run = lost(source, vm, **how)
        other = msgspec.structs.replace(run.preflight, vm_id="vm-9")
        return msgspec.structs.replace(run, preflight=other) if vm.id == "vm-3" else run

    monkeypatch.setattr(several_module, "of_vm", of_another)
    _, left = judged(fleet(), "vm-1", "vm-3")
    assert left == ["vm-3 was named, and was not judged."]


def test_on_hosts_that_are_named():
    found, _ = judged(fleet(), hosts=["esx-2"])
    assert {one.host for each in found.values() for one in each.candidates} == {"esx-2"}
    source = fleet()
    judged(source, "vm-3", hosts=["esx-2"])
    assert sorted(source.collected) == ["esx-2", "esx-3"]


def test_a_name_that_no_vm_has_ends_it_before_anything_is_asked():
    source = fleet()
    with pytest.raises(UsageError, match="did you mean"):
        judged(source, "name of vm-1", "name of vm-l")
    assert source.collected == []


def test_what_may_be_missing_is_told():
    lost = Unknown(Why.TIMEOUT, "the time limit passed", "HostSystem")
    suspended = machine("vm-5", vgpu(), powerState="suspended")
    source = Fleet(recorded("esx-1", suspended), recorded("esx-2", VM, number=2, lost=lost))
    found, left = judged(source)
    assert found == {}
    assert left == [
        "name of vm-5 on esx-1 is suspended, and was not judged.",
        "Which VMs esx-2 has is not known: the time limit passed",
    ]


def test_answers_are_kept_once_with_all_that_was_asked():
    kept = []
    judged(fleet(), keep=kept.append)
    assert [one.ref.name for one in kept] == ["esx-1", "esx-2", "esx-3"]


# --- the table ------------------------------------------------------------------------------------


def table(*names, left=(), about=AboutSource("vcenter.test")):  # noqa: B008
    runs = several(fleet(), names, done=lambda _: None)
    return answers_of(map(answer_of, runs), left, about)


def text(told, format_="text"):
    return "".join(pieces("answers", format_, told))


def test_the_gravest_is_first_and_the_worst_is_the_answer():
    told = table()
    assert [one.verdict for one in told.vms] == [Answer.NO_GO, Answer.GO, Answer.GO]
    assert told.verdict is Answer.NO_GO
    page = text(told)
    assert page.startswith("✕ NO-GO  3 VMs: 1 NO-GO, 2 GO\n")
    assert "✓ GO     name of vm-1  2 of 2 hosts GO, best esx-1" in page
    assert "✕ NO-GO  name of vm-2  0 of 2 hosts GO" in page
    assert "VM-001" in page
    assert "judged as if it alone were started" in " ".join(page.split())


@pytest.mark.parametrize("width", [60, 100, 140])
def test_no_line_is_wider_than_the_screen(width):
    lines = "".join(pieces("answers", "text", table(), Screen(width))).splitlines()
    assert max(map(len, lines)) <= width


def a_crowd(count):
    """Return a table of so many VMs: each of three is like a third of them, but for its check."""
    told = table()
    rows = []
    for at in range(count):
        one = told.vms[at % 3]
        failed = (f"VM-{at % 30:03}",) if one.verdict is Answer.NO_GO else ()
        places = (msgspec.structs.replace(one.places[0], failed=failed),)
        rows.append(msgspec.structs.replace(one, vm=f"vm-{at}", vm_id=f"vm-{at}", places=places))
    blind = msgspec.structs.replace(
        rows[1], vm="dark", verdict=Answer.UNSURE, settled_by=("run again",)
    )
    return answers_of([*rows, blind], [], AboutSource("vcenter.test"))


def test_many_vms_are_gathered_by_what_decides_and_every_verdict_is_there():
    page = text(a_crowd(600))
    assert page.startswith("✕ NO-GO  601 VMs: 200 NO-GO, 1 UNSURE, 400 GO\n")
    assert "✕ NO-GO  20 VMs (vm-0, vm-120, vm-150 ...): fails: VM-000" in page
    assert "and 40 NO-GO VMs for other reasons" in page
    assert "? UNSURE dark" in page
    assert "to settle it: run again" in page
    assert "✓ GO     400 VMs (vm-1, vm-10, vm-100 ...)" in page
    assert len(page.splitlines()) <= 80
    assert text(a_crowd(19)).count("of 1 host GO") == 20, "up to 20 have a row each"


@pytest.mark.parametrize("width", [60, 100, 140])
def test_no_gathered_line_is_wider_than_the_screen(width):
    lines = "".join(pieces("answers", "text", a_crowd(600), Screen(width))).splitlines()
    assert max(map(len, lines)) <= width


def test_what_may_be_missing_makes_a_go_unsure():
    told = table("vm-1", left=["Which VMs esx-9 has is not known: gone"])
    assert told.verdict is Answer.UNSURE
    assert "Note: Which VMs esx-9 has is not known: gone" in text(told)
    nothing = answers_of([], [], AboutSource("vcenter.test"))
    assert nothing.verdict is Answer.UNSURE
    assert "No powered-off VM with a GPU was found" in text(nothing)


def test_scripts_get_a_line_for_each_and_one_for_all():
    *lines, last = text(table(), "line").splitlines()
    assert [one.split()[1] for one in lines] == ["verdict=NO-GO", "verdict=GO", "verdict=GO"]
    assert last == "preflights verdict=NO-GO vms=3 go=2 no_go=1 unsure=0 left=0 silent=-"


def test_json_and_csv_hold_every_host():
    told = json.loads(text(table(), "json"))
    assert told["schema"] == "hostcheck.answers/1"
    assert told["vms"][0]["places"][0]["failed"] == ["VM-001"]
    rows = list(csv.DictReader(io.StringIO(text(table(), "csv"))))
    assert [(one["vm"], one["host"]) for one in rows][:2] == [
        ("name of vm-2", "esx-1"), ("name of vm-2", "esx-2"),
    ]  # fmt: skip


# --- the command ----------------------------------------------------------------------------------


def run(*words):
    given = ["preflight", "--from", str(FIXTURES / "2n-2xA40-gpu-lost-esxi803"), *map(str, words)]
    return CliRunner().invoke(main, [*given, "-q"])


def test_all_of_a_recording():
    done = run("--all")
    assert done.exit_code == 3
    assert done.output == "preflights verdict=UNSURE vms=1 go=0 no_go=0 unsure=1 left=0 silent=-\n"
    assert "to settle it" not in run("--all", "--format", "line").output


def test_each_run_is_kept_in_a_folder_and_can_be_reported(tmp_path):
    out, page = tmp_path / "runs", tmp_path / "pages"
    done = run("render-12", "render-12-off", "-o", out, "--html", page)
    assert done.exit_code in {1, 3}
    assert sorted(one.name for one in out.iterdir()) == ["render-12-off.json", "render-12.json"]
    assert runfile.read(out / "render-12-off.json").preflight.verdict is Answer.UNSURE
    assert (page / "render-12.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--format", "junit"), f"of several: {', '.join(formats('answers'))}"),
        (("-o", "run.json"), "of several VMs each has its own file: give a folder"),
        (("--details",), "name one, or give -o FOLDER"),
    ],
)
def test_what_tells_of_one_vm_is_refused(words, told):
    done = run("--all", *words)
    assert (done.exit_code, done.output.count("\n")) == (2, 1)
    assert told in done.output


def test_live_they_are_asked_over_one_session(vcenter, monkeypatch):
    monkeypatch.setenv("GOVC_PASSWORD", vcenter.password)
    before = vcenter.stats()["calls"]
    given = ["preflight", "--vcenter", f"{vcenter.host}:{vcenter.port}", "--user", vcenter.user]
    given += ["--tls-ca", str(vcenter.ca_file), "--cluster", "gpu-cluster-02", "--all", "-q"]
    done = CliRunner().invoke(main, [*given, "--format", "csv"])
    assert not done.stderr, done.stderr
    found = {one["vm"] for one in csv.DictReader(io.StringIO(done.output))}
    assert found == {"infer-20", "infer-22", "train-20-a", "train-20-b"}
    assert done.exit_code == 1
    calls = vcenter.stats()["calls"]
    assert calls["Login"] == before.get("Login", 0) + 1
    assert calls.get("CheckPowerOn_Task", 0) == before.get("CheckPowerOn_Task", 0)
