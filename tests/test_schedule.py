"""The recipes of docs/schedule.md: systemd takes the units, and their commands do what they say."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.peers import shapes
from tests.peers.api import Trouble
from tests.peers.fleet import Fleet

RECIPES = Path(__file__).parents[1] / "docs" / "recipes"
SERVICE, TIMER, CRON = (
    RECIPES / name
    for name in ("hostcheck-audit.service", "hostcheck-audit.timer", "hostcheck.cron")
)
HOSTCHECK = Path(sys.executable).parent / "hostcheck"
EXPOSURE = 2.0
"""systemd-analyze security calls up to this OK; 10 is a service without any fence."""
HOST = shapes.HOSTS["2n-2xA100-80-esxi803"]
FLEET = Fleet(
    tuple(replace(HOST, name=f"esx-0{n}.lab.test", vms=()) for n in range(1, 5)), (shapes.CLUSTER,)
)


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("no systemd-analyze: install systemd")
    return subprocess.run(
        [tool, *words], capture_output=True, text=True, timeout=60, check=False,
        env={"PATH": os.environ["PATH"], "SYSTEMD_COLORS": "0", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip


@pytest.fixture
def units(tmp_path: Path) -> tuple[Path, Path]:
    """The units as they are installed, where hostcheck is that of this tree."""
    folder = tmp_path / "units"
    folder.mkdir()
    text = SERVICE.read_text().replace("/usr/local/bin/hostcheck", str(HOSTCHECK))
    assert str(HOSTCHECK) in text
    (folder / SERVICE.name).write_text(text)
    shutil.copy(TIMER, folder)
    return folder / SERVICE.name, folder / TIMER.name


def test_systemd_takes_the_units_without_a_word(units):
    done = analyze("verify", "--man=no", *map(str, units))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    service, timer = units
    timer.write_text(timer.read_text().replace("Persistent", "Persistant"))
    assert "Unknown key" in analyze("verify", "--man=no", str(timer)).stderr
    service.write_text(service.read_text().replace(str(HOSTCHECK), "/nowhere/hostcheck"))
    assert "is not executable" in analyze("verify", "--man=no", str(service)).stderr


def test_the_service_is_fenced_in(units):
    done = analyze("security", "--offline=true", f"--threshold={EXPOSURE * 10:g}", str(units[0]))
    assert done.returncode == 0, done.stdout[-500:]
    assert re.search(r"exposure level for hostcheck-audit\.service: [01]\.\d", done.stdout)


def test_the_timer_comes_every_night():
    (when,) = re.findall(r"^OnCalendar=(.*)$", TIMER.read_text(), re.MULTILINE)
    done = analyze("calendar", "--iterations=2", "--base-time=2026-11-29 12:00 UTC", when)
    assert done.returncode == 0
    assert re.search(r"2026-11-30 02:00:00", done.stdout)
    assert re.search(r"2026-12-01 02:00:00", done.stdout)


def lines_of_unit(key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", SERVICE.read_text(), re.MULTILINE)


class Site:
    """A vCenter, and the places of the recipes below a folder."""

    def __init__(self, vcenter, folder: Path):
        self.vcenter, self.folder = vcenter, folder
        self.state, self.etc = folder / "state", folder / "etc"
        for one in (self.state, self.etc):
            one.mkdir()
        (self.etc / "hostcheck.toml").write_text(
            f'[vcenter]\nurl = "{vcenter.host}:{vcenter.port}"\nuser = "{vcenter.user}"\n'
            f'tls_ca = ["{vcenter.ca_file}"]\n[audit]\npackages = true\n'
        )
        secret = self.etc / "vsphere-password"
        secret.touch(mode=0o600)
        secret.write_text(vcenter.password + "\n")
        self.env = {"PATH": f"{HOSTCHECK.parent}:{os.environ['PATH']}", "HOME": str(folder)}

    def placed(self, text: str) -> str:
        return (
            text.replace("/usr/local/bin/hostcheck", str(HOSTCHECK))
            .replace("/var/lib/hostcheck", str(self.state))
            .replace("/etc/hostcheck", str(self.etc))
            .replace("%d", str(self.etc))
        )

    def start(self) -> subprocess.Popen[str]:
        (line,) = lines_of_unit("ExecStart")
        return subprocess.Popen(
            shlex.split(self.placed(line)), env=self.env, cwd=self.state, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def service(self) -> tuple[int, str, str]:
        """Do what the service does: what comes before, and the command."""
        (before,) = lines_of_unit("ExecStartPre")
        subprocess.run(shlex.split(self.placed(before)), check=True, cwd=self.state)
        with self.start() as started:
            out, err = started.communicate(timeout=120)
        return started.returncode, out, err

    @property
    def run(self) -> dict:
        return json.loads((self.state / "run.json").read_text())


def test_the_service_writes_run_and_page_and_is_quiet(new_vcenter, tmp_path):
    site = Site(new_vcenter(FLEET), tmp_path)
    (good,) = lines_of_unit("SuccessExitStatus")
    for _ in range(2):
        code, out, err = site.service()
        assert code in {0, *map(int, good.split())}
        assert err == ""
        assert 1 <= len(out.splitlines()) <= 15
    assert len(site.run["hosts"]) == 4
    assert (site.state / "report.html").read_text().startswith("<!")
    assert not (site.state / "run.json.journal").exists()
    (site.etc / "vsphere-password").write_text("wrong\n")
    code, out, err = site.service()
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert len(site.run["hosts"]) == 4, "the last run stays"


def until(true, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_one_at_a_time_and_what_a_kill_left_is_gone_on_with(new_vcenter, tmp_path):
    """SIGKILL is what `Restart=on-abnormal` answers: no lock is left, and no answer asked twice."""
    slow = Trouble("fetchSoftwarePackages", "delay", 30_000, first=3, last=3)
    site = Site(new_vcenter(FLEET, slow), tmp_path)
    journal = site.state / "run.json.journal"
    first = site.start()
    try:
        until(lambda: journal.exists() and len(journal.read_bytes().splitlines()) == 4)
        code, out, err = site.service()
        assert (code, out) == (2, "")
        (line,) = err.splitlines()
        assert "run.json.journal: another run is writing it" in line
    finally:
        first.send_signal(signal.SIGKILL)
        first.communicate(timeout=30)
    assert first.returncode == -signal.SIGKILL
    code, _, err = site.service()
    assert (code in (0, 1, 3), err) == (True, "")
    assert len(site.run["hosts"]) == 4
    assert site.vcenter.stats()["calls"]["fetchSoftwarePackages"] == 5, "one host was left"


def test_what_is_older_than_half_a_day_is_asked_anew(tmp_path):
    (journal := tmp_path / "run.json.journal").write_text("x")
    (before,) = lines_of_unit("ExecStartPre")
    words = shlex.split(before.replace("/var/lib/hostcheck", str(tmp_path)))
    subprocess.run(words, check=True)
    assert journal.exists()
    os.utime(journal, times=(time.time() - 13 * 3600,) * 2)
    subprocess.run(words, check=True)
    assert not journal.exists()


def test_the_line_of_cron_does_the_same(new_vcenter, tmp_path):
    site = Site(new_vcenter(FLEET), tmp_path)
    (line,) = [one for one in CRON.read_text().splitlines() if re.match(r"[\d*]", one)]
    *when, user, command = line.split(None, 6)
    assert (when, user) == (["0", "2", "*", "*", "*"], "hostcheck")
    assert "%" not in command, "cron makes a line break of it"
    for _ in range(2):
        done = subprocess.run(
            ["/bin/sh", "-c", site.placed(command)], env=site.env, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        assert (done.returncode in (0, 1, 3), done.stdout, done.stderr) == (True, "", "")
    assert len(site.run["hosts"]) == 4
    assert (site.state / "last.txt").read_text()


def test_both_recipes_run_the_same_command():
    (unit,) = lines_of_unit("ExecStart")
    cron = CRON.read_text()

    def options(text: str) -> set[str]:
        return set(re.findall(r"--[a-z-]+", text[text.index("hostcheck audit") :]))

    assert options(unit) == options(cron)


def test_a_linter_has_nothing_against_the_containerfile():
    tool = Path(sys.executable).parent / "hadolint"
    if not tool.exists():
        pytest.skip("no hadolint: with pip install -e '.[dev]'")
    done = subprocess.run(
        [tool, "--no-color", str(RECIPES / "Containerfile")], capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")
