"""Properties of objects: a page at a time, and the next page is on its way while one is judged.

Not for several threads: who owns `Properties` holds its own lock around every call.
"""

import http.client
import time
from collections.abc import Collection, Iterable
from functools import partial
from typing import Any

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.capture import EVERYTHING, Capture, Request
from hostcheck.model.fact import Unknown, Why
from hostcheck.syntax.xml import escape
from hostcheck.ways.base import Stopwatch
from hostcheck.ways.vsphere import soap
from hostcheck.ways.vsphere.exchange import BROKEN
from hostcheck.ways.vsphere.pages import Kind, Pages, kind_of
from hostcheck.ways.vsphere.reasons import because, reason_of, stopped
from hostcheck.ways.vsphere.session import NOT_AUTHENTICATED, Session

LISTED = 10_000
"""Objects of a listing at a time: a few small properties of each, a few megabytes in all."""
MISSES = 3
"""Pages in a row without an answer after which a server is not asked for a while."""
PEACE = 5
"""How long that is, in limits of one answer."""


class _Ahead(Struct, frozen=True):
    """A page that was asked for before its first question is put, while the last one is judged."""

    page: dict[str, Request]
    connection: Any
    """Where its answer arrives; None when it could not be sent."""
    watch: Stopwatch
    sent: float
    logins: int


class Properties:
    """What is asked of objects by their properties, over one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._pages = Pages()
        self._listings: list[Request] = []
        self._listed: dict[Request, str] = {}
        self._ahead: dict[Kind, _Ahead] = {}
        self._unknown_paths: set[str] = set()
        self._misses = 0
        self._peace_until = 0.0

    def expect(self, requests: Iterable[Request]) -> None:
        """Note questions that will follow, asked a page at a time, and listings, asked at once."""
        asked = list(requests)
        self._listings += [one for one in asked if one.subject == EVERYTHING]
        self._pages.expect(one for one in asked if one.subject != EVERYTHING)

    def clear(self) -> None:
        """Forget what was announced, and pages that are on their way."""
        for ahead in self._ahead.values():
            if ahead.connection is not None:
                ahead.connection.close()
        self._ahead.clear()
        self._pages.clear()
        self._listings.clear()
        self._listed.clear()

    def fetch(self, request: Request) -> Capture:
        """Answer a question about one object, with others that are expected next."""
        return self._pages.take(request) or self._page(request)

    def _paths(self, request: Request) -> tuple[str, ...]:
        return tuple(
            path.name
            for path in request.paths
            if path.since <= self._session.api_version and path.name not in self._unknown_paths
        )

    def listing(self, request: Request) -> str:
        """Return every object of a kind that is there; other announced kinds come with it."""
        if request not in self._listed:
            kinds = {one.template: one for one in (*self._listings, request)}
            self._listed = self._lists(list(kinds.values()))
            self._listings = []
        return self._listed.pop(request)

    def _lists(self, requests: list[Request]) -> dict[Request, str]:
        """Return what is there of each kind. What is of none of them makes it ask one by one."""
        content = self._session.content
        types = "".join(f"<type>{one.template}</type>" for one in requests)
        view = soap.returned(
            self._session.post(
                soap.call(
                    "CreateContainerView", "ViewManager", content.viewManager._moId,
                    f'<container type="Folder">{escape(content.rootFolder._moId)}</container>'
                    f"{types}<recursive>true</recursive>",
                )
            )
        )  # fmt: skip
        found = self._retrieve(requests, (view,))
        self._session.post(soap.call("DestroyView", "ContainerView", view))
        of_kind: dict[Request, list[str]] = {one: [] for one in requests}
        for key in sorted(found):
            text = found.pop(key)
            kind = soap.kind_in(text)
            fits = [one for one in requests if kind.endswith(one.template)]
            if not fits and len(requests) > 1:
                return {one: self._lists([one])[one] for one in requests}
            of_kind[(fits or requests)[0]].append(text)
        return {  # the parts of one go before the next is joined: they are a fleet's
            one: "".join(("<listing>", *of_kind.pop(one), "</listing>")) for one in requests
        }

    def _page(self, request: Request) -> Capture:
        """Answer a property question together with those that are expected next."""
        kind = kind_of(request)
        ahead = self._ahead.get(kind)
        if ahead is not None and request.subject in ahead.page:
            del self._ahead[kind]
            page, watch = ahead.page, ahead.watch
        else:
            ahead, watch = None, Stopwatch()
            page = self._pages.next(kind, request)
        if self._session.exchange.stopped:
            return watch.capture(request, failure=stopped(request))
        found = self._arrived(kind, ahead) if ahead is not None else None
        failure: dict[str, Unknown] = {}
        if found is None:
            watch = Stopwatch()
            found, failure = self._objects(request, list(page))
        for subject, asked in page.items():
            if subject in found:
                capture = watch.capture(asked, found[subject])
            else:
                missing = failure.get(subject) or Unknown(
                    Why.DENIED, "the answer left this object out", asked.text, "System.View"
                )
                capture = watch.capture(asked, failure=because(missing, asked))
            self._pages.put(capture)
        if not failure and kind not in self._ahead:
            self._ask_ahead(kind)
        return self._pages.take(request) or watch.capture(request)

    def _ask_ahead(self, kind: Kind) -> None:
        """Send the question for the page that follows, and leave its answer on the connection."""
        page = self._pages.next(kind)
        if not page:
            return
        watch, connection = Stopwatch(), self._session.exchange.connection()
        try:
            self._session.exchange.send(
                connection, self._question([next(iter(page.values()))], page)
            )
        except (OSError, http.client.HTTPException):
            connection.close()
            connection = None
        self._ahead[kind] = _Ahead(page, connection, watch, time.monotonic(), self._session.logins)

    def _arrived(self, kind: Kind, ahead: _Ahead) -> dict[str, str] | None:
        """Return the objects of a page that was asked for ahead; None when it is to be asked anew.

        That is whatever is not a plain answer, and one that has waited long: facts are to be fresh.
        """
        if ahead.connection is None:
            return None
        if time.monotonic() - ahead.sent > self._session.endpoint.timeout:
            ahead.connection.close()
            return None
        try:
            status, answer, _ = self._session.exchange.receive(ahead.connection)
            if status == http.client.OK:
                return self._followed(kind, answer)
            if soap.fault_in(answer).name == NOT_AUTHENTICATED:
                self._session.log_in_again(ahead.logins)
        except (soap.SoapFault, *BROKEN):
            pass
        return None

    def _objects(
        self, request: Request, ids: list[str]
    ) -> tuple[dict[str, str], dict[str, Unknown]]:
        """Retrieve objects by id; one that is gone or refused does not take the others with it."""
        failures: dict[str, Unknown] = {}
        silent = self.silent()
        if silent is not None:
            return {}, dict.fromkeys(ids, silent)
        while ids:
            try:
                found = self._session.once_more(partial(self._retrieve, [request], ids))
            except soap.SoapFault as fault:
                self._misses = 0
                if fault.object_id not in ids:
                    return {}, failures | dict.fromkeys(ids, fault.unknown)
                failures[fault.object_id] = fault.unknown
                ids.remove(fault.object_id)
            except Exception as error:  # noqa: BLE001  these answers, not the run
                self._misses += 1
                self._peace_until = time.monotonic() + PEACE * self._session.endpoint.timeout
                return {}, failures | dict.fromkeys(ids, reason_of(error))
            else:
                self._misses = 0
                return found, failures
        return {}, failures

    def silent(self) -> Unknown | None:
        """Return why nothing is asked now: a server that died would cost its limit each time.

        Only pages count, which it answers by itself; a method may wait for a sick host.
        """
        if self._misses < MISSES or time.monotonic() > self._peace_until:
            return None
        told = f"{self._misses} questions in a row had no answer, so this one was not asked"
        return Unknown(Why.UNREACHABLE, told)

    def _retrieve(self, requests: list[Request], ids: Collection[str]) -> dict[str, str]:
        """Return XML by object id, following the paging token to the end.

        A path that the server does not know makes it refuse the whole question: the path is then
        left out for the rest of the session, and its facts become Unknown by themselves.
        """
        while True:
            try:
                answer = self._session.post(self._question(requests, ids))
                break
            except soap.SoapFault as fault:
                known = [path for one in requests for path in self._paths(one)]
                if fault.name != "InvalidProperty" or fault.property_name not in known:
                    raise
                self._unknown_paths.add(fault.property_name)
        return self._followed(kind_of(requests[0]), answer)

    def _question(self, requests: list[Request], ids: Collection[str]) -> str:
        """Return the call that asks the requests' properties of objects: those in the view `*`."""
        first = requests[0]
        in_view = first.subject == EVERYTHING
        targets = soap.targets_in_view(*ids) if in_view else soap.targets_of(first.template, ids)
        wanted = {one.template: self._paths(one) for one in requests}
        size = LISTED if in_view else len(ids)
        return soap.retrieve(self._session.collector, wanted, targets, size)

    def _followed(self, kind: Kind, answer: bytes) -> dict[str, str]:
        """Return the objects of an answer and of all pages that the server made of it.

        Raises ParseError where a page brings nothing new: such pages have no end.
        """
        found: dict[str, str] = {}
        size = 0
        while True:
            before = len(found)
            size += len(answer)
            found.update(soap.objects_in(answer))
            token = soap.token_in(answer)
            if not token:
                break
            if len(found) == before:
                raise ParseError(f"a page after {before} objects held none that is new")
            answer = self._session.post(
                soap.call(
                    "ContinueRetrievePropertiesEx", "PropertyCollector", self._session.collector,
                    f"<token>{escape(token)}</token>",
                )
            )  # fmt: skip
        self._pages.weigh(kind, len(found), size)
        return found
