"""Where a run is to go is tried before anybody is asked, and the trial leaves nothing behind."""

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hostcheck import files
from hostcheck.cli import main
from hostcheck.errors import UsageError
from tests.private_data import FIXTURES

NOBODY = ("--vcenter", "127.0.0.1:1", "--user", "u")
"""Whoever connects there is told so: a mistake that is named instead was found before."""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GOVC_PASSWORD", "p")
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "taken" / "files").mkdir(parents=True)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def listed(folder: Path) -> list[str]:
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("audit -o folder", "folder: Is a directory; give a file"),
        ("audit -o file/x.json", "file/x.json: "),
        ("audit -o -", "-: what goes to standard output"),
        ("audit -o x --html x", "-o and --html both name x"),
        ("audit -o x.html --html ./y/../x.html", "-o and --html both name"),
        ("audit -o x --save x", "-o and --save both name x"),
        ("audit --html x.pdf", "FILE.html, FILE.zip or a folder"),
        ("audit --html file", "FILE.html, FILE.zip or a folder"),
        ("audit --html taken", "taken/files holds something else"),
        ("audit --html file/x.html", "file/x.html: "),
        ("audit --save file", "file: File exists; give another folder"),
        ("audit --details --summary", "--details shows all and --summary the least"),
        ("audit --check GPU-001 --skip gpu-001", "GPU-001 is wanted by --check and left out"),
        ("record --save file", "file: File exists; give another folder"),
        ("preflight vm -o folder", "folder: Is a directory"),
        ("preflight vm --html x --save x", "--html and --save both name x"),
        ("power-on vm -o folder", "folder: Is a directory"),
        ("capacity -o folder", "folder: Is a directory"),
        ("profiles -o folder", "folder: Is a directory"),
        ("topology host -o folder", "folder: Is a directory"),
        ("topology host -o new/", "new/ names a folder: give a file"),
        ("audit -o new/", "-o new/ names a folder: give a file"),
        ("audit --output csv=new/", "--output csv new/ names a folder: give a file"),
        ("audit --ssh --ask-ssh-password", "nobody is at a terminal to be asked for the SSH"),
    ],
)
def test_a_place_that_does_not_serve_is_named_before_anybody_is_asked(
    words: str, told: str, place: Path
) -> None:
    before = listed(place)
    done = run(*words.split(), *NOBODY)
    assert done.exit_code == 2
    assert done.stderr.startswith("hostcheck: ")
    assert told in done.stderr
    assert "no vSphere API" not in done.stderr
    assert done.stderr.count("\n") == 1
    assert listed(place) == before


def test_a_trial_leaves_nothing_behind(place: Path) -> None:
    before = listed(place)
    places = ("-o", "new/run.json", "--html", "new/deep/x.html", "--save", "rec")
    done = run("audit", *places, *NOBODY)
    assert "no vSphere API answers there" in done.stderr
    assert listed(place) == before


def test_a_file_that_is_there_keeps_what_is_in_it(place: Path) -> None:
    files.refuse_unwritable(place / "file")
    assert (place / "file").read_text() == "mine"
    with pytest.raises(UsageError, match="too long; give another file"):
        files.refuse_unwritable(place / ("n" * 300))


def test_devices_and_pipes_take_what_they_are_given() -> None:
    assert run("audit", "-q", "--from", str(FIXTURES / "2n-2xA100-80-esxi803"),
               "-o", os.devnull, "--html", os.devnull).exit_code == 0  # fmt: skip


@pytest.mark.parametrize("shape", ["new/report.html", "report.zip", "REPORT.ZIP", "folder", "new"])
def test_every_shape_of_an_html_report_is_written_where_it_was_tried(
    shape: str, place: Path
) -> None:
    done = run("audit", "-q", "--from", str(FIXTURES / "2n-2xA100-80-esxi803"), "--html", shape)
    assert (done.exit_code, done.stderr) == (0, "")
    assert (place / shape).exists()


@pytest.mark.parametrize(
    "words",
    [
        "audit {from_} -o new/run.json", "audit {from_} --html new/report.html",
        "audit {from_} --output csv=new/run.csv", "audit {from_} --save new/rec",
        "report {run} --format csv -o new/run.csv", "plan {run} -o new/plan.txt",
        "capacity {from_} -o new/room.txt", "topology esx-01 {from_} -o new/host.txt",
        "redact {machine} -o new/shown", "audit {from_} --history new/past.db",
        "preflight --all {from_} -o new/runs",
    ],
)  # fmt: skip
def test_a_folder_that_is_made_is_said(place: Path, words: str):
    machine = FIXTURES / "2n-2xA100-80-esxi803"
    kept = Path(__file__).parents[1] / "kept" / "run-2.json"
    done = run(*words.format(from_=f"--from {machine}", run=kept, machine=machine).split())
    assert done.exit_code in (0, 1, 3), done.stderr
    assert done.stderr.count("new is not there yet: the folder will be made") == 1
    assert any((place / "new").iterdir())
    again = run(*words.format(from_=f"--from {machine}", run=kept, machine=machine).split())
    assert "will be made" not in again.stderr


def test_a_quiet_job_is_not_told_of_the_folder_of_its_day(place: Path):
    done = run("audit", "-q", "--from", str(FIXTURES / "1n-1xT4-esxi703"), "-o", "day/run.json")
    assert (done.stderr, (place / "day" / "run.json").exists()) == ("", True)


def test_an_equals_sign_without_a_format_is_no_path(place: Path):
    done = run("audit", "--from", str(FIXTURES), "-o", "=out/z")
    assert (done.exit_code, listed(place)) == (2, ["file", "folder", "taken", "taken/files"])
    assert "=out/z names no format: give FORMAT=out/z (a file of that name is ./=out/z)" in (
        done.stderr
    )


@pytest.mark.parametrize(
    "words", ["audit -o {long}", "policy show --policy {long}", "report {long}", "bmc {long}"]
)
def test_a_name_that_no_file_can_have_is_said_in_one_line(words: str):
    done = run(*words.format(long="x" * 5000).split())
    assert done.exit_code == 2
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()[-1]) < 1500


@pytest.mark.parametrize(
    "words",
    [
        "report pipe", "hosts pipe", "drift pipe", "report run.json --since pipe",
        "audit --from folder --waivers pipe", "audit --vcenter vc --ssh-key pipe",
    ],
)  # fmt: skip
def test_a_pipe_to_which_perhaps_nobody_ever_writes_is_not_waited_for(place: Path, words: str):
    os.mkfifo(place / "pipe")
    (place / "run.json").write_text("{}")
    done = run(*words.split())
    assert done.exit_code == 2
    assert "pipe is a named pipe: give a file" in done.output


def test_what_another_command_writes_is_read_as_it_comes():
    run("audit", "--from", str(FIXTURES / "1n-interleaved"), "-q", "-o", "run.json")
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m hostcheck report <(cat run.json) --format line"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == run("report", "run.json", "--format", "line").stdout != ""


def test_a_folder_of_settings_that_only_others_may_enter_has_none(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(place / "theirs"))
    _forbid(monkeypatch, place / "theirs")
    assert run("config", "show").output.startswith("# no file")


def test_what_is_not_for_this_user_is_one_line(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _forbid(monkeypatch, place / "theirs")
    made = str(FIXTURES / "2n-2xA100-80-esxi803")
    done = run("audit", "-q", "--from", made, "--html", str(place / "theirs" / "page.html"))
    assert (done.exit_code, done.output.count("\n")) == (2, 1), done.output
    assert "Permission denied" in done.output


def _forbid(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let the system refuse a folder, as it does to all users but root."""
    asked = os.stat

    def stat(path: Any, *more: Any, **named: Any) -> os.stat_result:
        if not isinstance(path, int) and Path(os.fsdecode(path)).is_relative_to(folder):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fsdecode(path))
        return asked(path, *more, **named)

    monkeypatch.setattr(os, "stat", stat)
