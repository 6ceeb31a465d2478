"""How one BMC is reached, as whom, and what is trusted there.

TLS is verified by authorities or by a pinned certificate; there is no way to switch that off.
"""

import hashlib
import ssl
from functools import cache

from msgspec import Struct

from hostcheck.errors import UsageError


class Door(Struct, frozen=True):
    """How one BMC is reached. Times are seconds."""

    address: str
    """A host name or an address; of IPv6 without brackets."""
    port: int = 443
    user: str = ""
    vendor: str = ""
    """As the user says it; what the BMC says of itself is asked."""
    ca_files: tuple[str, ...] = ()
    fingerprint: str = ""
    """SHA-256 of its certificate in 64 small hexadecimal digits; empty where authorities decide."""
    connect_timeout: float = 15
    answer_timeout: float = 30
    host_timeout: float = 180

    @property
    def name(self) -> str:
        """The address, with its port where that is not the usual one."""
        shown = f"[{self.address}]" if ":" in self.address else self.address
        return self.address if self.port == 443 else f"{shown}:{self.port}"


@cache
def context(ca_files: tuple[str, ...]) -> ssl.SSLContext:
    """Return what verifies by the system's authorities and these; one for all BMCs.

    Raises UsageError for a file that cannot be used.
    """
    made = ssl.create_default_context()
    for path in ca_files:
        try:
            made.load_verify_locations(cafile=path)
        except (OSError, ssl.SSLError) as error:
            raise UsageError(f"CA file {path}: {error}; give a readable PEM file") from None
    return made


@cache
def any_certificate() -> ssl.SSLContext:
    """Return what takes any certificate: for one that is compared before a word."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made


def fingerprint_of(certificate: bytes) -> str:
    """Return the SHA-256 of a certificate (DER) in hexadecimal digits."""
    return hashlib.sha256(certificate).hexdigest()


def fingerprint(text: str) -> str:
    """Read a SHA-256 fingerprint, with or without colons. Raises UsageError for anything else."""
    plain = text.replace(":", "").strip().lower().removeprefix("sha256")
    if len(plain) != 64 or not set(plain) <= set("0123456789abcdef"):
        raise UsageError(f"{text!r} is no SHA-256 fingerprint: give 64 hexadecimal digits")
    return plain
