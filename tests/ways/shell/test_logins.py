"""Logins against a real OpenSSH server: what opens a host, and the reason where nothing does."""

import os
import re
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import replace as replaced
from pathlib import Path

import paramiko
import pytest

from hostcheck import words
from hostcheck.model.fact import Why
from hostcheck.ways.shell.codes import Codes
from hostcheck.ways.shell.tries import Tries
from tests.peers import shapes
from tests.peers.fleet import Fleet
from tests.peers.sshd import BITS
from tests.ways.shell.reaching import FIRST, NAME, SECOND, SHAPE, reach, right
from tests.ways.shell.scripted_sshd import Script, scripted

FAILED = re.compile(r"\nFailed (\S+) for")
LOCKS_AT_ONCE = """
auth required pam_faillock.so preauth deny=1 unlock_time=900 dir={work}/tally
auth [success=1 default=bad] pam_unix.so
auth [default=die] pam_faillock.so authfail deny=1 unlock_time=900 dir={work}/tally
auth required pam_permit.so
account required pam_unix.so
session required pam_permit.so
"""


def made(path, *options, kind="ed25519", phrase=""):
    """Make a key; its public half lies beside it."""
    subprocess.run(
        ["ssh-keygen", "-q", "-t", kind, *BITS.get(kind, ()), "-N", phrase, "-f", str(path),
         *options],
        check=True, capture_output=True,
    )  # fmt: skip
    return path


def let_in(server, key):
    """Let the server accept a key too."""
    with (server.key_file.parent / "authorized_keys").open("a") as file:
        file.write(Path(f"{key}.pub").read_text())


def refusal(transport):
    """Ask, be refused, and see that the need has a step that settles it."""
    failure = transport.fetch(FIRST).failure
    assert failure is not None
    assert transport.fetch(SECOND).failure.detail == failure.detail, "nobody is asked twice"
    assert failure.privilege in words.STEPS or failure.privilege == "service TSM-SSH"
    return failure


def failed_logins(server, count, method="password"):
    """Wait for so many failed logins in the log, which sshd writes late; return how many it has."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        found = FAILED.findall(server.log_file.read_text()).count(method)
        if found >= count:
            break
        time.sleep(0.05)
    time.sleep(0.2)
    return FAILED.findall(server.log_file.read_text()).count(method)


@contextmanager
def an_agent(*keys):
    """An agent that holds these keys; yields its address."""
    said = subprocess.run(["ssh-agent", "-s"], check=True, capture_output=True, text=True).stdout
    found = dict(re.findall(r"(SSH_\w+)=([^;]+)", said))
    try:
        for key in keys:
            subprocess.run(
                ["ssh-add", "-q", str(key)], check=True, capture_output=True,
                env={**os.environ, **found},
            )  # fmt: skip
        yield found["SSH_AUTH_SOCK"]
    finally:
        subprocess.run(
            ["ssh-agent", "-k"], env={**os.environ, **found}, check=True, capture_output=True
        )


# Keys


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("rsa", ["-m", "PEM"]), ("rsa", ["-m", "PKCS8"]), ("rsa", []), ("ecdsa", ["-m", "PEM"]),
        ("ecdsa", ["-m", "PKCS8"]), ("ed25519", []),
    ],
)  # fmt: skip
@pytest.mark.parametrize("phrase", ["", "open sesame"])
def test_every_spelling_of_a_key_opens(shells, dial, tmp_path, kind, options, phrase):
    key = made(tmp_path / "key", *options, kind=kind, phrase=phrase)
    let_in(shells, key)
    phrases = {str(key): phrase} if phrase else {}
    assert right(dial(reach(shells, key_files=(str(key),)), passphrases=phrases).fetch(FIRST))


def test_keys_that_cannot_be_used_are_named_with_the_reason(shells, dial, tmp_path):
    locked = made(tmp_path / "locked", phrase="phrase")
    other = made(tmp_path / "other", "-m", "PEM", kind="rsa", phrase="phrase")
    public = made(tmp_path / "public")
    public.unlink()
    missing, garbage, damaged = (tmp_path / name for name in ("missing", "garbage", "damaged"))
    garbage.write_bytes(b"\0\xff")
    damaged.write_text("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n")
    folder = tmp_path / "folder"
    folder.mkdir()
    named = (locked, other, Path(f"{public}.pub"), missing, garbage, damaged, folder)
    to = reach(shells, key_files=tuple(map(str, named)))
    failure = refusal(dial(to, passphrases={str(other): "wrong"}))
    assert (failure.why, failure.privilege) == (Why.DENIED, "key that can be used")
    for words_of_one in (
        f"{locked} is encrypted, and no agent holds it",
        f"{other} is encrypted with another passphrase",
        f"{public}.pub is a public key, and no agent holds its other half",
        f"{missing} is not there",
        f"{garbage} is no private key",
        f"{damaged} is damaged",
        f"{folder} cannot be read",
    ):
        assert words_of_one in failure.detail


def test_a_missing_key_that_nobody_named_is_not_told(shells, dial, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    failure = refusal(dial(reach(shells, key_files=(str(tmp_path / ".ssh" / "id_rsa"),))))
    assert "id_rsa" not in failure.detail
    assert failure.privilege == "key or password"


def test_a_key_that_the_host_does_not_know_is_named(shells, dial, tmp_path):
    key = made(tmp_path / "key")
    failure = refusal(dial(reach(shells, key_files=(str(key),))))
    assert failure.privilege == "key that the host accepts"
    assert f"refused: {key}" in failure.detail


def test_nothing_to_log_in_with_is_said_so(shells, dial):
    failure = refusal(dial(reach(shells, key_files=())))
    assert failure.privilege == "key or password"
    assert "no key and no password to offer" in failure.detail


def test_a_certificate_opens_and_where_it_does_not_the_plain_key_does(new_shells, dial, tmp_path):
    signer, key, other = (made(tmp_path / name) for name in ("ca", "key", "other"))
    server = new_shells(shapes.HEALTHY, settings=[f"TrustedUserCAKeys {signer}.pub"])
    for one in (key, other):
        subprocess.run(
            ["ssh-keygen", "-q", "-s", str(signer), "-I", "me", "-n", server.user, f"{one}.pub"],
            check=True, capture_output=True,
        )  # fmt: skip
    assert right(dial(reach(server, key_files=(str(key),))).fetch(FIRST))
    moved = tmp_path / "elsewhere"
    Path(f"{other}-cert.pub").rename(moved)
    named = (str(tmp_path / "key-cert.pub"), str(moved))
    to = reach(server, key_files=(str(other),), certificates=named)
    assert right(dial(to).fetch(FIRST)), "the certificate of another key is left alone"
    plain = new_shells(shapes.HEALTHY)
    let_in(plain, key)
    assert right(dial(reach(plain, key_files=(str(key),))).fetch(FIRST)), "nobody trusts that CA"


# The agent


def test_the_agent_holds_an_encrypted_key(shells, dial, tmp_path):
    key = made(tmp_path / "key")
    let_in(shells, key)
    with an_agent(key) as agent:
        subprocess.run(
            ["ssh-keygen", "-q", "-p", "-P", "", "-N", "phrase", "-f", str(key)], check=True,
            capture_output=True,
        )  # fmt: skip
        to = reach(shells, key_files=(str(key),), use_agent=True, agent_socket=agent)
        assert right(dial(to).fetch(FIRST))


def test_of_many_keys_the_named_one_goes_first(shells, dial, tmp_path):
    keys = [made(tmp_path / f"key{number}") for number in range(8)]
    let_in(shells, keys[-1])
    with an_agent(*keys) as agent:
        given = {"use_agent": True, "agent_socket": agent}
        failure = refusal(dial(reach(shells, key_files=(), **given)))
        assert (failure.why, failure.privilege) == (Why.DENIED, "one key")
        assert "Too many authentication failures" in failure.detail
        keys[-1].unlink()  # the agent alone has it
        public = (f"{keys[-1]}.pub",)
        assert right(dial(reach(shells, key_files=public, **given)).fetch(FIRST))
        only = reach(shells, key_files=public, only_these_keys=True, **given)
        assert right(dial(only).fetch(FIRST))
        others = reach(shells, key_files=(f"{keys[0]}.pub",), only_these_keys=True, **given)
        assert refusal(dial(others)).privilege == "key that the host accepts"


def test_one_try_is_kept_for_the_password(new_shells, dial, tmp_path):
    server = new_shells(shapes.HEALTHY)
    keys = tuple(str(made(tmp_path / f"key{number}")) for number in range(8))
    assert right(dial(reach(server, key_files=keys), server.password).fetch(FIRST))
    failure = refusal(dial(reach(server, key_files=keys), "wr0ng"))
    assert failure.privilege == "right password"
    assert f"not offered: {', '.join(keys[5:])}" in failure.detail


@pytest.mark.parametrize("sick", ["absent", "deaf"])
def test_an_agent_that_is_not_there_costs_nothing_else(shells, dial, tmp_path, sick, monkeypatch):
    where = tmp_path / "agent"
    if sick == "deaf":
        where.write_text("no socket")
    to = reach(shells, use_agent=True, agent_socket=str(where))
    assert right(dial(to).fetch(FIRST))
    alone = reach(shells, use_agent=True, agent_socket=str(where), key_files=())
    assert f"the agent at {where}" in refusal(dial(alone)).detail
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    assert "agent" not in refusal(dial(reach(shells, use_agent=True, key_files=()))).detail


# Passwords


@pytest.mark.parametrize("method", ["keyboard-interactive", "password", "publickey"])
def test_an_expired_password_is_said_and_not_changed(new_shells, dial, method):
    server = new_shells(shapes.HEALTHY, methods=(method,))
    before = shadow(server.user)
    subprocess.run(["chage", "-d", "0", server.user], check=True)
    keys = (str(server.key_file),) if method == "publickey" else ()
    failure = refusal(dial(reach(server, key_files=keys), server.password))
    assert (failure.why, failure.privilege) == (Why.DENIED, "password that has not expired")
    assert "expired" in failure.detail
    assert "not changed" in failure.detail
    assert shadow(server.user) == before
    log = server.log_file.read_text()
    assert "password changed" not in log
    assert "chauthtok" not in log, "nobody asked for another password"


def shadow(user):
    said = subprocess.run(["getent", "shadow", user], check=True, capture_output=True, text=True)
    return said.stdout.split(":")[1]


def test_a_locked_account_is_told_from_a_wrong_password(new_shells, dial):
    server = new_shells(shapes.HEALTHY, methods=("keyboard-interactive",), pam=LOCKS_AT_ONCE)
    wrong = refusal(dial(reach(server, key_files=()), "wr0ng"))
    assert wrong.privilege == "right password"
    locked = refusal(dial(reach(server, key_files=()), server.password))
    assert (locked.why, locked.privilege) == (Why.DENIED, "account that is not locked")
    assert "locked due to" in locked.detail


def test_an_account_that_the_host_denies_reads_like_a_wrong_password(shells, dial):
    failure = refusal(dial(reach(shells, "esx-14.lab.test", key_files=()), shells.password))
    assert failure.privilege == "right password"
    assert "Administrator role" in words.STEPS[failure.privilege]


class Asks(Script):
    """Takes the password, and asks for more."""

    def __init__(self, *then):
        super().__init__(methods="keyboard-interactive")
        self.then = list(then)

    def check_auth_interactive(self, _username, _submethods):
        return paramiko.InteractiveQuery("", "", ("Password: ", False))

    def check_auth_interactive_response(self, responses):
        self.answers.append(responses)
        return paramiko.InteractiveQuery("", "", (self.then.pop(0), False))


@pytest.mark.parametrize(
    ("prompt", "need"),
    [("Verification code: ", "login without a code"), ("Password: ", "right password"),
     ("(current) UNIX password: ", "password that has not expired"),
     ("New password: ", "password that has not expired")],
)  # fmt: skip
def test_only_the_first_prompt_is_answered(tmp_path, dial, shells, prompt, need):
    script = Asks(prompt)
    with scripted(script, tmp_path) as (port, known):
        to = reach(shells, address="127.0.0.1", port=port, known_hosts=(known,), key_files=())
        failure = refusal(dial(to, "secret"))
    assert script.answers == [["secret"]]
    assert failure.privilege == need
    assert prompt.strip() in failure.detail
    assert "secret" not in failure.detail


class Coded(Script):
    """Takes password and code: in one request, one behind the other, or the code behind a key."""

    def __init__(self, *rounds, right):
        super().__init__(methods="keyboard-interactive")
        self.rounds = list(rounds)
        self.right = right

    def _next(self):
        return paramiko.InteractiveQuery(
            "", "", *((prompt, False) for prompt in self.rounds.pop(0))
        )

    def check_auth_interactive(self, _username, _submethods):
        return self._next()

    def check_auth_interactive_response(self, responses):
        self.answers.append(responses)
        if self.rounds:
            return self._next()
        given = [one for each in self.answers for one in each]
        return paramiko.AUTH_SUCCESSFUL if given == self.right else paramiko.AUTH_FAILED


class KeyAndCode(Coded):
    """Wants a code behind any key."""

    def check_auth_publickey(self, _username, _key):
        self.methods = "keyboard-interactive"
        return paramiko.AUTH_PARTIALLY_SUCCESSFUL

    def check_auth_none(self, _username):
        self.methods = "publickey"
        return paramiko.AUTH_FAILED


CODE, SECRET = "Verification code: ", "Password: "


@pytest.mark.parametrize(
    ("kind", "rounds", "password", "right"),
    [
        (Coded, [(SECRET,), (CODE,)], "secret", ["secret", "123456"]),
        (Coded, [(SECRET, CODE)], "secret", ["secret", "123456"]),
        (Coded, [(CODE,), (SECRET,)], "secret", ["123456", "secret"]),
        (KeyAndCode, [(CODE,)], None, ["123456"]),
    ],
)
def test_a_code_is_asked_of_whoever_is_there(tmp_path, dial, shells, kind, rounds, password, right):
    script, heard = kind(*rounds, right=right), []
    codes = Codes(lambda prompt: heard.append(prompt) or "123456")
    with scripted(script, tmp_path) as (port, known):
        keys = (str(shells.key_file),) if kind is KeyAndCode else ()
        to = reach(shells, address="127.0.0.1", port=port, known_hosts=(known,), key_files=keys)
        capture = dial(to, password, codes=codes).fetch(FIRST)
    assert capture.failure is None
    assert heard == ["127.0.0.1 asks: Verification code"]
    assert "123456" not in repr(capture)


@pytest.mark.parametrize(
    ("typed", "need"), [("999999", "right code"), ("", "login without a code")]
)
def test_a_wrong_code_is_not_a_wrong_password(tmp_path, dial, shells, typed, need):
    script = Coded((SECRET,), (CODE,), right=["secret", "123456"])
    tries = Tries()
    with scripted(script, tmp_path) as (port, known):
        to = reach(shells, address="127.0.0.1", port=port, known_hosts=(known,), key_files=())
        failure = refusal(dial(to, "secret", codes=Codes(lambda _: typed), tries=tries))
    assert failure.privilege == need
    assert need in words.STEPS
    assert "999999" not in failure.detail
    with tries.turn(to.user, "another", time.monotonic() + 5):
        pass  # nobody counts it as a refusal of the password


def test_a_code_that_is_asked_for_again_ends_the_login(tmp_path, dial, shells):
    script = Coded((SECRET,), (CODE,), (CODE,), right=[])
    with scripted(script, tmp_path) as (port, known):
        to = reach(shells, address="127.0.0.1", port=port, known_hosts=(known,), key_files=())
        failure = refusal(dial(to, "secret", codes=Codes(lambda _: "1")))
    assert (failure.privilege, script.answers) == ("right code", [["secret"], ["1"]])


def test_a_code_is_asked_for_one_host_of_a_run(tmp_path, dial, shells):
    heard = []
    codes = Codes(lambda prompt: heard.append(prompt) or "123456")
    for address in ("127.0.0.1", "localhost"):
        script = Coded((SECRET,), (CODE,), right=["secret", "123456"])
        with scripted(script, tmp_path) as (port, known):
            pins = Path(known).read_text().replace("127.0.0.1", address)
            (tmp_path / "pins").write_text(pins)
            to = reach(shells, address=address, port=port, known_hosts=(str(tmp_path / "pins"),),
                       key_files=())  # fmt: skip
            failure = dial(to, "secret", codes=codes).fetch(FIRST).failure
    assert failure.privilege == "login without a code"
    assert len(heard) == 1


def test_who_looks_for_a_code_has_longer_than_a_host_has(tmp_path, dial, shells):
    def slowly(_prompt):
        time.sleep(2.5)
        return "123456"

    script = Coded((SECRET,), (CODE,), right=["secret", "123456"])
    with scripted(script, tmp_path) as (port, known):
        to = reach(shells, address="127.0.0.1", port=port, known_hosts=(known,), key_files=(),
                   connect_timeout=1.5, host_timeout=2)  # fmt: skip
        assert dial(to, "secret", codes=Codes(slowly)).fetch(FIRST).failure is None


@pytest.mark.parametrize("second", ["password", "keyboard-interactive"])
def test_a_key_and_a_password_together_open(new_shells, dial, second):
    server = new_shells(shapes.HEALTHY, settings=[f"AuthenticationMethods publickey,{second}"])
    assert right(dial(reach(server), server.password).fetch(FIRST))
    failure = refusal(dial(reach(server)))
    assert failure.privilege == "key or password"
    assert "is right, and not enough" in failure.detail
    assert f"takes {second}" in failure.detail
    assert refusal(dial(reach(server), "wr0ng")).privilege == "right password"


def test_a_server_that_takes_neither_says_what_it_takes(new_shells, dial):
    server = new_shells(shapes.HEALTHY, methods=("publickey",))
    failure = refusal(dial(reach(server, key_files=()), server.password))
    assert failure.privilege == "key or password"
    assert "the password was not asked for" in failure.detail


# One password on many hosts


def asked_at_once(dial, server, password, tries, count=8, names=(NAME,)):
    transports = [
        dial(reach(server, names[n % len(names)], key_files=()), password, tries=tries)
        for n in range(count)
    ]
    captures = [None] * count
    threads = [
        threading.Thread(target=lambda n=n: captures.__setitem__(n, transports[n].fetch(FIRST)))
        for n in range(count)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    return captures


@pytest.mark.parametrize("method", ["keyboard-interactive", "password"])
def test_a_wrong_password_is_tried_on_two_hosts_and_no_more(new_shells, dial, method):
    hosts = [replaced(SHAPE, **shapes.at(number)) for number in (1, 2, 3, 4)]
    server = new_shells(Fleet(tuple(hosts)), methods=(method,))
    names = [one.name for one in hosts]
    captures = asked_at_once(dial, server, "wr0ng", Tries(), names=names)
    logged = "keyboard-interactive/pam" if method == "keyboard-interactive" else method
    assert failed_logins(server, 2, logged) == 2
    assert {one.failure.why for one in captures} == {Why.DENIED}
    assert {one.failure.privilege for one in captures} == {"right password"}
    told = [one.failure.detail for one in captures if "was not tried" in one.failure.detail]
    assert len(told) == 6
    asked = {one.address for one in hosts if any(f"[{one.address}]" in each for each in told)}
    assert len(asked) == 2
    other_user = dial(reach(server, key_files=(), user="somebody"), "wr0ng", tries=Tries())
    assert "was not tried" not in other_user.fetch(FIRST).failure.detail


def test_a_host_that_is_listed_twice_is_asked_once_and_counts_once(new_shells, dial):
    """So a second host is asked too, and no more than two logins fail altogether."""
    other, third = (replaced(SHAPE, **shapes.at(number)) for number in (2, 3))
    server, tries = new_shells(Fleet((SHAPE, other, third)), methods=("password",)), Tries()
    captures = asked_at_once(dial, server, "wr0ng", tries, count=4)
    assert failed_logins(server, 1) == 1
    again = [one.failure.detail for one in captures if "has refused it in this run" in
             one.failure.detail]  # fmt: skip
    assert len(again) == 3
    captures = asked_at_once(dial, server, "wr0ng", tries, count=3, names=(other.name, NAME))
    assert failed_logins(server, 2) == 2
    assert sum("the password was refused" in one.failure.detail for one in captures) == 1
    last = dial(reach(server, third.name, key_files=()), "wr0ng", tries=tries)
    assert "refused it, and more" in last.fetch(FIRST).failure.detail
    assert failed_logins(server, 2) == 2


def test_a_password_that_was_right_once_goes_on_being_tried(new_shells, dial):
    server = new_shells(shapes.HEALTHY)
    tries = Tries()
    assert right(dial(reach(server, key_files=()), server.password, tries=tries).fetch(FIRST))
    assert all(right(one) for one in asked_at_once(dial, server, server.password, tries))
    for _ in range(3):
        failure = dial(reach(server, key_files=()), "wr0ng", tries=tries).fetch(FIRST).failure
        assert "the password was refused" in failure.detail


def test_keys_go_on_where_the_password_does_not(new_shells, dial):
    server = new_shells(shapes.HEALTHY)
    tries = Tries()
    asked_at_once(dial, server, "wr0ng", tries, count=3)
    assert right(dial(reach(server), "wr0ng", tries=tries).fetch(FIRST))
    stopped = dial(reach(server, key_files=(), user=server.user), "wr0ng", tries=tries).fetch(FIRST)
    assert "was not tried" in stopped.failure.detail


# Names and connections


def test_a_name_that_nobody_knows_is_told_from_a_port_that_is_shut(shells, dial):
    nobody = refusal(dial(reach(shells, address="no-such-host.invalid", connect_timeout=5)))
    assert (nobody.why, nobody.privilege) == (Why.UNREACHABLE, "name in DNS")
    shut = refusal(dial(reach(shells, port=1)))
    assert (shut.why, shut.privilege) == (Why.UNREACHABLE, "service TSM-SSH")


# Host keys and algorithms


def test_names_are_looked_up_in_small_letters(shells, dial, tmp_path):
    hashed = tmp_path / "known_hosts"
    _, kind, key = shells.known_hosts_file.read_text().splitlines()[0].split()
    hashed.write_text(f"[localhost]:{shells.port} {kind} {key}\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(hashed)], check=True, capture_output=True)
    to = reach(shells, address="LocalHost", known_hosts=(str(hashed),))
    assert "known_hosts" not in str(dial(to).fetch(FIRST).failure)


def test_an_entry_without_the_port_counts_where_there_is_none_with_it(shells, dial, tmp_path):
    plain = tmp_path / "known_hosts"
    _, kind, key = shells.known_hosts_file.read_text().splitlines()[0].split()
    plain.write_text(f"{SHAPE.address} {kind} {key}\n")
    to = reach(shells, known_hosts=(str(plain),))
    assert right(dial(to).fetch(FIRST))
    other = paramiko.ECDSAKey.generate()
    named = f"[{SHAPE.address}]:{shells.port} {other.get_name()} {other.get_base64()}\n"
    plain.write_text(plain.read_text() + named)
    assert refusal(dial(to)).privilege == "host key as known"


@pytest.mark.parametrize(
    "mark", ["@revoked\t*\t", "  @revoked *  ", "@revoked  *,x ", "@Revoked * "]
)
def test_a_revoked_key_is_refused_in_any_spacing(shells, dial, tmp_path, mark):
    known = tmp_path / "known_hosts"
    text = shells.known_hosts_file.read_text()
    known.write_text(text + mark + " ".join(text.splitlines()[0].split()[1:]) + "\n")
    failure = refusal(dial(reach(shells, known_hosts=(str(known),))))
    assert (failure.why, failure.privilege) == (Why.DENIED, "host key that is not revoked")


@pytest.mark.parametrize("form", ["lines", "key list", "other", "broken", "missing"])
def test_revoked_host_keys_are_honoured(shells, dial, tmp_path, form):
    host_key = shells.key_file.parent / "host_key.pub"
    file = tmp_path / "revoked"
    if form == "lines":
        file.write_text("# keys\n" + host_key.read_text())
    elif form in ("key list", "other"):
        of = host_key if form == "key list" else Path(f"{made(tmp_path / 'key')}.pub")
        subprocess.run(
            ["ssh-keygen", "-q", "-k", "-f", str(file), str(of)], check=True, capture_output=True
        )
    elif form == "broken":
        file.write_bytes(b"SSHKRL\n\0 and no more")
    to = reach(shells, revoked_keys=(str(file),))
    if form == "other":
        assert right(dial(to).fetch(FIRST))
        return
    failure = refusal(dial(to))
    assert failure.why is Why.DENIED
    assert str(file) in failure.detail
    revoked = form in ("lines", "key list")
    need = "host key that is not revoked" if revoked else "ssh_config that can be read"
    assert failure.privilege == need


def test_an_authority_of_host_keys_is_named_as_not_checked(shells, dial, tmp_path):
    known = tmp_path / "known_hosts"
    signer = made(tmp_path / "ca")
    key = Path(f"{signer}.pub").read_text()
    known.write_text(f"@cert-authority * {key}")
    failure = refusal(dial(reach(shells, known_hosts=(str(known),))))
    assert failure.privilege == "known_hosts entry"
    assert "certificates of hosts are not checked" in failure.detail
    shown = subprocess.run(
        ["ssh-keygen", "-l", "-f", f"{signer}.pub"], check=True, capture_output=True, text=True
    ).stdout.split()[1]
    assert shown in failure.detail


def test_a_host_with_a_certificate_is_asked_for_its_plain_key(new_shells, dial, tmp_path):
    signer, key = made(tmp_path / "ca"), made(tmp_path / "key", kind="ecdsa")
    subprocess.run(
        ["ssh-keygen", "-q", "-s", str(signer), "-I", "host", "-h", f"{key}.pub"], check=True,
        capture_output=True,
    )  # fmt: skip
    certified = [f"HostKey {key}", f"HostCertificate {key}-cert.pub"]
    server = new_shells(shapes.HEALTHY, settings=certified)
    known = tmp_path / "known_hosts"
    plain = " ".join(Path(f"{key}.pub").read_text().split()[:2])
    known.write_text(f"[{SHAPE.address}]:{server.port} {plain}\n")
    assert right(dial(reach(server, known_hosts=(str(known),))).fetch(FIRST))
    known.write_text(f"@cert-authority * {Path(f'{signer}.pub').read_text()}")
    failure = refusal(dial(reach(server, known_hosts=(str(known),))))
    assert "certificates of hosts are not checked" in failure.detail


@pytest.mark.parametrize(
    ("setting", "offered"),
    [
        ("HostKeyAlgorithms ssh-rsa", "no host key in common: it offers ssh-rsa;"),
        ("KexAlgorithms diffie-hellman-group18-sha512", "it offers diffie-hellman-group18-sha512"),
        ("Ciphers chacha20-poly1305@openssh.com", "no cipher in common: it offers chacha20"),
        ("MACs umac-64-etm@openssh.com", "no MAC in common: it offers umac-64-etm@openssh.com;"),
    ],
)
def test_where_nothing_is_in_common_both_lists_are_told(new_shells, dial, setting, offered):
    rsa = "HostKey {work}/rsa_key"
    server = new_shells(shapes.HEALTHY, settings=[setting, rsa])
    failure = refusal(dial(reach(server)))
    assert (failure.why, failure.privilege) == (Why.UNREACHABLE, "SSH algorithm in common")
    assert offered in failure.detail
    assert "; here " in failure.detail


@pytest.mark.parametrize(
    "settings",
    [
        ["KexAlgorithms curve25519-sha256"],
        ["Ciphers aes256-gcm@openssh.com", "KexAlgorithms ecdh-sha2-nistp384"],
        ["Ciphers aes256-ctr", "MACs hmac-sha2-256", "KexAlgorithms diffie-hellman-group14-sha256"],
    ],
)
def test_hardened_hosts_are_reached(new_shells, dial, settings):
    assert right(dial(reach(new_shells(shapes.HEALTHY, settings=settings))).fetch(FIRST))


def test_the_page_names_what_settles_each_reason():
    page = (Path(__file__).parents[3] / "docs" / "ssh.md").read_text()
    assert [need for need in words.STEPS if f"| {need} |" not in page] == []
