"""The guard names what got slower, whatever the machine, and nothing else."""

import json

from benchmarks import calibration, guard, measure


def results(folder, calibration_s, **cpu):
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{"hosts": 50, "client": name.replace("_", " "), "CPU s": s} for name, s in cpu.items()]
    (folder / "replay.json").write_text(json.dumps({"calibration": calibration_s, "rows": rows}))


def test_a_slower_machine_is_no_slower_program(tmp_path):
    results(tmp_path / "release", 0.1, audit=1.0, report=2.0)
    results(tmp_path, 0.2, audit=2.0, report=4.7, new=9.0)
    found = list(guard.compared(tmp_path, tmp_path / "release"))
    assert [(one.name, round(one.ratio, 3)) for one in found] == [
        ("replay: hosts 50 client audit", 1.0), ("replay: hosts 50 client report", 1.175),
    ]  # fmt: skip
    assert guard.told(found).splitlines() == [
        "slower, 1.18 x: replay: hosts 50 client report",
        "2 rows compared with the last release: 1.00 to 1.18 x its CPU",
    ]


def test_rows_without_a_calibration_or_of_other_sizes_are_not_compared(tmp_path):
    results(tmp_path / "release", None, audit=1.0)
    results(tmp_path, 0.1, audit=5.0)
    assert list(guard.compared(tmp_path, tmp_path / "release")) == []
    assert guard.told([]) == "nothing to compare with the last release"


def test_a_release_is_kept_with_the_speed_of_its_machine(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(measure, "RESULTS", tmp_path)
    monkeypatch.setattr(calibration, "ROUNDS", 1)
    measure.keep("replay", [{"hosts": 2, "client": "x", "CPU s": 1.0}], repeat=1, figure="CPU s")
    monkeypatch.setattr("sys.argv", ["guard", "--release"])
    guard.main()
    monkeypatch.setattr("sys.argv", ["guard"])
    guard.main()
    assert "1 row compared" in capsys.readouterr().out
    assert json.loads((tmp_path / "release" / "replay.json").read_text())["calibration"] > 0


def test_what_asks_something_else_than_it_did_is_named_and_not_compared(tmp_path):
    row = {"hosts": 50, "CPU s": 1.0}
    before = [{**row, "client": "audit"}, {**row, "client": "report", "workload": "of then"}]
    rows = [
        {**row, "client": one, "CPU s": 9.0, "workload": "of now"} for one in ("audit", "report")
    ]
    same = [{**row, "client": "start", "workload": "alike"}]
    for folder, told in ((tmp_path / "release", before), (tmp_path, rows)):
        folder.mkdir(exist_ok=True)
        for name, these in (("replay", told), ("start", same)):
            kept = {"calibration": 0.1, "rows": these}
            (folder / f"{name}.json").write_text(json.dumps(kept))
    assert guard.told(list(guard.compared(tmp_path, tmp_path / "release"))).splitlines() == [
        "replay: its workload is another than the last release's; not compared: 2 rows",
        "1 row compared with the last release: 1.00 to 1.00 x its CPU",
    ]


def test_a_workload_is_known_again_by_its_names_and_sizes(tmp_path):
    (tmp_path / "host").mkdir()
    (tmp_path / "host" / "answer").write_text("key 1234")
    (tmp_path / "expected.json").write_text("{}")
    first = measure.workload(tmp_path)
    (tmp_path / "host" / "answer").write_text("key 5678")
    (tmp_path / "expected.json").write_text('{"VERDICT": "GO"}')
    assert measure.workload(tmp_path) == first, "keys and golden results differ from day to day"
    (tmp_path / "host" / "answer").write_text("key 5678, and a card more")
    assert measure.workload(tmp_path) != first
