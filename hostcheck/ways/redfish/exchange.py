"""HTTP with one BMC: one connection, each exchange in time, no answer followed elsewhere.

Facts behind the choices: BMCs are slow and have few connections; some close one after each answer;
some answer in pieces that come for minutes; some answer with a web page.
"""

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from hostcheck.ways.answers import until
from hostcheck.ways.redfish import message
from hostcheck.ways.redfish.door import Door, any_certificate, context, fingerprint_of

LIMIT_BYTES = 8 << 20
"""The largest answer that is read: BIOS settings have 13 to 30 KB, a list of devices 200 KB."""
ALL_BYTES = 64 << 20
"""What one BMC may send altogether."""
BROKEN = (OSError, http.client.HTTPException, ValueError)
"""What an exchange raises that did not come to its end. A header that is none is a ValueError."""
GONE = (
    http.client.RemoteDisconnected, http.client.BadStatusLine, http.client.CannotSendRequest,
    ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError,
)  # fmt: skip
"""How a connection shows that the other side had closed it."""


class Untrusted(Exception):  # noqa: N818  an answer, not an error
    """The BMC shows a certificate that is not the pinned one."""


class Reply(NamedTuple):
    """What came back; names of headers in lower case."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def retry_after(self) -> float:
        """For how many seconds a busy BMC wants peace; 1 where it does not say it in seconds."""
        told = self.headers.get("retry-after", "")
        return float(told) if told.isdecimal() else 1.0


class Connection(http.client.HTTPSConnection):
    """Sends nothing before the certificate was compared, where one is pinned."""

    def __init__(self, door: Door) -> None:
        trust = any_certificate() if door.fingerprint else context(door.ca_files)
        super().__init__(door.address, door.port, timeout=door.connect_timeout, context=trust)
        self._pinned = door.fingerprint

    def connect(self) -> None:
        """Connect and verify. Raises OSError, or Untrusted for another certificate."""
        super().connect()
        if self._pinned and fingerprint_of(self.certificate()) != self._pinned:
            seen = fingerprint_of(self.certificate())
            self.close()
            raise Untrusted(seen)

    def certificate(self) -> bytes:
        """Return what the other side shows (DER)."""
        return bytes(self.sock.getpeercert(binary_form=True) or b"")


class Exchange:
    """One connection at a time, opened at the first request. One thread asks; any may stop it."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._connection = Connection(door)
        self._left = ALL_BYTES
        self._stopping = threading.Lock()
        self._sends = False
        self.stopped = False

    def get(self, path: str, token: str, limit: float) -> Reply:
        """Ask for a resource. Raises BROKEN or Untrusted.

        What the other side closed before it answered is asked once more: asking changes nothing.
        """
        old = self._connection.sock is not None
        try:
            return self._exchange("GET", path, None, token, limit)
        except GONE:
            if not old or self.stopped:
                raise
            return self._exchange("GET", path, None, token, limit)

    def send(
        self, method: str, path: str, body: dict[str, str] | None, token: str, limit: float
    ) -> Reply:
        """Send what is neither repeated nor cut off: a login, and its end.

        Raises BROKEN or Untrusted.
        """
        self._sends = True
        try:
            return self._exchange(method, path, body, token, limit)
        finally:
            self._sends = False

    def _exchange(
        self, method: str, path: str, body: dict[str, str] | None, token: str, limit: float
    ) -> Reply:
        connection = self._connection
        headers = {"Accept": "application/json", "OData-Version": "4.0", "User-Agent": "hostcheck"}
        if token:
            headers["X-Auth-Token"] = token
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        asked = message.request(
            method, message.host_of(self._door.address, self._door.port), path, headers, data
        )
        deadline = time.monotonic() + limit
        try:
            if connection.sock is None:
                connection.timeout = min(self._door.connect_timeout, limit)
                connection.connect()
            self._heed_stop()
            left = max(0.001, deadline - time.monotonic())
            connection.sock.settimeout(left)
            connection.sock.sendall(asked)
            with until(connection.sock, left) as file:
                head = message.head_of(file)
                told, ended = message.body_of(file, head, min(LIMIT_BYTES, self._left))
            self._left -= len(told)
            if head.closes or not ended:
                connection.close()
            return Reply(head.status, told.decode("utf-8", "replace"), head.fields)
        except BaseException:
            connection.close()
            raise

    def _heed_stop(self) -> None:
        if self.stopped and not self._sends:
            raise ConnectionAbortedError("the run was stopped")

    def stop(self) -> None:
        """Cut off what another thread waits for, unless that is a login: its session has an end."""
        with self._stopping:
            self.stopped = True
            waiting: Any = self._connection.sock
            if waiting is not None and not self._sends:
                with suppress(OSError):
                    waiting.shutdown(socket.SHUT_RDWR)

    def resume(self) -> None:
        """Let the end of a session be sent after a stop: what was cut off is closed."""
        with self._stopping:
            if self.stopped:
                self._connection.close()
            self.stopped = False

    def close(self) -> None:
        """Close the connection. Never raises."""
        with suppress(Exception):
            self._connection.close()
