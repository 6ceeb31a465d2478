"""Whole runs against hardened SSH servers, and against some that stop in the middle of a run.

Each is a row of docs/reliability.md.
"""

import re
import shutil
import subprocess
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from hostcheck import runfile
from hostcheck.model.fact import Known
from hostcheck.model.result import Answer
from tests.peers import live, shapes
from tests.peers.fleet import Fleet
from tests.test_faults import PASSWORD, TIME
from tests.ways.shell.test_logins import let_in, made

pytestmark = pytest.mark.sessions_left(0)
HEALTHY = shapes.HOSTS["2n-2xA100-80-esxi803"]
HOSTS = tuple(replace(HEALTHY, **shapes.at(n), vms=HEALTHY.vms[:1] * (n == 1)) for n in (1, 2))
FIPS = (
    "Ciphers aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr",
    "MACs hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha2-512",
    "KexAlgorithms ecdh-sha2-nistp256,ecdh-sha2-nistp384,diffie-hellman-group14-sha256",
    "HostKeyAlgorithms ecdsa-sha2-nistp256,rsa-sha2-256,rsa-sha2-512",
    "PubkeyAcceptedAlgorithms ecdsa-sha2-nistp256,rsa-sha2-256,rsa-sha2-512",
)
"""What FIPS 140 allows of what OpenSSH has: no Ed25519, no ChaCha20, no UMAC."""
STIG = (
    "ClientAliveInterval 1", "ClientAliveCountMax 1", "LoginGraceTime 10", "MaxAuthTries 3",
    "MaxSessions 1", "TCPKeepAlive no", "Compression no", "PermitUserEnvironment no",
    "AllowStreamLocalForwarding no", "GatewayPorts no", "PermitTunnel no", "RekeyLimit 16K 1s",
)  # fmt: skip
"""What the STIGs set, with shorter times: sshd asks each second whether the client is alive."""


@pytest.fixture(scope="module")
def vcenter(keep_running):
    return keep_running(live.running_vcenter(Fleet(HOSTS, (shapes.CLUSTER,)), password=PASSWORD))


@pytest.fixture(scope="module")
def usual(audit, vcenter, keep_running, tmp_path_factory):
    """A run against servers as OpenSSH has them."""
    shells = keep_running(live.running_shells(Fleet(HOSTS)))
    _, run = audit(vcenter, shells, tmp_path_factory.mktemp("usual"))
    assert all(isinstance(one.host.gpus.value[0].ecc_current, Known) for one in run.hosts)
    return told(run)


def words(vcenter, shells, *more):
    return [
        "audit", "--vcenter", f"{vcenter.user}@{vcenter.host}:{vcenter.port}",
        "--tls-ca", str(vcenter.ca_file), "--ssh", "--ssh-config", str(shells.config_file),
        "-o", "run.json", "--details", *map(str, more),
    ]  # fmt: skip


def environment(shells, home):
    return {
        "HOME": str(home), "PATH": "/usr/bin:/bin", "GOVC_PASSWORD": PASSWORD,
        "PYTHONDONTWRITEBYTECODE": "1", "HOSTCHECK_SSH_PASSWORD": shells.password,
    }  # fmt: skip


@pytest.fixture(name="audit", scope="module")
def audit_to_its_end(start):
    def audit(vcenter, shells, home, *more):
        env = environment(shells, home)
        done = start(*words(vcenter, shells, *more), cwd=home, env=env, timeout=240)
        assert "Traceback" not in done.stderr
        assert done.returncode in (0, 3), done.stderr
        return done, runfile.read(home / "run.json")

    return audit


LOGIN = re.compile(r'"(?:asked_with|logins)":\{?\[[^]]*\]\}?,?')
"""Each server has a user and keys of its own; what was given differs too."""


def told(run):
    return [LOGIN.sub("", TIME.sub("T", runfile.pack(one).decode())) for one in run.hosts]


def known_as(shells, kind):
    """Let known_hosts hold the key of that kind alone."""
    key = " ".join((shells.key_file.parent / f"{kind}_key.pub").read_text().split()[:2])
    named = [line.split()[0] for line in shells.known_hosts_file.read_text().splitlines()]
    shells.known_hosts_file.write_text("".join(f"{one} {key}\n" for one in named))


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_servers_that_allow_fips_algorithms_only(kind, audit, vcenter, usual, new_shells, tmp_path):
    """By password, and by a key of a kind that is allowed; one of Ed25519 is refused and told."""
    keys = [f"HostKey {{work}}/{one}_key" for one in ("ecdsa", "rsa")]
    shells = new_shells(Fleet(HOSTS), settings=[*FIPS, *keys])
    known_as(shells, kind)
    _, run = audit(vcenter, shells, tmp_path)
    assert told(run) == usual
    key = made(tmp_path / "key", kind=kind)
    let_in(shells, key)
    no_password = replace(shells, password="")
    _, run = audit(vcenter, no_password, tmp_path, "--ssh-key", key)
    assert told(run) == usual
    done, run = audit(vcenter, no_password, tmp_path, "--ssh-key", shells.key_file)
    assert done.returncode == 3
    needs = {one.unseen.privilege for each in run.hosts for one in each.results if one.unseen}
    assert needs & {"key that the host accepts"}


@pytest.mark.parametrize("settings", [(), STIG], ids=["usual", "STIG"])
def test_servers_that_ask_for_passwords_by_keyboard_interactive_only(
    settings, audit, vcenter, usual, new_shells, tmp_path
):
    shells = new_shells(Fleet(HOSTS), methods=("keyboard-interactive",), settings=settings)
    _, run = audit(vcenter, shells, tmp_path)
    assert told(run) == usual


def test_servers_that_ask_each_second_whether_anybody_is_there(
    audit, vcenter, usual, new_shells, tmp_path
):
    """With a command that takes longer than they would wait for an answer."""
    slow = tuple(replace(one, shell_trouble="slow") for one in HOSTS)
    shells = new_shells(Fleet(slow), settings=STIG)
    _, run = audit(vcenter, shells, tmp_path)
    assert told(run) == usual


def kept(shells, folder):
    """Return shells with their files elsewhere, where they outlive the server."""
    known = Path(shutil.copy(shells.known_hosts_file, folder / "known_hosts"))
    text = shells.config_file.read_text().replace(str(shells.known_hosts_file), str(known))
    (folder / "ssh_config").write_text(text)
    return replace(shells, config_file=folder / "ssh_config", known_hosts_file=known)


def test_ssh_that_is_stopped_in_the_middle_of_a_run(start, new_vcenter, tmp_path):
    """As ESXiShellTimeOut stops it: who was asked is as before, the others lack their shell."""
    fleet = Fleet(tuple(replace(HEALTHY, **shapes.at(n), vms=()) for n in range(1, 9)))
    vcenter = new_vcenter(fleet, password=PASSWORD)
    with ExitStack() as stack:
        shells = kept(stack.enter_context(live.running_shells(fleet)), tmp_path)
        with start.open(
            *words(vcenter, shells, "--workers", "1"), cwd=tmp_path,
            env=environment(shells, tmp_path), stdout=subprocess.DEVNULL,
        ) as run:  # fmt: skip
            for line in run.stderr:
                if line.startswith("audit: 2/"):
                    stack.close()
                    break
            said = run.stderr.read()
    assert run.returncode == 3, said
    found = runfile.read(tmp_path / "run.json").hosts
    assert [one.host.name for one in found] == [one.name for one in fleet.hosts]
    asked = [isinstance(one.host.gpus.value[0].ecc_current, Known) for one in found]
    assert asked[:2] == [True, True]
    assert not asked[-1]
    assert found[-1].verdict is Answer.UNSURE
    assert "service TSM-SSH" in {one.unseen.privilege for one in found[-1].results if one.unseen}
    results = [one for each in found for one in each.results if one.severity == "required"]
    assert not [one for one in results if one.status == "fail"]
    assert vcenter.stats()["open_sessions"] == 0
