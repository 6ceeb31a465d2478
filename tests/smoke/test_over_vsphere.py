"""The smoke test over VMware Tools, against a live vSphere API whose guests really run programs."""

import json
from pathlib import Path

import pytest

from hostcheck.ways.base import Refused
from hostcheck.ways.guest import delivery, over_vsphere, steps
from hostcheck.ways.guest import files as guest_files
from hostcheck.ways.tls import Endpoint
from hostcheck.ways.vsphere import order
from tests.peers import live
from tests.peers.api import Trouble
from tests.smoke import lab


@pytest.fixture(scope="module")
def vcenter(keep_running):
    return keep_running(live.running_vcenter(lab.TROUBLES))


@pytest.fixture
def smoke(hostcheck, vcenter):
    """Run `hostcheck smoke --guest NAME` and return its result."""

    def run(name, *more, server=vcenter, **env):
        given = {**lab.secrets(server), **env}
        return hostcheck("smoke", *lab.target(server), "--guest", name, *more, env=given)

    return run


@pytest.fixture
def impatient(monkeypatch):
    """Give a program that hangs one second, and one that does not end two."""
    monkeypatch.setattr(delivery, "GRACE_SECONDS", -4)
    monkeypatch.setattr(over_vsphere, "STOP_SECONDS", 1)
    return ["--limit", "5"]


def left_in(vcenter):
    return [place for place in vcenter.stats()["guest_places"] or () if Path(place).exists()]


def calls(vcenter):
    return dict(vcenter.stats()["calls"])


@pytest.mark.parametrize(
    ("name", "code"),
    [("pass", 0), ("fail", 1), ("not_applicable", 3), ("no_device", 4), ("error", 5),
     ("timeout", 6), ("slow", 7)],
)  # fmt: skip
def test_every_verdict_of_the_program_comes_through_and_nothing_is_left(smoke, vcenter, name, code):
    done = smoke(name, "--json")
    assert done.exit_code == code, done.output
    said = json.loads(done.stdout)
    assert (said["status"], said["exit_code"]) == (name, code)
    assert done.stderr == ""
    assert left_in(vcenter) == []
    assert vcenter.stats()["open_sessions"] == 0


def test_a_visit_is_these_calls_and_no_other(smoke, vcenter):
    before = calls(vcenter)
    done = smoke("pass")
    assert done.exit_code == 0
    assert "PASS" in done.stdout
    assert "in guest pass over VMware Tools" in done.stdout
    made = {name: count - before.get(name, 0) for name, count in calls(vcenter).items()}
    made = {name: count for name, count in made.items() if count}
    looks = made.pop("ListProcessesInGuest")
    assert looks >= 2
    assert {name: made[name] for name in made if name in steps.METHODS} == {
        "MakeDirectoryInGuest": 1, "ChangeFileAttributesInGuest": 1,
        "InitiateFileTransferToGuest": 2, "StartProgramInGuest": 2,
        "InitiateFileTransferFromGuest": 1, "DeleteDirectoryInGuest": 1,
    }  # fmt: skip
    assert set(made) <= {*order.METHODS} - order.WRITES | steps.METHODS


@pytest.mark.parametrize(
    ("name", "told"),
    [("off", "the VM does not run (poweredOff): power it on"),
     ("no-tools", "VMware Tools do not run in the guest (guestToolsNotRunning): start them"),
     ("no-answer", "VMware Tools in the guest do not answer"),
     ("windows", "the guest is a windowsGuest, not x86-64 Linux"),
     ("no-sum", "the guest has no /usr/bin/sha256sum, so the copy cannot be verified"),
     ("corrupt", "the copy in the guest does not have the program's SHA-256"),
     ("silent", "it ended with status 9 and wrote no result"),
     ("vanish", "the program vanished from the guest's list"),
     ("cut", "its answer is not understood: sparse24: expected hostcheck.sparse24/1 JSON"),
     ("cut-file", "its answer is not understood: sparse24: expected hostcheck.sparse24/1 JSON"),
     ("refuse-file", "the file cannot be exchanged"),
     ("liar", "status pass, and int8 has 3 wrong of 65536 elements")],
)  # fmt: skip
def test_what_goes_wrong_is_one_line_status_error_and_nothing_is_left(smoke, vcenter, name, told):
    done = smoke(name, "--json")
    assert done.exit_code == 5, done.output
    said = json.loads(done.stdout)
    assert said["status"] == "error"
    assert told in said["reason"]
    assert "\n" not in said["reason"]
    assert done.stderr == ""
    assert left_in(vcenter) == []


def test_wrong_guest_credentials_are_told_apart_from_those_of_vsphere(smoke, vcenter):
    before = calls(vcenter)
    done = smoke("pass", HOSTCHECK_GUEST_PASSWORD="wr0ng-s3cr3t")
    assert done.exit_code == 5
    assert "the guest refuses this user name or password" in done.stdout
    assert "wr0ng-s3cr3t" not in done.output
    after = calls(vcenter)
    assert after["MakeDirectoryInGuest"] - before["MakeDirectoryInGuest"] == 1, "tried once only"
    assert after.get("StartProgramInGuest") == before.get("StartProgramInGuest")


def test_a_program_that_hangs_is_ended_and_removed(smoke, vcenter, impatient):
    done = smoke("hang", "--json", *impatient)
    assert done.exit_code == 6
    assert "it did not end within 1 s and was ended" in json.loads(done.stdout)["reason"]
    assert done.stderr == ""
    assert left_in(vcenter) == []


def test_what_cannot_be_undone_is_reported(smoke, vcenter, impatient):
    deaf = smoke("deaf", *impatient)
    assert deaf.exit_code == 6
    assert "not undone in a guest: process" in deaf.stderr
    assert "did not end" in deaf.stderr
    kept = smoke("keep")
    assert kept.exit_code == 0, "the verdict stays what it is"
    (place,) = left_in(vcenter)
    assert f"not undone in a guest: {place} is left: CannotAccessFile" in kept.stderr
    for file in Path(place).iterdir():
        file.unlink()
    Path(place).rmdir()


def test_a_vm_that_does_not_exist_is_usage(smoke):
    done = smoke("nobody")
    assert done.exit_code == 2
    assert done.stderr == "hostcheck: no VM is called 'nobody' on the hosts that were given\n"


def test_a_missing_privilege_is_named(smoke, new_vcenter):
    server = new_vcenter(
        lab.TROUBLES,
        Trouble("MakeDirectoryInGuest", "no_permission",
                privilege="VirtualMachine.GuestOperations.Modify"),
    )  # fmt: skip
    done = smoke("pass", server=server)
    assert done.exit_code == 5
    assert "(needs VirtualMachine.GuestOperations.Modify)" in done.stdout


def test_a_lost_session_is_renewed_and_a_lost_answer_never_starts_it_twice(smoke, new_vcenter):
    server = new_vcenter(
        lab.TROUBLES,
        Trouble("ListProcessesInGuest", "not_authenticated", first=1, last=1),
        Trouble("StartProgramInGuest", "drop", first=2, last=2),
    )
    done = smoke("pass", server=server)
    assert done.exit_code == 5
    assert calls(server)["StartProgramInGuest"] == 2, "the sum, and the program once"
    assert left_in(server) == []
    again = smoke("pass", server=server)
    assert again.exit_code == 0


def test_files_go_only_to_the_host_whose_certificate_vcenter_states(smoke, new_vcenter):
    wrong = new_vcenter(lab.TROUBLES, thumbprint=":".join(["AB"] * 20))
    done = smoke("pass", server=wrong)
    assert done.exit_code == 5
    assert "the server shows a certificate with SHA1 thumbprint" in done.stdout
    assert left_in(wrong) == []
    unstated = new_vcenter(lab.TROUBLES, thumbprint="")
    done = smoke("pass", server=unstated)
    assert done.exit_code == 5
    assert "its certificate is not trusted" in done.stdout
    assert left_in(unstated) == []


@pytest.mark.parametrize(
    "url", ["http://esx/guestFile?token=t0ken", "https://", "file:///etc/passwd", "https://[x", ""]
)
def test_files_travel_over_https_or_not_at_all(url):
    with pytest.raises(Refused, match="no https:// URL") as refused:
        guest_files.transfer(Endpoint("vc.test", "u"), url, "", b"")
    assert "t0ken" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "host", "thumbprint"),
    [("https://*:443/guestFile?id=1", "vc.test", "VC"), ("https://vc.test/f?x", "vc.test", "VC"),
     ("https://esx.test:444/f?x", "esx.test", "ESX")],
)  # fmt: skip
def test_each_server_is_believed_for_its_own_certificate(monkeypatch, url, host, thumbprint):
    asked = []
    monkeypatch.setattr(guest_files, "_exchange", lambda *given: asked.append(given) or b"")
    guest_files.transfer(Endpoint("vc.test", "u", thumbprint="VC"), url, "ESX")
    ((there, _, _),) = asked
    assert (there.host, there.thumbprint) == (host, thumbprint)


def test_a_session_that_was_not_made_for_it_cannot_touch_guests(vcenter, log_in):
    session = log_in(vcenter)
    with pytest.raises(PermissionError, match="MakeDirectoryInGuest"):
        session.call("MakeDirectoryInGuest", "GuestFileManager", "x", "")
