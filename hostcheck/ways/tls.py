"""Where to connect and whom to trust.

TLS is verified by the system's authorities, by a given one, or by a pinned certificate; there is no
way to switch that off.
"""

import hashlib
import socket
import ssl
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from msgspec import Struct

from hostcheck.errors import UsageError

NO_CHECK_TIME = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which Python has no name for."""
EXPIRED, NOT_YET, OTHER_NAME, OTHER_ADDRESS = 10, 9, 62, 64
"""OpenSSL's X509_V_ERR_*, as `verify_code` tells them."""


class Endpoint(Struct, frozen=True):
    """Where to connect and whom to trust. `timeout` is in seconds, for one answer."""

    host: str
    user: str
    port: int = 443
    ca_files: tuple[str, ...] = ()
    thumbprint: str = ""
    """SHA-256 or SHA-1 of the server's certificate, with or without colons."""
    timeout: float = 60
    task_timeout: float = 60
    """Seconds for one of vCenter's own checks."""
    start_timeout: float = 600
    """Seconds for a power-on: reserving a terabyte of memory takes minutes."""
    keep_alive: float = 600
    """Seconds of silence after which the session is used, so that it does not end: servers end one
    that was idle for half an hour."""


def digits_of(thumbprint: str) -> str:
    """Return a digest as it is compared: small hexadecimal digits, without colons."""
    return thumbprint.replace(":", "").lower()


def _pinned(endpoint: Endpoint) -> ssl.SSLContext:
    """Fetch the server's certificate, compare its thumbprint, and trust exactly that one."""
    look = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    look.check_hostname = False
    look.verify_mode = ssl.CERT_NONE  # only to read the certificate that is compared below
    with (
        socket.create_connection((endpoint.host, endpoint.port), endpoint.timeout) as plain,
        look.wrap_socket(plain, server_hostname=endpoint.host) as wrapped,
    ):
        der = wrapped.getpeercert(binary_form=True) or b""
    wanted = digits_of(endpoint.thumbprint)
    kind = (
        "sha1" if len(wanted) == hashlib.sha1(usedforsecurity=False).digest_size * 2 else "sha256"
    )
    seen = hashlib.new(kind, der, usedforsecurity=False).hexdigest()
    if seen != wanted:
        raise UsageError(
            f"{endpoint.host}: the server shows a certificate with {kind.upper()} thumbprint "
            f"{seen}, not the one given; if that is right, give this one"
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # this one certificate and no other is accepted
    # Whoever pins one certificate trusts it by itself: who signed it and until when is no matter.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | NO_CHECK_TIME
    context.load_verify_locations(cadata=ssl.DER_cert_to_PEM_cert(der))
    return context


def tls_context(endpoint: Endpoint) -> ssl.SSLContext:
    """Return a context that verifies the server. Raises UsageError for an unreadable CA file."""
    if endpoint.thumbprint:
        return _pinned(endpoint)
    context = ssl.create_default_context()
    for path in endpoint.ca_files:
        try:
            context.load_verify_locations(cafile=path)
        except (OSError, ssl.SSLError) as error:
            why = "" if isinstance(error, ssl.SSLError) else error.strerror
            told = why or "it holds no certificate"
            raise UsageError(f"CA file {path}: {told}; give a readable PEM file") from None
    return context


def trust_of(ca_files: Iterable[str], *, pinned: bool) -> str:
    """Say what a certificate that was accepted was accepted by."""
    if pinned:
        return "certificate pinned by its thumbprint"
    own = ", ".join(Path(one).name for one in ca_files)
    also = f" or {own}" if own else ""
    return f"certificate verified by the authorities of the asking system{also}"


def distrust(endpoint: Endpoint, error: ssl.SSLCertVerificationError) -> str:
    """Say why a certificate is not trusted and what to do that was not done yet."""
    pin = "pin it with --tls-thumbprint SHA256"
    if error.verify_code in (EXPIRED, NOT_YET, OTHER_NAME, OTHER_ADDRESS):
        shown = _but_for(endpoint, error.verify_code)
        if shown is not None:
            told, thumbprint = shown
            return f"{told}; until then this one is trusted with --tls-thumbprint {thumbprint}"
    given = ", ".join(endpoint.ca_files)
    if not given:
        return f"is not trusted ({error.verify_message}); give its CA with --tls-ca FILE or {pin}"
    return (
        f"is not trusted ({error.verify_message}): no CA in {given} signed it; give the CA that "
        f"did, or {pin}"
    )


def _but_for(endpoint: Endpoint, code: int) -> tuple[str, str] | None:
    """Look again, with all verified but the one thing; say what that is, and the thumbprint.

    None where the certificate would not be trusted all the same: then it says nothing for sure.
    """
    context = tls_context(endpoint)
    named = code in (OTHER_NAME, OTHER_ADDRESS)
    if named:
        context.check_hostname = False
    else:
        context.verify_flags |= NO_CHECK_TIME
    try:
        plain = socket.create_connection((endpoint.host, endpoint.port), endpoint.timeout)
        with closing(context.wrap_socket(plain, server_hostname=endpoint.host)) as wrapped:
            told: Any = wrapped.getpeercert()
            der = wrapped.getpeercert(binary_form=True) or b""
    except OSError:
        return None
    digest = hashlib.sha256(der).hexdigest()
    if named:
        names = ", ".join(name for _, name in told.get("subjectAltName", ())) or "no name"
        return f"is for {names} and not for {endpoint.host}; connect by a name of its own", digest
    since, until = (ssl.cert_time_to_seconds(told[one]) for one in ("notBefore", "notAfter"))
    if code == NOT_YET:
        return f"is valid from {_day(since)} on only; check the clocks of both sides", digest
    if until < time.time():
        return f"expired on {_day(until)}; renew it on the server", digest
    return f"is good until {_day(until)}, but one of a CA above it has expired; renew that", digest


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))
