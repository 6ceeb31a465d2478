"""What ssh_config says of a host is what the user's own ssh makes of it."""

import getpass
import os
import shlex
import shutil
import stat
import time
from dataclasses import replace as replaced
from pathlib import Path

import pytest

from hostcheck.model.fact import Why
from hostcheck.ways.base import Refused
from hostcheck.ways.shell import reach as module
from hostcheck.ways.shell.reach import Shell, shell_from_ssh_config
from hostcheck.ways.shell.shells import Shells
from hostcheck.ways.shell.way import WAY as SHELL
from tests.peers import shapes
from tests.peers.fleet import Fleet
from tests.ways.shell.reaching import FIRST, NAME, SHAPE, SOON, right
from tests.ways.shell.test_logins import made, refusal

PLAIN = Shell("")


def configured(text, tmp_path, host=NAME, base=PLAIN, **given):
    file = tmp_path / "ssh_config"
    file.write_text(text)
    return shell_from_ssh_config(host, config=file, base=base, **given)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Include {more}\n", "192.0.2.7"),
        ("Host esx-*\n  Include {more}\n", "192.0.2.7"),
        ("Include {more} # and why\nHostName 192.0.2.8 # too late\n", "192.0.2.7"),
        ("HostName 192.0.2.8 # a comment\n", "192.0.2.8"),
        ("# caf\xe9 in Latin-1\nHostName = 192.0.2.8\n", "192.0.2.8"),
        ("Match host=esx-01.lab.test\n  HostName 192.0.2.8\n", "192.0.2.8"),
        ('Match exec "test %h = esx-01.lab.test"\n  HostName 192.0.2.8\n', "192.0.2.8"),
        ('Match exec "false"\n  HostName 192.0.2.8\n', NAME),
        ("Match originalhost other\n  HostName 192.0.2.8\n", NAME),
        ("CanonicalizeHostname yes\nHostName 192.0.2.8\n", "192.0.2.8"),
        ("HostName vip-%h\n", f"vip-{NAME}"),
        ('"HostName" "192.0.2.8"\r\n', "192.0.2.8"),
        ("HostName 192.0.2.8\r\nHost other\r\n  HostName 192.0.2.9\r\n", "192.0.2.8"),
        ("HostName ESX-01.LAB.TEST\n", NAME),
        ("", NAME),
    ],
)
def test_the_address_is_the_one_that_ssh_takes(tmp_path, text, address):
    more = tmp_path / "more"
    more.write_text("HostName 192.0.2.7\n")
    file = tmp_path / "ssh_config"
    file.write_bytes(text.format(more=more).encode("latin-1"))
    assert shell_from_ssh_config(NAME, config=file, base=Shell("")).address == address


@pytest.mark.parametrize(
    ("text", "given", "user"),
    [
        ("", {}, "root"),
        ("", {"base": Shell("", user="dcui")}, "dcui"),
        ("Host other\n  User a\n", {"base": Shell("", user="dcui")}, "dcui"),
        (f"User {getpass.getuser()}\n", {"base": Shell("", user="dcui")}, getpass.getuser()),
        ("User a\n", {"override_user": "b"}, "b"),
        ("Match user b\n  User c\n  Port 2200\n", {"override_user": "b"}, "b"),
        ("Match final all\n  User c\n", {}, "c"),
        ("Match final all\n  User c\nHost *\n  User d\n", {}, "d"),
        (r"User LAB\auditor" + "\n", {}, r"LAB\auditor"),
    ],
)
def test_the_user_is_the_given_one_then_ssh_s_then_ours(tmp_path, text, given, user):
    found = configured(text, tmp_path, **given)
    assert found.user == user
    assert found.port == (2200 if "2200" in text else 22)


def test_names_of_files_are_the_ones_that_ssh_means(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB", str(tmp_path))
    known = tmp_path / "my known hosts"
    known.touch()
    text = (
        f'UserKnownHostsFile "{known}" {tmp_path}/%h "{tmp_path}/b"\n'
        "GlobalKnownHostsFile ${LAB}/g\n"
        f'IdentityFile "{tmp_path}/my key"\nIdentityFile ${{LAB}}/%n.key\nIdentityFile %d/k\n'
        "IdentityFile ~/%r@%p\nCertificateFile ${LAB}/c%%\nIdentitiesOnly yes\n"
        "RevokedHostKeys ~/revoked\nHostKeyAlias the-alias\nIdentityAgent $LAB\n"
    )
    found = configured(text, tmp_path)
    home = str(Path.home())
    assert found.known_hosts == (
        str(known), f"{tmp_path}/{NAME}", f"{tmp_path}/b", f"{tmp_path}/g"
    )  # fmt: skip
    assert found.key_files == (
        f"{tmp_path}/my key", f"{tmp_path}/{NAME}.key", f"{home}/k", f"{home}/root@22"
    )  # fmt: skip
    assert found.certificates == (f"{tmp_path}/c%",)
    assert found.revoked_keys == (f"{home}/revoked",)
    assert (found.only_these_keys, found.host_key_name) == (True, "the-alias")
    assert found.agent_socket == str(tmp_path)


@pytest.mark.parametrize(
    ("line", "agent", "socket"),
    [("", True, ""), ("IdentityAgent none\n", False, ""), ("IdentityAgent ~/a\n", True, "~/a"),
     ("IdentityAgent SSH_AUTH_SOCK\n", True, "")],
)  # fmt: skip
def test_the_agent_is_the_one_that_ssh_asks(tmp_path, line, agent, socket):
    found = configured(line, tmp_path, base=Shell("", use_agent=True))
    assert found.use_agent is agent
    assert found.agent_socket == socket.replace("~", str(Path.home()))


def test_settings_hold_where_ssh_config_says_nothing(tmp_path):
    base = Shell("", port=2200, known_hosts=(f"{tmp_path}/k h%h",), key_files=(f"{tmp_path}/100%",))
    found = configured("", tmp_path, base=base)
    assert (found.port, found.key_files) == (2200, base.key_files)
    given = configured(
        "", tmp_path, base=base, override_keys=("/k",), override_known_hosts=("/h",),
        override_port=23,
    )  # fmt: skip
    assert (given.port, given.key_files, given.known_hosts) == (23, ("/k",), ("/h",))
    assert given.only_these_keys, "a key that was named is not one among the agent's"
    assert configured("PubkeyAuthentication no\n", tmp_path).use_keys is False


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Port ssh-of-old\n", "line 1: Bad"),
        ("Host esx-01\n  Nonsense yes\n", "line 2: Bad configuration option: nonsense"),
        ("Match phase-of-moon full\n  User x\n", "line 1"),
        ("ProxyUseFdpass yes\nProxyCommand x\n", "ProxyUseFdpass"),
        ("IdentityFile ~nobody-at-all/x\n", "~nobody-at-all"),
        ('Match exec "sleep 60"\n  User x\n', "did not end within 1 s"),
    ],
)
def test_what_ssh_cannot_read_costs_one_host_and_not_the_run(tmp_path, text, told):
    file = tmp_path / "ssh_config"
    file.write_text(text)
    shells = Shells(
        base=Shell("", connect_timeout=1), config=file, user="", port=0, known_hosts=(), keys=(),
        allowed=SHELL.allows, password=None,
    )  # fmt: skip
    began = time.monotonic()
    failure = shells.open(NAME).fetch(FIRST).failure
    assert time.monotonic() - began < SOON
    assert (failure.why, failure.privilege) == (Why.UNREACHABLE, "ssh_config that can be read")
    assert told in failure.detail
    assert "\n" not in failure.detail


@pytest.mark.parametrize(
    "name",
    ["-oProxyCommand=touch${IFS}done", "a;touch done", "$(touch done)", "a b", "`x`", "%h", "a\nb",
     "ssh://x", "a@b", "", "..'", "\xe9"],
)  # fmt: skip
def test_a_name_that_is_none_reaches_no_command_line(tmp_path, monkeypatch, name):
    fake = tmp_path / "ssh"
    fake.write_text(f"#!/bin/sh\ntouch {tmp_path}/called\n")
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(Refused, match="no name that ssh can be asked about"):
        shell_from_ssh_config(name, config=tmp_path / "none", base=Shell(""))
    assert not (tmp_path / "called").exists()


@pytest.mark.parametrize("name", ["2001:db8::1", "::1", "192.0.2.1", "esx_01", "ESX-01"])
def test_every_name_of_a_host_is_asked_about(tmp_path, name):
    assert shell_from_ssh_config(name, config=tmp_path / "none", base=PLAIN).address == name.lower()


def test_without_ssh_a_config_is_not_guessed_at(tmp_path, monkeypatch):
    monkeypatch.setattr(module.shutil, "which", lambda _name: None)
    base = Shell("", user="dcui", port=2200)
    found = shell_from_ssh_config(NAME.upper(), config=tmp_path / "none", base=base)
    assert (found.address, found.user, found.port) == (NAME, "dcui", 2200)
    with pytest.raises(Refused, match="no ssh here") as caught:
        configured("User x\n", tmp_path)
    assert caught.value.unknown.privilege == "OpenSSH client"


def test_the_system_s_file_follows_the_user_s(tmp_path, monkeypatch):
    system = tmp_path / "system"
    system.write_text("User system\nPort 2200\n")
    monkeypatch.setattr(module, "SYSTEM_CONFIGS", (str(system),))
    found = configured("User mine\n", tmp_path, own=False)
    assert (found.user, found.port) == ("mine", 2200)
    assert configured("User mine\n", tmp_path).port == 22, "a file that was named stands alone"


# Jumps


@pytest.fixture
def jumps(new_shells, tmp_path):
    """A server with two addresses, one to jump over, and what writes an ssh_config for that."""
    host = replaced(SHAPE, **shapes.at(2))
    server = new_shells(Fleet((SHAPE, host)), settings=["AllowTcpForwarding yes", "PermitOpen any"])

    def place(address):
        return (
            f"  HostName {address}\n  Port {server.port}\n  User {server.user}\n"
            f"  UserKnownHostsFile {server.known_hosts_file}\n"
        )

    key = f"  IdentityFile {server.key_file}\n"

    def configured(*lines, bastion=""):
        file = tmp_path / "ssh_config"
        added = "".join(f"  {line}\n" for line in lines)
        file.write_text(
            f"Host bastion\n{bastion or place(SHAPE.address) + key}"
            f"Host bastion2 {SHAPE.address}\n{place(SHAPE.address)}{key}"
            f"Host {host.name}\n{place(host.address)}{key}{added}"
        )
        return shell_from_ssh_config(host.name, config=file, base=Shell("", connect_timeout=15))

    return server, configured


@pytest.mark.parametrize(
    ("line", "logins"),
    [
        ("ProxyJump bastion", 2), ("ProxyJump bastion,bastion2", 3),
        ("ProxyJump bastion,bastion2,bastion", 4), ("ProxyJump USER@ADDRESS:PORT", 2),
        ("ProxyJump ssh://USER@ADDRESS:PORT", 2),
        ("ProxyCommand ssh -F FILE -W %h:%p bastion", 2),
        ('ProxyCommand sh -c "exec ssh -F FILE -W \\"[%h]:%p\\" bastion 2>/dev/null"', 2),
    ],
)  # fmt: skip
def test_a_host_behind_jumps_is_reached(jumps, dial, tmp_path, line, logins):
    server, configured = jumps
    for word, value in (
        ("USER", server.user), ("ADDRESS", SHAPE.address), ("PORT", str(server.port)),
        ("FILE", str(tmp_path / "ssh_config")),
    ):  # fmt: skip
        line = line.replace(word, value)
    assert right(dial(configured(line)).fetch(FIRST))
    assert server.log_file.read_text().count("Accepted publickey") == logins


def test_a_jump_that_fails_says_why(jumps, dial, tmp_path):
    server, configured = jumps
    wrong = made(tmp_path / "wrong")
    place = f"  HostName {SHAPE.address}\n  Port {server.port}\n  User {server.user}\n"
    cases = {
        "Permission denied": place + f"  UserKnownHostsFile {server.known_hosts_file}\n"
        f"  IdentityFile {wrong}\n  IdentitiesOnly yes\n",
        "Host key verification failed": place + "  UserKnownHostsFile /dev/null\n"
        f"  IdentityFile {server.key_file}\n  StrictHostKeyChecking no\n",
        "Could not resolve hostname": "  HostName no-such-host.invalid\n",
    }
    for told, bastion in cases.items():
        failure = refusal(dial(configured("ProxyJump bastion", bastion=bastion)))
        assert (failure.why, failure.privilege) == (Why.UNREACHABLE, "way through the jump host")
        assert "through bastion" in failure.detail
        assert told in failure.detail


def test_a_proxy_command_that_fails_says_why(jumps, dial):
    _, configured = jumps
    to_host = shapes.at(2)["address"]
    failure = refusal(dial(configured("ProxyCommand echo no way for %h >&2; exit 3")))
    assert failure.privilege == "way through the jump host"
    assert f"through its ProxyCommand: no way for {to_host}" in failure.detail
    to = configured("ProxyCommand sleep 60")
    began = time.monotonic()
    late = refusal(
        dial(Shell(**{**{f: getattr(to, f) for f in to.__struct_fields__}, "connect_timeout": 1}))
    )
    assert time.monotonic() - began < SOON
    assert late.why is Why.TIMEOUT


def test_no_command_of_a_connection_is_left_behind(jumps, dial):
    _, configured = jumps
    transport = dial(configured("ProxyJump bastion"))
    assert right(transport.fetch(FIRST))
    process = transport._transport.sock._process
    assert process.poll() is None
    transport.close()
    until = time.monotonic() + SOON
    while process.returncode is None and time.monotonic() < until:
        time.sleep(0.05)
    assert process.returncode is not None, "ended, and waited for"


def test_nothing_that_a_shell_reads_gets_into_a_proxy_command(tmp_path):
    for line in ("User a;touch\\ x", 'User "$(x)"', "HostName a;b"):
        with pytest.raises(Refused, match=r"put into a ProxyCommand|hostname contains invalid"):
            configured(f"{line}\nProxyCommand nc %h %p %r\n", tmp_path)


def test_an_ssh_that_jumps_asks_nobody_and_trusts_known_keys_only(tmp_path):
    to = configured("ProxyJump a,b@c:23\n", tmp_path)
    file = str(tmp_path / "ssh_config")
    assert to.jump == "a,b@c:23"
    assert to.through[-4:] == ("-W", f"[{NAME}]:22", "--", "ssh://b@c:23")
    inner = next(word for word in to.through if word.startswith("-oProxyCommand="))
    for command in (list(to.through), shlex.split(inner.partition("=")[2])):
        assert {"-oBatchMode=yes", "-oStrictHostKeyChecking=yes"} <= set(command)
        assert command[command.index("-F") + 1] == file
    assert "-F" not in configured("ProxyJump a\n", tmp_path, own=False).through


def test_no_secret_is_in_the_environment_of_what_runs_here(jumps, dial, tmp_path, monkeypatch):
    _, configured = jumps
    for name in ("GOVC_PASSWORD", "GOVC_URL", "HOSTCHECK_SSH_PASSWORD"):
        monkeypatch.setenv(name, "canary")
    monkeypatch.setenv("LAB", "is told")
    tool = Path(shutil.which("env")).resolve()
    there = [tmp_path / "matched", tmp_path / "proxied"]
    line = f'Match exec "{tool} > {there[0]}"'
    refusal(dial(configured(f"ProxyCommand {tool} > {there[1]}", line)))
    for file in there:
        assert "LAB=is told" in file.read_text()
        assert "canary" not in file.read_text()
