"""The session at a BMC: opened once, always closed; and how often a password is tried.

Basic authentication is not used: some BMCs open a session for each such request, and have few.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from urllib.parse import urlsplit

from hostcheck.errors import ParseError
from hostcheck.model.fact import Unknown, Why
from hostcheck.syntax.redfish import fits, resource_of
from hostcheck.ways.base import Refused
from hostcheck.ways.redfish.exchange import Exchange, Reply
from hostcheck.ways.redfish.login import CLOSE, CLOSE_OLD, OPEN, OPEN_OLD
from hostcheck.ways.redfish.reasons import busy_for, refusal

REFUSALS = 2
"""A password that so many BMCs refused, and none took, is tried no more: accounts get locked."""

REFUSED_ELSEWHERE = (
    "other BMCs refused this password and none took it: not tried here, so that no account gets "
    "locked"
)
POLL_SECONDS = 0.2
STOPPED = Unknown(Why.NOT_ASKED, "the run was stopped")
Patience = Callable[[Callable[[], Reply]], Reply]
"""Asks, and asks once more where the BMC is busy."""


class Trial:
    """One password of one user. Until a BMC took it, few try it at a time."""

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._trying = 0
        self._refused = 0
        self._taken = False

    def begin(self, deadline: float, stopped: Callable[[], bool]) -> None:
        """Wait for the turn. Raises Refused where the password is not to be tried any more."""
        with self._turn:
            while not self._taken and self._refused + self._trying >= REFUSALS:
                if self._refused >= REFUSALS:
                    raise Refused(Unknown(Why.NOT_ASKED, REFUSED_ELSEWHERE))
                if stopped():
                    raise Refused(STOPPED)
                if time.monotonic() >= deadline:
                    detail = "other BMCs have not said yet whether they take this password"
                    raise Refused(Unknown(Why.TIMEOUT, detail))
                self._turn.wait(POLL_SECONDS)
            self._trying += 1

    def end(self, *, taken: bool = False, refused: bool = False) -> None:
        """Note what became of it."""
        with self._turn:
            self._trying -= 1
            self._taken = self._taken or taken
            self._refused += refused
            self._turn.notify_all()


class Trials:
    """All passwords of a run, by user. Is in no `repr`, and travels empty to another process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: defaultdict[tuple[str, str], Trial] = defaultdict(Trial)

    def of(self, user: str, password: str) -> Trial:
        """Return how a password of a user fares."""
        with self._lock:
            return self._all[user, password]

    def __reduce__(self) -> tuple[type["Trials"], tuple[()]]:
        return Trials, ()


class BmcSession:
    """A login at one BMC. `token` is empty before it, and after its end."""

    def __init__(self, exchange: Exchange, user: str, password: Callable[[], str]) -> None:
        self._exchange = exchange
        self._user = user
        self._password = password
        self._path = ""
        self.token = ""

    def open(
        self, trials: Trials, collection: str, limit: float, deadline: float, patience: Patience
    ) -> None:
        """Log in, at the path that the BMC tells where it is a listed one.

        Raises Refused, and BROKEN or Untrusted of `exchange`.
        """
        password = self._password()
        trial = trials.of(self._user, password)
        trial.begin(deadline, lambda: self._exchange.stopped)
        answer: Reply | None = None
        try:
            answer = self._post(collection, password, limit, patience)
        finally:
            trial.end(
                taken=answer is not None and answer.status in range(200, 300),
                refused=answer is not None and _is_refused(answer),
            )
        self.token = answer.headers.get("x-auth-token", "")
        self._path = _path_in(answer)
        if answer.status not in range(200, 300):
            self.token = ""
            raise Refused(refusal(answer, self._user))
        if not self.token:
            detail = f"a login without a token (HTTP {answer.status})"
            raise Refused(Unknown(Why.UNPARSED, detail))

    def _post(self, collection: str, password: str, limit: float, patience: Patience) -> Reply:
        """Log in; where the BMC has no such path, at the other listed one."""
        login = {"UserName": self._user, "Password": password}
        paths = [one.template.removeprefix("POST ") for one in (OPEN, OPEN_OLD)]
        told = collection.rstrip("/").lower()
        paths.sort(key=lambda path: path.lower() != told)
        answer = patience(lambda: self._exchange.send("POST", paths[0], login, "", limit))
        if answer.status in (404, 405):
            answer = patience(lambda: self._exchange.send("POST", paths[1], login, "", limit))
        return answer

    def close(self, limit: float) -> tuple[str, float]:
        """Log out; `token` is empty where that is done.

        Returns why it is not, and for how many seconds a busy BMC wants peace.
        """
        if not self._path:
            return "the BMC did not tell the path of the session", 0
        answer = self._exchange.send("DELETE", self._path, None, self.token, limit)
        # 401 and 404: it is over already.
        if answer.status in range(200, 300) or answer.status in (401, 404):
            self.token = ""
        return f"HTTP {answer.status}", busy_for(answer)


def _is_refused(answer: Reply) -> bool:
    """Say whether it is user or password that is not right; iLO may say so with HTTP 400."""
    unauthorized = answer.status == 400 and "unauthorized" in answer.text.lower()
    return answer.status == 401 or unauthorized


def _path_in(answer: Reply) -> str:
    """Return the path of a session as its login tells it; empty where it is no listed one.

    The host of a whole URL does not matter: it is asked on the same connection.
    """
    try:
        path = urlsplit(answer.headers.get("location", "")).path
        path = path or resource_of(answer.text, asked=OPEN.template).path()
    except (ValueError, ParseError):
        return ""
    listed = (one.template.replace("DELETE ", "GET ", 1) for one in (CLOSE, CLOSE_OLD))
    return path if any(fits(one, path) for one in listed) else ""
