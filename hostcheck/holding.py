"""What a run has begun on hosts and has to undo: an end at once waits for that, for a while.

Who ends the process by a second interrupt asks here; who changes something says so.
"""

import threading
import time

SECONDS = 30.0
"""How long an end waits at most."""
_STEP = 0.02


class Holding:
    """A count of what is to be undone. Asked from a signal handler: no lock is waited for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = 0

    def begin(self) -> None:
        """Say that something is about to be done that has to be undone."""
        with self._lock:
            self._open += 1

    def end(self) -> None:
        """Say that it was undone, or was told to whoever has to undo it."""
        with self._lock:
            self._open -= 1

    @property
    def anything(self) -> bool:
        """Whether something is left to undo."""
        return self._open > 0

    def wait(self, seconds: float = SECONDS) -> None:
        """Return when nothing is left to undo, or when the time is over."""
        over = time.monotonic() + seconds
        while self.anything and time.monotonic() < over:
            time.sleep(_STEP)


HELD = Holding()
"""What this process has begun."""
