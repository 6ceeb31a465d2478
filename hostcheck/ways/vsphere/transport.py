"""vSphere over SOAP: pyVmomi for version and session, verbatim XML for everything that is read.

Only listed requests can leave this package, and what the session itself needs (soap.SESSION). Of
those that change something only the ones for which the transport was made.

    exchange   HTTP, in time              properties   pages of objects, one thread at a time
    session    login, and login anew      methods      calls side by side
                                          tasks        vCenter's checks and the power-on
"""

import threading
import time
from collections.abc import Callable, Iterable
from functools import partial

from hostcheck.model.capture import EVERYTHING, Capture, Request, Wire
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.seal import Login
from hostcheck.syntax.vim import VimObject
from hostcheck.syntax.vim_call import method_of
from hostcheck.syntax.vim_objects import object_of
from hostcheck.ways.base import Refused, Stopwatch, listed
from hostcheck.ways.tls import Endpoint, trust_of
from hostcheck.ways.vsphere import soap
from hostcheck.ways.vsphere.exchange import BROKEN
from hostcheck.ways.vsphere.methods import Methods
from hostcheck.ways.vsphere.properties import Properties
from hostcheck.ways.vsphere.reasons import because, reason_of, stopped
from hostcheck.ways.vsphere.second_opinion import CALLS
from hostcheck.ways.vsphere.session import Session
from hostcheck.ways.vsphere.tasks import Tasks

__all__ = ["Endpoint", "VsphereTransport"]

WIRES = frozenset({Wire.PROPERTIES, Wire.METHOD, Wire.TASK, Wire.WRITE, Wire.SERVICE, Wire.ESXCLI})
"""What a session carries."""
READS = (Wire.METHOD, Wire.TASK)
CHANGES = (Wire.WRITE, Wire.SERVICE, Wire.GUEST)


class VsphereTransport:
    """One session with one vCenter or ESXi, for several threads.

    `_lock` guards what one thread may do at a time: properties, listings, tasks, and the answers
    that several hosts share. Methods are called side by side, up to CALLS of them.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        password: Callable[[], str],
        requests: Iterable[Request],
        writes: frozenset[str] = frozenset(),
    ) -> None:
        """Log in. No other request than these can be sent.

        `writes` names those of their methods that change something and may be sent; without it none
        can be.

        Raises UsageError when a login is impossible, with what to do about it.
        """
        self.endpoint = endpoint
        self._requests = tuple(requests)
        reads = frozenset(method_of(one) for one in self._requests if one.wire in READS)
        changes = frozenset(method_of(one) for one in self._requests if one.wire in CHANGES)
        self._session = Session(endpoint, password, reads, changes & writes)
        self._properties = Properties(self._session)
        self._methods = Methods(self._session)
        self._tasks = Tasks(self._session.post, lambda: self._session.collector)
        self._shared: dict[tuple[str, str, str], Capture] = {}
        self._lock = threading.RLock()
        self._calls = threading.BoundedSemaphore(CALLS)

    @property
    def login(self) -> Login:
        """With what it asks."""
        end, mine = self.endpoint, self._session
        trust = trust_of(end.ca_files, pinned=bool(end.thumbprint))
        return Login("vsphere", mine.account, trust, mine.shown, "password")

    def close(self) -> None:
        """Log out, so that no session stays on the server. Another thread's question is cut off."""
        self._session.exchange.stop()
        with self._lock:
            self._properties.clear()
            self._session.close()

    def keep_alive(self) -> float:
        """Use the session where it was silent for long. Never raises, and never after `close`.

        Returns in how many seconds to come again.
        """
        with self._lock:
            return self._session.keep_alive()

    def expect(self, requests: Iterable[Request]) -> None:
        """Note property questions that will follow, asked a page at a time, and start tasks."""
        asked = list(requests)
        for request in asked:
            if request.wire == Wire.TASK:
                with self._calls:
                    self._begin(request)
        with self._lock:
            self._properties.expect(one for one in asked if one.wire == Wire.PROPERTIES)

    def fetch(self, request: Request) -> Capture:
        """Put one question. Raises ValueError for one that no vSphere session can answer."""
        if request.wire not in WIRES:
            raise ValueError(f"a vSphere session cannot answer {request.wire}")
        self._refuse_unlisted(request)
        if request.wire == Wire.SERVICE:  # waits for nothing: an interrupted run is to be undone
            return self._one(request)
        shared = request.wire == Wire.TASK or _of_all(request)
        if request.wire in (Wire.METHOD, Wire.ESXCLI) and not shared:
            with self._calls:
                return self._one(request)
        with self._lock:
            if request.wire == Wire.PROPERTIES and request.subject != EVERYTHING:
                return self._properties.fetch(request)
            if request.key in self._shared:
                return self._shared[request.key]
            capture = self._one(request)
            if shared:
                self._shared[request.key] = capture
            return capture

    def _refuse_unlisted(self, request: Request) -> None:
        """Raise PermissionError for a question that is not listed, or that changes something."""
        changes = request.wire in CHANGES
        sent = not changes or method_of(request) in self._session.exchange.methods
        if not sent or not listed(request, self._requests):
            raise PermissionError(f"{request.text!r} is not one of the listed questions")

    def _one(self, request: Request) -> Capture:
        """Answer a question that travels alone."""
        watch = Stopwatch()
        if self._session.exchange.stopped:
            return watch.capture(request, failure=stopped(request))
        silent = self._properties.silent()
        if silent is not None and request.wire in (Wire.METHOD, Wire.ESXCLI):
            return watch.capture(request, failure=because(silent, request))
        try:
            return watch.capture(request, self._session.once_more(partial(self._answer, request)))
        except Exception as error:  # noqa: BLE001  one answer, not the run
            return watch.capture(request, failure=because(reason_of(error), request))

    def _begin(self, request: Request) -> None:
        """Start a check, so that it runs while other questions are asked. A refusal is kept."""
        watch = Stopwatch()
        try:
            self._session.once_more(partial(self._start, request))
        except (soap.SoapFault, *BROKEN) as error:
            failure = because(reason_of(error), request)
            self._shared[request.key] = watch.capture(request, failure=failure)

    def _start(self, request: Request) -> None:
        self._tasks.start(request.key, partial(self._session.post, self._methods.body(request)))

    def _task(self, request: Request) -> str:
        """Return the task of a request once it ended."""
        self._start(request)
        limit = self.endpoint.task_timeout
        if request.wire == Wire.WRITE:
            limit = self.endpoint.start_timeout
        return self._tasks.wait(request.key, time.monotonic() + limit, limit)

    def _answer(self, request: Request) -> str:
        if request.wire == Wire.PROPERTIES:
            return self._properties.listing(request)
        if request.wire in (Wire.METHOD, Wire.SERVICE):
            return self._methods.call(request)
        if request.wire == Wire.ESXCLI:
            return self._methods.esxcli(request)
        return self._task(request)

    @property
    def guest_operations(self) -> str:
        """The id of the manager of guest operations."""
        return str(self._session.content.guestOperationsManager._moId)

    def call(self, method: str, this_type: str, this_id: str, arguments: str) -> bytes:
        """Call a method and return the answer. Raises Refused when there is none."""
        self._session.exchange.refuse_unlisted(method)
        body = soap.call(method, this_type, this_id, arguments)
        return self._asked(lambda: self._session.post(body), method)

    def read(self, request: Request) -> VimObject:
        """Read properties of one object, now. Raises Refused when there is no answer."""
        self._refuse_unlisted(request)
        kind, paths = request.template, [path.name for path in request.paths]
        targets = soap.targets_of(kind, [request.subject])

        def retrieve() -> bytes:  # anew after a lost session, whose collector went with it
            return self._session.post(
                soap.retrieve(self._session.collector, {kind: paths}, targets, 1)
            )

        answer = self._asked(retrieve, kind)
        for _, text in soap.objects_in(answer):
            return object_of(text, kind=kind)
        raise Refused(
            Unknown(Why.DENIED, f"{kind} {request.subject} is not shown", kind, "System.View")
        )

    def _asked(self, post: Callable[[], bytes], what: str) -> bytes:
        """Post, and turn what an answer that cannot be had raises into Refused."""
        try:
            with self._lock:
                return self._session.once_more(post)
        except (soap.SoapFault, *BROKEN) as error:
            reason = reason_of(error)
            raise Refused(Unknown(reason.why, reason.detail, what, reason.privilege)) from None


def _of_all(request: Request) -> bool:
    """Say whether an answer goes for every host: a manager is asked, and no host is named."""
    return request.call is not None and bool(request.call.manager) and not request.arguments
