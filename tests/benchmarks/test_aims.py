"""All aims are measured in one go, on two hosts; the figures are looked at, never a time."""

import json
import os
import sys

import pytest

from benchmarks import aims, measure
from benchmarks.aims_of import PARTS, Figure, Session
from benchmarks.stages import ROOT
from hostcheck.fleet import cores
from tests.peers.live import Missing

WHOLE = [
    "hostcheck --help, CPU", "completion of a name, CPU", "report of one host, CPU",
    "audit of 2 recordings, CPU", "text of 2 hosts, CPU", "junit of 2 hosts, CPU",
    "audit of 2 recordings, CPU", "audit of 2 recordings, peak", "html of 2 hosts, CPU",
    "audit of 2 recordings, cores beside one, wall",
    "report --format line of 2 hosts, CPU s",
    "2 shells, client CPU ms a host with its start",
    "2 shells, hosts/s of what the server's CPU allows", "2 shells, hosts/s beside OpenSSH",
    "2 shells behind a jump host, wall",
    "2 hosts live, 0 ms, CPU beside govmomi", "2 hosts live, 0 ms, wall beside bytes only",
    "2 hosts live, 30 ms, CPU beside govmomi", "2 hosts live, 30 ms, wall beside bytes only",
    "2 distinct hosts live, CPU beside govmomi",
    "preflight --profile among 2 hosts, 0 ms, wall",
    "2 hosts live, CPU beside govmomi", "2 hosts live, peak MB",
    "preflight VM among 2 hosts, 0 ms, wall", "preflight VM among 2 hosts, 30 ms, wall",
]  # fmt: skip

COMPARED = {"audit": (4, 10), "report": (3, 5), "preflight": (3, 3)}
"""How often the older build and this one are asked."""


@pytest.fixture(autouse=True)
def results(tmp_path, monkeypatch):
    """Keep what is measured in the folder of the test."""
    monkeypatch.setattr(measure, "RESULTS", tmp_path)


@pytest.fixture
def kept():
    """Return what is measured to."""
    return aims.Kept()


def written(folder):
    told = json.loads((folder / "aims.json").read_text())
    return told["rows"], told["left out"], (folder / "aims.md").read_text()


def test_every_aim_is_measured(tmp_path, monkeypatch, asked):
    old = tmp_path / "old"
    old.symlink_to(ROOT)
    monkeypatch.setattr(sys, "argv", ["aims", "--hosts", "2", "--against", str(old)])
    before = dict(os.environ)
    aims.main()
    assert dict(os.environ) == before
    rows, left_out, table = written(tmp_path)
    for one in left_out:
        if Missing.__name__ in one and not os.environ.get("CI"):
            pytest.skip(one)
    assert left_out == []
    assert [row["what"].replace(f" {cores()} cores", " cores") for row in rows] == WHOLE
    assert [row["what"] for row in rows if not row["value"] > 0] == []
    assert all(f"| {row['what']} |" in table for row in rows)
    builds = {first: [at for at, words in asked if words[0] == first] for first in COMPARED}
    assert {
        first: (each.count(old), each.count(ROOT)) for first, each in builds.items()
    } == COMPARED


def healthy(_session):
    yield Figure("first", 1.5, "3 s", "2 s", most=2.0)
    yield Figure("second", 0.5, "1 s", least=0.9)
    yield Figure("third", 0.5, "1 s")


def sick(_session):
    yield Figure("before it fell ill", 1.0, "1 s", most=0.5)
    raise RuntimeError("the server did not start")


def stopped(_session):
    raise KeyboardInterrupt
    yield


def test_a_sick_part_ends_no_other_and_what_it_measured_is_kept(tmp_path, kept):
    aims.measured(Session(tmp_path, None, 2), kept, float("inf"), (sick, healthy))
    rows, left_out, table = written(tmp_path)
    assert [row["what"] for row in rows] == ["before it fell ill", "first", "second", "third"]
    assert left_out == ["not measured, sick: RuntimeError: the server did not start"]
    told = [line.split(" | ")[:4] for line in table.splitlines()[4:8]]
    assert [line[2:] for line in told] == [
        ["at most 0.5", "no"], ["at most 2", "yes"], ["at least 0.9", "no"], ["", ""],
    ]  # fmt: skip
    assert table.endswith(f"\n\n{left_out[0]}\n")


def test_an_interrupt_keeps_what_there_is(tmp_path, monkeypatch):
    monkeypatch.setattr(aims, "PARTS", (healthy, stopped, healthy))
    monkeypatch.setattr(sys, "argv", ["aims"])
    aims.main()
    rows, left_out, _ = written(tmp_path)
    assert len(rows) == 3
    assert left_out == ["not measured, stopped and all after it: interrupted"]


def test_without_an_older_build_or_time_a_line_says_so(tmp_path, kept):
    recordings = next(one for one in PARTS if one.__name__ == "recordings")
    session = Session(tmp_path, None, 2)
    aims.measured(session, kept, float("inf"), (recordings,))
    aims.measured(session._replace(old=tmp_path), kept, float("inf"), (recordings,))
    aims.measured(session, kept, 0.0, (healthy,))
    rows, left_out, _ = written(tmp_path)
    assert rows == []
    assert left_out == [
        "not measured, recordings: Unmeasured: no older build is given: --against CHECKOUT",
        f"not measured, recordings: Unmeasured: no hostcheck in {tmp_path}",
        "not measured, healthy: no time was left",
    ]
