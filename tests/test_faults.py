"""Whole runs while something goes wrong at a live peer: who is told what, and that nothing is lost.

Each fault is a row of docs/reliability.md (tests/torture/faults.py).
"""

import re
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from hostcheck import runfile
from hostcheck.cli import main
from hostcheck.model.fact import Known, Unknown
from hostcheck.model.result import Answer
from tests.peers import live, shapes
from tests.peers.fleet import Fleet
from tests.peers.sshd import answer_file
from tests.ways.meddler import fault, meddling, passed_on, reply

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
PASSWORD = "the-same-everywhere"
HEALTHY = shapes.HOSTS["2n-2xA100-80-esxi803"]
FIRST, SECOND, THIRD = (
    replace(HEALTHY, **shapes.at(n), vms=HEALTHY.vms[:1] if n == 2 else ()) for n in (1, 2, 3)
)
HOSTS = (FIRST, SECOND, THIRD)


@pytest.fixture(scope="module")
def vcenter(keep_running):
    return keep_running(live.running_vcenter(Fleet(HOSTS, (shapes.CLUSTER,)), password=PASSWORD))


@pytest.fixture(scope="module")
def shells(keep_running):
    return keep_running(live.running_shells(Fleet(HOSTS)))


@pytest.fixture(autouse=True)
def nothing_is_left_behind(vcenter, tmp_path, monkeypatch):
    """After a fault there are as many sessions and views as before."""
    monkeypatch.chdir(tmp_path)
    before = vcenter.stats()
    yield
    after = vcenter.stats()
    assert after["open_sessions"] == before["open_sessions"]
    made, ended = (
        after["calls"].get(name, 0) - before["calls"].get(name, 0)
        for name in ("CreateContainerView", "DestroyView")
    )
    assert made == ended


def audit(*servers, shells=None):
    """Audit what these servers have; return how that ended, and the run."""
    words = ["audit", "-o", "run.json", "-q", "--details"]
    for one in servers:
        words += ["--vcenter", f"{one.user}@{one.host}:{one.port}", "--tls-ca", str(one.ca_file)]
    env = {"GOVC_PASSWORD": PASSWORD, "HOME": str(Path.cwd())}
    if shells is not None:
        words += ["--ssh", "--ssh-config", str(shells.config_file)]
        env["HOSTCHECK_SSH_PASSWORD"] = shells.password
    done = CliRunner().invoke(main, words, env=env)
    assert "Traceback" not in done.output
    return done, runfile.read(Path("run.json"))


def told(run, *names):
    """Return what a run says of these hosts, but for times."""
    return [
        TIME.sub("T", runfile.pack(one).decode())
        for one in run.hosts
        if not names or one.host.name in names
    ]


def verdicts(run):
    return {one.host.name: one.verdict for one in run.hosts}


def changed(*pairs, methods=("RetrieveServiceContent",)):
    """Replace words in the answers of methods."""

    def spoil(handler, meddler, called, body):
        if called not in methods:
            return False
        status, text, headers = passed_on(meddler.peer, handler, "POST", body)
        for old, new in pairs:
            text = re.sub(old, new, text, flags=re.DOTALL)
        reply(handler, status, text, headers)
        return True

    return spoil


# vCenter

ODD = {
    "a version in words": (rb"<apiVersion>[^<]*<", b"<apiVersion>8.0.U3<"),
    "no version": (rb"<apiVersion>[^<]*</apiVersion>", b""),
    "nothing about itself": (rb"<about>.*?</about>", b""),
    "no views": (rb"<viewManager[^>]*>[^<]*</viewManager>", b""),
    "no properties": (rb"<propertyCollector[^>]*>[^<]*</propertyCollector>", b""),
    "nothing": (rb"<returnval>.*</returnval>", b""),
    "half of it": (rb"<sessionManager.*", b""),
}


@pytest.mark.parametrize("how", ODD)
def test_an_odd_service_content_beside_a_healthy_vcenter(how, vcenter, new_vcenter):
    other = new_vcenter(Fleet((FIRST,), (shapes.CLUSTER,)), password=PASSWORD)
    with meddling(other, changed(ODD[how])) as odd:
        done, run = audit(vcenter, odd)
    name = f"{odd.host}:{odd.port}"
    assert done.exit_code in (0, 3), done.output
    assert [one.host.name for one in run.hosts if one.host.target != name] == [
        one.name for one in HOSTS
    ]
    (target,) = [one for one in run.targets if one.name == name]
    asked = [one for one in run.hosts if one.host.target == name]
    assert bool(target.failure) is not bool(asked)  # one that says what is needed is asked
    if target.failure:
        assert done.exit_code == 3
        assert "\n" not in target.failure
        assert f"{name} could not be asked" in " ".join(done.stdout.split())
    assert other.stats()["open_sessions"] == 0


@pytest.mark.parametrize("api", ["9.2.0.0", "10.0.0.0", "8.0.99.1"])
def test_a_version_that_came_later(api, vcenter):
    """It is asked as the newest known one; nothing of a pass rests on knowing its number."""
    _, before = audit(vcenter)
    later = (rb"<apiVersion>[^<]*<", f"<apiVersion>{api}<".encode())
    methods = ("RetrieveServiceContent", "RetrievePropertiesEx")
    with meddling(vcenter, changed(later, methods=methods)) as server:
        done, run = audit(server)
    assert done.exit_code in (0, 1, 3), done.output
    assert {one.host.api_version.value for one in run.hosts} == {api}
    for host, again in zip(before.hosts, run.hosts, strict=True):
        was = {(one.check, one.subject.id): one.status for one in host.results}
        for one in again.results:
            assert one.status in (was.get((one.check, one.subject.id)), "unknown", "notapplicable")


def test_a_device_of_a_type_that_came_later(vcenter):
    spoil = changed(
        (rb"VirtualPCIPassthroughVmiopBackingInfo", b"VirtualPCIPassthroughNewBackingInfo"),
        methods=("RetrievePropertiesEx",),
    )
    _, before = audit(vcenter)
    with meddling(vcenter, spoil) as server:
        done, run = audit(server)
    assert done.exit_code == 3
    assert told(run, THIRD.name) == [
        one.replace(f":{vcenter.port}", f":{server.port}") for one in told(before, THIRD.name)
    ]
    (report,) = [one for one in run.hosts if one.host.name == SECOND.name]
    assert report.verdict is Answer.UNSURE
    (vm,) = report.host.vms.value
    assert isinstance(vm.devices, Unknown)
    assert "VirtualPCIPassthroughNewBackingInfo" in vm.devices.detail


def test_a_host_that_is_removed_during_the_run(vcenter):
    gone = vcenter.ids.hosts[SECOND.name].encode()

    def spoil(handler, _meddler, method, body):
        if method != "RetrievePropertiesEx" or b">" + gone + b"<" not in body:
            return False
        reply(handler, 500, fault("ManagedObjectNotFound", "HostSystem", gone.decode()))
        return True

    _, before = audit(vcenter)
    with meddling(vcenter, spoil) as server:
        done, run = audit(server)
    assert done.exit_code == 3
    assert [one.host.name for one in run.hosts] == [one.name for one in HOSTS]
    for name in (FIRST.name, THIRD.name):
        assert told(run, name) == [
            one.replace(f":{vcenter.port}", f":{server.port}") for one in told(before, name)
        ]
    assert verdicts(run)[SECOND.name] is Answer.UNSURE
    assert "ManagedObjectNotFound" in done.stdout


# The shell


@pytest.fixture
def spoilt(shells):
    """Change what a command of the second host answers; afterwards it is as before."""
    folder = shells.log_file.parent / "replay" / SECOND.address
    kept = {}

    def spoil(command, out, status):
        for kind, text in (("out", out), ("rc", f"{status}\n")):
            file = answer_file(folder, command, kind)
            kept[file] = file.read_text() if file.exists() else None
            file.write_text(text(kept[file]) if callable(text) else text)

    yield spoil
    for file, text in kept.items():
        file.unlink() if text is None else file.write_text(text)


def half(text):
    lines = text.splitlines(keepends=True)
    return "".join(lines[: len(lines) // 2])


@pytest.mark.parametrize("status", [137, 139, 255])
def test_a_command_that_is_killed_in_the_middle_of_its_list(status, vcenter, shells, spoilt):
    _, before = audit(vcenter, shells=shells)
    spoilt("nvidia-smi vgpu -c", half, status)
    done, run = audit(vcenter, shells=shells)
    assert [one.host.name for one in run.hosts] == [one.name for one in HOSTS]
    assert told(run, FIRST.name, THIRD.name) == told(before, FIRST.name, THIRD.name)
    (report,) = [one for one in run.hosts if one.host.name == SECOND.name]
    for gpu in report.host.gpus.value:
        assert isinstance(gpu.profiles_creatable, Unknown)
        assert str(status) in gpu.profiles_creatable.detail
    assert not [one for one in report.results if one.check == "VGPU-002" and one.status == "fail"]
    assert done.exit_code in (0, 3)


def test_a_status_that_is_tolerated_keeps_its_list(vcenter, shells, spoilt):
    """nvidia-smi ends with 14 where an InfoROM is corrupted, and tells everything all the same."""
    spoilt("nvidia-smi vgpu -c", lambda text: text, 14)
    _, run = audit(vcenter, shells=shells)
    (report,) = [one for one in run.hosts if one.host.name == SECOND.name]
    assert all(isinstance(one.profiles_creatable, Known) for one in report.host.gpus.value)


# The disk


@pytest.mark.parametrize("room", [0, 20_000])
def test_a_disk_that_is_full_under_ssh(room, vcenter, shells, tmp_path):
    """No file may grow beyond `room` bytes: the report appears, and sessions are closed."""
    done = subprocess.run(
        [
            sys.executable, "-m", "hostcheck", "audit", "--vcenter",
            f"{vcenter.user}@{vcenter.host}:{vcenter.port}", "--tls-ca", str(vcenter.ca_file),
            "--ssh", "--ssh-config", str(shells.config_file), "-o", "run.json", "--details",
        ],
        env={"HOME": str(tmp_path), "GOVC_PASSWORD": PASSWORD, "PYTHONDONTWRITEBYTECODE": "1",
             "HOSTCHECK_SSH_PASSWORD": shells.password},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
        capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.returncode == 2
    assert "run.json" in done.stderr
    for host in HOSTS:
        assert host.name in done.stdout
