"""What was not run is told in one line, and CI passes over nothing."""

import os
import re
from pathlib import Path

import pytest

from tests import skipped

ROOT = Path(__file__).parents[1]
pytest_plugins = ["pytester"]


def test_the_line_says_what_to_install_for_how_many_more() -> None:
    reasons = [
        *["Skipped: no OpenSSH server: install openssh-server"] * 3,
        "Skipped: no chromium to open the report with",
        *["Skipped: the collected samples lie beside the repository, not in it"] * 2,
        "Skipped: this machine withholds answers on purpose",
        "Skipped: password logins need root, to make a user with a known password",
        "Skipped: the moon is full",
    ]
    assert skipped.line(reasons) == (
        "9 tests were not run: apt-get install openssh-server chromium runs 4 more; 1 run as root; "
        "2 read samples that no clone has; 1 do not apply here; "
        "1 for reasons that tests/skipped.py does not know"
    )
    assert skipped.line([]) == ""
    assert "Skipped: the moon is full" in skipped.unexplained(reasons)
    assert not [one for one in skipped.unexplained(reasons) if "samples" in one]


def test_every_reason_in_the_tests_is_known() -> None:
    said = re.compile(
        r"(?:raise Missing|pytest\.skip)\(\s*f?\"([^\"]+)\"|skipif\([^@]{,150}?reason=\"([^\"]+)\"",
        re.DOTALL,
    )
    broken = {"{name} cannot be built: {done.stderr[-1500:]}", "sshd did not start here: {said}"}
    """A peer that is there and does not work: no package settles it, and CI fails."""
    found = {
        one or other
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if path.name not in ("test_skipped.py", "skipped.py")
        for one, other in said.findall(path.read_text(encoding="utf-8"))
    }
    assert {one for one in found if not skipped.kind(one)} - broken == set()
    assert "no OpenSSH server: install openssh-server" in found


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)])
def test_ci_fails_on_what_nobody_explained(
    ci: str, code: int, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile("import pytest\ndef test_it():\n    pytest.skip('the moon is full')\n")
    hooks = (ROOT / "tests" / "conftest.py").read_text(encoding="utf-8")
    pytester.makeconftest(hooks)
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    done = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:xdist")
    assert done.ret == code
    told = "1 tests were not run: 1 for reasons that tests/skipped.py does not know"
    done.stdout.fnmatch_lines([told])
    assert ("CI skips no test" in done.stdout.str()) is bool(ci)
    assert os.environ["CI"] == ci
