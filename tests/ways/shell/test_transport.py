"""The SSH transport against a real OpenSSH server, and against servers that misbehave."""

import base64
import hashlib
import hmac
import os
import shutil
import subprocess
import threading
import time
from dataclasses import replace
from pathlib import Path

import msgspec
import paramiko
import pytest

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Why
from hostcheck.model.pci import from_hex
from hostcheck.parsers import vsish_pci_config_header
from hostcheck.ways.base import Refused
from hostcheck.ways.shell import command
from hostcheck.ways.shell import order as esxi_shell
from hostcheck.ways.shell import script as ssh_script
from hostcheck.ways.shell.entrance import Entrance
from hostcheck.ways.shell.known_hosts import trust_in
from hostcheck.ways.shell.peer import Peer
from hostcheck.ways.shell.reach import Shell, shell_from_ssh_config
from tests.peers import shapes, shell
from tests.peers.fleet import Fleet
from tests.peers.sshd import answer_file
from tests.ways.meddler import silence
from tests.ways.shell.reaching import FIRST, NAME, SECOND, SHAPE, SOON, logins, reach, right
from tests.ways.shell.scripted_sshd import KEY, Script, scripted, talker

# Logins


def test_a_key_is_enough_and_every_command_runs_over_one_connection(shells, dial):
    before = logins(shells)
    transport = dial(reach(shells))
    esxi_shell.ask(transport, [from_hex(gpu.address) for gpu in SHAPE.gpus])
    assert right(transport.fetch(FIRST))
    assert logins(shells) == before + 1, "MaxSessions 1 is enough"


@pytest.mark.parametrize(
    "methods", [("password",), ("keyboard-interactive",), ("password", "keyboard-interactive")]
)
def test_a_password_is_enough(new_shells, dial, methods):
    server = new_shells(shapes.HEALTHY, methods=methods)
    transport = dial(reach(server, key_files=()), server.password)
    assert right(transport.fetch(FIRST))
    assert "Failed" not in server.log_file.read_text()


def test_a_wrong_password_is_tried_once_for_all_commands(new_shells, dial):
    server = new_shells(shapes.HEALTHY, methods=("keyboard-interactive", "password"))
    transport = dial(reach(server, key_files=()), "wr0ng")
    for request in esxi_shell.HOST_REQUESTS:
        capture = transport.fetch(request)
        assert capture.failure.why is Why.DENIED
        assert capture.failure.asked == request.text
        assert "wr0ng" not in repr(capture)
    until = time.monotonic() + 60  # the server answers first and writes its log then
    while "\nFailed " not in server.log_file.read_text() and time.monotonic() < until:
        time.sleep(0.05)
    assert server.log_file.read_text().count("\nFailed ") == 1


@pytest.mark.parametrize(
    ("methods", "attempts", "need"),
    [
        ("publickey,password", "none publickey password", "right password"),
        ("password", "none password", "right password"),
        ("publickey", "none publickey", "key that the host accepts"),
        ("hostbased", "none", "login that the server takes"),
        (
            "publickey,password,keyboard-interactive", "none publickey keyboard-interactive",
            "login without a code",
        ),
    ],
)  # fmt: skip
def test_each_credential_is_tried_once(tmp_path, dial, shells, methods, attempts, need):
    script = Script(methods=methods)
    with scripted(script, tmp_path) as (port, known):
        to = reach(shells, address="127.0.0.1", port=port, known_hosts=(known,))
        transport = dial(to, "secret")
        captures = [transport.fetch(request) for request in esxi_shell.HOST_REQUESTS]
    assert [attempt.split()[0] for attempt in script.attempts] == attempts.split()
    assert {one.failure.why for one in captures} == {Why.DENIED}
    assert methods.replace(",", ", ") in captures[0].failure.detail or "code" in need
    assert {one.failure.privilege for one in captures} == {need}


def test_where_more_than_a_password_is_asked_nothing_is_answered(tmp_path, dial, shells):
    script = Script(methods="keyboard-interactive")
    with scripted(script, tmp_path) as (port, known):
        to = reach(shells, address="127.0.0.1", port=port, known_hosts=(known,))
        failure = dial(to, "secret").fetch(FIRST).failure
    assert script.answers == []
    assert "Passcode: Password: Your name" in failure.detail
    assert failure.privilege == "login without a code"


def test_without_a_password_none_is_tried(tmp_path, dial, shells):
    script = Script(methods="password,keyboard-interactive")
    with scripted(script, tmp_path) as (port, known):
        to = reach(shells, address="127.0.0.1", port=port, known_hosts=(known,), key_files=())
        assert dial(to).fetch(FIRST).failure.why is Why.DENIED
    assert script.attempts == ["none"]


def test_a_key_that_cannot_be_read_does_not_keep_the_next_from_working(shells, dial, tmp_path):
    locked, garbage = tmp_path / "locked", tmp_path / "garbage"
    paramiko.RSAKey.generate(1024).write_private_key_file(str(locked), password="phrase")
    garbage.write_bytes(b"\0\xff")
    files = (str(tmp_path / "missing"), str(locked), str(garbage), str(shells.key_file))
    assert right(dial(reach(shells, key_files=files)).fetch(FIRST))


def test_a_host_that_denies_the_account_is_denied(shells, dial):
    capture = dial(reach(shells, "esx-14.lab.test"), shells.password).fetch(FIRST)
    assert capture.failure.why is Why.DENIED


# Host keys


def test_an_unknown_host_key_is_refused_with_advice_before_any_login(tmp_path, dial, shells):
    script = Script()
    with scripted(script, tmp_path) as (port, _):
        nobody = str(tmp_path / "nothing")
        to = reach(shells, address="127.0.0.1", port=port, known_hosts=(nobody,))
        capture = dial(to, "secret").fetch(FIRST)
    assert script.attempts == []
    assert capture.failure.why is Why.DENIED
    assert f"ssh-keyscan -p {port} 127.0.0.1" in capture.failure.detail
    assert KEY.fingerprint in capture.failure.detail
    assert f"for [127.0.0.1]:{port}" in capture.failure.detail
    assert capture.failure.privilege == "known_hosts entry"


@pytest.mark.parametrize("kind", ["ecdsa", "other", "revoked"])
def test_a_changed_or_revoked_host_key_is_refused_before_any_login(tmp_path, dial, shells, kind):
    script = Script()
    with scripted(script, tmp_path) as (port, known):
        name, words = f"[127.0.0.1]:{port}", f"{KEY.get_name()} {KEY.get_base64()}"
        if kind == "revoked":
            text = f"{name} {words}\n@revoked * {words}\n"
        else:
            other = (
                paramiko.ECDSAKey.generate() if kind == "ecdsa" else paramiko.RSAKey.generate(2048)
            )
            text = f"{name} {other.get_name()} {other.get_base64()}\n"
        Path(known).write_text(text)
        to = reach(shells, address="127.0.0.1", port=port, known_hosts=(known,))
        capture = dial(to, "secret").fetch(FIRST)
    assert script.attempts == []
    assert capture.failure.why is Why.DENIED
    told = {"revoked": "revoked", "ecdsa": "not the one", "other": "not the one"}
    assert told[kind] in capture.failure.detail
    assert ("which is ssh-rsa" in capture.failure.detail) == (kind == "other")
    needs = {"revoked": "host key that is not revoked"}
    assert capture.failure.privilege == needs.get(kind, "host key as known")


def test_hashed_entries_written_by_ssh_keygen_are_found(shells, dial, tmp_path):
    hashed = tmp_path / "known_hosts"
    shutil.copyfile(shells.known_hosts_file, hashed)
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(hashed)], check=True, capture_output=True)
    assert shells.addresses[NAME] not in hashed.read_text()
    assert right(dial(reach(shells, known_hosts=(str(hashed),))).fetch(FIRST))


def hashed_name(name):
    salt = b"0123456789abcdefghij"
    digest = hmac.new(salt, name.encode(), hashlib.sha1).digest()
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


BLOB = base64.b64encode(b"the key").decode()


@pytest.mark.parametrize(
    ("line", "name", "trusted"),
    [
        ("esx-01 ssh-rsa KEY", "esx-01", True),
        ("ESX-01,192.0.2.1\tssh-rsa\tKEY comment", "esx-01", True),
        ("other,192.0.2.1 ssh-rsa KEY", "192.0.2.1", True),
        ("[esx-01]:2222 ssh-rsa KEY", "[esx-01]:2222", True),
        ("[esx-01]:2222 ssh-rsa KEY", "esx-01", False),
        ("esx-01 ssh-rsa KEY", "[esx-01]:2222", False),
        ("[*.lab.test]:2222 ssh-rsa KEY", "[esx-01.lab.test]:2222", True),
        ("*.lab.test ssh-rsa KEY", "esx-01.lab.test", True),
        ("esx-0? ssh-rsa KEY", "esx-01", True),
        ("*,!esx-01 ssh-rsa KEY", "esx-01", False),
        ("*,!esx-01 ssh-rsa KEY", "esx-02", True),
        (hashed_name("esx-01") + " ssh-rsa KEY", "esx-01", True),
        (hashed_name("[esx-01]:2222") + " ssh-rsa KEY", "[esx-01]:2222", True),
        (hashed_name("esx-01") + " ssh-rsa KEY", "esx-02", False),
        ("|1|broken ssh-rsa KEY", "esx-01", False),
        ("|1|!!|!! ssh-rsa KEY", "esx-01", False),
        ("# esx-01 ssh-rsa KEY", "#", False),
        ("esx-01 ssh-rsa", "esx-01", False),
        ("esx-01 ssh-rsa not/base64!", "esx-01", False),
        ("@cert-authority * ssh-rsa KEY", "esx-01", False),
        ("", "esx-01", False),
        ("\0\ufffd \x7f KEY", "esx-01", False),
    ],
)
def test_known_hosts_lines(tmp_path, line, name, trusted):
    file = tmp_path / "known_hosts"
    file.write_text(f"a line of nonsense\n{line.replace('KEY', BLOB)}\n")
    trust = trust_in([str(tmp_path / "missing"), str(tmp_path), str(file)], name)
    assert trust.keys == (frozenset({("ssh-rsa", b"the key")}) if trusted else frozenset())


def test_a_known_hosts_file_that_changed_is_read_anew(tmp_path):
    file = tmp_path / "known_hosts"
    for text in (b"one", b"two", b"one"):
        file.write_text(f"esx-01 ssh-rsa {base64.b64encode(text).decode()}\n")
        os.utime(file, ns=(1, 1))
        assert trust_in([str(file)], "esx-01").keys == {("ssh-rsa", text)}
        time.sleep(0.02)  # a file system's clock goes in steps
    file.unlink()
    assert not trust_in([str(file)], "esx-01").keys


def test_a_line_is_found_by_each_of_its_names_and_those_of_patterns_too(tmp_path):
    file = tmp_path / "known_hosts"
    a, b, c = (base64.b64encode(one).decode() for one in (b"a", b"b", b"c"))
    file.write_text(f"esx-01,ESX-02 ssh-rsa {a}\nesx-* ssh-rsa {b}\n@revoked esx-01 ssh-rsa {c}\n")
    for name in ("esx-01", "esx-02"):
        assert {blob for _, blob in trust_in([str(file)], name).keys} == {b"a", b"b"}
    assert trust_in([str(file)], "esx-01").revoked == {b"c"}
    assert not trust_in([str(file)], "esx-02").revoked
    assert {blob for _, blob in trust_in([str(file)], "esx-03").keys} == {b"b"}


def test_a_large_known_hosts_file_takes_no_time(shells, dial, tmp_path):
    file = tmp_path / "known_hosts"
    lines = "".join(f"{hashed_name(f'host-{i}')} ssh-rsa {BLOB}\n" for i in range(5000))
    file.write_text(lines + shells.known_hosts_file.read_text())
    began = time.monotonic()
    assert right(dial(reach(shells, known_hosts=(str(file),))).fetch(FIRST))
    assert time.monotonic() - began < SOON


# ssh_config


def configured(text, tmp_path, host=NAME, **given):
    file = tmp_path / "ssh_config"
    file.write_text(text)
    return shell_from_ssh_config(host, config=file, base=Shell(""), **given)


def test_the_config_of_the_user_is_applied(shells, dial, tmp_path):
    known = tmp_path / "own_known_hosts"
    _, kind, key = shells.known_hosts_file.read_text().splitlines()[0].split()
    known.write_text(f"the-alias {kind} {key}\n")
    to = configured(
        f"Host lab-one\n  HostName {shells.addresses[NAME]}\n  Port {shells.port}\n"
        f"  User {shells.user}\n  IdentityFile {shells.key_file}\n  HostKeyAlias the-alias\n"
        f"  UserKnownHostsFile {known}\n",
        tmp_path, "lab-one",
    )  # fmt: skip
    assert to.host_key_name == "the-alias"
    assert right(dial(to).fetch(FIRST)), "an alias stands for host and port together"


def test_the_config_that_the_peers_hand_out_works(shells, dial):
    base = Shell("", key_files=(str(shells.key_file),))
    to = shell_from_ssh_config(NAME, config=shells.config_file, base=base)
    assert right(dial(to).fetch(FIRST))


def test_what_was_said_on_the_command_line_wins(tmp_path):
    text = "Host *\n  User a\n  Port 1\n  IdentityFile /a\n  UserKnownHostsFile /a /b\n"
    read = configured(text, tmp_path)
    assert (read.user, read.port, read.key_files) == ("a", 1, ("/a",))
    assert read.known_hosts[:2] == ("/a", "/b")
    given = configured(
        text, tmp_path, override_user="u", override_port=2, override_keys=("/k",),
        override_known_hosts=("/h",),
    )  # fmt: skip
    assert (given.user, given.port, given.key_files) == ("u", 2, ("/k",))
    assert given.known_hosts == ("/h",)


@pytest.mark.parametrize(
    "text",
    ["Host *\n  Port many\n", "Port 70000\n", "Match host\n", "no equals sign\n\0", "\udcff\n",
     "UserKnownHostsFile ~nobody-at-all/x\n"],
)  # fmt: skip
def test_a_broken_config_is_one_line(tmp_path, text):
    file = tmp_path / "ssh_config"
    file.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(Refused) as caught:
        shell_from_ssh_config(NAME, config=file, base=Shell(""))
    unknown = caught.value.unknown
    assert (unknown.why, unknown.privilege) == (Why.UNREACHABLE, "ssh_config that can be read")
    assert "\n" not in unknown.detail


def test_no_config_at_all_leaves_the_settings(tmp_path):
    base = Shell("", user="me", port=2200, known_hosts=("/x",))
    to = shell_from_ssh_config(NAME, config=tmp_path / "none", base=base)
    assert (to.address, to.user, to.port, to.known_hosts[0]) == (NAME, "me", 2200, "/x")
    assert (to.through, to.jump, to.host_key_name) == ((), "", "")
    assert {Path(name).parent for name in to.key_files} == {Path.home() / ".ssh"}


# Commands


def test_streams_and_status_are_kept_apart_and_as_they_were(tmp_path, dial, shells):
    script = Script(password="secret")
    with scripted(script, tmp_path) as (port, known):
        to = reach(shells, address="127.0.0.1", port=port, known_hosts=(known,), key_files=())
        capture = dial(to, "secret").fetch(FIRST)
    assert capture.failure is None
    assert (capture.text, capture.exit_status) == ("ok \ufffd\r\n", 3)
    assert capture.taken_at.endswith("Z")


# Several commands as one


def announced(transport, requests=esxi_shell.HOST_REQUESTS):
    transport.expect(requests)
    return [transport.fetch(request) for request in requests]


def commands_of(server):
    """What sshd was told to run, as it logs it."""
    return server.log_file.read_text().count("Starting session: forced-command")


def test_announced_commands_run_as_one_and_keep_what_is_theirs(new_shells, dial):
    server = new_shells(shapes.HEALTHY)
    single = dial(reach(server))
    alone = [single.fetch(request) for request in esxi_shell.HOST_REQUESTS]
    before = commands_of(server)
    together = announced(dial(reach(server)))
    assert commands_of(server) == before + 1
    assert all(map(right, together))
    plain = {"taken_at": "", "duration_ms": 0}
    assert [msgspec.structs.replace(one, **plain) for one in together] == [
        msgspec.structs.replace(one, **plain) for one in alone
    ]


def test_a_host_that_runs_single_commands_only_is_asked_one_by_one(new_shells, dial):
    server = new_shells(shapes.HEALTHY, scripts=False)
    assert all(map(right, announced(dial(reach(server)))))
    assert commands_of(server) == 1 + len(esxi_shell.HOST_REQUESTS)


def test_a_whole_host_costs_few_sessions(new_shells, dial):
    server = new_shells(shapes.HEALTHY)
    gpus = [from_hex(gpu.address) for gpu in SHAPE.gpus]
    esxi_shell.ask(dial(reach(server)), gpus)
    assert commands_of(server) == 1


@pytest.mark.parametrize("scripts", [True, False])
def test_a_command_that_hangs_among_others_costs_its_own_answer(new_shells, dial, scripts):
    server = new_shells(shapes.HEALTHY, scripts=scripts)
    stuck = esxi_shell.HOST_REQUESTS[3]
    answer = answer_file(server.key_file.parent / "replay" / SHAPE.address, stuck.text)
    answer.unlink()
    os.mkfifo(answer)  # nobody will ever write to it
    captures = announced(dial(reach(server, command_timeout=4)))
    for request, capture in zip(esxi_shell.HOST_REQUESTS, captures, strict=True):
        if request is stuck:
            assert (capture.failure.why, capture.failure.asked) == (Why.TIMEOUT, stuck.text)
        else:
            assert right(capture), request.text


def test_a_status_and_an_error_among_others_stay_where_they_belong(new_shells, dial):
    server = new_shells(shapes.HEALTHY)
    replay = server.key_file.parent / "replay" / SHAPE.address
    second, third = (one.text for one in esxi_shell.HOST_REQUESTS[1:3])
    answer_file(replay, second, "rc").write_text("14\n")
    answer_file(replay, second, "err").write_text("no end of line")
    answer_file(replay, second).write_bytes(b"hostcheck-0 0\n\xff, no end of line either")
    answer_file(replay, third).unlink()
    captures = announced(dial(reach(server)))
    assert (captures[1].exit_status, captures[1].stderr) == (14, "no end of line")
    assert captures[1].text == "hostcheck-0 0\n\ufffd, no end of line either"
    assert (captures[2].exit_status, captures[2].text) == (127, "")
    assert "not found" in captures[2].stderr
    assert all(right(one) for one in (captures[0], *captures[3:]))


def test_a_connection_that_is_lost_among_commands_goes_on_with_the_next(new_shells, dial):
    server = new_shells(Fleet((replace(SHAPE, shell_trouble="close"),)))
    captures = announced(dial(reach(server)))
    assert {one.failure.why for one in captures} == {Why.UNREACHABLE}
    assert "lost twice" in captures[-1].failure.detail


def test_commands_that_are_not_listed_are_not_announced(shells, dial):
    transport = dial(reach(shells))
    transport.expect([FIRST, Request(Wire.SHELL, "esxcli system shutdown poweroff", "")])
    assert right(transport.fetch(FIRST))


def test_a_script_tells_streams_apart_whatever_arrives_first():
    script = ssh_script.Script(["one", "two"])
    mark = script.text.partition(";")[0].removeprefix("m=").encode()
    out, err = bytearray(), bytearray()
    assert script.begun(out) is None
    out += mark[:5]
    assert script.begun(out) is None
    out += mark[5:] + b"\nsaid\n\n" + mark + b" 3\n"
    assert script.begun(out) is True
    assert script.ended(out, err) is None, "its errors may still be under way"
    err += b"oops\n" + mark + b"\n"
    assert script.ended(out, err) == (b"said\n", b"oops", 3)
    assert script.ended(out, err) is None
    assert ssh_script.Script(["one"]).begun(bytearray(b"sh: m=hostcheck: not found\n")) is False


def test_an_unlisted_command_is_refused_before_anything_is_sent(shells, dial):
    before = logins(shells)
    transport = dial(reach(shells))
    for request in (
        Request(Wire.SHELL, "esxcli system shutdown poweroff", ""),
        Request(Wire.SHELL, FIRST.template + "; reboot", ""),
        Request(Wire.ESXCLI, FIRST.template, ""),
        Request(Wire.METHOD, "HostSystem.Reboot", ""),
    ):
        with pytest.raises(PermissionError, match="not one of the listed commands"):
            transport.fetch(request)
    assert logins(shells) == before


@pytest.mark.parametrize("value", [-1, "0; reboot", 1.0, True, None, b"1", [1]])
def test_slots_take_nothing_but_whole_numbers(value):
    with pytest.raises(TypeError, match="non-negative integer"):
        vsish_pci_config_header.REQUEST.fill(segment=0, bus=value, slot=0, function=0)


def test_a_flood_on_stderr_before_stdout_is_drained(new_shells, dial):
    server = new_shells(Fleet((replace(SHAPE, shell_trouble="flood"),)))
    capture = dial(reach(server)).fetch(FIRST)
    out, _, _ = shell.answers(SHAPE)[FIRST.text]
    assert capture.failure is None
    assert capture.stderr == "e" * (1 << 20)
    assert capture.text == "o" * (1 << 20) + out


@pytest.mark.parametrize("sessions", [1, 10])
def test_a_command_that_hangs_is_a_timeout_and_the_next_one_runs(new_shells, dial, sessions):
    server = new_shells(shapes.HEALTHY, max_sessions=sessions)
    trouble = server.key_file.parent / "replay" / SHAPE.address / "trouble"
    transport = dial(reach(server, command_timeout=4))
    assert right(transport.fetch(FIRST))
    trouble.write_text("hang\n")
    began = time.monotonic()
    capture = transport.fetch(SECOND)
    assert time.monotonic() - began < SOON
    assert (capture.failure.why, capture.failure.asked) == (Why.TIMEOUT, SECOND.text)
    trouble.unlink()
    for request in esxi_shell.HOST_REQUESTS[2:]:
        assert right(transport.fetch(request)), request.text


def test_who_waits_for_a_command_sleeps_until_it_says_something(new_shells, dial, monkeypatch):
    looked, drained = [], command._drained
    monkeypatch.setattr(command, "_drained", lambda *given: looked.append(1) or drained(*given))
    server = new_shells(Fleet((replace(SHAPE, shell_trouble="hang"),)))
    capture = dial(reach(server, command_timeout=2)).fetch(FIRST)
    assert capture.failure.why is Why.TIMEOUT
    assert 1 <= len(looked) <= 5


def test_a_host_that_hangs_ends_at_its_limit(new_shells, dial):
    server = new_shells(Fleet((replace(SHAPE, shell_trouble="hang"),)))
    transport = dial(reach(server, command_timeout=1, host_timeout=2.5))
    began = time.monotonic()
    captures = [transport.fetch(request) for request in esxi_shell.HOST_REQUESTS]
    assert time.monotonic() - began < SOON
    assert {one.failure.why for one in captures} == {Why.TIMEOUT}
    assert "2.5 s for this host are spent" in captures[-1].failure.detail


def test_a_server_that_never_takes_the_command_is_a_timeout(tmp_path, dial, shells):
    script = Script(password="secret", takes_exec=False)
    with scripted(script, tmp_path) as (port, known):
        to = reach(
            shells, address="127.0.0.1", port=port, known_hosts=(known,), key_files=(),
            command_timeout=1,
        )  # fmt: skip
        began = time.monotonic()
        capture = dial(to, "secret").fetch(FIRST)
        assert time.monotonic() - began < SOON
    assert capture.failure.why is Why.TIMEOUT


def test_a_server_that_hangs_up_is_dialled_once_more_and_no_more(new_shells, dial):
    healthy = replace(SHAPE, **shapes.at(2))
    server = new_shells(Fleet((replace(SHAPE, shell_trouble="close"), healthy)))
    before = logins(server)
    transport = dial(reach(server))
    captures = [transport.fetch(request) for request in esxi_shell.HOST_REQUESTS]
    assert {one.failure.why for one in captures} == {Why.UNREACHABLE}
    assert "lost twice" in captures[-1].failure.detail
    assert logins(server) == before + 2
    assert right(dial(reach(server, healthy.name)).fetch(FIRST)), "and the next host is asked"


def test_a_connection_lost_once_is_opened_again(new_shells, dial):
    server = new_shells(shapes.HEALTHY)
    trouble = server.key_file.parent / "replay" / SHAPE.address / "trouble"
    transport = dial(reach(server))
    trouble.write_text("close\n")
    assert transport.fetch(FIRST).failure.why is Why.UNREACHABLE
    trouble.unlink()
    assert right(transport.fetch(SECOND))


def test_a_refused_connection_names_the_service(new_shells, dial):
    stopped = shapes.HOSTS["2n-2xA100-80-ssh-stopped-esxi803"]
    server = new_shells(Fleet((SHAPE, stopped)))
    transport = dial(reach(server, stopped.name))
    for request in (FIRST, SECOND):
        failure = transport.fetch(request).failure
        assert (failure.why, failure.privilege) == (Why.UNREACHABLE, "service TSM-SSH")
        assert "refused" in failure.detail
        assert failure.asked == request.text


@pytest.mark.parametrize("name", ["no-such-host.invalid", "a..b", "x" * 300, ""])
def test_a_name_that_is_no_host_is_unreachable(shells, dial, name):
    capture = dial(reach(shells, address=name, connect_timeout=5)).fetch(FIRST)
    assert capture.failure.why in (Why.UNREACHABLE, Why.DENIED)


def test_a_silent_host_costs_the_connect_limit_once(shells, dial):
    with silence() as port:
        transport = dial(reach(shells, address="127.0.0.1", port=port, connect_timeout=3))
        began = time.monotonic()
        captures = [transport.fetch(request) for request in esxi_shell.REQUESTS[:9]]
        assert time.monotonic() - began < SOON, "nine commands, three seconds"
    assert {one.failure.why for one in captures} == {Why.TIMEOUT}
    assert "no connection within 3 s" in captures[0].failure.detail


@pytest.mark.parametrize(
    ("says", "repeat"),
    [(b"SSH-2.0-x", True), (b"hello\r\n", True), (b"", True), (b"HTTP/1.1 400\r\n\r\n", False),
     (b"", False), (b"\0" * 70000, False), (b"SSH-2.0-x\r\n\xff\xff\xff\xff", True)],
)  # fmt: skip
def test_what_speaks_no_ssh_ends_at_the_limit(shells, dial, says, repeat):
    with talker(says=says, repeat=repeat) as port:
        transport = dial(reach(shells, address="127.0.0.1", port=port, connect_timeout=1))
        began = time.monotonic()
        captures = [transport.fetch(request) for request in (FIRST, SECOND)]
        assert time.monotonic() - began < SOON
    assert {one.failure.why for one in captures} <= {Why.TIMEOUT, Why.UNREACHABLE}


@pytest.mark.parametrize("scripts", [True, False])
def test_keys_that_are_renewed_while_answers_come_change_none(new_shells, dial, mocker, scripts):
    agreed = mocker.spy(Peer, "_really_parse_kex_init")
    counts = []
    for settings in ((), ("RekeyLimit 1K",)):
        server = new_shells(Fleet((SHAPE,)), scripts=scripts, settings=settings)
        assert all(map(right, announced(dial(reach(server)))))
        counts.append(agreed.call_count)
        agreed.reset_mock()
    assert counts[1] > 3 * counts[0]


def packet(kind: int, *parts: bytes | int) -> bytes:
    """Return an SSH packet as it is sent before keys are agreed on."""
    payload = bytes([kind]) + b"".join(
        one.to_bytes(4) if isinstance(one, int) else len(one).to_bytes(4) + one for one in parts
    )
    padding = 4 + (-(9 + len(payload)) % 8)
    return (1 + len(payload) + padding).to_bytes(4) + bytes([padding]) + payload + b"\0" * padding


LEAVES, KEXINIT = 1, 20


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            packet(LEAVES, 11, b"zu viele Zugriffe f\xfcr heute", b""),
            ": zu viele Zugriffe f\ufffdr heute",
        ),
        (packet(LEAVES, 11), ": no word"),
        (packet(KEXINIT), "it offers ;"),
        (packet(KEXINIT, 0, 0, 0, 0, b"\xff\xfe"), "it sent what is no SSH: "),
    ],
    ids=["words of another charset", "no words", "half an offer", "names of another charset"],
)
def test_a_server_that_leaves_with_odd_words_is_unreachable(shells, dial, said, told):
    with talker(says=b"SSH-2.0-odd\r\n" + said, repeat=True) as port:
        transport = dial(reach(shells, address="127.0.0.1", port=port, connect_timeout=5))
        captures = [transport.fetch(request) for request in (FIRST, SECOND)]
    assert [one.failure.why for one in captures] == [Why.UNREACHABLE] * 2
    assert told in captures[0].failure.detail


def test_closing_ends_a_command_that_runs(new_shells, dial):
    server = new_shells(Fleet((replace(SHAPE, shell_trouble="hang"),)))
    transport = dial(reach(server, command_timeout=60, host_timeout=600))
    captures = []
    worker = threading.Thread(target=lambda: captures.append(transport.fetch(FIRST)))
    worker.start()
    time.sleep(1)
    began = time.monotonic()
    transport.close()
    worker.join(SOON)
    assert time.monotonic() - began < SOON
    assert captures[0].failure.why in (Why.NOT_ASKED, Why.UNREACHABLE)
    assert transport.fetch(SECOND).failure.why is Why.NOT_ASKED


def test_closing_between_login_and_command_sends_none(shells, dial, monkeypatch):
    transport = dial(reach(shells))
    real = Entrance.authenticated

    def closed_meanwhile(entrance, plain, until):
        logged_in = real(entrance, plain, until)
        transport.close()
        return logged_in

    monkeypatch.setattr(Entrance, "authenticated", closed_meanwhile)
    assert transport.fetch(FIRST).failure.why is Why.NOT_ASKED
    assert transport._transport is None


def test_the_password_is_in_no_capture_and_no_field(shells, dial):
    transport = dial(reach(shells, key_files=()), shells.password)
    capture = transport.fetch(FIRST)
    kept = [
        value
        for one in (transport, transport._entrance)
        for name, value in vars(one).items()
        if name not in ("_password", "_entrance")
    ]
    assert shells.password not in repr(capture) + repr(kept)
