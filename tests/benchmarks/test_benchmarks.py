"""Each benchmark runs to its end, on two hosts: the rows are looked at, never a time."""

import json
import os
import sys
from importlib.util import cache_from_source, find_spec
from pathlib import Path

import pytest

from benchmarks import (
    calibration,
    fleets,
    history,
    measure,
    plan,
    policy,
    preflight,
    replay,
    saved,
    ssh,
    start,
    vsphere,
    weights,
)
from hostcheck import runfile
from hostcheck.diff import difference
from hostcheck.reports import formats
from hostcheck.runs import run_of
from hostcheck.sources.recorded import RecordedSource
from hostcheck.sources.walls import host_of
from hostcheck.verdict import report_of
from tests.peers.live import Missing

FIGURES = ("wall s", "CPU s", "peak MB")


@pytest.fixture
def rows(tmp_path, monkeypatch, capsys):
    """Run a benchmark as from the command line; return the rows that it keeps."""
    monkeypatch.setattr(measure, "RESULTS", tmp_path)
    monkeypatch.setattr(calibration, "ROUNDS", 1)

    def run(module, name, *options):
        monkeypatch.setattr(sys, "argv", [name, *map(str, options)])
        try:
            module.main()
        except Missing as reason:
            if os.environ.get("CI"):
                pytest.fail(f"a missing peer fails CI: {reason}")
            pytest.skip(str(reason))
        kept = json.loads((tmp_path / f"{name}.json").read_text())
        assert kept["repeat"] == 1
        printed = capsys.readouterr().out
        assert all(row["client"] in printed for row in kept["rows"])
        return kept["rows"]

    return run


def looked_at(rows, figures=FIGURES):
    """See that every row has every figure, and return the clients in their order."""
    for row in rows:
        assert [name for name in figures if not row[name] > 0] == [], row
    return [row["client"] for row in rows]


def test_the_shells(rows, tmp_path):
    found = rows(ssh, "ssh", "--hosts", 2, "--jump-hosts", 2, "--workers", 2, "--repeat", 1)
    others = [name for name in ("asyncssh", "ansible") if find_spec(name)]
    assert looked_at(found, (*FIGURES, "hosts/s")) == [
        "hostcheck", "OpenSSH",
        *({"asyncssh": "asyncssh", "ansible": "Ansible"}[o] for o in others),
        "hostcheck, by a jump host", "OpenSSH, by a jump host",
    ]  # fmt: skip
    assert {row["hosts"] for row in found} == {2}
    assert "<rect" in (tmp_path / "ssh.svg").read_text()


CLIENTS = ["hostcheck audit", "bytes only", "pyVmomi collector", "govmomi", "pyVmomi lazy"]


@pytest.mark.parametrize("kind", fleets.KINDS)
def test_the_api(rows, kind):
    """Every client reads one fleet, and one client every fleet."""
    only, hosts = ([], 1) if kind == "mixed" else (CLIENTS[:1], 2)  # one sends 264 requests a host
    delays = (0, 1) if kind == "clones" else (0,)
    found = rows(
        vsphere, f"vsphere-{kind}", "--fleet", kind, "--hosts", hosts, "--delay", *delays,
        "--repeat", 1, *(["--only", *only] if only else ()),
    )  # fmt: skip
    clients = only or CLIENTS
    assert looked_at(found, (*FIGURES, "requests", "MB")) == clients * len(delays)
    assert [row["round trip ms"] for row in found] == [one for one in delays for _ in clients]


@pytest.mark.usefixtures("asked")
def test_a_preflight_sends_no_more_to_a_larger_vcenter(rows):
    found = rows(
        preflight, "preflight", "--hosts", 8, 16, "--profile-hosts", 2, "--delay", 0, "--repeat", 1
    )
    assert looked_at(found, (*FIGURES, "requests", "MB")) == [
        "preflight VM", "preflight VM", "preflight --profile",
    ]  # fmt: skip
    assert found[0]["requests"] == found[1]["requests"]


@pytest.mark.usefixtures("asked")
def test_replay_and_reports(rows):
    found = rows(replay, "replay", "--hosts", 2, "--repeat", 1)
    stages = ["replay, judge", "on all cores", *(f"report {one}" for one in replay.FORMATS)]
    assert looked_at(found) == stages
    assert set(replay.FORMATS) == set(formats("run"))
    assert all(row["MB"] > 0.0001 for row in found)


def test_what_is_measured_was_compiled_before():
    for file in measure.compiled().rglob("*.py"):
        assert Path(cache_from_source(file)).is_file(), file


def test_starts(rows):
    clients = looked_at(rows(start, "start", "--repeat", 1), ("CPU ms", "of importing click"))
    assert clients[:4] == [start.BARE, start.CLICK, start.HELP, start.TAB]
    assert clients[4:] == [
        *(f"{one} --help" for one in start.COMMANDS),
        "report of one host", "diff of one host", "plan of one host",
    ]  # fmt: skip


def test_saved_runs(rows):
    found = rows(saved, "saved", "--hosts", 2, "--repeat", 1)
    assert looked_at(found) == [
        "json.load", "report, line", "diff", "plan", "hosts", "drift", "truce",
    ]  # fmt: skip


def test_the_night_after_is_of_the_same_hosts_and_one_of_fifty_is_another_machine(tmp_path):
    recorded, then, now = (tmp_path / one for one in ("recorded", "then", "now"))
    sick = ("2n-2xA100-80-esxi803", "2n-2xA40-gpu-lost-esxi803")
    source = [RecordedSource(measure.HERE.parent / "fixtures" / one) for one in sick]
    reports = [report_of(host_of(one.collect(one.machines()[0]))) for one in source]
    runfile.write(run_of("vcenter.lab.test", reports), recorded)
    saved.line_up(saved.MOVED + 2, recorded, then)
    saved.line_up(saved.MOVED + 2, recorded, now, night=1)
    made = difference(then, now)
    assert (len(made.hosts), made.same_hosts) == (2, saved.MOVED)
    texts = [len(set(map(runfile.pack, runfile.read(one).hosts))) for one in (then, now)]
    assert texts == [saved.MOVED + 2] * 2


@pytest.mark.usefixtures("asked")
def test_plans(rows):
    found = rows(plan, "plan", "--hosts", 2, "--repeat", 1)
    assert looked_at(found) == [
        "read the run file", "plan --to 19", "plan, text", "plan, json"
    ]  # fmt: skip


def test_a_history(rows):
    found = rows(history, "history", "--hosts", 2, "--nights", 3)
    clients = looked_at(found, ("CPU s", "wall s"))
    assert clients[:5] == [
        "judging alone", "whole: first night", "whole: next night", "night 1", "night 3",
    ]  # fmt: skip
    assert [row["rows"] > 0 for row in found[1:5]] == [True] * 4
    assert len(clients) == 13


def test_the_weights(rows, monkeypatch):
    monkeypatch.setattr(weights, "COLUMNS", 8)
    found = rows(weights, "weights", "--mb", 1, "--big", 2, "--repeat", 1)
    assert looked_at(found, ("wall", "cpu", "memory")) == [
        "hostcheck", "hostcheck, one thread", "numpy, whole and argsort (as until now)",
        "numpy, blocks and minima", "hostcheck",
    ]  # fmt: skip
    assert [row["mb"] for row in found] == [1, 1, 1, 1, 2]


def test_policy(rows):
    found = rows(policy, "policy", "--hosts", 2, "--repeat", 1)
    assert [one["client"] for one in found] == [
        "run without either", "policy, 54 rules", "waivers, 20", "policy and waivers",
    ]  # fmt: skip
    whole, by, beside, both = (one["CPU s"] for one in found)
    assert whole > 0
    assert both == pytest.approx(by + beside)
