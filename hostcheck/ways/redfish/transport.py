"""Questions to one BMC: in time, at most once, and never to a path that is not a listed one.

door        where it is, and what is trusted there      exchange    one connection, HTTP
session     login and logout                            reasons     why there is no answer
"""

import json
import threading
import time
from collections.abc import Callable, Iterable
from typing import TypeVar
from urllib.parse import urlsplit

from hostcheck.errors import ParseError, UsageError
from hostcheck.model.capture import Capture, Request
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.seal import Login
from hostcheck.parsers import redfish_root
from hostcheck.syntax.redfish import WIRE, fits, without_secrets
from hostcheck.ways.base import Refused, Stopwatch
from hostcheck.ways.redfish.door import Door
from hostcheck.ways.redfish.exchange import BROKEN, Exchange, Reply, Untrusted
from hostcheck.ways.redfish.reasons import broken, busy_for, odd, refusal
from hostcheck.ways.redfish.session import STOPPED, BmcSession, Trials
from hostcheck.ways.tls import trust_of

BUSY_SECONDS = 30
"""The longest that a busy BMC is left in peace, whatever it wishes."""
LOGIN_SECONDS = 60
"""A login is waited for a little longer: one that is given up leaves a session behind."""
CLOSE_SECONDS = 10
"""How long a BMC may take to hear that we leave."""
PAUSE_SECONDS = 0.1
UNHURRIED = ("supermicro", "cisco")
"""BMCs that lose requests which come without a pause."""
SILENCES = 3
"""After so many questions in a row without an answer nothing more is asked."""
HIDDEN = "(left out)"

T = TypeVar("T")


class RedfishTransport:
    """One BMC, asked by the thread that asks first; it connects then."""

    def __init__(
        self,
        door: Door | Unknown,
        password: Callable[[], str],
        trials: Trials,
        allowed: Callable[[Request], bool],
        tell: Callable[[str], None],
    ) -> None:
        """Keep the settings; instead of a door, why there is none. `allowed` is asked first.

        `tell` hears of a session that could not be closed.
        """
        self._refused = door if isinstance(door, Unknown) else None
        self._door = Door("") if isinstance(door, Unknown) else door
        self._exchange = Exchange(self._door)
        self._session = BmcSession(self._exchange, self._door.user, password)
        self._password = password
        self._trials = trials
        self._allowed = allowed
        self._tell = tell
        self._hurry = threading.Event()
        self._owner = 0
        self._deadline = 0.0
        self._silent = 0
        self._collection = ""
        self._pause = 0.0

    @property
    def login(self) -> Login | None:
        """With what it asks; None where nobody is logged in."""
        if not self._session.token:
            return None
        door = self._door
        trust = trust_of(door.ca_files, pinned=bool(door.fingerprint))
        return Login("redfish", door.user, trust, door.fingerprint, "password")

    def expect(self, requests: Iterable[Request]) -> None:
        """Do nothing: a BMC is asked one thing after the other."""

    def fetch(self, request: Request) -> Capture:
        """Ask one thing. Raises PermissionError for what is not listed."""
        if request.wire != WIRE or not self._allowed(request):
            raise PermissionError(f"{request.text!r} is not one of the listed questions")
        watch = Stopwatch()
        try:
            answer = self._answer(request)
        except Refused as refused:
            told = refused.unknown
            failure = Unknown(told.why, told.detail, request.text, told.privilege)
            return watch.capture(request, failure=failure)
        return watch.capture(request, self._cleaned(answer.text))

    def _answer(self, request: Request) -> Reply:
        """Return what is an answer. Raises Refused for anything else."""
        path = request.subject or request.template.removeprefix("GET ")
        if not fits(request.template, path):
            detail = f"the BMC tells a path that is not asked: {path[:100]!r}"
            raise Refused(Unknown(Why.UNPARSED, detail))
        if self._refused is not None:
            raise Refused(self._refused)
        self._owner = threading.get_ident()
        self._deadline = self._deadline or time.monotonic() + self._door.host_timeout
        is_root = request.template == redfish_root.REQUEST.template
        if not is_root:
            self._enter()
        answer = self._asked(request, f"{path}/" if is_root else path)
        if is_root and answer.status == 200:
            self._get_to_know(answer)
        unknown = odd(answer) if answer.status == 200 else refusal(answer, self._door.user)
        if unknown is not None:
            raise Refused(unknown)
        return answer

    def _enter(self) -> None:
        """Log in, once; what goes wrong there is the answer to everything."""
        if self._session.token:
            return
        try:
            limit = max(self._limit(), LOGIN_SECONDS)
            self._timed(
                lambda: self._session.open(
                    self._trials, self._collection, limit, self._deadline, self._patiently
                )
            )
        except Refused as refused:
            self._refused = refused.unknown
            raise
        except UsageError as error:  # of this BMC's password alone: the others have theirs
            self._refused = Unknown(Why.NOT_ASKED, str(error))
            raise Refused(self._refused) from None

    def _asked(self, request: Request, path: str) -> Reply:
        """Ask, and once more at the same path in another spelling where the BMC sends there."""
        answer = self._get(path)
        if answer.status in range(300, 400):
            there = urlsplit(answer.headers.get("location", ""))
            same = there.path.rstrip("/").lower() == path.rstrip("/").lower() != there.path
            here = there.netloc in ("", self._door.address, f"{self._door.address}:443")
            if here and same and there.path != path and fits(request.template, there.path):
                answer = self._get(there.path)
        return answer

    def _get(self, path: str) -> Reply:
        if self._pause:
            self._hurry.wait(self._pause)
        limit = self._limit()
        return self._timed(
            lambda: self._patiently(lambda: self._exchange.get(path, self._session.token, limit))
        )

    def _timed(self, ask: Callable[[], T]) -> T:
        """Ask. Raises Refused where no answer comes; after some silences for good."""
        try:
            answer = ask()
        except (*BROKEN, Untrusted) as error:
            unknown = STOPPED if self._hurry.is_set() else broken(error, self._door)
            self._silent += 1
            never_heard = not self._session.token and not self._collection
            if never_heard or self._silent >= SILENCES:
                self._refused = unknown
            raise Refused(unknown) from None
        self._silent = 0
        return answer

    def _patiently(self, ask: Callable[[], Reply]) -> Reply:
        """Ask, and once more where the BMC is busy, after the time that it wants, in bounds."""
        answer = ask()
        wait = min(busy_for(answer), BUSY_SECONDS)
        if not wait or time.monotonic() + wait >= self._deadline or self._hurry.wait(wait):
            return answer
        return ask()

    def _limit(self) -> float:
        """Return the seconds that the next answer may take. Raises Refused when none are left."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            detail = f"the {self._door.host_timeout:g} s for this BMC are spent"
            raise Refused(Unknown(Why.TIMEOUT, detail))
        return min(self._door.answer_timeout, left)

    def _get_to_know(self, answer: Reply) -> None:
        """Note where to log in, and whether it wants pauses."""
        self._collection = "/"
        try:
            root = redfish_root.parse(answer.text)
        except ParseError:
            return
        if not isinstance(root.sessions, Unknown):
            self._collection = root.sessions
        if any(one in answer.text.lower() for one in UNHURRIED):
            self._pause = PAUSE_SECONDS

    def _cleaned(self, text: str) -> str:
        """Return an answer without secrets: those of the BIOS, and ours if they came back."""
        token = self._session.token
        if token:
            text = text.replace(token, HIDDEN).replace(
                json.dumps(self._password()), json.dumps(HIDDEN)
            )
        return without_secrets(text)

    def close(self) -> None:
        """End the session. From another thread: cut off what is waited for; its owner ends it."""
        if self._owner not in (0, threading.get_ident()):
            self._hurry.set()
            self._exchange.stop()
            return
        self._refused = self._refused or STOPPED
        left_behind = self._left_behind() if self._session.token else ""
        if left_behind:
            self._tell(f"a session is left at {self._door.name}: {left_behind}")
        self._exchange.close()

    def _left_behind(self) -> str:
        """Log out, at the second attempt if need be. Returns why a session is left, if it is."""
        why = ""
        for _ in range(2):
            self._exchange.resume()
            try:
                why, wait = self._session.close(CLOSE_SECONDS)
            except (*BROKEN, Untrusted) as error:
                why, wait = broken(error, self._door).detail, 0.0
            if not self._session.token:
                return ""
            time.sleep(min(wait, CLOSE_SECONDS))
        return why
