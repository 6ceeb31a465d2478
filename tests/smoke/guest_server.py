"""A real OpenSSH server with ordinary shells: a Linux guest."""

import getpass
import os
import re
import shlex
import shutil
import socket
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.peers.ports import own_port
from tests.peers.sshd import Missing

SHELL = """#!/bin/sh
printf '%s\\n' "$SSH_ORIGINAL_COMMAND" >> {work}/commands
set -a
. {work}/environment
set +a
case $SSH_ORIGINAL_COMMAND in
uname*) [ -f {work}/arm ] && exec echo Linux arm ;;
sha256sum*) [ -f {work}/no-sum ] && exec /bin/sh -c no-sha256sum-here ;;
rm*) [ -f {work}/keep ] && exec false ;;
esac
exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"
"""
"""What every login runs: the command as it was sent, but for the oddities of a test."""

PLACE = re.compile(r"/tmp/hostcheck-\d+")


@dataclass(frozen=True)
class Server:
    """An OpenSSH server with ordinary shells for this user."""

    port: int
    work: Path
    user: str

    @property
    def reach(self):
        return ["--ssh", f"{self.user}@127.0.0.1", "--ssh-port", self.port, "--ssh-key",
                self.work / "key", "--ssh-known-hosts", self.work / "known",
                "--ssh-config", "/dev/null"]  # fmt: skip

    @property
    def places(self):
        """Return the folders that were named in commands: those of this guest's visits alone."""
        told = (self.work / "commands").read_text() if (self.work / "commands").exists() else ""
        return {Path(one) for one in PLACE.findall(told)}

    @property
    def left(self):
        """Return the folders that are still there."""
        return {one for one in self.places if one.exists()}

    def behaves(self, word, **environment):
        """Let the programs in the guest see this STAND_IN, and other variables."""
        lines = {"STAND_IN": word, **environment}.items()
        text = "".join(f"{name}={shlex.quote(value)}\n" for name, value in lines)
        (self.work / "environment").write_text(text)


class GuestServer:
    """Starts the server and ends it: `keep_running(GuestServer(tmp_path))`."""

    def __init__(self, work):
        self.work = work
        self.stack = ExitStack()

    def __enter__(self):
        sshd = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if sshd is None or shutil.which("ssh-keygen") is None:
            raise Missing("no OpenSSH server: install openssh-server")
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        for name in ("host", "key"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.work / name], check=True
            )
        port = self.stack.enter_context(own_port())
        shell = self.work / "shell"
        shell.write_text(SHELL.format(work=self.work))
        shell.chmod(0o755)
        config = self.work / "config"
        config.write_text(
            f"ListenAddress 127.0.0.1:{port}\nHostKey {self.work}/host\nPidFile none\nUsePAM no\n"
            f"AuthorizedKeysFile {self.work}/key.pub\nStrictModes no\nMaxSessions 1\n"
            f"PermitRootLogin prohibit-password\nForceCommand {shell}\n"
        )
        kind, key = (self.work / "host.pub").read_text().split()[:2]
        (self.work / "known").write_text(f"[127.0.0.1]:{port} {kind} {key}\n")
        self.process = subprocess.Popen([sshd, "-D", "-e", "-f", config], stderr=subprocess.DEVNULL)
        limit = time.monotonic() + 60
        while time.monotonic() < limit:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.02)
        server = Server(port, self.work, getpass.getuser())
        server.behaves("pass")
        return server

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)
        self.stack.close()
