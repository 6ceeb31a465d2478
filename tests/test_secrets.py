"""No secret anywhere: a canary in every place for one, looked for in many spellings.

Looked through: both streams, run file, page, recording, journal, tracebacks, file names, and the
command line and environment of every program that is started.
"""

import base64
import json
import os
import pty
import quopri
import re
import sys
import time
from dataclasses import replace
from urllib.parse import quote
from xml.sax.saxutils import escape

import pytest

from tests.peers import live, shapes
from tests.peers.fleet import CANARY, Fleet
from tests.peers.redfish import Login, State, running_bmcs
from tests.starting import MAIN
from tests.ways.redfish.machines import rack
from tests.ways.shell.test_logins import let_in, made

ODD = '/"<&>é+ ='
VCENTER, BMC, PHRASE = (f"canary{ODD}of-the-{name}" for name in ("vcenter", "bmc", "phrase"))
HOST = replace(shapes.HEALTHY.hosts[0], vms=())
SSH = """#!/bin/sh
{{ tr '\\0' '\\n' </proc/self/environ; tr '\\0' '\\n' </proc/$$/cmdline; }} >>'{log}'
exec /usr/bin/ssh "$@"
"""
RELAY = """
import os, socket, sys, threading
with open(sys.argv[1], "a") as log:
    log.write(repr((dict(os.environ), sys.argv)) + "\\n")
there = socket.create_connection((sys.argv[2], int(sys.argv[3])))
def back():
    while data := there.recv(65536):
        os.write(1, data)
    os._exit(0)
threading.Thread(target=back, daemon=True).start()
while data := os.read(0, 65536):
    there.sendall(data)
"""
CRASH = """
import sys
import {module} as module
def crash(*given, **named):
    raise RuntimeError("this is the test's crash")
{patch} = crash
from hostcheck.cli import main
main()
"""


def spellings(secret: str) -> dict[str, bytes]:
    """Return how a secret may stand in a file."""
    raw = secret.encode()
    found = {
        "plain": raw,
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "base32": base64.b32encode(raw).rstrip(b"=")[: len(raw) * 8 // 5],
        "url": quote(secret, safe="").encode(),
        "json": json.dumps(secret)[1:-1].encode(),
        "xml": escape(secret, {'"': "&quot;"}).encode(),
        "python": ascii(secret)[1:-1].encode(),
        "quoted-printable": quopri.encodestring(raw),
        "utf-16": secret.encode("utf-16-le"),
        "utf-16 big": secret.encode("utf-16-be"),
        "reversed": secret[::-1].encode(),
    }
    for before in range(3):  # base64 depends on what stands before
        whole = base64.b64encode(b"x" * before + raw).rstrip(b"=")
        last = len(whole) - ((before + len(raw)) % 3 > 0)
        found[f"base64 {before}"] = whole[(0, 2, 3)[before] : last]
    return found


def test_every_spelling_is_found_in_what_holds_it():
    told = spellings(VCENTER)
    assert len(set(told.values())) > 12
    assert told["base64 1"] in base64.b64encode(b"a" + VCENTER.encode())
    assert told["base64 2"] in base64.b64encode(b"ab" + VCENTER.encode() + b"c")
    assert told["json"] in json.dumps({"a": VCENTER}).encode()
    assert told["base32"] in base64.b32encode(VCENTER.encode())


class Lab:
    """A vCenter, a shell behind a proxy command, and a BMC: each wants a secret of its own."""

    def __init__(self, keep_running, start, folder):
        fleet = Fleet((HOST,))
        self.start, self.folder = start, folder
        self.vcenter = keep_running(live.running_vcenter(fleet, password=VCENTER))
        self.shells = keep_running(live.running_shells(fleet))
        state = State(rack(), login=Login(password=BMC))
        self.bmc = keep_running(running_bmcs({"127.0.0.2": state}))
        self.secrets = {
            "GOVC_PASSWORD": VCENTER, "HOSTCHECK_SSH_PASSWORD": self.shells.password,
            "HOSTCHECK_BMC_PASSWORD": BMC,
        }  # fmt: skip
        self.key = made(folder / "key", phrase=PHRASE)
        let_in(self.shells, self.key)
        self.started = folder / "started"
        (folder / "bin").mkdir()
        (folder / "bin/ssh").write_text(SSH.format(log=self.started))
        (folder / "bin/ssh").chmod(0o755)
        (folder / "relay.py").write_text(RELAY)
        relay = f"{sys.executable} {folder / 'relay.py'} {self.started} %h %p"
        text = self.shells.config_file.read_text()
        (folder / "ssh_config").write_text(f"{text}\nHost *\n  ProxyCommand {relay}\n")
        (folder / "bmc.csv").write_text(
            f"host,address,fingerprint\n{HOST.name},127.0.0.2:{self.bmc.port},"
            f"{self.bmc.fingerprint}\n"
        )

    def words(self, *more):
        return [
            "audit", "--vcenter", f"{self.vcenter.host}:{self.vcenter.port}", "--user",
            self.vcenter.user, "--tls-ca", str(self.vcenter.ca_file), "--ssh", "--ssh-config",
            str(self.folder / "ssh_config"), "--bmc", "--bmc-inventory",
            str(self.folder / "bmc.csv"), "--bmc-user", "auditor", "--details", *map(str, more),
        ]  # fmt: skip

    def environment(self, home, secrets):
        return {"HOME": str(home), "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", **secrets}

    def run(self, home, *more, secrets, code=MAIN):
        return self.shown(home, *self.words(*more), secrets=secrets, code=code)

    def shown(self, home, *words, secrets, code=MAIN):
        """Run any command; what it says is bytes."""
        done = self.start(*words, cwd=home, env=self.environment(home, secrets), code=code)
        done.stdout, done.stderr = map(os.fsencode, (done.stdout, done.stderr))
        return done

    def leaks(self, home, *texts, secrets=()):
        """Return where a secret stands, of all that was told, written and started."""
        files = {one for one in home.rglob("*") if one.is_file() and one.suffix != ".secret"}
        told = {"told": b"\n".join(texts), "started": self.started.read_bytes()}
        told |= {str(one): one.read_bytes() for one in files}
        told["names"] = "\n".join(map(str, files)).encode()
        every = (VCENTER, BMC, PHRASE, self.shells.password, CANARY, *secrets)
        return [
            (place, kind)
            for secret in every
            for kind, spelt in spellings(secret).items()
            for place, data in told.items()
            if spelt in data
        ]


@pytest.fixture(scope="module")
def lab(keep_running, start, tmp_path_factory):
    return Lab(keep_running, start, tmp_path_factory.mktemp("secrets"))


WRITTEN = ("--save", "saved", "-o", "run.json", "--html", "run.html")


def test_secrets_of_the_environment(lab, tmp_path):
    done = lab.run(tmp_path, *WRITTEN, secrets=lab.secrets)
    assert done.returncode in (0, 1, 3), done.stderr
    assert len(list(tmp_path.rglob("*"))) > 40
    started = lab.started.read_bytes()
    assert b"\n-G\n" in started
    assert b"relay.py" in started
    assert b'"redfish"' in (tmp_path / "run.json").read_bytes()
    assert lab.leaks(tmp_path, done.stdout, done.stderr) == []


def test_secrets_of_files(lab, tmp_path):
    options = []
    for name, option in (
        ("GOVC_PASSWORD", "--password-file"), ("HOSTCHECK_SSH_PASSWORD", "--ssh-password-file"),
        ("HOSTCHECK_BMC_PASSWORD", "--bmc-password-file"),
    ):  # fmt: skip
        file = tmp_path / f"{option.strip('-')}.secret"
        file.write_text(f"{lab.secrets[name]}\n")
        options += [option, file]
    done = lab.run(tmp_path, *WRITTEN, *options, secrets={})
    assert done.returncode in (0, 1, 3), done.stderr
    assert b'"shell"' in (tmp_path / "run.json").read_bytes()
    assert lab.leaks(tmp_path, done.stdout, done.stderr) == []


@pytest.mark.parametrize(
    "name", ["GOVC_PASSWORD", "HOSTCHECK_SSH_PASSWORD", "HOSTCHECK_BMC_PASSWORD"]
)
def test_secrets_that_are_refused(lab, tmp_path, name):
    wrong = f"canary{ODD}that-is-wrong"
    done = lab.run(tmp_path, *WRITTEN, secrets={**lab.secrets, name: wrong})
    assert done.returncode in (0, 1, 2, 3)
    assert b"refused" in done.stdout + done.stderr
    assert lab.leaks(tmp_path, done.stdout, done.stderr, secrets=(wrong,)) == []


@pytest.mark.parametrize(
    ("module", "patch"),
    [
        ("hostcheck.app", "module.report_of"),
        ("hostcheck.ways.shell.transport", "module.SshTransport._connect"),
        ("hostcheck.ways.vsphere.exchange", "module.Exchange.post"),
    ],
)
def test_secrets_in_a_crash(lab, tmp_path, module, patch):
    code = CRASH.format(module=module, patch=patch)
    done = lab.run(tmp_path, *WRITTEN, secrets=lab.secrets, code=code)
    assert done.returncode == 3
    assert b"this is the test's crash" in b" ".join((done.stdout + done.stderr).split())
    assert lab.leaks(tmp_path, done.stdout, done.stderr) == []


def test_secrets_in_a_journal(lab, tmp_path):
    """A process that is killed as it writes its report leaves the journal."""
    code = (
        "import os, signal\nfrom hostcheck import journal\nkeep = journal.Journal.add\n"
        "def add(self, line):\n    keep(self, line)\n    os.kill(os.getpid(), signal.SIGKILL)\n"
        "journal.Journal.add = add\nfrom hostcheck.cli import main\nmain()\n"
    )
    done = lab.run(tmp_path, *WRITTEN, secrets=lab.secrets, code=code)
    assert done.returncode == -9
    assert HOST.name.encode() in (tmp_path / "run.json.journal").read_bytes()
    assert lab.leaks(tmp_path, done.stdout, done.stderr) == []


def test_secrets_that_a_person_types(lab, tmp_path):
    typed = {
        "Passphrase": PHRASE, "SSH": lab.shells.password, "BMC": BMC, "": VCENTER,
    }  # fmt: skip
    words = lab.words(*WRITTEN, "--ssh-key", lab.key, "--ask-ssh-password", "--ask-bmc-password")
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(tmp_path)
        os.execve(
            sys.executable, [sys.executable, "-m", "hostcheck", *words],
            lab.environment(tmp_path, {}),
        )  # fmt: skip
    said, answered, until = b"", 0, time.monotonic() + 120
    while time.monotonic() < until:
        try:
            said += os.read(terminal, 65536)
        except OSError:
            break
        last = said[answered:].decode(errors="replace")
        if re.search(r"(assword|assphrase)[^\n]*: ?$", last):
            answered = len(said)
            secret = next(one for word, one in typed.items() if word in last)
            os.write(terminal, f"{secret}\n".encode())
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) in (0, 1, 3), said
    run = (tmp_path / "run.json").read_bytes()
    assert b'"shell"' in run
    assert b'"redfish"' in run
    assert lab.leaks(tmp_path, said) == []
