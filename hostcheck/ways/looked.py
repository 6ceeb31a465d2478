"""The certificate that a server shows, looked at without a login, and whether anybody vouches."""

import hashlib
import socket
import ssl
import time
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hostcheck.model.fact import Unknown, Why
from hostcheck.model.trust import ShownKey
from hostcheck.words import cut, one_line

_LONGEST = 200


class SeenCertificate(NamedTuple):
    """A certificate (DER). `against` says why no authority vouches for it, empty where one does."""

    der: bytes
    against: str


def look(host: str, port: int, trust: ssl.SSLContext, seconds: float) -> SeenCertificate | Unknown:
    """Return what a server shows, within so many seconds; nothing is sent but TLS's greeting."""
    until = time.monotonic() + seconds
    where = f"{host}:{port}"
    try:
        try:
            return SeenCertificate(_shaken(host, port, trust, until), "")
        except ssl.SSLCertVerificationError as error:
            return SeenCertificate(_shaken(host, port, _any(), until), error.verify_message)
    except TimeoutError:
        return Unknown(Why.TIMEOUT, f"{where}: no certificate within {seconds:g} s")
    except (OSError, ValueError) as error:
        words = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
        return Unknown(Why.UNREACHABLE, f"{where}: {cut(one_line(str(words)), _LONGEST)}")


def _any() -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE  # it is shown to a person, and nothing is said to the server
    return made


def _shaken(host: str, port: int, context: ssl.SSLContext, until: float) -> bytes:
    left = max(0.1, until - time.monotonic())
    with socket.create_connection((host, port), left) as plain:
        plain.settimeout(max(0.1, until - time.monotonic()))
        with context.wrap_socket(plain, server_hostname=host) as wrapped:
            return wrapped.getpeercert(binary_form=True) or b""


def described(der: bytes) -> ShownKey:
    """Return what a certificate says. One that is not understood has its SHA-256 all the same."""
    digest = hashlib.sha256(der).hexdigest()
    try:
        found = x509.load_der_x509_certificate(der)
        key = found.public_key()
        kind = type(key).__name__.strip("_").removesuffix("PublicKey")
        if isinstance(key, rsa.RSAPublicKey):
            kind = f"RSA {key.key_size}"
        elif isinstance(key, ec.EllipticCurvePublicKey):
            kind = f"EC {key.curve.name}"
        return ShownKey(
            kind, digest, found.subject.rfc4514_string(), found.issuer.rfc4514_string(),
            _names(found), _day(found, "before"), _day(found, "after"),
        )  # fmt: skip
    except Exception:  # noqa: BLE001  a server may show anything
        return ShownKey("certificate that is not understood", digest)


def _day(found: x509.Certificate, which: str) -> str:
    name = f"not_valid_{which}"
    when = getattr(found, f"{name}_utc", None) or getattr(found, name)
    return str(when.date().isoformat())


def _names(found: x509.Certificate) -> tuple[str, ...]:
    try:
        listed = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(str(one.value) for one in listed)


def digests(der: bytes) -> tuple[str, ...]:
    """Return by what a certificate may be pinned: its SHA-256, and its SHA-1 as older tools do."""
    return tuple(
        hashlib.new(kind, der, usedforsecurity=False).hexdigest() for kind in ("sha256", "sha1")
    )
