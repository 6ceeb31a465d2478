"""The ESXi shell over SSH, as ESXi does it: one connection, one channel at a time.

Announced commands run as one script where the host has a shell for it (ssh_script).

Facts behind the choices: five failed logins lock an account, so every credential is tried once;
hardened hosts allow one session per connection; paramiko leaves Nagle's algorithm on, which costs a
delayed acknowledgement per command; a command that writes much to one stream blocks until it is
read, so both streams are drained together.
"""

import logging
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import paramiko
from msgspec import Struct

from hostcheck.errors import UsageError
from hostcheck.model.capture import Capture, Request, Wire
from hostcheck.model.fact import Unknown, Why
from hostcheck.transports.base import Refused, Stopwatch
from hostcheck.transports.known_hosts import Trust, trust_in
from hostcheck.transports.ssh_script import Script

logging.getLogger("paramiko").addHandler(
    logging.NullHandler()
)  # failures are answers, not log lines

CHUNK = 65536
LIMIT_BYTES = 64 * 1024 * 1024
"""A longer answer is cut off: no command here prints that much."""
POLL_SECONDS = 0.02
NO_STATUS = -1
"""What paramiko calls the exit status of a command that never told one."""
SESSION_SECONDS = 5
"""How long to wait for the only session of a connection to become free."""
SERVICE = "service TSM-SSH"
WIRES = (Wire.SHELL, Wire.GUEST)
"""What travels here: questions to the ESXi shell, and steps of the smoke test in a guest."""
PASSWORD_PROMPT = re.compile("password|passwort|kennwort|mot de passe|contrase", re.IGNORECASE)


def _key_kind(algorithm: str) -> str:
    """Return the kind of key that a signature algorithm uses: rsa-sha2-512 is an ssh-rsa key."""
    return "ssh-rsa" if algorithm.startswith("rsa-sha2-") else algorithm


T = TypeVar("T")


class Shell(Struct, frozen=True):
    """How to reach the shell of one host. Times are seconds.

    `known_hosts` files hold the keys that are trusted; a host that is in none of them is refused.
    """

    address: str
    user: str = "root"
    port: int = 22
    host_key_name: str = ""
    """Name to look up in known_hosts as it is; the address and port when empty."""
    known_hosts: tuple[str, ...] = ()
    key_files: tuple[str, ...] = ()
    use_agent: bool = False
    connect_timeout: float = 15
    command_timeout: float = 30
    host_timeout: float = 180


def shell_from_ssh_config(
    host: str,
    *,
    config: Path,
    base: Shell,
    override_user: str = "",
    override_port: int = 0,
    override_known_hosts: tuple[str, ...] = (),
    override_keys: tuple[str, ...] = (),
) -> Shell:
    """Apply the user's ssh_config to a host: HostName, User, Port, IdentityFile, HostKeyAlias.

    Raises UsageError for a file that cannot be read.
    """
    found: paramiko.SSHConfigDict = paramiko.SSHConfigDict()
    try:
        if config.is_file():
            found = paramiko.SSHConfig.from_path(str(config)).lookup(host)
        port = override_port or int(str(found.get("port", base.port)))
        known_hosts = _expanded(str(found.get("userknownhostsfile", "")).split())
        key_files = _expanded(found.get("identityfile", ()))
    except (OSError, ValueError, ImportError, RuntimeError, paramiko.SSHException) as error:
        raise UsageError(f"{config}: not a usable ssh_config for {host}: {error}") from None
    if port not in range(1, 1 << 16):
        raise UsageError(f"{config}: not a usable ssh_config for {host}: there is no port {port}")
    return Shell(
        address=str(found.get("hostname", host)),
        user=override_user or str(found.get("user", base.user)),
        port=port,
        host_key_name=str(found.get("hostkeyalias", "")),
        known_hosts=override_known_hosts or known_hosts or base.known_hosts,
        key_files=override_keys or key_files or base.key_files,
        use_agent=base.use_agent,
        connect_timeout=base.connect_timeout,
        command_timeout=base.command_timeout,
        host_timeout=base.host_timeout,
    )


def _expanded(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(str(Path(name).expanduser()) for name in names)


class _Within(threading.Event):
    """An event whose waits have a limit: paramiko waits for the answer to `exec` without one."""

    def __init__(self, deadline: float) -> None:
        super().__init__()
        self._deadline = deadline

    def wait(self, timeout: float | None = None) -> bool:
        left = max(0.0, self._deadline - time.monotonic())
        if not super().wait(left if timeout is None else min(timeout, left)):
            raise TimeoutError("the server does not take the command")
        return True


def _open(transport: paramiko.Transport, deadline: float) -> paramiko.Channel:
    """Open a channel; where one is all that is allowed, wait until the last one is cleared away."""
    wait = POLL_SECONDS / 4
    patience = time.monotonic() + SESSION_SECONDS
    while True:
        left = deadline - time.monotonic()
        try:
            return transport.open_session(timeout=max(0.1, left))
        except paramiko.ChannelException:
            if time.monotonic() + wait > min(deadline, patience):
                raise
        except paramiko.SSHException:
            if time.monotonic() >= deadline:
                raise TimeoutError("the server opens no session") from None
            raise
        time.sleep(wait)
        wait = min(wait * 2, 1.0)


def _answer(password: str, _title: str, _text: str, prompts: list[tuple[str, bool]]) -> list[str]:
    """Answer a password prompt with the password, and nothing else with anything."""
    return [
        password if not echo and PASSWORD_PROMPT.search(prompt) else "" for prompt, echo in prompts
    ]


def _refusal(
    transport: paramiko.Transport, log_in: Callable[[], object], until: float
) -> list[str]:
    """Try to log in, and return what the server offers where it does not take this way."""
    transport.auth_timeout = max(0.1, until - time.monotonic())
    try:
        log_in()
    except paramiko.BadAuthenticationType as offer:
        return list(offer.allowed_types)
    except paramiko.AuthenticationException:
        if time.monotonic() >= until:
            raise TimeoutError from None
    return []


def _shake_hands(transport: paramiko.Transport, seconds: float) -> None:
    """Agree on keys and ciphers. Raises TimeoutError, or what the connection died of."""
    done = threading.Event()
    transport.banner_timeout = seconds + 1
    transport.start_client(event=done)
    if not done.wait(seconds):
        raise TimeoutError
    error = transport.get_exception()
    if error is not None:
        raise error


def _drained(channel: paramiko.Channel, streams: tuple[bytearray, bytearray]) -> bool:
    """Take what has arrived on both streams, and say whether that was the last of it."""
    ended = channel.closed or bool(channel.exit_status_ready() and channel.eof_received)
    for ready, receive, stream in (
        (channel.recv_ready, channel.recv, streams[0]),
        (channel.recv_stderr_ready, channel.recv_stderr, streams[1]),
    ):
        while ready():
            stream.extend(receive(CHUNK))
            if len(stream) > LIMIT_BYTES:
                raise TimeoutError(f"more than {LIMIT_BYTES} bytes of output, stopped")
    return ended


def _feed(channel: paramiko.Channel, data: bytes, deadline: float) -> None:
    """Send standard input. A command that ends without reading all of it says why by itself."""
    for start in range(0, len(data), CHUNK):
        if time.monotonic() > deadline:
            raise TimeoutError("the command does not read its input")
        try:
            channel.sendall(data[start : start + CHUNK])
        except TimeoutError:
            raise
        except OSError:
            return


class _Running(NamedTuple):
    """A connection, a command line that runs on it, and what its streams have said so far."""

    transport: paramiko.Transport
    channel: paramiko.Channel
    arrived: threading.Event
    out: bytearray
    err: bytearray

    def until(self, look: Callable[[], T | None], limit: float) -> T | None:
        """Take what arrives until `look` finds something in it, or the command has ended.

        Raises TimeoutError when neither happens in time.
        """
        deadline = time.monotonic() + limit
        while True:
            ended = _drained(self.channel, (self.out, self.err))
            found = look()
            if found is not None or ended:
                return found
            if time.monotonic() > deadline:
                raise TimeoutError(f"no end within {limit:.3g} s, stopped")
            news = self.channel.status_event if self.channel.eof_received else self.arrived
            news.wait(POLL_SECONDS)


class SshTransport:
    """One connection to one host, opened at the first question."""

    def __init__(
        self,
        shell: Shell,
        allowed: Callable[[Request], bool],
        password: Callable[[], str] | None = None,
    ) -> None:
        """Keep the settings. `allowed` is asked before anything is sent."""
        self._shell = shell
        self._allowed = allowed
        self._password = password
        self._lock = threading.Lock()
        self._transport: paramiko.Transport | None = None
        self._connections_left = 2
        self._refused: Unknown | None = None
        self._deadline = 0.0
        self._expected: list[Request] = []
        self._ready: dict[tuple[str, str, str], Capture] = {}
        self._runs_scripts = True

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
        shell = self._shell
        where = f"{shell.address}:{shell.port}"
        limit = min(shell.connect_timeout, self._deadline - now)
        try:
            plain = socket.create_connection((shell.address, shell.port), limit)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._transport = self._authenticated(plain, now + limit)
            self._heed_refusal()  # closed in the meantime, when there was nothing to drop
        except TimeoutError:
            if time.monotonic() >= self._deadline:
                raise self._spent() from None
            detail = f"{where}: no connection within {limit:.3g} s"
            raise Refused(Unknown(Why.TIMEOUT, detail, "", SERVICE)) from None
        except (OSError, UnicodeError, paramiko.SSHException, EOFError) as error:
            detail = f"{where}: {getattr(error, 'strerror', None) or str(error) or 'closed'}"
            raise Refused(Unknown(Why.UNREACHABLE, detail, "", SERVICE)) from None

    def _heed_refusal(self) -> None:
        """Go no further where the host refused us, or this transport was closed."""
        if self._refused is not None:
            self._drop()
            raise Refused(self._refused)

    def _spent(self) -> Refused:
        detail = f"the {self._shell.host_timeout:g} s for this host are spent"
        return Refused(Unknown(Why.TIMEOUT, detail))

    def _authenticated(self, plain: socket.socket, until: float) -> paramiko.Transport:
        """Shake hands, check the host key, log in: all of it before `until`."""
        transport = paramiko.Transport(plain)
        try:
            trust = trust_in(self._shell.known_hosts, self._host_key_name())
            options = transport.get_security_options()
            matching = tuple(kind for kind in options.key_types if _key_kind(kind) in trust.kinds)
            options.key_types = matching or options.key_types
            _shake_hands(transport, max(0.0, until - time.monotonic()))
            self._check_host_key(transport, trust)
            self._log_in(transport, until)
        except BaseException:
            transport.close()
            plain.close()
            raise
        return transport

    def _host_key_name(self) -> str:
        shell = self._shell
        if shell.host_key_name or shell.port == paramiko.config.SSH_PORT:
            return shell.host_key_name or shell.address
        return f"[{shell.address}]:{shell.port}"

    def _check_host_key(self, transport: paramiko.Transport, trust: Trust) -> None:
        key = transport.get_remote_server_key()
        if (key.get_name(), key.asbytes()) in trust.keys and key.asbytes() not in trust.revoked:
            return
        if key.asbytes() in trust.revoked:
            told = "is marked as revoked in known_hosts: do not trust this host"
        elif trust.keys:
            told = (
                "is not the one in known_hosts: the host was reinstalled, or somebody sits in "
                "between"
            )
        else:
            told = (
                "is in no known_hosts file; if it is the right one, add it: "
                f"ssh-keyscan -p {self._shell.port} {self._shell.address}"
            )
        raise Refused(
            Unknown(
                Why.DENIED, f"its host key {key.fingerprint} {told}", "",
                f"known_hosts entry for {self._host_key_name()}",
            )
        )  # fmt: skip

    def _log_in(self, transport: paramiko.Transport, until: float) -> None:
        """Try each credential once, in the ways that the server offers."""
        user = self._shell.user
        offered = _refusal(transport, lambda: transport.auth_none(user), until)
        for log_in in self._ways(transport, offered):
            if transport.is_authenticated():
                return
            _refusal(transport, log_in, until)
        if not transport.is_authenticated():
            raise Refused(
                Unknown(
                    Why.DENIED,
                    f"login of {user} refused; the server takes {', '.join(offered) or 'nothing'}",
                    "", "SSH login with the Administrator role",
                )
            )  # fmt: skip

    def _ways(
        self, transport: paramiko.Transport, offered: list[str]
    ) -> Iterator[Callable[[], object]]:
        """Yield one login per credential."""
        user = self._shell.user
        if "publickey" in offered:
            for key in self._keys():
                yield partial(transport.auth_publickey, user, key)
        if self._password is None:
            return
        if "keyboard-interactive" in offered:
            yield partial(transport.auth_interactive, user, partial(_answer, self._password()))
        elif "password" in offered:
            yield partial(transport.auth_password, user, self._password(), fallback=False)

    def _keys(self) -> Iterable[paramiko.PKey]:
        for path in self._shell.key_files:
            if Path(path).is_file():
                try:
                    yield paramiko.PKey.from_path(path)
                except (paramiko.SSHException, ValueError, TypeError, OSError):
                    continue  # an encrypted or foreign key: the agent may hold it
        if self._shell.use_agent:
            yield from paramiko.Agent().get_keys()

    def _answers(self, batch: list[Request], data: bytes) -> Iterator[Capture]:
        """Run the commands as one script where the host takes it, else only the first of them."""
        if len(batch) > 1 and self._runs_scripts:
            yield from self._run_together(batch)
        if len(batch) == 1 or not self._runs_scripts:
            yield self._run(batch[0], data)

    def _run(self, request: Request, data: bytes) -> Capture:
        watch = Stopwatch()
        limit = self._limit()
        with self._running(request.text, limit, data) as command:
            command.until(lambda: None, limit)
            status = command.channel.recv_exit_status()
            if status == NO_STATUS:
                return _cut_off(command, request, watch)
            return watch.capture(request, _decoded(command.out), _decoded(command.err), status)

    def _run_together(self, batch: list[Request]) -> Iterator[Capture]:
        """Run a script and yield the answers as they come; each command has a limit of its own.

        Yields nothing where the host does not run scripts, and notes that.
        """
        script = Script([request.text for request in batch])
        watch = Stopwatch()
        limit = self._limit()
        with self._running(script.text, limit) as command:
            if not command.until(lambda: script.begun(command.out), limit):
                self._runs_scripts = False
                if not command.transport.is_active():
                    raise EOFError("the server hung up before the command ended")
                return
            for request in batch:
                found = command.until(lambda: script.ended(command.out, command.err), self._limit())
                if found is None:
                    yield _cut_off(command, request, watch)
                    return
                out, err, status = found
                yield watch.capture(request, _decoded(out), _decoded(err), status)
                watch = Stopwatch()

    def _limit(self) -> float:
        """Return the seconds that the next command may take."""
        return min(self._shell.command_timeout, max(0.0, self._deadline - time.monotonic()))

    @contextmanager
    def _running(self, text: str, limit: float, data: bytes = b"") -> Iterator[_Running]:
        """Run one command line; its channel is closed in the end, whatever it does."""
        transport = self._transport
        if transport is None:
            raise EOFError("not connected")
        deadline = time.monotonic() + limit
        channel = _open(transport, deadline)
        try:
            channel.settimeout(limit)
            channel.event = _Within(deadline)
            arrived = threading.Event()
            channel.in_buffer.set_event(arrived)
            channel.in_stderr_buffer.set_event(arrived)
            channel.exec_command(text)
            _feed(channel, data, deadline)
            channel.shutdown_write()
            yield _Running(transport, channel, arrived, bytearray(), bytearray())
        finally:
            channel.close()


def _cut_off(command: _Running, request: Request, watch: Stopwatch) -> Capture:
    """Answer for a command that has ended without a status. Raises EOFError with the connection."""
    if not command.transport.is_active():
        raise EOFError("the server hung up before the command ended")
    cut = Unknown(Why.UNREACHABLE, "the command was ended from outside", request.text)
    return watch.capture(request, failure=cut)


def _decoded(stream: bytes | bytearray) -> str:
    return bytes(stream).decode(errors="replace")
