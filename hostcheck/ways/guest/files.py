"""Files into and out of a guest: one HTTPS exchange with the URL that vSphere hands out.

vCenter sends clients to the ESXi host of the VM. That host is believed if it shows the certificate
whose thumbprint vCenter states for it over the verified session, or else one of a trusted CA.
"""

import http.client
import ssl
from functools import partial
from urllib.parse import urlsplit

import msgspec

from hostcheck.errors import UsageError
from hostcheck.model.fact import Unknown, Why
from hostcheck.ways.answers import Response
from hostcheck.ways.base import Refused
from hostcheck.ways.tls import Endpoint, tls_context

LIMIT_BYTES = 4 * 1024 * 1024
"""A longer file is cut off: nothing that is fetched is that long."""
THIS_SERVER = "*"
"""How a server spells its own name in such a URL."""


def transfer(endpoint: Endpoint, url: str, thumbprint: str, data: bytes | None = None) -> bytes:
    """Send `data`, or fetch the file when there is none. Raises Refused.

    `thumbprint` is the one stated for the ESXi host, empty where none is. The URL holds a token and
    is never shown.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or http.client.HTTPS_PORT
    except ValueError:
        host, port, parts = "", 0, urlsplit("")
    if parts.scheme != "https" or not host:
        raise Refused(Unknown(Why.UNPARSED, "the address for the file is no https:// URL"))
    there = endpoint
    if host != THIS_SERVER and (host, port) != (endpoint.host, endpoint.port):
        there = msgspec.structs.replace(endpoint, host=host, port=port, thumbprint=thumbprint)
    try:
        return _exchange(there, f"{parts.path}?{parts.query}", data)
    except ssl.SSLCertVerificationError as error:
        told = f"{there.host}: its certificate is not trusted ({error.verify_message}); give its CA"
        raise Refused(Unknown(Why.DENIED, told, "", "--tls-ca FILE")) from None
    except UsageError as error:
        raise Refused(Unknown(Why.DENIED, str(error))) from None
    except TimeoutError as error:
        raise Refused(Unknown(Why.TIMEOUT, f"{there.host}: {str(error) or 'no answer'}")) from None
    except (OSError, http.client.HTTPException) as error:
        told = f"{there.host}:{there.port}: {str(error) or type(error).__name__}"
        raise Refused(Unknown(Why.UNREACHABLE, f"the file cannot be exchanged: {told}")) from None


def _exchange(there: Endpoint, path: str, data: bytes | None) -> bytes:
    connection = http.client.HTTPSConnection(
        there.host, there.port, timeout=there.timeout, context=tls_context(there)
    )
    connection.response_class = partial(Response, limit=there.timeout)  # type: ignore[assignment]
    try:
        connection.request("GET" if data is None else "PUT", path, data)
        with connection.getresponse() as response:
            body = response.read(LIMIT_BYTES)
        if response.status not in (http.client.OK, http.client.CREATED):
            raise http.client.HTTPException(f"HTTP status {response.status}")
        length = response.getheader("Content-Length", "")
        if length.isdecimal() and len(body) < min(int(length), LIMIT_BYTES):
            raise http.client.HTTPException("the answer was cut off")
    finally:
        connection.close()
    return body
