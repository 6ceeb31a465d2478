"""What machines show before anybody logs in, beside what is pinned: certificates and host keys."""

from msgspec import Struct

SCHEMA = "hostcheck.trust/1"
KNOWN, NEW, PINNED = "known", "new", "pinned"
CHANGED, DIFFERS, REVOKED = "changed", "differs", "revoked"
UNKNOWN = "unknown"
BAD = (CHANGED, DIFFERS, REVOKED)
"""What speaks against a machine: it is never pinned."""
OPEN = (NEW, UNKNOWN)
"""What is not settled: nothing is pinned, or nothing was seen."""


class ShownKey(Struct, frozen=True):
    """One key or certificate. `sha256` of a key is as OpenSSH prints it, else hexadecimal."""

    kind: str
    """`ssh-ed25519`; of a certificate its key: `EC secp256r1`, `RSA 2048`."""
    sha256: str
    subject: str = ""
    issuer: str = ""
    names: tuple[str, ...] = ()
    """Whom a certificate is for."""
    since: str = ""
    until: str = ""


class Sighting(Struct, frozen=True):
    """One machine, and what became of it."""

    of: str
    """BMC, vSphere, ESXi, SSH, or jump host."""
    name: str
    address: str
    """Under which it is pinned."""
    word: str
    shown: tuple[ShownKey, ...] = ()
    chain: str = ""
    """Whether an authority vouches for a certificate, in words."""
    witness: str = ""
    """What vCenter knows of a host's certificate, in words."""
    pinned: tuple[str, ...] = ()
    """SHA-256 of what is pinned already."""
    file: str = ""
    """Where it is pinned, or would be."""
    told: str = ""
    """Why, and what to do."""


class Sightings(Struct, frozen=True):
    """All of them, in the order in which they were looked at."""

    schema: str
    rows: tuple[Sighting, ...]
