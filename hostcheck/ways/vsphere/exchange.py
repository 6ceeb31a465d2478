"""HTTP exchanges with one server, in time: what is allowed is sent, and what comes back returned.

Several threads may use an `Exchange` at once: each exchange has a connection of its own.
"""

import http.client
import socket
import ssl
import time
from contextlib import suppress
from functools import partial
from typing import Any
from xml.parsers.expat import ExpatError

from pyVmomi import SoapAdapter

from hostcheck.errors import ParseError
from hostcheck.ways.answers import Response, body_of
from hostcheck.ways.tls import Endpoint
from hostcheck.ways.vsphere import soap

ATTEMPTS = 3
BUSY_SECONDS = 5
LIMIT_BYTES = 256 << 20
"""The largest answer that is read. A page is asked to be of a few MiB (`pages.ANSWER_BYTES`)."""
BROKEN = (OSError, http.client.HTTPException, ParseError, ExpatError, UnicodeError)
"""What an answer that cannot be had raises."""


class ReadOnlyStub(SoapAdapter.SoapStubAdapter):
    """pyVmomi's adapter, able to call the methods of soap.SESSION and no other, in time."""

    limit = 60.0

    def GetConnection(self) -> Any:  # noqa: N802
        """Return a connection whose answers have a limit."""
        connection = super().GetConnection()
        connection.timeout = self.limit
        if connection.sock is not None:
            connection.sock.settimeout(self.limit)
        connection.response_class = partial(Response, limit=self.limit)
        return connection

    def InvokeMethod(self, mo: Any, info: Any, args: Any, outerStub: Any = None) -> Any:  # noqa: N802, N803
        """Call a method of the session. Raises PermissionError for any other."""
        if info.wsdlName not in soap.SESSION:
            raise PermissionError(f"{info.wsdlName} is not one of the session's methods")
        return super().InvokeMethod(mo, info, args, outerStub)


class Exchange:
    """Posts calls over the connections of one stub."""

    def __init__(
        self,
        endpoint: Endpoint,
        version: str,
        context: ssl.SSLContext,
        methods: frozenset[str],
        writes: frozenset[str],
    ) -> None:
        """Keep the names of the methods that may be sent; `writes` are those that change something.

        They are sent once.
        """
        self.methods = soap.SESSION | methods | writes
        self._writes = writes
        self.stub = ReadOnlyStub(
            host=endpoint.host, port=endpoint.port, path="/sdk", version=version,
            sslContext=context, httpConnectionTimeout=endpoint.timeout,
        )  # fmt: skip
        self.stub.limit = endpoint.timeout
        self.stopped = False
        self.spoke = time.monotonic()
        """When something was sent last, as time.monotonic tells it."""
        self._busy: set[Any] = set()

    def hurry(self, seconds: float) -> None:
        """Let no answer take longer from now on."""
        self.stub.limit = min(self.stub.limit, seconds)

    def stop(self) -> None:
        """Cut off what other threads wait for; they ask nothing more."""
        self.stopped = True
        for busy in tuple(self._busy):
            if busy.sock is not None:
                with suppress(OSError):
                    busy.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connections that are left."""
        self.stub.DropConnections()

    def connection(self) -> Any:
        """Return a connection; what is sent on it is received from it."""
        return self.stub.GetConnection()

    def post(self, body: str) -> bytes:
        """Send one call and return the answer. Raises SoapFault, OSError or HTTPException.

        A dropped connection and a busy server are tried again; a write is sent once, because it
        may have been heard.
        """
        method = soap.method_of(body)
        self.refuse_unlisted(method)
        for left in reversed(range(ATTEMPTS)):
            try:
                status, answer, retry_after = self._exchange(body)
            except TimeoutError:
                raise
            except (OSError, http.client.HTTPException):
                if not left or self.stopped or method in self._writes:
                    raise
                continue
            if status == http.client.OK:
                return answer
            if status == http.client.INTERNAL_SERVER_ERROR:
                raise soap.fault_in(answer)
            if status != http.client.SERVICE_UNAVAILABLE or not left:
                raise http.client.HTTPException(f"HTTP status {status}")
            time.sleep(min(retry_after, BUSY_SECONDS))
        raise AssertionError("unreachable")

    def refuse_unlisted(self, method: str) -> None:
        """Raise PermissionError for a method that this exchange may not send."""
        if method not in self.methods:
            raise PermissionError(f"{method} is not one of the methods that may be called")

    def _exchange(self, body: str) -> tuple[int, bytes, float]:
        """Do one HTTP exchange: status, answer, and for how long a busy server wants peace."""
        connection = self.connection()
        try:
            self.send(connection, body)
        except BaseException:
            connection.close()
            raise
        return self.receive(connection)

    def send(self, connection: Any, body: str) -> None:
        """Send a call. Raises OSError or HTTPException."""
        self.spoke = time.monotonic()
        self._busy.add(connection)
        try:
            connection.request(
                "POST", self.stub.path, soap.ENVELOPE.format(body=body).encode(),
                {
                    "Content-Type": "text/xml; charset=utf-8",
                    "SOAPAction": self.stub.versionId,
                    "Cookie": self.stub.cookie,
                    "User-Agent": "hostcheck",
                },
            )  # fmt: skip
        finally:
            self._busy.discard(connection)

    def receive(self, connection: Any) -> tuple[int, bytes, float]:
        """Return status, answer, and for how long a busy server wants peace."""
        self._busy.add(connection)
        try:
            with connection.getresponse() as response:
                answer = body_of(response, LIMIT_BYTES)
                wait = response.getheader("Retry-After", "1")
        except BaseException:
            connection.close()
            raise
        finally:
            self._busy.discard(connection)
        self.stub.ReturnConnection(connection)
        return response.status, answer, float(wait) if wait.isdecimal() else 1.0
