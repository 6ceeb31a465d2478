"""Questions to one vCenter's REST API: listed ones, each asked once for all of its hosts."""

import threading
from collections.abc import Callable, Iterable

from hostcheck.model.capture import Capture, Request
from hostcheck.model.fact import Unknown, Why
from hostcheck.syntax.rest import WIRE, path_of
from hostcheck.ways.base import Refused, SoFar, Stopwatch
from hostcheck.ways.rest.session import RestSession
from hostcheck.ways.rest.way import WAY
from hostcheck.ways.tls import Endpoint


class RestTransport:
    """One vCenter, for several threads: they wait for each other."""

    def __init__(self, endpoint: Endpoint, password: Callable[[], str]) -> None:
        """Log in at the first question."""
        self._session = RestSession(endpoint, password)
        self._told: dict[tuple[str, str, str], Capture] = {}
        self._lock = threading.Lock()

    def fetch(self, request: Request) -> Capture:
        """Ask, once. Raises PermissionError for what is not listed."""
        if request.wire != WIRE or not WAY.allows(request):
            raise PermissionError(f"{request.text!r} is not one of the listed questions")
        with self._lock:
            if request.key not in self._told:
                self._told[request.key] = self._asked(request)
            return self._told[request.key]

    def _asked(self, request: Request) -> Capture:
        watch = Stopwatch()
        try:
            path = path_of(request.template, request.subject)
            return watch.capture(request, self._session.get(path))
        except ValueError as error:
            return watch.capture(request, failure=Unknown(Why.UNPARSED, str(error), request.text))
        except Refused as refused:
            told = refused.unknown
            privilege = request.privilege if told.why is Why.DENIED else ""
            failure = Unknown(told.why, told.detail, request.text, privilege)
            return watch.capture(request, failure=failure)

    def expect(self, requests: Iterable[Request]) -> None:
        """Do nothing: questions travel one by one."""

    def close(self) -> None:
        """Do nothing: the session is of all hosts, and `end` ends it."""

    def end(self) -> None:
        """Delete the session."""
        with self._lock:
            self._session.close()

    def __call__(self, _so_far: SoFar) -> "RestTransport":
        """Return what answers for one host."""
        return self
