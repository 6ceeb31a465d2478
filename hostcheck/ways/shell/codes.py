"""Codes that a server asks for beside a password: whoever is there is asked, for one host of a run.

A code is of one login and lives for half a minute. So a run asks for those of the first host that
wants one, and of no other: there the login ends with that word.
"""

import threading
import time
from collections.abc import Callable

PATIENCE = 90.0
"""Seconds that a login may take while somebody looks for a code: less than OpenSSH's grace."""


class Codes:
    """Asks for the codes of one host. For several threads."""

    def __init__(self, ask: Callable[[str], str] | None = None) -> None:
        """Keep who is asked; None where nobody is there."""
        self._ask = ask
        self._lock = threading.Lock()
        self._host = ""
        self.seconds = 0.0
        """How long somebody was asked: that time is not the host's."""

    def may(self, host: str) -> bool:
        """Say whether a host's code could be asked for."""
        return self._ask is not None and self._host in ("", host)

    def code(self, host: str, prompt: str) -> str | None:
        """Return what somebody typed; None where nobody is asked for this host."""
        with self._lock:
            if self._ask is None or self._host not in ("", host):
                return None
            self._host = host
        since = time.monotonic()
        try:
            return self._ask(f"{host} asks: {prompt}")
        finally:
            self.seconds += time.monotonic() - since
