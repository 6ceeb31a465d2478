"""How often one password is tried: a wrong one must not lock an account that many hosts share.

Directories lock an account after a few failed logins, whichever host they were made at (five, by
vCenter's default). So until a password was accepted anywhere, no more than two hosts are asked with
it for one user; the others wait for their answers, and are not asked if both are a no.

A host that two vCenters list is asked once: its no counts once, and it is not offered the same
again, so that never more than two logins fail. One that goes by two addresses counts as two, which
asks less and never more.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hostcheck.model.fact import Unknown, Why
from hostcheck.ways.base import Refused

MOST_REFUSALS = 2


class Try:
    """One use of a password; `accepted` stays None where the host said neither yes nor no."""

    accepted: bool | None = None


class Tries:
    """What became of one password, by user. For several threads."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._accepted: set[str] = set()
        self._refused_by: dict[str, list[str]] = {}
        self._under_way: dict[str, list[str]] = {}

    @contextmanager
    def turn(self, user: str, host: str, until: float) -> Iterator[Try]:
        """Wait until the password may be tried for a user, and note what becomes of it.

        Raises Refused where it may not any more, TimeoutError where nobody said until then.
        """
        with self._news:
            while user not in self._accepted:
                refused_by = self._refused_by.setdefault(user, [])
                asked = self._under_way.get(user, [])
                if host in refused_by:
                    raise _not_again(user, host)
                if len(refused_by) >= MOST_REFUSALS:
                    raise _enough(user, refused_by)
                if host not in asked and len(refused_by) + len(asked) < MOST_REFUSALS:
                    break
                if not self._news.wait(until - time.monotonic()):
                    raise TimeoutError
            self._under_way.setdefault(user, []).append(host)
        mine = Try()
        try:
            yield mine
        finally:
            with self._news:
                self._under_way[user].remove(host)
                if mine.accepted:
                    self._accepted.add(user)
                elif mine.accepted is False:
                    self._refused_by.setdefault(user, []).append(host)
                self._news.notify_all()


def _not_again(user: str, host: str) -> Refused:
    told = f"the password of {user} was not tried: {host} has refused it in this run"
    return Refused(Unknown(Why.DENIED, told, "", "right password"))


def _enough(user: str, refused_by: list[str]) -> Refused:
    told = (
        f"the password of {user} was not tried: {' and '.join(refused_by)} refused it, and more "
        "failed logins could lock an account that hosts share"
    )
    return Refused(Unknown(Why.DENIED, told, "", "right password"))


_RUNS: dict[str, Tries] = {}
"""Of the runs that this process takes part in: a worker of a cluster gets one host at a time."""


class RunTries:
    """What all hosts of a run share in one process. May be pickled; the other side has its own."""

    def __init__(self, name: str = "") -> None:
        self._name = name or secrets.token_hex(8)
        self.tries = _RUNS.setdefault(self._name, Tries())

    def __reduce__(self) -> tuple[Callable[[str], "RunTries"], tuple[str]]:
        """Travel as a name."""
        return RunTries, (self._name,)
