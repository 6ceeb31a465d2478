"""The run file: small, whole or absent, and read back as the run that was written."""

import json
from hashlib import sha256

import msgspec
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from hostcheck import runbrief, runfile, runlines
from hostcheck.cli import main
from hostcheck.diff.story import Story
from hostcheck.errors import UsageError
from hostcheck.exits import exit_code
from hostcheck.model.result import Answer
from hostcheck.model.run import Outcome, PowerOn
from hostcheck.reports import pieces
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
     (b'"told":', b'"told":-1,"x":'),
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


GOOD = b.run(*(one for one in b.fleet(6).hosts if one.verdict is Answer.GO))


def unjudged(told):
    """Lose every result of the document of a run, and leave every verdict."""
    for host in told["hosts"]:
        host["results"] = []
    return told


def praised(told, verdict="GO"):
    """Write that verdict on every host, and leave every result."""
    for host in told["hosts"]:
        host["verdict"] = verdict
    return told


def document(run):
    return json.loads(b"".join(runfile.chunks(run)))


FATES = b.fleet(7)
WRITTEN = [one.verdict for one in FATES.hosts]
ODD = {
    "nothing judged": (unjudged, [
        Answer.UNSURE if one is Answer.GO else one for one in WRITTEN
    ]),
    "called GO": (praised, WRITTEN),
    "called UNSURE": (
        lambda told: praised(told, "UNSURE"),
        [Answer.NO_GO if one is Answer.NO_GO else Answer.UNSURE for one in WRITTEN],
    ),
}  # fmt: skip
"""What is done to a run file by hand, and the verdicts that its results uphold."""


@pytest.mark.parametrize("layout", ["ours", "indented", "plain"])
@pytest.mark.parametrize("odd", ODD)
def test_no_verdict_stands_that_no_result_upholds(odd, layout, tmp_path):
    """In whatever way a run file is read, and whatever reads it."""
    path, (damage, wanted) = tmp_path / "run.json", ODD[odd]
    if layout == "plain":
        path.write_text(json.dumps(damage(json.loads(json_report.render(FATES)))))
    else:
        told = damage(document(FATES))
        lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in told["hosts"])
        rest = {name: told[name] for name in told if name not in ("hosts", "shared")}
        path.write_text(
            json.dumps(told, indent=2)
            if layout == "indented"
            else json.dumps(rest, separators=(",", ":"))[:-1]
            + f',\n"hosts":[\n{lines}],\n"shared":'
            + json.dumps(told["shared"])
            + "}\n"
        )
    assert {Answer.GO, Answer.UNSURE, Answer.NO_GO} <= set(WRITTEN)
    read = runfile.read(path)
    assert [one.verdict for one in read.hosts] == wanted
    assert list(runfile.verdicts(read)) == wanted
    assert [one.verdict for one in runlines.read(path, ()).hosts] == wanted
    assert [one.verdict for one in runbrief.line_briefs(runlines.whole(path))] == wanted
    for look in (runbrief.briefs, runbrief.judged):
        assert [one.verdict for one in look(read, runbrief.HostName)] == wanted
    assert [one.verdict for one in Story.at(path).hosts()] == wanted
    assert [one.verdict for one in Story.of(read).hosts()] == wanted
    again = tmp_path / "again.json"
    runfile.write(read, again)
    assert [one.verdict for one in Story.at(again).hosts()] == wanted


def test_a_fleet_of_which_nothing_was_judged_ends_with_3(tmp_path):
    """Report, diff and history of such a file say no GO."""
    path, runner = tmp_path / "run.json", CliRunner()
    path.write_text(json.dumps(unjudged(document(GOOD))))
    assert exit_code(runfile.read(path)) == 3
    line = runner.invoke(main, ["report", str(path), "--format", "line", "--strict"])
    assert line.exit_code == 3
    assert "verdict=GO" not in line.output
    assert "verdict=UNSURE" in line.output
    well = tmp_path / "well.json"
    runfile.write(GOOD, well)
    assert runner.invoke(main, ["diff", str(well), str(path)]).exit_code == 3
    place = str(tmp_path / "history.db")
    runner.invoke(main, ["report", str(path), "--history", place])
    told = json.loads(
        runner.invoke(main, ["history", "--history", place, "--format", "json"]).output
    )
    assert [(one["go"], one["unsure"]) for one in told["trend"]] == [(0, len(GOOD.hosts))]


def test_a_preflight_keeps_no_go_that_nothing_upholds(tmp_path):
    whole = b.preflight_run()
    told = json.loads(b"".join(runfile.chunks(whole)))
    assert told["preflight"]["verdict"] == "GO"
    for one in told["preflight"]["candidates"]:
        one["results"] = []
    (tmp_path / "run.json").write_text(json.dumps(told))
    read = runfile.read(tmp_path / "run.json")
    assert read.preflight.verdict is Answer.UNSURE
    assert Answer.GO not in {one.verdict for one in read.preflight.candidates}
    assert exit_code(read) == 3


@pytest.mark.parametrize("field", ["first_answer_at", "last_answer_at"])
@pytest.mark.parametrize("text", ["yesterday", "2026-13-45T00:00:00Z", "2026-11-28T22:57:12", "0"])
def test_a_time_that_is_none_is_one_line(field, text, tmp_path):
    written = b"".join(runfile.chunks(b.fleet(2))).decode()
    at = json.loads(written)[field]
    path = tmp_path / "run.json"
    path.write_text(written.replace(f'"{field}":"{at}"', f'"{field}":"{text}"'))
    for words in (
        ["report", path], ["diff", path, path], ["drift", path], ["plan", path],
        ["report", path, "--since", path], ["report", path, "--history", tmp_path / "history.db"],
        ["waive", path, "--check", "GPU-001", "--reason", "r", "--owner", "o", "--expires",
         "2027-01-01"],
    ):  # fmt: skip
        done = CliRunner().invoke(main, list(map(str, words)))
        assert done.exit_code == 2, words
        (line,) = done.stderr.splitlines()
        assert f"{path}: the run file is damaged: {field} is '{text}'" in line
    assert not (tmp_path / "history.db").exists()


class TestDigest:
    """The SHA-256 of a report is that of the file that was read, and it says what else it tells."""

    def pages(self, tmp_path, *options):
        path = tmp_path / "run.json"
        runfile.write(b.fleet(2), path)
        text = json.dumps(json.loads(path.read_text()), indent=1)  # not as this version writes it
        path.write_text(text)
        for format_ in ("html", "brief"):
            done = CliRunner().invoke(main, ["report", str(path), "--format", format_, *options])
            assert done.exit_code == 0, done.output
            assert sha256(text.encode()).hexdigest() in done.output
            yield " ".join(done.output.split())

    def test_of_a_run_as_it_is(self, tmp_path):
        page, sheet = self.pages(tmp_path)
        assert "</code>; this report is a view of it and adds nothing" in page
        assert "no file holds that" not in sheet

    def test_of_a_run_that_is_judged_anew(self, tmp_path):
        place = str(tmp_path / "history.db")
        page, sheet = self.pages(tmp_path, "--policy", "vgpu-vdi", "--history", place)
        told = "judged anew by policy vgpu-vdi ("
        assert f"this report was made of it and is no view of it: {told}" in page
        assert f"; told with {place}" in page
        assert f"({told}" in sheet
        assert "no file holds that)" in sheet

    def test_of_a_new_run(self):
        page = "".join(pieces("run", "html", b.fleet(2)))
        wanted = sha256(b"".join(runfile.chunks(b.fleet(2)))).hexdigest()
        assert f"SHA-256 <code>{wanted}</code> as this version writes it" in page
