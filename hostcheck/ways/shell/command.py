"""One command line on a connection: run it, take both its streams, know how it ended."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

from hostcheck.model.capture import Capture, Request
from hostcheck.model.fact import Unknown, Why
from hostcheck.ways.base import Stopwatch
from hostcheck.ways.shell.ssh import paramiko

CHUNK = 65536
LIMIT_BYTES = 64 * 1024 * 1024
"""A longer answer is cut off: no command here prints that much."""
AGAIN_SECONDS = 0.005
"""How soon to ask for a session again where the only one is still in use."""
LOOK_SECONDS = 1.0
"""How often who waits looks up, though nothing was heard."""
NO_STATUS = -1
"""What paramiko calls the exit status of a command that never told one."""
SESSION_SECONDS = 5
"""How long to wait for the only session of a connection to become free."""

T = TypeVar("T")


class _Within(threading.Event):
    """An event whose waits have a limit: paramiko waits for the answer to `exec` without one."""

    def __init__(self, deadline: float) -> None:
        super().__init__()
        self._deadline = deadline

    def wait(self, timeout: float | None = None) -> bool:
        left = max(0.0, self._deadline - time.monotonic())
        if not super().wait(left if timeout is None else min(timeout, left)):
            raise TimeoutError("the server does not take the command")
        return True


def _open(transport: paramiko.Transport, deadline: float) -> paramiko.Channel:
    """Open a channel; where one is all that is allowed, wait until the last one is cleared away."""
    wait = AGAIN_SECONDS
    patience = time.monotonic() + SESSION_SECONDS
    while True:
        left = deadline - time.monotonic()
        try:
            return transport.open_session(timeout=max(0.1, left))
        except paramiko.ChannelException:
            if time.monotonic() + wait > min(deadline, patience):
                raise
        except paramiko.SSHException:
            if time.monotonic() >= deadline:
                raise TimeoutError("the server opens no session") from None
            raise
        time.sleep(wait)
        wait = min(wait * 2, 1.0)


def _drained(channel: paramiko.Channel, streams: tuple[bytearray, bytearray]) -> bool:
    """Take what has arrived on both streams, and say whether that was the last of it."""
    ended = channel.closed or bool(channel.exit_status_ready() and channel.eof_received)
    for ready, receive, stream in (
        (channel.recv_ready, channel.recv, streams[0]),
        (channel.recv_stderr_ready, channel.recv_stderr, streams[1]),
    ):
        while ready():
            stream.extend(receive(CHUNK))
            if len(stream) > LIMIT_BYTES:
                raise TimeoutError(f"more than {LIMIT_BYTES} bytes of output, stopped")
    return ended


def _feed(channel: paramiko.Channel, data: bytes, deadline: float) -> None:
    """Send standard input. A command that ends without reading all of it says why by itself."""
    for start in range(0, len(data), CHUNK):
        if time.monotonic() > deadline:
            raise TimeoutError("the command does not read its input")
        try:
            channel.sendall(data[start : start + CHUNK])
        except TimeoutError:
            raise
        except OSError:
            return


class _News(threading.Event):
    """That something has arrived. paramiko takes it back as soon as one of two streams is empty."""

    def clear(self) -> None:
        """Leave it: only who is about to look takes it back."""

    def taken(self) -> None:
        """Take it back: what arrives from now on is news."""
        super().clear()


class Running(NamedTuple):
    """A connection, a command line that runs on it, and what its streams have said so far."""

    transport: paramiko.Transport
    channel: paramiko.Channel
    arrived: _News
    out: bytearray
    err: bytearray

    def until(self, look: Callable[[], T | None], limit: float) -> T | None:
        """Take what arrives until `look` finds something in it, or the command has ended.

        Raises TimeoutError when neither happens in time.
        """
        deadline = time.monotonic() + limit
        while True:
            self.arrived.taken()
            ended = _drained(self.channel, (self.out, self.err))
            found = look()
            if found is not None or ended:
                return found
            left = deadline - time.monotonic()
            if left < 0:
                raise TimeoutError(f"no end within {limit:.3g} s, stopped")
            news = self.channel.status_event if self.channel.eof_received else self.arrived
            news.wait(min(left, LOOK_SECONDS))


@contextmanager
def running(
    transport: paramiko.Transport | None, text: str, limit: float, data: bytes = b""
) -> Iterator[Running]:
    """Run one command line; its channel is closed in the end, whatever it does."""
    if transport is None:
        raise EOFError("not connected")
    deadline = time.monotonic() + limit
    channel = _open(transport, deadline)
    try:
        channel.settimeout(limit)
        channel.event = _Within(deadline)
        arrived = _News()
        channel.in_buffer.set_event(arrived)
        channel.in_stderr_buffer.set_event(arrived)
        channel.exec_command(text)
        _feed(channel, data, deadline)
        channel.shutdown_write()
        yield Running(transport, channel, arrived, bytearray(), bytearray())
    finally:
        channel.close()


def cut_off(command: Running, request: Request, watch: Stopwatch) -> Capture:
    """Answer for a command that has ended without a status. Raises EOFError with the connection."""
    if not command.transport.is_active():
        raise EOFError("the server hung up before the command ended")
    cut = Unknown(Why.UNREACHABLE, "the command was ended from outside", request.text)
    return watch.capture(request, failure=cut)


def decoded(stream: bytes | bytearray) -> str:
    """Return what a stream said; bytes that are no UTF-8 are replaced."""
    return bytes(stream).decode(errors="replace")
