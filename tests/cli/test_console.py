"""Whatever standard output is, the exit code stays the verdict's and nobody sees a traceback."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from hostcheck.cli.console import UNWRITTEN
from tests.private_data import FIXTURES

AUDIT = ("audit", "--from", str(FIXTURES / "1n-1xT4-esxi703"), "--quiet")


def shell(script: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    command = ["sh", "-c", script, "sh", sys.executable, "-m", "hostcheck", *arguments]
    return subprocess.run(
        command, capture_output=True, env={**os.environ, **variables}, check=False, timeout=300
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run file of every recorded machine: their reports hold every mark."""
    file = tmp_path_factory.mktemp("console") / "run.json"
    done = shell('"$@"', "audit", "--from", str(FIXTURES), "--quiet", "--output", str(file))
    assert done.returncode == 1
    return file


@pytest.fixture(scope="module")
def plain(run: Path) -> subprocess.CompletedProcess[bytes]:
    """Its report with every mark."""
    return shell('"$@"', "report", str(run), PYTHONIOENCODING="utf-8")


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "ascii", "cp437"])
def test_marks_fall_back_where_the_encoding_has_none(
    encoding: str, run: Path, plain: subprocess.CompletedProcess[bytes]
) -> None:
    told = shell('"$@"', "report", str(run), PYTHONIOENCODING=encoding)
    assert told.returncode == plain.returncode == 0
    assert shell('"$@"', *AUDIT, PYTHONIOENCODING=encoding).returncode == 1
    assert told.stderr == plain.stderr == b""
    here = plain.stdout.decode()
    there = told.stdout.decode(encoding)
    assert "✕ NO-GO" in here
    assert "x NO-GO" in there or "✕ NO-GO" in there
    assert [len(line) for line in there.splitlines()] == [len(line) for line in here.splitlines()]
    assert there.count("?") == here.count("?")


def test_a_name_without_a_plain_form_is_printed_all_the_same(tmp_path: Path) -> None:
    told = shell(
        '"$@"', "audit", "--from", str(tmp_path / "h\u00f4te\u4e3b"), PYTHONIOENCODING="latin-1"
    )
    assert told.returncode == 2
    assert "h\u00f4te?' does not exist" in told.stderr.decode("latin-1")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_stream_that_is_closed_changes_nothing(closed: str, tmp_path: Path) -> None:
    run = tmp_path / "run.json"
    told = shell(f'"$@" {closed}', *AUDIT, "--output", str(run))
    assert (told.returncode, told.stderr) == (1, b"")
    assert run.read_bytes().startswith(b"{")


AS_ON_WINDOWS = """
import os, signal, sys
for module, names in ((os, ("pread", "pwrite", "fork")), (signal, ("setitimer", "SIGALRM"))):
    for name in names:
        delattr(module, name)
sys.modules["fcntl"] = sys.modules["termios"] = None
from hostcheck.cli import main
main(sys.argv[1:])
"""


def test_an_audit_needs_nothing_that_windows_lacks(tmp_path: Path) -> None:
    words = [sys.executable, "-c", AS_ON_WINDOWS]
    run = tmp_path / "run.json"
    told = subprocess.run(
        [*words, *AUDIT, "-o", run, "--html", tmp_path / "report.html"], capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "cp1252"}, check=False, timeout=300,
    )  # fmt: skip
    assert (told.returncode, told.stderr) == (1, b"")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["report.html", "run.json"]
    limited = subprocess.run(
        [*words, *AUDIT, "--limit", "1h"], capture_output=True, check=False, timeout=300
    )
    assert (limited.returncode, limited.stdout) == (2, b"")
    assert limited.stderr == b"hostcheck: --limit: this system cannot interrupt a run\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    "command", [AUDIT, ("requests",), ("checks",), ("--help",), ("audit", "--help")]
)
def test_a_full_disk_is_said_in_one_line(command: tuple[str, ...]) -> None:
    told = shell('"$@" > /dev/full', *command)
    assert told.returncode == 2
    assert told.stderr.decode().splitlines() == [f"hostcheck: {UNWRITTEN}"]


@cache
def whole_of(machine: str) -> subprocess.CompletedProcess[bytes]:
    """An audit of which nothing is lost."""
    return shell('"$@"', "audit", "--from", str(FIXTURES / machine))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("machine", ["1n-1xT4-esxi703", "2n-2xA100-80-esxi803"])
@pytest.mark.parametrize("lost", ["> /dev/full", "| true"])
def test_standard_error_that_is_lost_changes_nothing_else(machine: str, lost: str) -> None:
    """Its report and exit code are those that it has with one: no NO-GO is made of it, no GO."""
    words = ("audit", "--from", str(FIXTURES / machine))
    whole = whole_of(machine)
    assert whole.stderr
    script = '{ { "$@" 2>&1 >&4; echo $? >&4; } LOST; } 4>&1'.replace("LOST", lost)
    told = shell(script, *words)
    assert told.stdout.decode() == f"{whole.stdout.decode()}{whole.returncode}\n"


@pytest.mark.parametrize("machine", ["1n-1xT4-esxi703", "2n-2xA100-80-esxi803"])
def test_a_reader_of_both_streams_that_is_gone_changes_no_exit_code(machine: str) -> None:
    words = ("audit", "--from", str(FIXTURES / machine))
    whole = whole_of(machine)
    told = shell('{ { "$@" 2>&1; echo $? >&4; } | true; } 4>&1', *words)
    assert told.stdout.decode() == f"{whole.returncode}\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_mistake_that_cannot_be_said_has_its_exit_code() -> None:
    assert shell('"$@" 2> /dev/full', "audit", "--from", "nowhere").returncode == 2
