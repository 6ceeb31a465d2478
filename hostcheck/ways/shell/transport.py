"""The ESXi shell over SSH, as ESXi does it: one connection, one channel at a time.

Announced commands run as one script where the host has a shell for it (script).

Facts behind the choices: five failed logins lock an account, so every credential is tried once;
hardened hosts allow one session per connection; paramiko leaves Nagle's algorithm on, which costs a
delayed acknowledgement per command; a command that writes much to one stream blocks until it is
read, so both streams are drained together.

    reach      where a shell is           known_hosts  which keys are its own
    tunnel     the way to its port        peer         hands shaken, its key compared
    identities the keys that may open it  entrance     login, and why not
    prompts    what a server asks then    tries        one password on many hosts
    command    one command line           script       several as one
"""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

from hostcheck.model.capture import Capture, Request, Wire
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.seal import Login
from hostcheck.ways.base import Refused, Stopwatch
from hostcheck.ways.shell.codes import Codes
from hostcheck.ways.shell.command import NO_STATUS, cut_off, decoded, running
from hostcheck.ways.shell.entrance import Entrance, expired
from hostcheck.ways.shell.peer import Peer
from hostcheck.ways.shell.reach import Shell
from hostcheck.ways.shell.script import Script
from hostcheck.ways.shell.ssh import paramiko
from hostcheck.ways.shell.tries import Tries
from hostcheck.ways.shell.tunnel import awaited, connected, late, lost

NO_TERMINAL = "Password change required but no TTY available"
"""What OpenSSH's server answers every command of an account with an expired password."""
WIRES = (Wire.SHELL, Wire.GUEST)
"""What travels here: questions to the ESXi shell, and steps of the smoke test in a guest."""


class SshTransport:
    """One connection to one host, opened at the first question."""

    def __init__(
        self,
        shell: Shell,
        allowed: Callable[[Request], bool],
        password: Callable[[], str] | None = None,
        *,
        tries: Tries | None = None,
        passphrases: Mapping[str, str] | None = None,
        refused: Unknown | None = None,
        codes: Codes | None = None,
    ) -> None:
        """Keep the settings. `allowed` is asked before anything is sent.

        `passphrases` are of key files, by path; `refused` says why the shell cannot be reached,
        where that is known already; `codes` asks whoever is there for one.
        """
        self._shell = shell
        self._allowed = allowed
        self._entrance = Entrance(shell, password, tries, passphrases, codes)
        self._lock = threading.Lock()
        self._transport: Peer | None = None
        self._connections_left = 2
        self._refused = refused
        self._deadline = 0.0
        self._expected: list[Request] = []
        self._ready: dict[tuple[str, str, str], Capture] = {}
        self._runs_scripts = True

    @property
    def login(self) -> Login | None:
        """With what it asks, or asked; None where no key was shown that is known."""
        return self._entrance.login

    @property
    def refused(self) -> Unknown | None:
        """Why the shell cannot be reached, where that is known."""
        return self._refused

    def await_server(self, over: Callable[[], bool]) -> None:
        """Wait until the server answers, no longer than a connection may take.

        Raises Refused where it does not in time.
        """
        awaited(self._shell, self._shell.connect_timeout, over)

    def expect(self, requests: Iterable[Request]) -> None:
        """Note commands that will follow: the first one takes those behind it along."""
        with self._lock:
            self._expected += [request for request in requests if self._allowed(request)]

    def close(self) -> None:
        """Close the connection, also under a command that runs: no other is sent."""
        self._refused = Unknown(Why.NOT_ASKED, "the run was stopped")
        self._drop()

    def _drop(self) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()

    def fetch(self, request: Request) -> Capture:
        """Run one command."""
        return self.send(request, b"")

    def send(self, request: Request, data: bytes) -> Capture:
        """Run one command with the bytes as its standard input."""
        if request.wire not in WIRES or not self._allowed(request):
            raise PermissionError(f"{request.text!r} is not one of the listed commands")
        with self._lock:
            if request.key not in self._ready:
                self._ask([request] if data else self._together_with(request), data)
            return self._ready.pop(request.key)

    def _together_with(self, request: Request) -> list[Request]:
        """Take the commands that travel with this one off the list: those announced behind it."""
        keys = [one.key for one in self._expected]
        if request.key not in keys:
            return [request]
        batch = self._expected[keys.index(request.key) :]
        self._expected = []
        return batch

    def _ask(self, batch: list[Request], data: bytes) -> None:
        """Run commands up to the first that fails and keep their answers; the rest is put off."""
        done = 0
        watch = Stopwatch()
        try:
            self._connect()
            for capture in self._answers(batch, data):
                self._ready[capture.request.key] = capture
                done += 1
                watch = Stopwatch()
        except Refused as refused:
            self._refused = failure = refused.unknown
        except TimeoutError as error:
            # What hangs may hold the only session there is: the next command gets a fresh one.
            self._drop()
            self._connections_left += 1
            failure = Unknown(Why.TIMEOUT, str(error))
        except (paramiko.SSHException, OSError, EOFError) as error:
            self._drop()
            failure = self._refused or Unknown(
                Why.UNREACHABLE, f"connection lost: {str(error) or type(error).__name__}"
            )
        else:
            self._expected = batch[done:] + self._expected
            return
        failed = batch[done]
        self._expected = batch[done + 1 :] + self._expected
        self._ready[failed.key] = watch.capture(
            failed, failure=Unknown(failure.why, failure.detail, failed.text, failure.privilege)
        )

    def _connect(self) -> None:
        """Open the connection, once, and once more when it was lost on the way."""
        now = time.monotonic()
        self._heed_refusal()
        if not self._deadline:
            self._deadline = now + self._shell.host_timeout
        if now >= self._deadline:
            raise self._spent()
        if self._transport is not None and self._transport.is_active():
            return
        if not self._connections_left:
            raise Refused(Unknown(Why.UNREACHABLE, "the connection was lost twice"))
        self._connections_left -= 1
        limit = min(self._shell.connect_timeout, self._deadline - now)
        plain: socket.socket | None = None
        try:
            plain = connected(self._shell, limit)
            asked = self._entrance.codes.seconds
            self._transport = self._entrance.authenticated(plain, now + limit)
            self._deadline += (
                self._entrance.codes.seconds - asked
            )  # a person's time, not the host's
            self._heed_refusal()  # closed in the meantime, when there was nothing to drop
        except TimeoutError:
            if time.monotonic() >= self._deadline:
                raise self._spent() from None
            raise late(self._shell, limit) from None
        except (OSError, paramiko.SSHException, EOFError) as error:
            told = getattr(error, "strerror", None) or str(error) or "closed"
            raise lost(self._shell, told, plain) from None

    def _heed_refusal(self) -> None:
        """Go no further where the host refused us, or this transport was closed."""
        if self._refused is not None:
            self._drop()
            raise Refused(self._refused)

    def _spent(self) -> Refused:
        detail = f"the {self._shell.host_timeout:g} s for this host are spent"
        return Refused(Unknown(Why.TIMEOUT, detail))

    def _answers(self, batch: list[Request], data: bytes) -> Iterator[Capture]:
        """Run the commands as one script where the host takes it, else only the first of them."""
        if len(batch) > 1 and self._runs_scripts:
            yield from self._run_together(batch)
        if len(batch) == 1 or not self._runs_scripts:
            yield self._run(batch[0], data)

    def _run(self, request: Request, data: bytes) -> Capture:
        watch = Stopwatch()
        limit = self._limit()
        with running(self._transport, request.text, limit, data) as command:
            command.until(lambda: None, limit)
            status = command.channel.recv_exit_status()
            if status and NO_TERMINAL.encode() in command.err:
                raise expired(self._shell.user, NO_TERMINAL)
            if status == NO_STATUS:
                return cut_off(command, request, watch)
            return watch.capture(request, decoded(command.out), decoded(command.err), status)

    def _run_together(self, batch: list[Request]) -> Iterator[Capture]:
        """Run a script and yield the answers as they come; each command has a limit of its own.

        Yields nothing where the host does not run scripts, and notes that.
        """
        script = Script([request.text for request in batch])
        watch = Stopwatch()
        limit = self._limit()
        with running(self._transport, script.text, limit) as command:
            if not command.until(lambda: script.begun(command.out), limit):
                self._runs_scripts = False
                if not command.transport.is_active():
                    raise EOFError("the server hung up before the command ended")
                return
            for request in batch:
                found = command.until(lambda: script.ended(command.out, command.err), self._limit())
                if found is None:
                    yield cut_off(command, request, watch)
                    return
                out, err, status = found
                yield watch.capture(request, decoded(out), decoded(err), status)
                watch = Stopwatch()

    def _limit(self) -> float:
        """Return the seconds that the next command may take."""
        return min(self._shell.command_timeout, max(0.0, self._deadline - time.monotonic()))
