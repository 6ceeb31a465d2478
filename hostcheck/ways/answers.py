"""An HTTP answer that comes in time, however slowly the other side sends it."""

import http.client
import io
import socket
import time
from typing import Any


class _Until(io.RawIOBase):
    """Reads a socket up to a deadline."""

    def __init__(self, plain: socket.socket, raw: io.RawIOBase, limit: float) -> None:
        self._socket = plain
        self._raw = raw
        self._limit = limit
        self._deadline = time.monotonic() + limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        try:
            if left > 0:
                self._socket.settimeout(left)
                return self._raw.readinto(buffer)
        except TimeoutError:
            pass
        raise TimeoutError(f"no whole answer within {self._limit:g} s")

    def close(self) -> None:
        self._raw.close()
        super().close()


def until(sock: socket.socket, limit: float) -> io.BufferedReader:
    """Return what reads a socket for so many seconds altogether."""
    return io.BufferedReader(_Until(sock, sock.makefile("rb", buffering=0), limit))


class Response(http.client.HTTPResponse):
    """An answer with one limit in seconds for its head and body together."""

    def __init__(self, sock: socket.socket, *given: Any, limit: float, **options: Any) -> None:
        super().__init__(sock, *given, **options)
        self.fp = io.BufferedReader(_Until(sock, self.fp.detach(), limit))


def body_of(response: http.client.HTTPResponse, most: int) -> bytes:
    """Read the body whole. Raises HTTPException for one that is longer than `most` bytes, or cut.

    A read with a limit does not say that the end is missing.
    """
    body = response.read(most + 1)
    if len(body) > most:
        raise http.client.HTTPException(f"an answer of more than {most >> 20} MiB")
    if response.length:
        raise http.client.IncompleteRead(body, response.length)
    return body
