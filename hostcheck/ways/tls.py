"""Where to connect and whom to trust.

TLS is verified by the system's authorities, by a given one, or by a pinned certificate; there is no
way to switch that off.
"""

import hashlib
import socket
import ssl

from msgspec import Struct

from hostcheck.errors import UsageError


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
    wanted = endpoint.thumbprint.replace(":", "").lower()
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
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
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
            raise UsageError(f"CA file {path}: {error}; give a readable PEM file") from None
    return context
