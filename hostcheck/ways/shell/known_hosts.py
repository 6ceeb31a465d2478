"""The host keys that known_hosts files hold for a name, in every spelling of OpenSSH.

    esx-01.lab.test,192.0.2.1 ssh-ed25519 AAAA...      plain names
    [esx-01.lab.test]:2222 ssh-ed25519 AAAA...         a port other than 22
    |1|salt|hash ssh-ed25519 AAAA...                   a hashed name
    *.lab.test,!esx-09.lab.test ssh-rsa AAAA...        patterns
    @revoked * ssh-ed25519 AAAA...                     a key that is refused everywhere
    @cert-authority *.lab.test ssh-ed25519 AAAA...     who signs host certificates

Certificates of hosts are not checked: an authority is noted, so that a refusal can name it.
Source: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT; ssh_config(5), RevokedHostKeys.
"""

import base64
import binascii
import fnmatch
import hashlib
import hmac
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from hostcheck import environment

KEY_LIST = b"SSHKRL\n\0"
"""How a list of revoked keys begins that ssh-keygen made."""
SECONDS = 10
MARKERS = ("", "@revoked", "@cert-authority")
_ODD = frozenset("*?!|#")
"""What makes a field more than names."""
FILES = 64
"""So many files are remembered."""


class Trust(Struct, frozen=True):
    """Keys as (type, blob) that are right for a host, blobs that never are, and of authorities."""

    keys: frozenset[tuple[str, bytes]]
    revoked: frozenset[bytes]
    authorities: frozenset[bytes] = frozenset()

    @property
    def kinds(self) -> frozenset[str]:
        """The types of the trusted keys: what to ask the server for first."""
        return frozenset(kind for kind, _ in self.keys)


def trust_of(paths: Iterable[str], address: str, port: int, alias: str = "") -> Trust:
    """Read what the files say of a host, as OpenSSH looks it up.

    An alias stands for address and port together. Where nothing is known of a port other than 22,
    what is known of the address alone counts.
    """
    files = tuple(paths)
    if alias or port == 22:
        return trust_in(files, alias or address.lower())
    there, plain = (trust_in(files, name) for name in (of_port(address, port), address.lower()))
    revoked = there.revoked | plain.revoked
    found = there if there.keys or there.authorities else plain
    return Trust(found.keys, revoked, found.authorities)


def of_port(address: str, port: int) -> str:
    """Return how known_hosts names an address with a port."""
    return address.lower() if port == 22 else f"[{address.lower()}]:{port}"


def line_of(name: str, kind: str, blob: bytes, *, hashed: bool) -> str:
    """Return the line that makes a key right for a name."""
    field = name
    if hashed:
        salt = os.urandom(hashlib.sha1(usedforsecurity=False).digest_size)
        digest = hmac.new(salt, name.encode(), hashlib.sha1).digest()
        field = "|".join(("", "1", *(base64.b64encode(one).decode() for one in (salt, digest))))
    return f"{field} {kind} {base64.b64encode(blob).decode()}\n"


def trust_in(paths: Iterable[str], name: str) -> Trust:
    """Read what the files say of a name. A file or line that cannot be read trusts nothing."""
    found: dict[str, set[tuple[str, bytes]]] = {marker: set() for marker in MARKERS}
    for path in paths:
        try:
            told = Path(path).stat()
            stamp = told.st_mtime_ns, told.st_ctime_ns, told.st_size, told.st_ino
            lines = _lines(path, stamp)
        except OSError:
            continue
        meant = (line for line in lines.others if _names(line.field, name))
        for line in (*lines.of_name.get(name.lower(), ()), *meant):
            found[line.marker] |= set(_key(line.key))
    keys, revoked, authorities = found.values()
    return Trust(
        frozenset(keys),
        frozenset(blob for _, blob in revoked),
        frozenset(blob for _, blob in authorities),
    )


class _Line(Struct, frozen=True):
    """A line of a file: what it says of a key, of whom, and the two words of the key."""

    marker: str
    field: str
    key: list[str]


class _Lines(Struct, frozen=True):
    """The lines of a file: those of plain names by each name, and all that must be looked at."""

    of_name: dict[str, list[_Line]]
    others: list[_Line]


@lru_cache(FILES)
def _lines(path: str, _stamp: tuple[int, ...]) -> _Lines:
    """Read a file, once until it is another: every host of a fleet is looked up in it."""
    text = Path(path).read_text(encoding="utf-8", errors="replace")
    of_name: dict[str, list[_Line]] = {}
    others: list[_Line] = []
    for words in map(str.split, text.splitlines()):
        marker = words.pop(0).lower() if words and words[0].startswith("@") else ""
        if marker not in MARKERS or len(words) < 3:
            continue
        line = _Line(marker, words[0], words[1:3])
        if _ODD.isdisjoint(line.field):
            for name in line.field.lower().split(","):
                of_name.setdefault(name, []).append(line)
        else:
            others.append(line)
    return _Lines(of_name, others)


def _key(words: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the key that two words are, if they are one."""
    try:
        yield words[0], base64.b64decode(words[1], validate=True)
    except binascii.Error:
        return


def _names(field: str, name: str) -> bool:
    """Say whether the first field of a line means this name."""
    if field.startswith("#"):
        return False
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


def is_revoked(file: str, kind: str, blob: bytes) -> bool:
    """Say whether a file of `RevokedHostKeys` holds a key: lines of keys, or ssh-keygen's own list.

    Raises OSError where that cannot be told.
    """
    held = Path(file).read_bytes()
    if held.startswith(KEY_LIST):
        return _in_key_list(file, kind, blob)
    wanted = base64.b64encode(blob)
    return any(wanted in line.split() for line in held.splitlines() if not line.startswith(b"#"))


def _in_key_list(file: str, kind: str, blob: bytes) -> bool:
    """Ask ssh-keygen, whose format it is. It fails for a revoked key and for a broken list."""
    tool = shutil.which("ssh-keygen")
    if tool is None:
        raise OSError("there is no ssh-keygen to read it")
    with tempfile.NamedTemporaryFile("w", suffix=".pub") as key:
        key.write(f"{kind} {base64.b64encode(blob).decode()}\n")
        key.flush()
        done = subprocess.run(  # noqa: S603  what follows is a file
            [tool, "-Q", "-f", file, key.name], capture_output=True, text=True, timeout=SECONDS,
            check=False, env=environment.of_children(),
        )  # fmt: skip
    if done.returncode and "REVOKED" not in done.stdout:
        raise OSError(" ".join((done.stderr or done.stdout).split()))
    return bool(done.returncode)
