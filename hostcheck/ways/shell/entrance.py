"""Into a host: hands shaken, its key compared with known_hosts, and one try of each credential."""

import logging
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import paramiko

from hostcheck.model.fact import Unknown, Why
from hostcheck.ways.base import Refused
from hostcheck.ways.shell.known_hosts import Trust, trust_in
from hostcheck.ways.shell.reach import Shell

logging.getLogger("paramiko").addHandler(
    logging.NullHandler()
)  # failures are answers, not log lines

PASSWORD_PROMPT = re.compile("password|passwort|kennwort|mot de passe|contrase", re.IGNORECASE)


def _key_kind(algorithm: str) -> str:
    """Return the kind of key that a signature algorithm uses: rsa-sha2-512 is an ssh-rsa key."""
    return "ssh-rsa" if algorithm.startswith("rsa-sha2-") else algorithm


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


class Entrance:
    """The way into one host, with what may open it."""

    def __init__(self, shell: Shell, password: Callable[[], str] | None) -> None:
        self._shell = shell
        self._password = password

    def authenticated(self, plain: socket.socket, until: float) -> paramiko.Transport:
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
