"""The smoke test over SSH, against a real OpenSSH server that is a Linux guest."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hostcheck.ways.guest import delivery
from tests.smoke.guest_server import GuestServer

EMPTY = {"PATH": os.environ["PATH"]}


@pytest.fixture(scope="module")
def server(keep_running, tmp_path_factory):
    return keep_running(GuestServer(tmp_path_factory.mktemp("guest")))


@pytest.fixture
def smoke(hostcheck, server):
    """Run `hostcheck smoke --ssh` and return its result, and prove that nothing is left."""

    def run(word, *more):
        server.behaves(word)
        return hostcheck("smoke", *server.reach, *more, env=EMPTY)

    yield run
    assert server.left == set()


@pytest.mark.parametrize(
    ("word", "code"),
    [("pass", 0), ("fail", 1), ("not_applicable", 3)],
)
def test_verdicts_come_through(smoke, word, code):
    done = smoke(word, "--json")
    assert done.exit_code == code, done.output
    assert json.loads(done.stdout)["status"] == word
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("word", "told"),
    [("silent", "it ended with status 9 and wrote no result"),
     ("cut", "its answer is not understood: sparse24: expected hostcheck.sparse24/1 JSON")],
)  # fmt: skip
def test_what_goes_wrong_in_the_program_is_one_line(smoke, word, told):
    done = smoke(word, "--json")
    assert done.exit_code == 5
    assert told in json.loads(done.stdout)["reason"]


@pytest.mark.parametrize(
    ("oddity", "told"),
    [("arm", "the guest is 'Linux arm', not x86-64 Linux"),
     ("no-sum", "ended with status 127: /bin/sh: 1: no-sha256sum-here: not found")],
)  # fmt: skip
def test_a_guest_that_cannot_is_told_in_one_line(smoke, server, oddity, told):
    (server.work / oddity).touch()
    try:
        done = smoke("pass")
    finally:
        (server.work / oddity).unlink()
    assert done.exit_code == 5
    assert told in done.stdout


def test_a_hanging_program_is_ended(smoke, monkeypatch):
    monkeypatch.setattr(delivery, "GRACE_SECONDS", -2)
    done = smoke("hang", "--limit", "5", "--json")
    assert done.exit_code == 6, done.output
    assert "it did not end within 3 s and was ended" in json.loads(done.stdout)["reason"]
    assert done.stderr == ""


def test_a_directory_that_stays_is_reported_and_the_verdict_stays(hostcheck, server):
    server.behaves("pass")
    (server.work / "keep").touch()
    try:
        done = hostcheck("smoke", *server.reach, env=EMPTY)
    finally:
        (server.work / "keep").unlink()
    assert done.exit_code == 0
    place = done.stderr.partition("in a guest: ")[2].partition(" ")[0]
    assert "is left" in done.stderr
    shutil.rmtree(place)


def test_an_unknown_host_key_is_refused(hostcheck, server):
    reach = [one for one in server.reach if one != server.work / "known"]
    reach.insert(reach.index("--ssh-known-hosts") + 1, server.work / "none")
    done = hostcheck("smoke", *reach, env=EMPTY)
    assert done.exit_code == 5
    assert "is in no known_hosts file" in done.stdout


def test_a_guest_is_never_offered_the_password_of_the_hosts(hostcheck, server, monkeypatch):
    offered = []
    monkeypatch.setattr(
        "hostcheck.ways.shell.transport.SshTransport.__init__",
        lambda _self, _shell, _allowed, password, **_given: offered.append(password and password()),
    )
    monkeypatch.setattr(
        "hostcheck.ways.shell.transport.SshTransport.send", RuntimeError, raising=True
    )
    for env in ({"HOSTCHECK_SSH_PASSWORD": "h0st"}, {"HOSTCHECK_GUEST_PASSWORD": "gu3st"}):
        done = hostcheck("smoke", *server.reach, env={**EMPTY, **env})
        assert done.exit_code == 5, "a crash of the program is no verdict either"
    assert set(offered) == {None, "gu3st"}


@pytest.mark.parametrize("name", ["@guest", "user@"])
def test_a_name_without_user_or_guest_is_usage(hostcheck, name):
    done = hostcheck("smoke", "--ssh", name, env=EMPTY)
    assert done.exit_code == 2
    assert done.stderr == "hostcheck: --ssh: give GUEST or USER@GUEST\n"


INTERRUPTIBLE = """
import sys
from pathlib import Path
from hostcheck.smoke import build
build.ready = lambda *_: Path({stand_in!r})
from hostcheck.cli import main
main(sys.argv[1:])
"""


def test_an_interrupt_ends_the_program_and_removes_it(server, program, tmp_path):
    server.behaves("hang")
    code = INTERRUPTIBLE.format(stand_in=str(program))
    with subprocess.Popen(
        [sys.executable, "-c", code, "smoke", *map(str, server.reach)],
        env={**EMPTY, "HOME": str(tmp_path)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    ) as process:  # fmt: skip
        limit = time.monotonic() + 60
        pid = None
        while pid is None and time.monotonic() < limit:
            for place in server.left:
                if (place / "pid").is_file() and (place / "pid").read_text().strip():
                    pid = int((place / "pid").read_text())
            time.sleep(0.05)
        assert pid is not None
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (5, "hostcheck: interrupted\n")
    assert server.left == set()
    assert not os.path.lexists(f"/proc/{pid}/exe") or not Path(f"/proc/{pid}/cmdline").read_bytes()
