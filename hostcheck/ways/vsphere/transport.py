"""vSphere over SOAP: pyVmomi for version and session, verbatim XML for everything that is read.

Only the methods named in soap.READ_ONLY can leave this package, and those of soap.WRITES and
soap.GUEST for which the transport was made.

    tls        whom to trust              properties   pages of objects, one thread at a time
    exchange   HTTP, in time              methods      calls side by side
    session    login, and login anew      tasks        vCenter's checks and the power-on
"""

import threading
import time
from collections.abc import Callable, Iterable
from functools import partial

from hostcheck.model.capture import EVERYTHING, Capture, Request, Wire
from hostcheck.model.fact import Unknown, Why
from hostcheck.syntax.vim import VimObject, object_of
from hostcheck.ways.base import Refused, Stopwatch
from hostcheck.ways.vsphere import soap
from hostcheck.ways.vsphere.exchange import BROKEN
from hostcheck.ways.vsphere.methods import Methods
from hostcheck.ways.vsphere.properties import Properties
from hostcheck.ways.vsphere.reasons import because, reason_of, stopped
from hostcheck.ways.vsphere.session import Session
from hostcheck.ways.vsphere.tasks import Tasks
from hostcheck.ways.vsphere.tls import Endpoint

__all__ = ["Endpoint", "VsphereTransport"]

WIRES = frozenset({Wire.PROPERTIES, Wire.METHOD, Wire.TASK, Wire.WRITE, Wire.ESXCLI})
"""What a session carries."""
CALLS = 4
"""Method calls under way at a time: vCenter passes each on to its host, and waits for it."""
CHECKS_SINCE = (6, 7)
NO_CHECKER = Unknown(Why.ABSENT, "only vCenter 6.7 and later has this check; an ESXi host has none")


class VsphereTransport:
    """One session with one vCenter or ESXi, for several threads.

    `_lock` guards what one thread may do at a time: properties, listings, tasks, and the answers
    that several hosts share. Methods are called side by side, up to CALLS of them.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        password: Callable[[], str],
        allowed: Callable[[Request], bool] = lambda _: False,
        writes: frozenset[str] = frozenset(),
    ) -> None:
        """Log in. `allowed` is asked before an esxcli command is sent.

        `writes` names those methods of soap.WRITES and soap.GUEST that may be sent; without it none
        can be.

        Raises UsageError when a login is impossible, with what to do about it.
        """
        self.endpoint = endpoint
        self._allowed = allowed
        self._session = Session(
            endpoint, password, soap.READ_ONLY | ((soap.WRITES | soap.GUEST) & writes)
        )
        self._properties = Properties(self._session)
        self._methods = Methods(self._session)
        self._tasks = Tasks(self._session.post, lambda: self._session.collector)
        self._shared: dict[tuple[str, str, str], Capture] = {}
        self._lock = threading.RLock()
        self._calls = threading.BoundedSemaphore(CALLS)

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
        with self._lock:
            asked = list(requests)
            for request in asked:
                if request.wire == Wire.TASK:
                    self._begin(request)
            self._properties.expect(
                request
                for request in asked
                if request.wire == Wire.PROPERTIES and request.subject != EVERYTHING
            )

    def fetch(self, request: Request) -> Capture:
        """Put one question. Raises ValueError for one that no vSphere session can answer."""
        if request.wire not in WIRES:
            raise ValueError(f"a vSphere session cannot answer {request.wire}")
        method = request.template.rpartition(".")[2]
        option = method == "QueryOptions"
        if (
            (option and request.subject not in soap.OPTIONS)
            or (request.wire in (Wire.METHOD, Wire.TASK) and method not in soap.READ_ONLY)
            or (request.wire == Wire.ESXCLI and not self._allowed(request))
            or (request.wire == Wire.WRITE and method not in self._session.exchange.methods)
        ):
            raise PermissionError(f"{request.text!r} is not one of the listed questions")
        if request.wire in (Wire.METHOD, Wire.ESXCLI) and not option:
            with self._calls:
                return self._one(request)
        with self._lock:
            if request.wire == Wire.PROPERTIES and request.subject != EVERYTHING:
                return self._properties.fetch(request)
            if request.key in self._shared:
                return self._shared[request.key]
            capture = self._one(request)
            if option or request.wire == Wire.TASK:  # a setting, or a check of several hosts
                self._shared[request.key] = capture
            return capture

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
        kind, _, method = request.template.partition(".")
        this = request.subject
        if request.wire == Wire.TASK:
            checker = self._session.content.vmCompatibilityChecker
            if checker is None or self._session.api_version < CHECKS_SINCE:
                raise soap.SoapFault("NoChecker", NO_CHECKER, "", "")
            this = checker._moId
        body = soap.call(method, kind, this, soap.arguments(request))
        self._tasks.start(request.key, partial(self._session.post, body))

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
        if request.wire == Wire.METHOD:
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

    def read(self, kind: str, this_id: str, paths: Iterable[str]) -> VimObject:
        """Read properties of one object, now. Raises Refused when there is no answer."""
        targets = soap.targets_of(kind, [this_id])

        def retrieve() -> bytes:  # anew after a lost session, whose collector went with it
            return self._session.post(
                soap.retrieve(self._session.collector, kind, paths, targets, 1)
            )

        answer = self._asked(retrieve, kind)
        for _, text in soap.objects_in(answer):
            return object_of(text, kind=kind)
        raise Refused(Unknown(Why.DENIED, f"{kind} {this_id} is not shown", kind, "System.View"))

    def _asked(self, post: Callable[[], bytes], what: str) -> bytes:
        """Post, and turn what an answer that cannot be had raises into Refused."""
        try:
            with self._lock:
                return self._session.once_more(post)
        except (soap.SoapFault, *BROKEN) as error:
            reason = reason_of(error)
            raise Refused(Unknown(reason.why, reason.detail, what, reason.privilege)) from None
