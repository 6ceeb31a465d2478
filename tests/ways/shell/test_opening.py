"""How shells are opened with what a user gave: passphrases, the agent, files that are not there."""

import pickle
import subprocess
import sys

import pytest

from hostcheck import secrets
from hostcheck.errors import UsageError
from hostcheck.front import Front
from hostcheck.ways.shell.opening import opener
from hostcheck.ways.shell.options import Given, Section
from tests.peers import shapes
from tests.ways.shell.reaching import FIRST, NAME, right
from tests.ways.shell.test_logins import an_agent, let_in, made


@pytest.fixture(autouse=True)
def nothing_of_this_machine(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setattr(secrets, "from_keyring", lambda _name: "")


def front(*typed, somebody=True):
    """Return who types these words, and a list of what was asked."""
    words, asked = list(typed), []

    def ask(prompt):
        asked.append(prompt)
        return words.pop(0)

    return Front({}, ask, lambda _: None, somebody=somebody), asked


def given(server, **more):
    return Given(ssh=True, ssh_config=server.config_file, **more)


def test_the_passphrase_of_a_named_key_is_asked_for_once(shells, tmp_path):
    key = made(tmp_path / "key", phrase="open sesame")
    let_in(shells, key)
    person, asked = front("open sesame")
    opens = opener(given(shells, ssh_key=(key,)), Section(), person)
    assert asked == [f"Passphrase of {key}"]
    assert "sesame" not in repr(opens)
    for one in (opens, pickle.loads(pickle.dumps(opens))):
        transport = one.open(NAME)
        assert right(transport.fetch(FIRST))
        transport.close()


def test_a_wrong_passphrase_is_one_line(shells, tmp_path):
    key = made(tmp_path / "key", phrase="open sesame")
    person, _ = front("open says me")
    with pytest.raises(UsageError, match=f"{key} is encrypted with another passphrase") as caught:
        opener(given(shells, ssh_key=(key,)), Section(), person)
    assert "says me" not in str(caught.value)


def test_a_key_of_the_settings_is_asked_for_too_and_nobody_where_nobody_is(shells, tmp_path):
    key = made(tmp_path / "key", phrase="open sesame")
    person, asked = front("open sesame")
    opener(given(shells), Section(key_files=("~/key",)), person)
    assert asked == [f"Passphrase of {key}"]
    nobody, asked = front(somebody=False)
    failure = (
        opener(given(shells, ssh_key=(key,)), Section(), nobody).open(NAME).fetch(FIRST).failure
    )
    assert asked == []
    assert f"{key} is encrypted, and no agent holds it" in failure.detail


def test_what_the_agent_holds_needs_no_passphrase(shells, tmp_path, monkeypatch):
    key = made(tmp_path / "key")
    let_in(shells, key)
    with an_agent(key) as agent:
        monkeypatch.setenv("SSH_AUTH_SOCK", agent)
        person, asked = front()
        key.write_text("garbage")
        transport = opener(given(shells, ssh_key=(key,)), Section(), person).open(NAME)
        assert right(transport.fetch(FIRST))
        transport.close()
        alone = opener(given(shells, ssh_agent=False), Section(), person).open(NAME)
        assert alone.fetch(FIRST).failure.privilege == "key or password"
        by_itself = opener(given(shells), Section(), person).open(NAME)
        assert right(by_itself.fetch(FIRST)), "the agent's keys are offered unless told otherwise"
        by_itself.close()
    assert asked == []


def test_a_config_that_is_named_has_to_be_there(tmp_path):
    person, _ = front()
    with pytest.raises(UsageError, match=r"--ssh-config .*none: there is no such file"):
        opener(Given(ssh=True, ssh_config=tmp_path / "none"), Section(), person)
    opener(Given(ssh=True), Section(), person)  # nobody needs a ~/.ssh/config


def test_the_workers_of_a_cluster_count_together(new_shells, tmp_path):
    server = new_shells(shapes.HEALTHY)
    secret = tmp_path / "secret"
    secret.write_text("wr0ng\n")
    person, _ = front()
    opens = opener(given(server, ssh_password_file=secret), Section(), person)
    there = [pickle.loads(pickle.dumps(opens)) for _ in range(3)]
    failures = [one.open(NAME).fetch(FIRST).failure for one in there]
    assert "the password was refused" in failures[0].detail
    assert all("was not tried" in one.detail for one in failures[1:])
    assert "wr0ng" not in repr(there)


def test_a_shell_is_opened_without_what_paramiko_brings_along_for_others():
    code = (
        "import sys; import hostcheck.ways.shell.transport; print(*sys.modules); import invoke;"
        "print(invoke.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    brought, later = done.stdout.splitlines()
    assert "paramiko" in brought.split()
    assert {"invoke", "asyncio"}.isdisjoint(brought.split())
    assert later == "invoke", "whoever wants it gets it"
