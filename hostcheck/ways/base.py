"""The seam: one method. Live, recorder and replay are implementations of it.

A question that fails is answered by a capture whose `failure` says why, never by an exception: one
sick host does not end a run, and failures are recorded and replayed like every other answer.
"""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Protocol

from hostcheck.model.capture import Capture, Request
from hostcheck.model.fact import Unknown


class Transport(Protocol):
    """Answers questions about one target."""

    def fetch(self, request: Request) -> Capture:
        """Put one question and return what came back."""

    def expect(self, requests: Iterable[Request]) -> None:
        """Announce questions that will follow, in this order, so that they can travel together.

        A hint: answers are the same without it.
        """

    def close(self) -> None:
        """Give back what was opened. Never raises."""


class Refused(Exception):  # noqa: N818  an answer, not an error
    """The answer cannot be had; `unknown` says why, in words for a report."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__(unknown.detail)
        self.unknown = unknown


class Stopwatch:
    """Start time and duration of one question."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._taken_at = now().strftime("%Y-%m-%dT%H:%M:%SZ")
        self._started = time.monotonic()

    def capture(
        self,
        request: Request,
        text: str = "",
        stderr: str = "",
        exit_status: int = 0,
        failure: Unknown | None = None,
    ) -> Capture:
        """Return the answer with its times."""
        duration = round((time.monotonic() - self._started) * 1000)
        return Capture(request, text, stderr, exit_status, failure, self._taken_at, duration)
