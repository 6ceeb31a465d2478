"""Hands shaken with an SSH server, and its key compared with known_hosts."""

import base64
import hashlib
import logging
import shlex
import socket
import subprocess
import threading
from collections.abc import Collection
from typing import Any, ClassVar

from hostcheck.model.fact import Unknown, Why
from hostcheck.ways.base import Refused
from hostcheck.ways.shell.known_hosts import Trust, is_revoked, of_port, trust_of
from hostcheck.ways.shell.reach import Shell
from hostcheck.ways.shell.ssh import IncompatiblePeer, Packetizer, paramiko

logging.getLogger("paramiko").addHandler(
    logging.NullHandler()
)  # failures are answers, not log lines

CURVE, CURVE_OF_OLD = "curve25519-sha256", "curve25519-sha256@libssh.org"
"""One key exchange under two names (RFC 8731); paramiko offers it under the second only."""
LISTS = (
    ("key exchange", "preferred_kex", "kex_algo_list"),
    ("host key", "preferred_keys", "server_key_algo_list"),
    ("cipher", "preferred_ciphers", "server_encrypt_algo_list"),
    ("cipher", "preferred_ciphers", "client_encrypt_algo_list"),
    ("MAC", "preferred_macs", "server_mac_algo_list"),
    ("MAC", "preferred_macs", "client_mac_algo_list"),
)
"""What both sides have to agree upon: in words, ours, theirs."""


_KNOWN: dict[str, Any] = getattr(paramiko.Transport, "_kex_info")  # noqa: B009  no stub has it
_PREFERRED: tuple[str, ...] = getattr(paramiko.Transport, "_preferred_kex")  # noqa: B009
_CIPHERS: tuple[str, ...] = getattr(paramiko.Transport, "_preferred_ciphers")  # noqa: B009
CHUNK = 65536


class _Read:
    """A connection that is read in large pieces: paramiko reads each packet in two small ones."""

    def __init__(self, plain: socket.socket) -> None:
        self._plain = plain
        self._held = b""
        self._at = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)

    def recv(self, most: int) -> bytes:
        """Return up to so many bytes, which may have come with those before."""
        if self._at >= len(self._held):
            self._held, self._at = self._plain.recv(CHUNK), 0
        start, self._at = self._at, self._at + most
        return self._held[start : self._at]


class _Packets(Packetizer):
    """Packets without paramiko's own timer, a thread for each connection: `agree` has a limit."""

    def start_handshake(self, timeout: float) -> None:
        """Start nothing: with a timer each packet that comes would cancel it once more."""


class Peer(paramiko.Transport):
    """A connection that remembers what the server offered, and the words with which it left."""

    _kex_info: ClassVar[dict[str, Any]] = {CURVE: _KNOWN[CURVE_OF_OLD], **_KNOWN}
    _preferred_kex = (CURVE, *_PREFERRED)
    # AES-GCM first, as OpenSSH would have it, and because it needs no MAC beside, which paramiko
    # compares byte by byte.
    _preferred_ciphers = tuple(sorted(_CIPHERS, key=lambda one: "gcm" not in one))

    def __init__(self, plain: socket.socket) -> None:
        """Take a connection that is open."""
        read: Any = _Read(plain)
        super().__init__(read, packetizer_class=_Packets)
        self.offers: dict[str, list[str]] = {}
        self.goodbye = ""

    @property
    def preferred_keys(self) -> tuple[str, ...]:
        """Plain host keys: certificates would be taken without looking who signed them."""
        return tuple(one for one in super().preferred_keys if "-cert-" not in one)

    def takes(self, algorithm: str) -> bool:
        """Say whether a host key of an algorithm can be used here."""
        return algorithm in self.preferred_keys

    def _parse_disconnect(self, m: paramiko.Message) -> None:
        m.get_int()
        self.goodbye = m.get_binary().decode(errors="replace")

    def get_exception(self) -> Exception | None:
        """Return what the connection died of, once; what a server got wrong is of SSH too.

        paramiko reads the server's words in a thread of its own, and keeps whatever that raised.
        """
        error = super().get_exception()
        if error is None or isinstance(error, OSError | EOFError | paramiko.SSHException):
            return error
        return paramiko.SSHException(f"it sent what is no SSH: {error}")

    def _parse_debug(self, m: paramiko.Message) -> None:
        """Leave what the server says to its developers."""

    def _really_parse_kex_init(
        self, m: paramiko.Message, ignore_first_byte: bool = False
    ) -> dict[str, list[str]]:
        self.offers = super()._really_parse_kex_init(m, ignore_first_byte)  # type: ignore[misc]
        return self.offers

    def nothing_in_common(self) -> str:
        """Say upon what no agreement is possible, with both lists; empty where all are fine."""
        for what, mine, its in LISTS:
            ours, theirs = getattr(self, mine), self.offers.get(its, list(getattr(self, mine)))
            if not set(ours) & set(theirs):
                return f"no {what} in common: it offers {', '.join(theirs)}; here {', '.join(ours)}"
        return ""


def shake_hands(peer: Peer, shell: Shell, seconds: float) -> None:
    """Agree on keys and ciphers, and check the host key.

    Raises Refused, TimeoutError, or what the connection died of.
    """
    trust = trust_of(shell.known_hosts, shell.address, shell.port, shell.host_key_name)
    agree(peer, seconds, first=trust.kinds)
    _check_host_key(peer.get_remote_server_key(), trust, shell)


def agree(
    peer: Peer, seconds: float, *, first: Collection[str] = (), only: Collection[str] = ()
) -> None:
    """Agree on keys and ciphers; a server that has several keys is asked for such a kind `first`.

    With `only` for nothing else. Raises Refused, TimeoutError, or what the connection died of.
    """
    options = peer.get_security_options()
    kinds = (one for one in options.key_types if not only or key_kind(one) in only)
    options.key_types = tuple(sorted(kinds, key=lambda one: key_kind(one) not in first))
    done = threading.Event()
    peer.banner_timeout = seconds + 1
    peer.start_client(event=done)
    if not done.wait(seconds):
        raise TimeoutError
    error = peer.get_exception()
    if isinstance(error, IncompatiblePeer):
        told = peer.nothing_in_common() or str(error)
        raise Refused(Unknown(Why.UNREACHABLE, told, "", "SSH algorithm in common"))
    if error is not None:
        raise error
    if not peer.is_active():
        raise paramiko.SSHException(f"it closed the connection: {peer.goodbye or 'no word'}")


def key_kind(algorithm: str) -> str:
    """Return the kind of key that a signature algorithm uses: rsa-sha2-512 is an ssh-rsa key."""
    return "ssh-rsa" if algorithm.startswith("rsa-sha2-") else algorithm


def fingerprint(blob: bytes) -> str:
    """Return how OpenSSH prints a key."""
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode()
    return f"SHA256:{digest.rstrip('=')}"


def _check_host_key(key: paramiko.PKey, trust: Trust, shell: Shell) -> None:
    kind, blob = key.get_name(), key.asbytes()
    check_revoked(kind, blob, trust, shell)
    if (kind, blob) in trust.keys:
        return
    name = shell.host_key_name or of_port(shell.address, shell.port)
    if trust.keys:
        known = ", ".join(sorted(trust.kinds))
        told = (
            f"is not the one in known_hosts for {name}" if kind in trust.kinds
            else f"({kind}) is not the one in known_hosts for {name}, which is {known}"
        )  # fmt: skip
        told += ": the host was reinstalled, its keys were changed, or somebody sits in between"
        raise _distrusted(blob, told, "host key as known")
    scan = f"ssh-keyscan -p {shell.port} {shlex.quote(shell.address)}"
    scan += f" (on {shell.jump})" if shell.jump else ""
    told = f"is in no known_hosts file for {name}; if it is the right one, add it: {scan}"
    if trust.authorities:
        signers = ", ".join(sorted(map(fingerprint, trust.authorities)))
        told = (
            f"is not in known_hosts for {name}, where only a @cert-authority is ({signers}): "
            f"certificates of hosts are not checked here, so the key itself is needed: {scan}"
        )
    raise _distrusted(blob, told, "known_hosts entry")


def check_revoked(kind: str, blob: bytes, trust: Trust, shell: Shell) -> None:
    """Raise Refused for a key that is revoked, or of which that cannot be told."""
    if blob in trust.revoked:
        told = "is marked as revoked in known_hosts: do not trust this host"
        raise _distrusted(blob, told, "host key that is not revoked")
    for file in shell.revoked_keys:
        try:
            found = is_revoked(file, kind, blob)
        except (OSError, subprocess.SubprocessError) as error:
            told = f"cannot be looked up in RevokedHostKeys {file}: {error}"
            raise _distrusted(blob, told, "ssh_config that can be read") from None
        if found:
            told = f"is revoked in {file}: do not trust this host"
            raise _distrusted(blob, told, "host key that is not revoked")


def _distrusted(blob: bytes, told: str, need: str) -> Refused:
    return Refused(Unknown(Why.DENIED, f"its host key {fingerprint(blob)} {told}", "", need))
