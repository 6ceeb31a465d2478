"""The way to a host's SSH port: straight, or through a command as ProxyJump and ProxyCommand do."""

import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from typing import IO

from hostcheck import environment
from hostcheck.model.fact import Unknown, Why
from hostcheck.ways.base import Refused
from hostcheck.ways.shell.reach import Shell

PATIENCE = 2
"""Seconds for a command to end after its connection is closed, and again for each nudge."""
AGAIN_SECONDS = 0.25
"""How long to wait before a server that has just been started is tried again."""
MOST_BYTES = 1 << 16
LONGEST = 300
"""Characters of what a command says that a report repeats."""


class Tunnel(socket.socket):
    """A socket whose other end is a command; closing it ends the command."""

    def __init__(self, command: tuple[str, ...]) -> None:
        """Start the command. Raises OSError where it cannot be."""
        mine, its = socket.socketpair()
        self.said = ""
        self._closing = threading.Lock()
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  read after its end
        try:
            self._process = subprocess.Popen(  # noqa: S603  the user's own ssh_config
                command,
                stdin=its.fileno(),
                stdout=its.fileno(),
                stderr=self._errors,
                env=environment.of_children(),
            )
        except BaseException:
            mine.close()
            self._errors.close()
            raise
        finally:
            its.close()
        super().__init__(mine.family, mine.type, mine.proto, mine.detach())

    def close(self) -> None:
        """Close the connection, wait for the command to end, and keep what it said of that."""
        super().close()
        with self._closing:
            if self._errors.closed:
                return
            ends: tuple[Callable[[], object], ...] = (
                self._process.poll, self._process.terminate, self._process.kill,
            )  # fmt: skip
            for end in ends:
                end()
                try:
                    self._process.wait(PATIENCE)
                    break
                except subprocess.TimeoutExpired:
                    continue
            self._errors.seek(0)
            said = self._errors.read(MOST_BYTES).decode(errors="replace")
            self._errors.close()
        self.said = "; ".join(line.strip() for line in said.splitlines() if line.strip())[-LONGEST:]


def connected(shell: Shell, seconds: float) -> socket.socket:
    """Connect to the SSH port of a host. Raises Refused that says why not, and TimeoutError."""
    where = f"{shell.address}:{shell.port}"
    if shell.through:
        try:
            tunnel = Tunnel(shell.through)
        except OSError as error:
            raise lost(shell, f"{shell.through[0]}: {error.strerror}") from None
        tunnel.settimeout(seconds)
        return tunnel
    try:
        plain = socket.create_connection((shell.address, shell.port), seconds)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except TimeoutError:
        raise
    except (socket.gaierror, UnicodeError) as error:
        told = f"{shell.address}: {getattr(error, 'strerror', None) or 'no name of a host'}"
        raise Refused(Unknown(Why.UNREACHABLE, told, "", "name in DNS")) from None
    except ConnectionRefusedError as error:
        told = f"{where}: {error.strerror}"
        raise Refused(Unknown(Why.UNREACHABLE, told, "", "service TSM-SSH")) from None
    except OSError as error:
        told = f"{where}: {error.strerror or error}"
        raise Refused(Unknown(Why.UNREACHABLE, told, "", "way to its SSH port")) from None
    return plain


def awaited(shell: Shell, seconds: float, over: Callable[[], bool]) -> None:
    """Wait until an SSH server says that it is one, or it is `over`. Nobody logs in.

    Raises Refused that says why it does not answer.
    """
    until = time.monotonic() + seconds
    why = late(shell, seconds)
    while (left := until - time.monotonic()) > 0 and not over():
        try:
            plain = connected(shell, left)
            try:
                plain.settimeout(left)
                if b"SSH-" in plain.recv(MOST_BYTES):
                    return
                why = lost(shell, "closed")
            finally:
                plain.close()
        except TimeoutError:
            why = late(shell, seconds)
        except OSError as error:
            why = lost(shell, error.strerror or str(error))
        except Refused as refused:
            why = refused
        time.sleep(min(AGAIN_SECONDS, max(0.0, until - time.monotonic())))
    raise why


def _way(shell: Shell) -> tuple[str, str]:
    """Return where a connection goes, and what it needs beyond the host itself."""
    where = f"{shell.address}:{shell.port}"
    if shell.jump:
        return f"{where} through {shell.jump}", "way through the jump host"
    if shell.through:
        return f"{where} through its ProxyCommand", "way through the jump host"
    return where, ""


def late(shell: Shell, seconds: float) -> Refused:
    """Return the answer for a connection that was not there in time."""
    where, need = _way(shell)
    told = f"{where}: no connection within {seconds:.3g} s"
    return Refused(Unknown(Why.TIMEOUT, told, "", need or "way to its SSH port"))


def lost(shell: Shell, told: str, plain: socket.socket | None = None) -> Refused:
    """Return the answer for a connection that did not become one of SSH."""
    where, need = _way(shell)
    if isinstance(plain, Tunnel):
        told = plain.said or told
    return Refused(Unknown(Why.UNREACHABLE, f"{where}: {told}", "", need or "SSH server"))
