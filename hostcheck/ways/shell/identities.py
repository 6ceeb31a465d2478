"""The keys that may open a host, in the order in which OpenSSH offers them, and those that cannot.

First what the agent holds of the files that are named, then what else it holds, then files. Each
way a key file is written is read: OpenSSH, PKCS#1, PKCS#8, with a passphrase or without.
"""

import base64
import binascii
import copy
import io
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from hostcheck import environment
from hostcheck.ways.shell.reach import DEFAULT_KEYS, Shell, is_there
from hostcheck.ways.shell.ssh import paramiko

AGENT_SECONDS = 10
PUBLIC = ".pub"


class Locked(Exception):  # noqa: N818  a state of a file
    """The key is encrypted, and its passphrase is not at hand, or is another."""


class KeyIdentity(NamedTuple):
    """A key, and how a report names it."""

    name: str
    key: paramiko.PKey


class Identities(NamedTuple):
    """Keys to be offered, in this order, and of the others why not."""

    usable: tuple[KeyIdentity, ...]
    unusable: tuple[str, ...]
    locked: tuple[str, ...] = ()
    """The files among those for which a passphrase is missing."""


@contextmanager
def identities(shell: Shell, passphrases: Mapping[str, str]) -> Iterator[Identities]:
    """Find the keys for a host; those of the agent work as long as the block lasts."""
    agent = _Agent()
    troubles: list[str] = []
    try:
        if shell.use_agent:
            troubles += agent.reach(shell.agent_socket)
        yield _found(shell, agent.get_keys(), passphrases, troubles)
    finally:
        agent.hang_up()


class _Agent(paramiko.agent.AgentSSH):
    """An agent that has a limit for every wait, and any address."""

    _connect: Callable[[socket.socket], None]
    _close: Callable[[], None]

    def reach(self, address: str) -> list[str]:
        """Ask for the keys; return what is wrong with an agent that should be there."""
        where = address or environment.variable("SSH_AUTH_SOCK", "")
        if not where or not hasattr(socket, "AF_UNIX"):
            return []
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        link.settimeout(AGENT_SECONDS)
        try:
            link.connect(where)
            self._connect(link)
        except (OSError, paramiko.SSHException, ValueError) as error:
            link.close()
            return [f"the agent at {where}: {error}"]
        return []

    def hang_up(self) -> None:
        """Give the connection back."""
        self._close()


def _found(
    shell: Shell,
    held: Sequence[paramiko.AgentKey],
    passphrases: Mapping[str, str],
    troubles: list[str],
) -> Identities:
    named = [one for one in dict.fromkeys(shell.key_files) if not _is_missing_default(one)]
    publics = {path: public_of(path) for path in named}
    mine = [key for public in publics.values() for key in held if key.asbytes() == public]
    others = [] if shell.only_these_keys else [key for key in held if key not in mine]
    usable = [
        KeyIdentity(f"{key.comment or key.get_name()} of the agent", key) for key in mine + others
    ]
    in_agent = {key.asbytes() for key in mine}
    locked: list[str] = []
    for path in named:
        if publics[path] in in_agent:
            continue
        try:
            key = opened(path, passphrases.get(path))
        except (Locked, ValueError, OSError) as error:
            troubles.append(f"{path} {_trouble(error)}")
            locked += [path] if isinstance(error, Locked) else []
            continue
        usable += [
            KeyIdentity(f"certificate of {path}", one) for one in _certified(path, key, shell)
        ]
        usable.append(KeyIdentity(path, key))
    return Identities(tuple(usable), tuple(troubles), tuple(locked))


def _trouble(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "is not there"
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror or error}"
    return str(error)


def _is_missing_default(path: str) -> bool:
    if is_there(Path(path)):
        return False
    return path in {str(Path(one).expanduser()) for one in DEFAULT_KEYS}


def opened(path: str, passphrase: str | None = None) -> paramiko.PKey:
    """Read a private key.

    Raises Locked without the right passphrase, ValueError that says what it is instead of a key
    that can be used, OSError.
    """
    file = Path(path)
    return _opened(path, file.stat().st_mtime_ns, passphrase)


@lru_cache(maxsize=64)
def _opened(path: str, _changed_at: int, passphrase: str | None) -> paramiko.PKey:
    data = Path(path).read_bytes()
    secret = passphrase.encode() if passphrase else None
    try:
        key = _loaded(data, secret)
    except TypeError:
        # Encrypted, and there is no passphrase; or there is one, and it is not encrypted.
        if not passphrase:
            raise Locked("is encrypted, and no agent holds it") from None
        key = _loaded(data, None)
    except UnsupportedAlgorithm:
        raise ValueError("is of a kind that only an agent can use") from None
    if isinstance(key, rsa.RSAPrivateKey):
        return paramiko.RSAKey(key=key)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return paramiko.ECDSAKey(vals=(key, key.public_key()))
    if isinstance(key, ed25519.Ed25519PrivateKey):
        text = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH,
            serialization.NoEncryption(),
        )  # fmt: skip
        return paramiko.Ed25519Key(file_obj=io.StringIO(text.decode()))
    raise ValueError("is of a kind that is not used any more (DSA)")


def _loaded(data: bytes, secret: bytes | None) -> object:
    """Read a private key in any spelling; ValueError that says what else it is, or Locked."""
    load = (
        serialization.load_ssh_private_key
        if b"BEGIN OPENSSH PRIVATE KEY" in data
        else serialization.load_pem_private_key
    )
    try:
        return load(data, secret)
    except ValueError as error:
        if b"PRIVATE KEY-----" not in data:
            what = "a public key" if _public(data) else "no private key"
            raise ValueError(f"is {what}, and no agent holds its other half") from None
        if secret:
            raise Locked("is encrypted with another passphrase") from None
        raise ValueError(f"is damaged: {error}") from None


def public_of(path: str) -> bytes | None:
    """Return the public half of a key: from the file itself, or from the one beside it."""
    for file in (Path(path), Path(path + PUBLIC)):
        try:
            blob = _public(file.read_bytes())
        except OSError:
            continue
        if blob:
            return blob
    try:
        return opened(path).asbytes()
    except (Locked, ValueError, OSError):
        return None


def _public(data: bytes) -> bytes | None:
    """Return the key that a line of text is: TYPE BASE64 COMMENT."""
    words = data[: 1 << 16].split()
    if len(words) < 2 or b"-----" in data[:64]:
        return None
    try:
        blob = base64.b64decode(words[1], validate=True)
    except binascii.Error:
        return None
    return blob if words[0] in blob[:80] else None


def _certified(path: str, key: paramiko.PKey, shell: Shell) -> Iterator[paramiko.PKey]:
    """Yield a key with each certificate that was made for it."""
    numbers = key.asbytes()[4 + len(key.get_name()) :]
    for name in (f"{path}-cert.pub", *shell.certificates):
        signed = copy.copy(key)
        try:
            signed.load_certificate(name)
        except (OSError, ValueError, paramiko.SSHException):
            continue
        if signed.public_blob and numbers in signed.public_blob.key_blob:
            yield signed
