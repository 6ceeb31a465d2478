"""A reader that has seen enough changes neither what is done nor the exit code."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from hostcheck.cli.ring import EXIT_UNKNOWN, Ring
from tests.private_data import FIXTURES
from tests.starting import Starter

MACHINE = str(FIXTURES / "2n-1xA30-sriov-off-esxi800")
KEPT = str(Path(__file__).parents[1] / "kept" / "run-2.json")
COMMANDS = (
    f"audit -q --from {MACHINE}", f"plan {KEPT}", f"drift {KEPT}", f"capacity -q --from {MACHINE}",
    "smoke --limit 5", f"bmc --from {MACHINE}", "checks", f"redact {MACHINE} -o shown",
)  # fmt: skip


def code(start: Starter, words: str, folder: Path, *, read: bool) -> int:
    """Return the exit code where all, or nothing, of what is printed is read."""
    if read:
        end = os.open(os.devnull, os.O_WRONLY)
    else:
        gone, end = os.pipe()
        os.close(gone)
    folder.mkdir()
    try:
        with start.open(*words.split(), cwd=folder, env=os.environ, stdout=end) as done:
            _, said = done.communicate()
    finally:
        os.close(end)
    assert "Traceback" not in said
    assert "BrokenPipe" not in said
    return done.wait()


@pytest.mark.parametrize("words", COMMANDS)
def test_head_changes_no_exit_code(start: Starter, words: str, tmp_path: Path) -> None:
    unread = code(start, words, tmp_path / "unread", read=False)
    assert unread == code(start, words, tmp_path / "r", read=True)


def test_another_pipe_that_breaks_is_no_go(capsys: pytest.CaptureFixture[str]) -> None:
    """A socket or a helper process that died ended as `head` does: with 0, which is GO."""
    group = Ring(name="hostcheck")

    @group.command()
    def breaks() -> None:
        raise BrokenPipeError(32, "Broken pipe")

    with pytest.raises(SystemExit) as left:
        group.main(["breaks"])
    assert left.value.code == EXIT_UNKNOWN
    assert "this is a bug" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (f"audit -q --from {MACHINE} --summary", 1), ("config show", 0), ("checks", 0),
        ("audit --vcenter 127.0.0.1:1 --user u", 2), ("bmc 127.0.0.1:1", 2),
        ("parse 'nvidia-smi -q -x' -", 2),
    ],
)  # fmt: skip
@pytest.mark.parametrize("closed", ["<&-", "<&- >&-", "<&- 2>&-"])
def test_streams_that_were_closed_before_the_start(
    words: str, expected: int, closed: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"{shlex.quote(sys.executable)} -m hostcheck {words} {closed}"],
        capture_output=True, check=False, cwd=tmp_path, timeout=120,
        env={"PATH": os.defpath, "HOME": str(tmp_path)},
    )  # fmt: skip
    assert b"Traceback" not in done.stderr
    assert done.returncode == expected
