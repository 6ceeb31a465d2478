"""Candidates that are in maintenance mode in thought: which of the others still take a VM."""

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from hostcheck import runfile
from hostcheck.cli import main
from hostcheck.errors import UsageError
from hostcheck.exits import Counting, exit_code
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.result import Answer
from hostcheck.model.run import Asked
from hostcheck.preflight import VmSpec, preflight, several, what_if
from hostcheck.preflight.answers import answer_of, answers_of
from hostcheck.reports import formats, pieces
from hostcheck.sources.base import AboutSource
from hostcheck.sources.recorded import RecordedSource
from tests.answers import adapter, machine, vgpu
from tests.preflight.test_preflight import OFF, VM, Fleet, recorded
from tests.preflight.test_several import fleet

FIXTURES = Path(__file__).parents[2] / "fixtures"
ONE = "2n-2xA100-80-esxi803"
LOST = Unknown(Why.TIMEOUT, "the time limit passed", "HostSystem")


def three():
    return Fleet(recorded("esx-1.lab", VM), recorded("esx-2.lab", number=2),
                 recorded("esx-3.lab", number=3))  # fmt: skip


def judged(source, *emptied, vm="vm-1", **how):
    return preflight(source, vm, emptied=emptied, done=lambda _: None, **how)


@pytest.mark.parametrize(
    ("emptied", "left"),
    [
        ([], ["esx-1.lab", "esx-2.lab", "esx-3.lab"]),
        (["ESX-2"], ["esx-1.lab", "esx-3.lab"]),
        (["esx-1.lab", "esx-3*"], ["esx-2.lab"]),
    ],
)
def test_the_others_are_judged_as_if_they_alone_had_been_named(emptied, left):
    run = judged(three(), *emptied)
    resting = run.preflight.in_maintenance
    assert sorted((*left, *resting)) == ["esx-1.lab", "esx-2.lab", "esx-3.lab"]
    alone = judged(three(), hosts=left)
    assert run.preflight.candidates == alone.preflight.candidates
    assert run.preflight.verdict is alone.preflight.verdict is Answer.GO


def test_a_host_that_rests_is_not_asked_but_for_its_vm():
    source = three()
    judged(source, "esx-1", "esx-3")
    assert sorted(source.collected) == ["esx-1.lab", "esx-2.lab"], "the VM is known from its host"


@pytest.mark.parametrize("lost", [None, LOST])
def test_where_all_rest_it_starts_nowhere_whatever_is_known_of_them(lost):
    source = Fleet(recorded("esx-1", VM), recorded("esx-2", number=2, lost=lost))
    run = judged(source, "esx-*")
    asked = run.preflight
    assert (asked.verdict, asked.candidates) == (Answer.NO_GO, ())
    assert asked.in_maintenance == ("esx-1", "esx-2")
    assert asked.summary.endswith("in maintenance mode, in thought: esx-1, esx-2")
    for counting in (Counting(), Counting(recommended=True), Counting(unknown=True)):
        assert exit_code(run, counting) == 1


def test_one_that_is_not_known_beside_one_that_rests_is_unsure():
    source = Fleet(recorded("esx-1", VM), recorded("esx-2", number=2, lost=LOST))
    assert judged(source, "esx-1").preflight.verdict is Answer.UNSURE


@pytest.mark.parametrize("format_", formats("run"))
def test_no_format_is_green_where_all_rest(format_):
    told = "".join(pieces("run", format_, judged(three(), "esx-*")))
    if format_ == "prometheus":  # it tells numbers, no words
        assert 'vm_id="vm-1",verdict="NO-GO"} 1' in told
        return
    assert "in maintenance mode, in thought: esx-1.lab, esx-2.lab, esx-3.lab" in told
    assert "NO-GO" in told or "fail" in told.lower()


def test_a_vm_without_a_gpu_is_refused_all_the_same():
    source = Fleet(recorded("esx-1", machine("vm-1", adapter("VM Network"))))
    with pytest.raises(UsageError, match="no vGPU and no passthrough"):
        judged(source, "esx-1")


def test_a_pattern_that_meets_no_host():
    with pytest.raises(UsageError, match="no host matches 'esx-9'; "):
        judged(three(), "esx-2", "esx-9")
    with pytest.raises(UsageError, match="no host matches 'esx-9'; "):
        list(several(fleet(), (), emptied=("esx-9",), done=lambda _: None))
    with pytest.raises(UsageError, match="no host matches 'esx-9'; "):
        what_if(three(), VmSpec("grid_a100d-40c"), emptied=("esx-9",), done=lambda _: None)


def test_it_may_be_a_host_of_a_vcenter_that_is_silent():
    source = three()
    source.about = AboutSource("a, b", (Asked("a"), Asked("b", "refused")))
    run = judged(source, "esx-9")
    assert run.notices == ("None of its hosts goes by esx-9: --in-maintenance left out none.",)
    assert len(run.preflight.candidates) == 3


def test_a_host_of_another_cluster_is_no_candidate_and_that_is_said():
    run = judged(fleet(), "esx-3")
    assert run.preflight.in_maintenance == ()
    assert "--in-maintenance left out none" in run.notices[0]


# --- several --------------------------------------------------------------------------------------


def table(*emptied):
    runs = several(fleet(), (), emptied=emptied, done=lambda _: None)
    return answers_of(map(answer_of, runs), (), AboutSource("vcenter.test"))


def test_of_several_vms_those_of_a_cluster_that_rests_start_nowhere():
    told = table("esx-3")
    verdicts = {one.vm: one.verdict for one in told.vms}
    assert verdicts == {
        "name of vm-1": Answer.GO, "name of vm-2": Answer.NO_GO, "name of vm-3": Answer.NO_GO,
    }  # fmt: skip
    text = " ".join("".join(pieces("answers", "text", told)).split())
    assert "Note: In maintenance mode, in thought, and left out: esx-3." in text
    assert "0 of 0 hosts GO every host that may take it is in maintenance mode" in text
    rows = list(csv.DictReader(io.StringIO("".join(pieces("answers", "csv", told)), newline="")))
    (row,) = (one for one in rows if one["vm"] == "name of vm-3")
    assert (row["verdict"], row["host"], row["rank"]) == ("NO-GO", "", "")
    assert "in maintenance mode, in thought: esx-3" in row["reason"]
    lines = "".join(pieces("answers", "line", told)).splitlines()
    assert [one.rpartition(" ")[2] for one in lines[:-1]].count("in_maintenance=esx-3") == 1
    found = json.loads("".join(pieces("answers", "json", told)))
    assert [one["in_maintenance"] for one in found["vms"]].count(["esx-3"]) == 1


def test_many_of_them_are_gathered_with_their_reason():
    vms = [machine(f"vm-{at}", vgpu(), **OFF) for at in range(1, 25)]
    runs = several(Fleet(recorded("esx-1", *vms)), (), emptied=("esx-1",), done=lambda _: None)
    told = answers_of(map(answer_of, runs), (), AboutSource("vcenter.test"))
    text = " ".join("".join(pieces("answers", "text", told)).split())
    assert "24 VMs (name of vm-1, name of vm-10, name of vm-11 ...): every host that may" in text


# --- a VM to be, and the command ------------------------------------------------------------------


def test_a_vm_to_be_on_the_hosts_that_stay():
    source = RecordedSource(FIXTURES / ONE)
    spec = VmSpec("grid_a100d-40c")
    run = what_if(source, spec, emptied=("esx-01",), done=lambda _: None)
    assert (run.preflight.verdict, run.preflight.candidates) == (Answer.NO_GO, ())
    assert run.preflight.in_maintenance == ("esx-01.lab.test",)


@pytest.mark.parametrize(
    ("profile", "emptied"), [("grid_a100d-40c", ("esx-*",)), ("nvidia_l40s-48q", ())]
)
def test_a_vm_to_be_may_start_on_a_host_of_a_vcenter_that_is_silent(profile, emptied):
    source, spec = three(), VmSpec(profile)
    assert what_if(source, spec, emptied=emptied, done=print).preflight.verdict is Answer.NO_GO
    source.about = AboutSource("a, b", (Asked("a"), Asked("b", "refused")))
    run = what_if(source, spec, emptied=emptied, done=print)
    assert run.preflight.verdict is Answer.UNSURE
    assert run.preflight.summary.endswith(
        "; but b could not be asked and may have a host that takes it"
    )
    assert [exit_code(run, one) for one in (Counting(), Counting(unknown=True))] == [3, 1]
    text = " ".join("".join(pieces("run", "text", run)).split())
    assert "b could not be asked and may have a host that takes it" in text
    assert "<error" in "".join(pieces("run", "junit", run))


def told(*words, code):
    done = CliRunner().invoke(main, ["preflight", *map(str, words)], env={"COLUMNS": "100"})
    assert done.exit_code == code, done.output
    return done.output


def test_the_command_says_that_it_is_a_what_if(tmp_path):
    given = ["train-01-a", "--from", FIXTURES / ONE, "--in-maintenance", "esx-01"]
    run, page = tmp_path / "run.json", tmp_path / "page.html"
    text = told(*given, "-o", run, "--html", page, code=1)
    assert "Note: In maintenance mode, in thought, and left out: esx-01.lab.test." in text
    assert runfile.read(run).preflight.in_maintenance == ("esx-01.lab.test",)
    assert "In maintenance mode, in thought, and left out: esx-01.lab.test" in page.read_text()
    assert told(*given, "-q", code=1).endswith(" in_maintenance=esx-01.lab.test\n")
    assert "no host matches 'esx-99'" in told(*given[:3], "--in-maintenance", "esx-99", code=2)


def test_names_of_hosts_that_rest_are_redacted_too(tmp_path):
    source = Fleet(recorded("gpu-left", VM), recorded("gpu-right", number=2))
    runfile.write(judged(source, "gpu-left"), tmp_path / "run.json")
    given = [str(tmp_path / "run.json"), "-o", str(tmp_path / "out")]
    done = CliRunner().invoke(main, ["redact", *given])
    assert done.exit_code == 0, done.output
    (redacted,) = (tmp_path / "out").rglob("*.json")
    assert "gpu-left" not in redacted.read_text()
    assert len(runfile.read(redacted).preflight.in_maintenance) == 1


def test_live_the_hosts_that_stay_are_those_of_a_preflight_without(vcenter, monkeypatch, tmp_path):
    monkeypatch.setenv("GOVC_PASSWORD", vcenter.password)
    given = ["--vcenter", f"{vcenter.host}:{vcenter.port}", "--user", vcenter.user, "-q"]
    given += ["--tls-ca", str(vcenter.ca_file), "infer-20", "--format", "json"]

    def asked(*more):
        done = CliRunner().invoke(main, ["preflight", *given, *more])
        return json.loads(done.stdout)["preflight"]

    whole = asked()
    names = [one["host"] for one in whole["candidates"]]
    assert len(names) > 1
    without = asked("--in-maintenance", names[0], "--save", str(tmp_path / "kept"))
    assert without["in_maintenance"] == [names[0]]
    stay = [(one["host"], one["verdict"], one["summary"]) for one in without["candidates"]]
    assert stay == [
        (one["host"], one["verdict"], one["summary"])
        for one in whole["candidates"] if one["host"] != names[0]
    ]  # fmt: skip
    kept = {one.name for one in RecordedSource(tmp_path / "kept").machines()}
    assert kept == set(names[1:])
