"""The whole program with BMCs beside vSphere: the same bytes live and replayed, and no secret."""

import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from hostcheck import runfile
from tests.peers import live, shapes
from tests.peers.fleet import CANARY, Fleet
from tests.peers.redfish import Login, State, Trouble, running_bmcs
from tests.ways.redfish.machines import rack

KINDS = (
    "2n-2xA100-80-esxi803",
    "2n-8xH100-mig-mixed-esxi803",
    "2n-2xA100-80-readonly-holes-esxi803",
)
PASSWORD = Login().password
ENDS = {"Ctrl-C": signal.SIGINT, "--limit": signal.SIGALRM}
"""What a run hears when it is to end: the second is that its time is over."""


@pytest.fixture(scope="module")
def vsphere(keep_running):
    fleet = Fleet(tuple(shapes.HOSTS[kind] for kind in KINDS), (shapes.CLUSTER,))
    return keep_running(live.running_vcenter(fleet))


class Lab:
    """A vCenter, a BMC for each host, and an inventory that names them."""

    def __init__(self, start, vcenter, bmc, folder, *, rows=True):
        self.start, self.vcenter, self.bmc, self.folder = start, vcenter, bmc, folder
        self.named = ["--bmc-inventory", "bmc.csv"] if rows else []
        if not rows:
            return
        names = [shapes.HOSTS[kind].name for kind in KINDS]
        rows = [
            f"{name},{address}:{bmc.port},{bmc.fingerprint}"
            for name, address in zip(names, bmc.states, strict=True)
        ]
        (folder / "bmc.csv").write_text("\n".join(["host,address,fingerprint", *rows, ""]))

    @property
    def command(self):
        return [
            sys.executable, "-m", "hostcheck", "audit", "--vcenter",
            f"{self.vcenter.host}:{self.vcenter.port}", "--user", self.vcenter.user, "--tls-ca",
            str(self.vcenter.ca_file), "--bmc", *self.named, "--bmc-user", "auditor", "-q",
        ]  # fmt: skip

    def place(self, password=PASSWORD):
        secrets = {"GOVC_PASSWORD": self.vcenter.password, "HOSTCHECK_BMC_PASSWORD": password}
        environment = {"HOME": str(self.folder), "PATH": "/usr/bin", **secrets}
        return {"cwd": self.folder, "env": environment}

    def options(self):
        return {**self.place(), "text": True, "stdin": subprocess.DEVNULL}

    def audit(self, *more, **given):
        return self.start(*self.command[3:], *more, **self.place(**given))

    @property
    def left(self):
        return [token for one in self.bmc.states.values() for token in one.sessions]


@pytest.fixture
def lab(start, vsphere, running, tmp_path):
    states = {f"127.0.0.{2 + number}": State(rack()) for number, _ in enumerate(KINDS)}
    return Lab(start, vsphere, running(running_bmcs(states)), tmp_path)


def test_live_recorded_and_replayed_runs_are_the_same_bytes(lab, tmp_path):
    first = lab.audit("--save", "saved", "-o", "live.json", "--html", "live.html")
    assert first.returncode in (1, 3), first.stderr
    again = lab.start(
        "audit", "--from", "saved", "-o", "again.json", "-q", "--html", "again.html",
        **lab.place(),
    )  # fmt: skip
    assert again.returncode == first.returncode, again.stderr
    assert (tmp_path / "live.json").read_bytes() == (tmp_path / "again.json").read_bytes()
    assert (tmp_path / "live.html").read_bytes() == (tmp_path / "again.html").read_bytes()
    assert first.stdout == again.stdout
    kept = sorted(one.name for one in (tmp_path / "saved/esx-01.lab.test/redfish").iterdir())
    assert "redfish_v1_Systems_System.Embedded.1_Bios.json" in kept
    assert len(kept) == 12
    assert [one.logins for one in lab.bmc.states.values()] == [1, 1, 1]
    assert lab.left == []


def test_no_secret_is_anywhere(lab, tmp_path):
    run = lab.audit("--save", "saved", "-o", "run.json", "--html", "run.html")
    secrets = [PASSWORD, "canary", lab.vcenter.password]
    texts = [run.stdout, run.stderr, " ".join(lab.command)]
    texts += [one.read_text(errors="replace") for one in tmp_path.rglob("*") if one.is_file()]
    assert len(texts) > 30
    for secret in secrets:
        assert not [text[:80] for text in texts if secret in text], secret


def test_a_refused_password_is_tried_at_two_bmcs_and_its_traceback_is_none(lab):
    run = lab.audit("-o", "run.json", password="canary-of-a-wrong-password")
    assert run.returncode in (1, 3)
    assert "Traceback" not in run.stderr
    assert "canary" not in run.stdout + run.stderr
    assert sum(one.refused for one in lab.bmc.states.values()) == 2


@pytest.mark.sessions_left(0)
def test_one_sick_bmc_ends_no_run(lab, tmp_path):
    states = list(lab.bmc.states.values())
    states[0].troubles.append(Trouble(".*", "hang"))
    states[1].troubles.append(Trouble("GET .*Bios", "status", 500))
    began = time.monotonic()
    run = lab.audit("-o", "run.json", "--bmc-timeout", "3")
    assert time.monotonic() - began < 60
    assert run.returncode in (1, 3), run.stderr
    assert len(runfile.read(tmp_path / "run.json").hosts) == len(KINDS)
    assert lab.left == []


@pytest.mark.sessions_left(0)
def test_an_interrupt_leaves_no_session(lab):
    for one in lab.bmc.states.values():
        one.troubles.append(Trouble("GET .*Bios", "hang"))
    process = subprocess.Popen(
        [*lab.command, "-o", "run.json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        **lab.options(),
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not all(any("Bios" in line for line in one.heard) for one in lab.bmc.states.values()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert len(lab.left) == len(KINDS)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 3, told
    assert lab.left == []


@pytest.mark.sessions_left(0)
@pytest.mark.parametrize("by", ENDS)
def test_all_shells_are_asked_beside_hanging_bmcs_and_the_end_comes_at_once(
    lab, new_shells, tmp_path, by
):
    """Two at a time, of three hosts: none waits for the BMC of another."""
    for one in lab.bmc.states.values():
        one.troubles.append(Trouble("GET .*Bios", "hang"))
    shells = new_shells(Fleet(tuple(shapes.HOSTS[kind] for kind in KINDS)))
    command = [*lab.command, "--ssh", "--ssh-config", str(shells.config_file), "--workers", "2"]
    limit = ["--limit", "1h"] if by == "--limit" else []
    options = lab.options()
    options["env"]["HOSTCHECK_SSH_PASSWORD"] = shells.password
    with subprocess.Popen(
        [*command, *limit, "-o", "run.json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        **options,
    ) as process:  # fmt: skip
        deadline = time.monotonic() + 60
        while shells.log_file.read_text().count("Starting session") < len(KINDS):
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline, shells.log_file.read_text()
            time.sleep(0.05)
        assert len(lab.left) == len(KINDS)
        process.send_signal(ENDS[by])
        _, told = process.communicate(timeout=60)
    assert process.returncode == 3, told
    assert "0 hosts are in the report, 3 were not asked" in told
    assert "Traceback" not in told
    assert lab.left == []
    assert runfile.read(tmp_path / "run.json").unasked == tuple(
        sorted(shapes.HOSTS[kind].name for kind in KINDS)
    )


def test_a_broken_inventory_is_one_line(lab, tmp_path):
    Path(tmp_path / "bmc.csv").write_text("host,address\nesx-01.lab.test,\n")
    run = lab.audit()
    assert run.returncode == 2
    assert re.fullmatch(r".*bmc.csv: line 2: .*\n", run.stderr), run.stderr


def test_the_address_that_vsphere_knows_and_not_the_login_beside_it(
    start, running, new_vcenter, tmp_path
):
    bmc = running(running_bmcs({"127.0.0.2": State(rack())}))
    host = replace(shapes.HOSTS[KINDS[0]], bmc_address=bmc.address)
    lab = Lab(start, new_vcenter(Fleet((host,), (shapes.CLUSTER,))), bmc, tmp_path, rows=False)
    (tmp_path / "pins").write_text(f"{bmc.address} {bmc.fingerprint}\n")
    run = lab.audit("--bmc-fingerprints", "pins", "--save", "saved", "-o", "run.json")
    assert run.returncode == 0, run.stderr
    assert (bmc.state.logins, lab.left) == (1, [])
    told = "".join(one.read_text() for one in tmp_path.rglob("*") if one.is_file())
    assert f">{bmc.address}<" in told
    assert CANARY not in told + run.stdout + run.stderr


def test_an_interrupt_of_the_bmcs_alone_leaves_no_session(lab):
    for one in lab.bmc.states.values():
        one.troubles.append(Trouble("GET .*Bios", "hang"))
    process = lab.start.open("bmc", "bmc.csv", "--bmc-user", "auditor", "-q", **lab.place())
    deadline = time.monotonic() + 60
    while not all(any("Bios" in line for line in one.heard) for one in lab.bmc.states.values()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode not in (0, 1)
    assert "Traceback" not in told
    assert lab.left == []
