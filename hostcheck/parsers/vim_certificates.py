"""`HostSystem`: which certificate vCenter has of each host, in one listing.

<val xsi:type="ArrayOfByte"><byte>45</byte><byte>45</byte>...</val>   PEM, byte by byte
<val xsi:type="xsd:string">AB:CD:...</val>                            its SHA-1
"""

import hashlib
import ssl

from msgspec import Struct

from hostcheck.model.capture import EVERYTHING, Path, Request, Wire
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.syntax.vim import VimObject
from hostcheck.syntax.vim_node import Node
from hostcheck.syntax.vim_objects import objects_of

CERTIFICATE, THUMBPRINT = "config.certificate", "summary.config.sslThumbprint"
REQUEST = Request(
    Wire.PROPERTIES, "HostSystem",
    "which certificate vCenter has of each host (only hostcheck trust --esxi)", "System.Read",
    (Path(CERTIFICATE), Path(THUMBPRINT), Path("summary.config.port")), subject=EVERYTHING,
)  # fmt: skip
DIGITS = (40, 64)
"""Of a SHA-1 and a SHA-256."""


class Stated(Struct, frozen=True):
    """What vCenter has of one host. `digest` is of its certificate: SHA-256, else SHA-1."""

    id: str
    digest: Reading[str]
    port: Reading[str]


def parse(text: str) -> tuple[Stated, ...]:
    """Read the listing. A certificate that is none is unknown: no other word takes its place."""
    listed = objects_of(text, what="listing of certificates")
    return tuple(Stated(one.id, _digest(one), one.text("summary.config.port")) for one in listed)


def _digest(one: VimObject) -> Reading[str]:
    whole = one.node(CERTIFICATE)
    if not isinstance(whole, Unknown) and len(whole.element):
        return _of_bytes(whole)
    told = one.text(THUMBPRINT)
    if isinstance(told, Unknown):
        return told
    plain = told.replace(":", "").lower()
    if len(plain) not in DIGITS or not set(plain) <= set("0123456789abcdef"):
        return Unknown(Why.UNPARSED, "no thumbprint", f"HostSystem {THUMBPRINT}")
    return plain


def _of_bytes(whole: Node) -> Reading[str]:
    """Return the SHA-256 of the certificate that stands there, as PEM or as it is (DER)."""
    try:
        held = bytes(int(each.words) & 0xFF for each in whole.items() if len(each.words) < 5)
        der = ssl.PEM_cert_to_DER_cert(held.decode("ascii")) if held[:1] == b"-" else held
    except ValueError:
        der = b""
    if der[:1] != b"\x30":
        return Unknown(Why.UNPARSED, "no certificate", f"HostSystem {CERTIFICATE}")
    return hashlib.sha256(der).hexdigest()
