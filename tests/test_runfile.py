"""The run file: small, whole or absent, and read back as the run that was written."""

import json

import msgspec
import pytest
from msgspec.structs import replace

from hostcheck import runfile
from hostcheck.errors import UsageError
from hostcheck.model.result import Answer
from hostcheck.model.run import Outcome, PowerOn
from hostcheck.reports.run import json as json_report
from tests.reports import builders as b

RUNS = {
    "one": b.one_host(), "fleet": b.fleet(9), "preflight": b.preflight_run(),
    "hostile": b.hostile(), "empty": b.run(), "unknown": b.run(b.report(b.unknown_nodes())),
    "started": replace(
        b.preflight_run(), power_on=PowerOn(Outcome.STARTED, True, Answer.GO, "esx01", "done")
    ),
    "cut short": replace(b.fleet(2), unasked=("esx-77", "esx-78")),
}  # fmt: skip
every_run = pytest.mark.parametrize("run", RUNS.values(), ids=RUNS.keys())


def plain(run):
    return replace(run, hosts=tuple(run.hosts))


@every_run
def test_what_is_written_is_read(run, tmp_path):
    runfile.write(run, tmp_path / "run.json")
    read = runfile.read(tmp_path / "run.json")
    assert plain(read) == run
    assert len(read.hosts) == len(run.hosts)
    runfile.write(read, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "run.json").read_bytes()
    assert json_report.render(read) == json_report.render(run)


@every_run
def test_runs_of_the_first_schema_are_read(run, tmp_path):
    (tmp_path / "old.json").write_text(json_report.render(run))
    assert runfile.read(tmp_path / "old.json") == run


def test_a_run_file_laid_out_by_another_tool_is_the_same_run(tmp_path):
    runfile.write(b.fleet(5), tmp_path / "run.json")
    laid_out = json.dumps(json.loads((tmp_path / "run.json").read_text()), indent=4)
    (tmp_path / "run.json").write_text(laid_out)
    assert plain(runfile.read(tmp_path / "run.json")) == b.fleet(5)


def test_what_hosts_share_is_written_once():
    few, many = b"".join(runfile.chunks(b.fleet(8))), b"".join(runfile.chunks(b.fleet(64)))
    assert len(many) * 5 < len(json_report.render(b.fleet(64)).encode())
    assert len(many) < 8 * len(few)
    shared = json.loads(many)["shared"]
    assert len(shared) == len({json.dumps(one) for one in shared})
    for host in json.loads(many)["hosts"]:
        assert isinstance(host["host"]["name"], str)
        assert {one["check"] for one in host["results"]} >= {"NUMA-001"}


@pytest.mark.parametrize("at", [-1, 1, 4])
def test_hosts_are_had_one_by_one_or_in_parts(at, tmp_path):
    runfile.write(b.fleet(6), tmp_path / "run.json")
    hosts = runfile.read(tmp_path / "run.json").hosts
    assert hosts[at] == b.fleet(6).hosts[at]
    assert hosts[1:at] == b.fleet(6).hosts[1:at]
    with pytest.raises(IndexError):
        hosts[6]


@pytest.mark.parametrize(
    ("old", "new"),
    [(b'"subject":0', b'"subject":999'), (b'"told":', b'"told":98765,"x":'),
     (b'"status":"fail"', b'"status":"fine"')],
)  # fmt: skip
def test_a_damaged_host_is_one_line(old, new, tmp_path):
    runfile.write(b.fleet(3), tmp_path / "run.json")
    data = (tmp_path / "run.json").read_bytes()
    assert old in data
    (tmp_path / "run.json").write_bytes(data.replace(old, new))
    with pytest.raises(UsageError, match="damaged"):
        plain(runfile.read(tmp_path / "run.json"))


def test_the_old_run_file_stays_until_the_new_one_is_whole(tmp_path):
    class Lost(Exception):  # noqa: N818  the program is gone
        pass

    class Hosts(tuple):
        __slots__ = ()

        def __iter__(self):
            yield self[0]
            raise Lost

    place = tmp_path / "run.json"
    runfile.write(b.one_host(), place)
    with pytest.raises(Lost):
        runfile.write(replace(b.fleet(2), hosts=Hosts(b.fleet(2).hosts)), place)
    assert plain(runfile.read(place)) == b.one_host()


def test_the_lines_of_a_host_hold_no_number_that_could_be_taken_for_a_reference():
    """Only objects stand where a number may stand in their place."""
    for run in RUNS.values():
        for report in run.hosts:
            line = msgspec.json.decode(runfile.pack(report))
            assert not any(isinstance(value, int) for value in line["host"].values())
            assert all(isinstance(one["told"], dict) for one in line["results"])
