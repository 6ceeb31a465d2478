"""Answers from a recording. What was not recorded is Unknown, like any other missing answer."""

from collections.abc import Iterable

from hostcheck.model.capture import Capture, Request
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.recording import Recording


class ReplayTransport:
    """Plays one machine."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    def expect(self, requests: Iterable[Request]) -> None:
        """Do nothing: everything is there already."""

    def fetch(self, request: Request) -> Capture:
        """Return the recorded answer, under the question as it is asked today."""
        found = self._recording.captures.get(request.key)
        if found is None:
            unknown = Unknown(Why.NOT_RECORDED, "the recording does not hold it", request.text)
            return Capture(request, failure=unknown)
        return Capture(
            request, found.text, found.stderr, found.exit_status, found.failure, found.taken_at,
            found.duration_ms,
        )  # fmt: skip

    def close(self) -> None:
        """Do nothing."""
