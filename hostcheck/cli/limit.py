"""The time that a run has."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from hostcheck.cli import console
from hostcheck.cli.ring import EXIT_UNKNOWN
from hostcheck.connect.given import Machines
from hostcheck.errors import LimitOver, UsageError


class RunLimit:
    """The time that a run has, counted from here. As a block it ends what takes longer."""

    def __init__(self, given: float | None, machines: Machines) -> None:
        """Take the option, else the setting; 0 is none. Raises UsageError where none is kept."""
        from hostcheck.connect.precedence import settings_of
        from hostcheck.settings import seconds

        told = settings_of(machines).audit.limit
        self.seconds = given or (seconds(str(told)) if told else 0)
        self._over_at = time.monotonic() + self.seconds
        if self.seconds and not hasattr(signal, "setitimer"):
            raise UsageError("--limit: this system cannot interrupt a run")

    def __enter__(self) -> None:
        """Have the work interrupted when the time is over, or is already."""
        if self.seconds:
            self._before = signal.signal(signal.SIGALRM, self._over)
            left = self._over_at - time.monotonic()
            signal.setitimer(signal.ITIMER_REAL, max(left, 0.001))

    def __exit__(self, *_: object) -> None:
        """Let the work go on for as long as it takes."""
        if self.seconds:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._before)

    @contextmanager
    def until_listed(self) -> Iterator[None]:
        """End the program where the time is over before it is known which hosts there are."""
        try:
            with self:
                yield
        except LimitOver as over:
            console.say(f"hostcheck: {over} before the hosts were listed: none was asked")
            sys.exit(EXIT_UNKNOWN)

    def _over(self, _signal: int, _frame: object) -> NoReturn:
        raise LimitOver(f"the run's limit of {self} was over")

    def __str__(self) -> str:
        """Say how long it is, in the largest unit that makes it a whole number."""
        for unit, size in (("h", 3600), ("min", 60)):
            if self.seconds % size == 0:
                return f"{self.seconds / size:g} {unit}"
        return f"{self.seconds:g} s"
