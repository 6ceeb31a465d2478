"""The host keys that an SSH server shows, looked at without a login, beside known_hosts."""

import shlex
import time
from typing import NamedTuple

from hostcheck.ways.base import Refused
from hostcheck.ways.shell.known_hosts import of_port, trust_in, trust_of
from hostcheck.ways.shell.peer import Peer, agree, check_revoked, fingerprint, key_kind
from hostcheck.ways.shell.reach import Shell
from hostcheck.ways.shell.ssh import paramiko
from hostcheck.ways.shell.tunnel import connected, late, lost


class HostKey(NamedTuple):
    """A key as `ssh-ed25519`, and its bytes."""

    kind: str
    blob: bytes

    @property
    def sha256(self) -> str:
        """How OpenSSH prints it."""
        return fingerprint(self.blob)


class Compared(NamedTuple):
    """What known_hosts says: a word of `model.trust`, what is pinned, and what to do."""

    word: str
    pinned: tuple[str, ...] = ()
    told: str = ""


def name_of(shell: Shell) -> str:
    """Return under which name known_hosts has a host."""
    return shell.host_key_name or of_port(shell.address, shell.port)


def keys_of(shell: Shell) -> tuple[HostKey, ...]:
    """Return the key of each kind that a server has and we can use. Raises Refused."""
    first, offers = _look(shell, ())
    kinds = dict.fromkeys(key_kind(one) for one in offers)
    more = [_look(shell, (one,))[0] for one in kinds if one and one != first.kind]
    return tuple(sorted((first, *more)))


def _look(shell: Shell, kinds: tuple[str, ...]) -> tuple[HostKey, list[str]]:
    """Agree upon a key of these kinds, of any where there is none; return it and what was offered.

    All of it takes no longer than a connection may.
    """
    limit = shell.connect_timeout
    until = time.monotonic() + limit
    plain = None
    try:
        plain = connected(shell, limit)
        peer = Peer(plain)
        try:
            agree(peer, max(0.1, until - time.monotonic()), only=kinds)
            key = peer.get_remote_server_key()
            taken = [one for one in peer.offers.get("server_key_algo_list", []) if peer.takes(one)]
            return HostKey(key.get_name(), key.asbytes()), taken
        finally:
            peer.close()
            plain.close()
    except TimeoutError:
        raise late(shell, limit) from None
    except (OSError, paramiko.SSHException, EOFError) as error:
        told = getattr(error, "strerror", None) or str(error) or "closed"
        raise lost(shell, told, plain) from None


def compared(shell: Shell, keys: tuple[HostKey, ...]) -> Compared:
    """Say what known_hosts and revoked keys say of what a host shows.

    Where one of its keys is pinned, others are not added: the wire alone speaks for them.
    """
    trust = trust_of(shell.known_hosts, shell.address, shell.port, shell.host_key_name)
    pinned = tuple(sorted(f"{kind} {fingerprint(blob)}" for kind, blob in trust.keys))
    for key in keys:
        try:
            check_revoked(key.kind, key.blob, trust, shell)
        except Refused as refused:
            return Compared("revoked", pinned, refused.unknown.detail)
    if not trust.keys:
        told = "only a @cert-authority is in known_hosts, and certificates of hosts are not checked"
        return Compared("new", (), told if trust.authorities else "")
    same = {key.kind for key in keys if tuple(key) in trust.keys}
    other = {key.kind for key in keys if key.kind in trust.kinds} - same
    if same and not other:
        return Compared("known", pinned)
    name = name_of(shell)
    held = [one for one in shell.known_hosts if trust_in((one,), name).keys]
    mend = (
        shlex.join(("ssh-keygen", "-R", name, "-f", held[0]))
        if held
        else f"mend known_hosts of {name}"
    )
    told = (
        "the host was reinstalled, its keys were changed, or somebody sits in between; it is left "
        f"as it is: compare with the host's console, and if that shows the new one: {mend}"
    )
    return Compared("changed", pinned, told)
