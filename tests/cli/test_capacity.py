"""hostcheck capacity: of recordings and of a run file, as text and CSV, and hosts in thought."""

import csv
import io
from pathlib import Path

import pytest
from click.testing import CliRunner

from hostcheck.cli import main

FIXTURES = Path(__file__).parents[2] / "fixtures"
ONE = FIXTURES / "2n-2xA100-80-esxi803"
HOST = "esx-01.lab.test"


def told(*words, code=0):
    done = CliRunner().invoke(main, ["capacity", "-q", *map(str, words)], env={"COLUMNS": "100"})
    assert done.exit_code == code, done.output
    return done.output


def rows(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("capacity") / "run.json"
    CliRunner().invoke(main, ["audit", "-q", "--from", str(ONE), "-o", str(path), "--summary"])
    return path


@pytest.mark.parametrize("more", [(), ("--profile", "grid_a100d-40c"), ("--format", "csv")])
def test_a_run_file_counts_as_the_recording_that_it_was_made_of(run, more):
    assert told(run, *more) == told("--from", ONE, *more)


def test_csv_adds_up_to_the_table(run):
    found = rows(told(run, "--profile", "grid_a100d-40c", "--format", "csv"))
    assert {(one["host"], one["gpu"]) for one in found} == {
        (HOST, "0000:4a:00.0"), (HOST, "0000:ca:00.0")
    }  # fmt: skip
    free = sum(int(one["free"]) for one in found)
    assert f"{free} more A100D-40C fit now" in told(run, "--profile", "grid_a100d-40c")


def test_a_count_that_is_not_known_is_no_number_and_says_what_settles_it():
    holes = FIXTURES / "2n-2xA100-80-readonly-holes-esxi803"
    (one, *_) = [each for each in rows(told("--from", holes, "--format", "csv"))
                 if each["limit"] == "unknown"]  # fmt: skip
    assert (one["free"], one["at_least"]) == ("", "yes")
    assert one["settled_by"] == "grant the account System.Read, then run again"
    text = " ".join(told("--from", holes).split())
    assert "At least N fit where it says >=N" in text
    assert "to settle it: grant the account System.Read" in text
    assert "At least N" not in told("--from", ONE, "--profile", "grid_a100d-40c")


def test_a_host_in_maintenance_mode_in_thought_has_no_room(run):
    text = told(run, "--profile", "grid_a100d-40c", "--in-maintenance", "esx-01")
    assert "0 more A100D-40C fit now" in text
    assert f"In maintenance mode, in thought: {HOST}" in text
    (gpu, _) = rows(told(run, "--profile", "grid_a100d-40c", "--in-maintenance", "ESX-01",
                         "--format", "csv"))  # fmt: skip
    assert (gpu["free"], gpu["running"]) == ("0", "1"), "what runs there runs on"
    assert "no host matches 'esx-99'" in told(run, "--in-maintenance", "esx-99", code=2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["capacity", "--from", FIXTURES / "1n-nested-esxi803"], "No NVIDIA GPU was found"),
        (["vms", "--from", FIXTURES / "1n-nested-esxi803"], "0 VMs with a GPU"),
        (["diff", "RUN", "RUN"], "Nothing is new, nothing is mended"),
    ],
)
def test_a_table_that_is_all_heading_says_what_that_means(run, words, said):
    words = [str(run) if one == "RUN" else str(one) for one in words]
    done = CliRunner().invoke(main, [*words, "--format", "csv"])
    assert f"the table has no rows: {said}" in done.stderr
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize("command", ["capacity", "hosts", "vms"])
def test_a_run_file_goes_without_from_and_recordings_with_it(run, command):
    for words, said in (
        (["--from", run], "is a run file and no recording: give it without --from"),
        ([ONE], f"holds recordings and is no run file: give it with --from {ONE}"),
        ([run, "--from", ONE], "leave out --from and --vcenter"),
    ):
        done = CliRunner().invoke(main, [command, *map(str, words)])
        assert (done.exit_code, said in done.output) == (2, True), done.output


def test_where_a_command_reads_only_one_of_them(run):
    done = CliRunner().invoke(main, ["audit", "--from", str(run)])
    assert "is a run file and no recording: give it to hostcheck report" in done.output
    done = CliRunner().invoke(main, ["report", str(ONE)])
    assert f"made by hostcheck audit --from {ONE} -o RUN.json" in done.output
