"""Errors that cross a module border.

HostcheckError
├── ParseError    an answer was not understood; becomes an Unknown fact, never a crash
└── UsageError    the user can mend it: one line, exit code 2
    └── UnlistedError    a vCenter told of no host; for an audit a report, exit code 3

LimitOver is an interrupt that the user ordered beforehand.
"""

import traceback
from collections.abc import Mapping
from pathlib import PurePath


class HostcheckError(Exception):
    """Root of every error that this package raises on purpose."""


class ParseError(HostcheckError):
    """An answer does not look like the command it is said to come from.

    The message says what was expected and quotes the first offending line.
    """


class UsageError(HostcheckError):
    """Something the user gave is wrong: the message says what, where and what to do."""


class UnlistedError(UsageError):
    """No vCenter told which hosts there are, and one at least let us in: an audit reports that.

    `silent` says of each, by name, why.
    """

    def __init__(self, told: str, silent: Mapping[str, str]) -> None:
        """Keep what is told in one line, and of each vCenter."""
        super().__init__(told)
        self.silent = dict(silent)


def damaged(error: object, file: str = "the run file") -> UsageError:
    """Return what a file that is damaged is told with: `file` is what it is called."""
    return UsageError(f"{file} is damaged: {error}; run again")


def crash(error: Exception) -> str:
    """Say in one line what nobody foresaw, and where it was raised."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({PurePath(where.filename).name}:{where.lineno})"


class LimitOver(KeyboardInterrupt):
    """The time of a run is over: what an interrupt ends in order, this does. Says so in words."""
