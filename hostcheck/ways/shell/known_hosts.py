"""The host keys that known_hosts files hold for a name, in every spelling of OpenSSH.

    esx-01.lab.test,192.0.2.1 ssh-ed25519 AAAA...      plain names
    [esx-01.lab.test]:2222 ssh-ed25519 AAAA...         a port other than 22
    |1|salt|hash ssh-ed25519 AAAA...                   a hashed name
    *.lab.test,!esx-09.lab.test ssh-rsa AAAA...        patterns
    @revoked * ssh-ed25519 AAAA...                     a key that is refused everywhere

Keys of certificate authorities are skipped: paramiko knows no host certificates.
"""

import base64
import binascii
import fnmatch
import hashlib
import hmac
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct


class Trust(Struct, frozen=True):
    """Keys as (type, blob): those that are right for a host, and those that never are."""

    keys: frozenset[tuple[str, bytes]]
    revoked: frozenset[bytes]

    @property
    def kinds(self) -> frozenset[str]:
        """The types of the trusted keys: what to ask the server for."""
        return frozenset(kind for kind, _ in self.keys)


def trust_in(paths: Iterable[str], name: str) -> Trust:
    """Read what the files say of a name. A file or line that cannot be read trusts nothing."""
    keys, revoked = set(), set()
    for path in paths:
        try:
            text = Path(path).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        for line in text.splitlines():
            marker, _, rest = line.partition(" ") if line.startswith("@") else ("", "", line)
            words = rest.split()
            if len(words) < 3 or words[0].startswith("#") or not _names(words[0], name):
                continue
            try:
                blob = base64.b64decode(words[2], validate=True)
            except binascii.Error:
                continue
            if marker == "@revoked":
                revoked.add(blob)
            elif not marker:
                keys.add((words[1], blob))
    return Trust(frozenset(keys), frozenset(revoked))


def _names(field: str, name: str) -> bool:
    """Say whether the first field of a line means this name."""
    if field.startswith("|1|"):
        return _hashed(field, name)
    found = False
    for pattern in field.lower().split(","):
        # Brackets mean a port here and a set of letters there.
        exact = pattern.lstrip("!").replace("[", "[[]")
        if fnmatch.fnmatchcase(name.lower(), exact):
            if pattern.startswith("!"):
                return False
            found = True
    return found


def _hashed(field: str, name: str) -> bool:
    try:
        salt, digest = (base64.b64decode(part) for part in field.split("|")[2:4])
    except (binascii.Error, ValueError):
        return False
    made = hmac.new(salt, name.encode(), hashlib.sha1).digest()
    return hmac.compare_digest(made, digest)
