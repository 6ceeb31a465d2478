"""vSphere over SOAP: pyVmomi for version and session, verbatim XML for everything that is read.

Only the methods named in soap.READ_ONLY can leave this module, and those of soap.WRITES and
soap.GUEST for which the transport was made. TLS is verified by the system's
authorities, by a given one, or by a pinned certificate; there is no way to switch that off.
"""

import hashlib
import http.client
import io
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from functools import partial
from itertools import takewhile
from typing import Any, TypeVar
from xml.etree import ElementTree as ET
from xml.parsers.expat import ExpatError
from xml.sax.saxutils import escape

from msgspec import Struct
from pyVmomi import SoapAdapter, VmomiSupport, vim, vmodl

from hostcheck.errors import ParseError, UsageError, crash
from hostcheck.model.capture import EVERYTHING, Capture, Request, Wire
from hostcheck.model.fact import Unknown, Why
from hostcheck.syntax.vim import VimObject, object_of
from hostcheck.syntax.xml import local, root_of
from hostcheck.transports import soap
from hostcheck.transports.base import Refused, Stopwatch
from hostcheck.transports.pages import Kind, Pages, kind_of
from hostcheck.transports.tasks import Tasks

LISTED = 2500
"""Objects of a listing at a time: two small properties of each."""
CALLS = 4
"""Method calls under way at a time: vCenter passes each on to its host, and waits for it."""
ATTEMPTS = 3
BUSY_SECONDS = 5
MISSES = 3
"""Pages in a row without an answer after which a server is not asked for a while."""
PEACE = 5
"""How long that is, in limits of one answer."""
CLOSE_SECONDS = 3
"""How long a server may take to hear that we leave."""
CHECKS_SINCE = (6, 7)
NO_CHECKER = Unknown(Why.ABSENT, "only vCenter 6.7 and later has this check; an ESXi host has none")
MANAGERS = {
    "OptionManager": (
        "setting",
        Unknown(Why.ABSENT, "an ESXi host has no such setting; the vCenter that has it does"),
    ),
    "DirectPathProfileManager": (
        "directPathProfileManager",
        Unknown(Why.ABSENT, "vCenter counts vGPU profiles from 9.0 on"),
    ),
}
"""Managers of which vCenter has one each: their name in ServiceContent, and what to say without."""
NOT_AUTHENTICATED = "NotAuthenticated"
BROKEN = (OSError, http.client.HTTPException, ParseError, ExpatError, UnicodeError)
"""What an answer that cannot be had raises."""

T = TypeVar("T")


class Endpoint(Struct, frozen=True):
    """Where to connect and whom to trust. `timeout` is in seconds, for one answer."""

    host: str
    user: str
    port: int = 443
    ca_files: tuple[str, ...] = ()
    thumbprint: str = ""
    """SHA-256 or SHA-1 of the server's certificate, with or without colons."""
    timeout: float = 60
    task_timeout: float = 60
    """Seconds for one of vCenter's own checks."""
    start_timeout: float = 600
    """Seconds for a power-on: reserving a terabyte of memory takes minutes."""
    keep_alive: float = 600
    """Seconds of silence after which the session is used, so that it does not end: servers end one
    that was idle for half an hour."""


def _pinned(endpoint: Endpoint) -> ssl.SSLContext:
    """Fetch the server's certificate, compare its thumbprint, and trust exactly that one."""
    look = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    look.check_hostname = False
    look.verify_mode = ssl.CERT_NONE  # only to read the certificate that is compared below
    with (
        socket.create_connection((endpoint.host, endpoint.port), endpoint.timeout) as plain,
        look.wrap_socket(plain, server_hostname=endpoint.host) as wrapped,
    ):
        der = wrapped.getpeercert(binary_form=True) or b""
    wanted = endpoint.thumbprint.replace(":", "").lower()
    kind = (
        "sha1" if len(wanted) == hashlib.sha1(usedforsecurity=False).digest_size * 2 else "sha256"
    )
    seen = hashlib.new(kind, der, usedforsecurity=False).hexdigest()
    if seen != wanted:
        raise UsageError(
            f"{endpoint.host}: the server shows a certificate with {kind.upper()} thumbprint "
            f"{seen}, not the one given; if that is right, give this one"
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # this one certificate and no other is accepted
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=ssl.DER_cert_to_PEM_cert(der))
    return context


def tls_context(endpoint: Endpoint) -> ssl.SSLContext:
    """Return a context that verifies the server. Raises UsageError for an unreadable CA file."""
    if endpoint.thumbprint:
        return _pinned(endpoint)
    context = ssl.create_default_context()
    for path in endpoint.ca_files:
        try:
            context.load_verify_locations(cafile=path)
        except (OSError, ssl.SSLError) as error:
            raise UsageError(f"CA file {path}: {error}; give a readable PEM file") from None
    return context


class _Until(io.RawIOBase):
    """Reads a socket up to a deadline, however slowly the other side sends."""

    def __init__(self, plain: socket.socket, raw: io.RawIOBase, limit: float) -> None:
        self._socket = plain
        self._raw = raw
        self._limit = limit
        self._deadline = time.monotonic() + limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        try:
            if left > 0:
                self._socket.settimeout(left)
                return self._raw.readinto(buffer)
        except TimeoutError:
            pass
        raise TimeoutError(f"no whole answer within {self._limit:g} s")

    def close(self) -> None:
        self._raw.close()
        super().close()


class Response(http.client.HTTPResponse):
    """An answer with one limit for its head and body together."""

    def __init__(self, sock: socket.socket, *given: Any, limit: float, **options: Any) -> None:
        super().__init__(sock, *given, **options)
        self.fp = io.BufferedReader(_Until(sock, self.fp.detach(), limit))


class _ReadOnlyStub(SoapAdapter.SoapStubAdapter):
    """pyVmomi's adapter, able to call the methods of soap.READ_ONLY and no other, in time."""

    limit = 60.0

    def GetConnection(self) -> Any:  # noqa: N802
        connection = super().GetConnection()
        connection.timeout = self.limit
        if connection.sock is not None:
            connection.sock.settimeout(self.limit)
        connection.response_class = partial(Response, limit=self.limit)
        return connection

    def InvokeMethod(self, mo: Any, info: Any, args: Any, outerStub: Any = None) -> Any:  # noqa: N802, N803
        if info.wsdlName not in soap.READ_ONLY:
            raise PermissionError(f"{info.wsdlName} is not one of the read-only methods")
        return super().InvokeMethod(mo, info, args, outerStub)


class _Ahead(Struct, frozen=True):
    """A page that was asked for before its first question is put, while the last one is judged."""

    page: dict[str, Request]
    connection: Any
    """Where its answer arrives; None when it could not be sent."""
    watch: Stopwatch
    sent: float
    logins: int


class VsphereTransport:
    """One session with one vCenter or ESXi, for several threads.

    Properties come a page at a time, and the next page is on its way while one is judged. Methods
    are called side by side.
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
        self._endpoint = endpoint
        self._password = password
        self._allowed = allowed
        self._callable = soap.READ_ONLY | ((soap.WRITES | soap.GUEST) & writes)
        self._tasks = Tasks(self._post, lambda: self._collector)
        self._shared: dict[tuple[str, str, str], Capture] = {}
        self._lock = threading.RLock()
        self._pages = Pages()
        self._ahead: dict[Kind, _Ahead] = {}
        self._calls = threading.BoundedSemaphore(CALLS)
        self._login = threading.Lock()
        self._logins = 0
        self._unknown_paths: set[str] = set()
        self._executers: dict[str, tuple[str, str] | Unknown] = {}
        self._lost: soap.SoapFault | None = None
        self._stopped = False
        self._spoke = time.monotonic()
        self._misses = 0
        self._peace_until = 0.0
        self._busy: set[Any] = set()
        try:
            self._open()
        except ssl.SSLCertVerificationError as error:
            raise UsageError(
                f"{endpoint.host}: its certificate is not trusted ({error.verify_message}); give "
                "its CA with --tls-ca FILE or pin it with --tls-thumbprint SHA256"
            ) from None
        except vmodl.MethodFault as fault:
            raise UsageError(f"{endpoint.host}: login refused: {_said(fault)}") from None
        except BROKEN as error:
            raise UsageError(
                f"{endpoint.host}:{endpoint.port}: no vSphere API answers there ({error}); check "
                "the name, the port and the firewall"
            ) from None
        except UsageError:
            raise
        except Exception as error:  # noqa: BLE001  a server may say anything
            raise UsageError(
                f"{endpoint.host}:{endpoint.port}: what answers there is not understood as a "
                f"vSphere API: {crash(error)}"
            ) from None

    def _open(self) -> None:
        end = self._endpoint
        context = tls_context(end)
        self._stub = _ReadOnlyStub(
            host=end.host, port=end.port, path="/sdk", version=self._newest_version(context),
            sslContext=context, httpConnectionTimeout=end.timeout,
        )  # fmt: skip
        self._stub.limit = end.timeout
        try:
            self._look_round()
            self._log_in()
        except BaseException:
            self._stub.DropConnections()
            raise

    def _look_round(self) -> None:
        content = vim.ServiceInstance("ServiceInstance", self._stub).RetrieveContent()
        parts = takewhile(str.isdecimal, content.about.apiVersion.split(".")[:3])
        self.api_version = tuple(map(int, parts))
        self.is_vcenter = content.about.apiType == "VirtualCenter"
        self.product = content.about.fullName
        self._content: Any = content

    def _newest_version(self, context: ssl.SSLContext) -> str:
        """Return the newest API version that both sides speak, in pyVmomi's spelling."""
        end = self._endpoint
        connection = http.client.HTTPSConnection(
            end.host, end.port, timeout=end.timeout, context=context
        )
        connection.response_class = partial(Response, limit=end.timeout)  # type: ignore[assignment]
        try:
            connection.request("GET", "/sdk/vimServiceVersions.xml")
            answer = connection.getresponse().read().decode(errors="replace")
        finally:
            connection.close()
        spoken = {
            (element.text or "").strip()
            for element in root_of(answer, what="vimServiceVersions.xml").iter()
            if local(element) == "version"
        }
        for version in VmomiSupport.GetServiceVersions("vim25"):
            if VmomiSupport.GetVersionNamespace(version).rpartition("/")[2] in spoken:
                return str(version)
        raise ParseError(f"no API version in common, the server speaks {sorted(spoken)}")

    def _log_in(self) -> None:
        try:
            self._content.sessionManager.Login(self._endpoint.user, self._password(), None)
        except vim.fault.InvalidLogin:
            raise UsageError(
                f"{self._endpoint.host}: user name or password of {self._endpoint.user} is refused"
            ) from None
        try:
            collector = self._content.propertyCollector.CreatePropertyCollector()
        except BaseException:
            self._log_out()
            raise
        self._collector = str(collector._moId)

    def _log_out(self) -> None:
        """Give the session back. Does not raise: the server or the session may be gone."""
        self._stub.limit = min(self._stub.limit, CLOSE_SECONDS)
        with suppress(*BROKEN, vmodl.MethodFault):
            self._content.sessionManager.Logout()

    def close(self) -> None:
        """Log out, so that no session stays on the server. Another thread's question is cut off."""
        self._stopped = True
        for busy in tuple(self._busy):
            if busy.sock is not None:
                with suppress(OSError):
                    busy.sock.shutdown(socket.SHUT_RDWR)
        with self._lock, self._login:
            for ahead in self._ahead.values():
                if ahead.connection is not None:
                    ahead.connection.close()
            self._ahead.clear()
            self._pages.clear()
            self._stub.limit = min(self._stub.limit, CLOSE_SECONDS)
            with suppress(*BROKEN, soap.SoapFault):
                self._destroy_collector()
            self._log_out()
            self._stub.DropConnections()

    def keep_alive(self) -> float:
        """Use the session where it was silent for long. Never raises, and never after `close`.

        Returns in how many seconds to come again. A session that is lost all the same is opened
        anew by the next question.
        """
        limit = self._endpoint.keep_alive
        with self._lock:
            left = self._spoke + limit - time.monotonic()
            if left > 0:
                return left
            if not self._stopped:
                with suppress(*BROKEN, soap.SoapFault):
                    self._post(soap.call("CurrentTime", "ServiceInstance", "ServiceInstance"))
            return limit

    def _destroy_collector(self) -> None:
        self._post(soap.call("DestroyPropertyCollector", "PropertyCollector", self._collector))

    def expect(self, requests: Iterable[Request]) -> None:
        """Note property questions that will follow, asked a page at a time, and start tasks."""
        with self._lock:
            asked = list(requests)
            for request in asked:
                if request.wire is Wire.TASK:
                    self._begin(request)
            self._pages.expect(
                request
                for request in asked
                if request.wire is Wire.PROPERTIES and request.subject != EVERYTHING
            )

    def fetch(self, request: Request) -> Capture:
        """Put one question."""
        method = request.template.rpartition(".")[2]
        option = method == "QueryOptions"
        if (
            (option and request.subject not in soap.OPTIONS)
            or (request.wire in (Wire.METHOD, Wire.TASK) and method not in soap.READ_ONLY)
            or (request.wire is Wire.ESXCLI and not self._allowed(request))
            or (request.wire is Wire.WRITE and method not in self._callable)
        ):
            raise PermissionError(f"{request.text!r} is not one of the listed questions")
        if request.wire in (Wire.METHOD, Wire.ESXCLI) and not option:
            with self._calls:
                return self._one(request)
        with self._lock:
            if request.wire is Wire.PROPERTIES and request.subject != EVERYTHING:
                return self._pages.take(request) or self._page(request)
            if request.key in self._shared:
                return self._shared[request.key]
            capture = self._one(request)
            if option or request.wire is Wire.TASK:  # a setting, or a check of several hosts
                self._shared[request.key] = capture
            return capture

    def _one(self, request: Request) -> Capture:
        """Answer a question that travels alone."""
        watch = Stopwatch()
        if self._stopped:
            return watch.capture(request, failure=_stopped(request))
        silent = self._silent()
        if silent is not None and request.wire in (Wire.METHOD, Wire.ESXCLI):
            return watch.capture(request, failure=_because(silent, request))
        try:
            return watch.capture(request, self._once_more(partial(self._answer, request)))
        except Exception as error:  # noqa: BLE001  one answer, not the run
            return watch.capture(request, failure=_because(_reason(error), request))

    def _begin(self, request: Request) -> None:
        """Start a check, so that it runs while other questions are asked. A refusal is kept."""
        watch = Stopwatch()
        try:
            self._once_more(partial(self._start, request))
        except (soap.SoapFault, *BROKEN) as error:
            failure = _because(_reason(error), request)
            self._shared[request.key] = watch.capture(request, failure=failure)

    def _start(self, request: Request) -> None:
        kind, _, method = request.template.partition(".")
        this = request.subject
        if request.wire is Wire.TASK:
            checker = self._content.vmCompatibilityChecker
            if checker is None or self.api_version < CHECKS_SINCE:
                raise soap.SoapFault("NoChecker", NO_CHECKER, "", "")
            this = checker._moId
        body = soap.call(method, kind, this, soap.arguments(request))
        self._tasks.start(request.key, partial(self._post, body))

    def _task(self, request: Request) -> str:
        """Return the task of a request once it ended."""
        self._start(request)
        limit = self._endpoint.task_timeout
        if request.wire is Wire.WRITE:
            limit = self._endpoint.start_timeout
        return self._tasks.wait(request.key, time.monotonic() + limit, limit)

    def _answer(self, request: Request) -> str:
        match request.wire:
            case Wire.PROPERTIES:
                return self._listing(request)
            case Wire.METHOD:
                return self._method(request)
            case Wire.ESXCLI:
                return self._esxcli(request)
            case Wire.TASK | Wire.WRITE:
                return self._task(request)
            case Wire.SHELL | Wire.GUEST | Wire.GIVEN:
                raise ValueError(f"a vSphere session cannot answer {request.wire}")

    def _once_more(self, ask: Callable[[], T]) -> T:
        """Ask; when the session was lost, log in again and ask anew, from the beginning.

        Views, collectors and paging tokens ended with the session.
        """
        logins = self._logins
        try:
            return ask()
        except soap.SoapFault as fault:
            if fault.name != NOT_AUTHENTICATED or self._lost is not None:
                raise
        self._log_in_again(logins)
        return ask()

    def _log_in_again(self, logins: int) -> None:
        """Log in, unless another thread has done so since. Raises SoapFault when that fails.

        A login that fails is not tried again: some servers lock an account after a few.
        """
        with self._login:
            if self._lost is not None:
                raise self._lost
            if self._logins != logins:
                return
            try:
                if self._stopped:
                    raise UsageError("the run was stopped")  # noqa: TRY301  one way out
                self._log_in()
            except (UsageError, vmodl.MethodFault, *BROKEN) as error:
                told = f"the session was lost, and a new login failed: {_said(error)}"
                self._lost = soap.SoapFault(NOT_AUTHENTICATED, Unknown(Why.DENIED, told), "", "")
                raise self._lost from None
            self._logins += 1

    def _paths(self, request: Request) -> tuple[str, ...]:
        return tuple(
            path.name
            for path in request.paths
            if path.since <= self.api_version and path.name not in self._unknown_paths
        )

    def _listing(self, request: Request) -> str:
        view = soap.returned(
            self._post(
                soap.call(
                    "CreateContainerView", "ViewManager", self._content.viewManager._moId,
                    f'<container type="Folder">{escape(self._content.rootFolder._moId)}</container>'
                    f"<type>{request.template}</type><recursive>true</recursive>",
                )
            )
        )  # fmt: skip
        found = self._retrieve(request, (view,))
        self._post(soap.call("DestroyView", "ContainerView", view))
        return "<listing>" + "".join(found[one] for one in sorted(found)) + "</listing>"

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
        if self._stopped:
            return watch.capture(request, failure=_stopped(request))
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
                capture = watch.capture(asked, failure=_because(missing, asked))
            self._pages.put(capture)
        if not failure and kind not in self._ahead:
            self._ask_ahead(kind)
        return self._pages.take(request) or watch.capture(request)

    def _ask_ahead(self, kind: Kind) -> None:
        """Send the question for the page that follows, and leave its answer on the connection."""
        page = self._pages.next(kind)
        if not page:
            return
        watch, connection = Stopwatch(), self._stub.GetConnection()
        try:
            self._send(connection, self._question(next(iter(page.values())), page))
        except (OSError, http.client.HTTPException):
            connection.close()
            connection = None
        self._ahead[kind] = _Ahead(page, connection, watch, time.monotonic(), self._logins)

    def _arrived(self, kind: Kind, ahead: _Ahead) -> dict[str, str] | None:
        """Return the objects of a page that was asked for ahead; None when it is to be asked anew.

        That is whatever is not a plain answer, and one that has waited long: facts are to be fresh.
        """
        if ahead.connection is None:
            return None
        if time.monotonic() - ahead.sent > self._endpoint.timeout:
            ahead.connection.close()
            return None
        try:
            status, answer, _ = self._receive(ahead.connection)
            if status == http.client.OK:
                return self._followed(kind, answer)
            if soap.fault_in(answer).name == NOT_AUTHENTICATED:
                self._log_in_again(ahead.logins)
        except (soap.SoapFault, *BROKEN):
            pass
        return None

    def _objects(
        self, request: Request, ids: list[str]
    ) -> tuple[dict[str, str], dict[str, Unknown]]:
        """Retrieve objects by id; one that is gone or refused does not take the others with it."""
        failures: dict[str, Unknown] = {}
        silent = self._silent()
        if silent is not None:
            return {}, dict.fromkeys(ids, silent)
        while ids:
            try:
                found = self._once_more(partial(self._retrieve, request, ids))
            except soap.SoapFault as fault:
                self._misses = 0
                if fault.object_id not in ids:
                    return {}, failures | dict.fromkeys(ids, fault.unknown)
                failures[fault.object_id] = fault.unknown
                ids.remove(fault.object_id)
            except Exception as error:  # noqa: BLE001  these answers, not the run
                self._misses += 1
                self._peace_until = time.monotonic() + PEACE * self._endpoint.timeout
                return {}, failures | dict.fromkeys(ids, _reason(error))
            else:
                self._misses = 0
                return found, failures
        return {}, failures

    def _silent(self) -> Unknown | None:
        """Return why nothing is asked now: a server that died would cost its limit each time.

        Only pages count, which it answers by itself; a method may wait for a sick host.
        """
        if self._misses < MISSES or time.monotonic() > self._peace_until:
            return None
        told = f"{self._misses} questions in a row had no answer, so this one was not asked"
        return Unknown(Why.UNREACHABLE, told)

    def _retrieve(self, request: Request, ids: Collection[str]) -> dict[str, str]:
        """Return XML by object id, following the paging token to the end.

        A path that the server does not know makes it refuse the whole question: the path is then
        left out for the rest of the session, and its facts become Unknown by themselves.
        """
        while True:
            try:
                answer = self._post(self._question(request, ids))
                break
            except soap.SoapFault as fault:
                known = self._paths(request)
                if fault.name != "InvalidProperty" or fault.property_name not in known:
                    raise
                self._unknown_paths.add(fault.property_name)
        return self._followed(kind_of(request), answer)

    def _question(self, request: Request, ids: Collection[str]) -> str:
        """Return the call that asks the request's properties of objects: those in the view `*`."""
        in_view = request.subject == EVERYTHING
        targets = soap.targets_in_view(*ids) if in_view else soap.targets_of(request.template, ids)
        return soap.retrieve(
            self._collector, request.template, self._paths(request), targets,
            LISTED if in_view else len(ids),
        )  # fmt: skip

    def _followed(self, kind: Kind, answer: bytes) -> dict[str, str]:
        """Return the objects of an answer and of all pages that the server made of it."""
        found: dict[str, str] = {}
        size = 0
        while True:
            size += len(answer)
            found.update(soap.objects_in(answer))
            token = soap.token_in(answer)
            if not token:
                break
            answer = self._post(
                soap.call(
                    "ContinueRetrievePropertiesEx", "PropertyCollector", self._collector,
                    f"<token>{escape(token)}</token>",
                )
            )  # fmt: skip
        self._pages.weigh(kind, len(found), size)
        return found

    def _method(self, request: Request) -> str:
        this_type, _, method = request.template.partition(".")
        this = request.subject
        if this_type in MANAGERS:
            name, missing = MANAGERS[this_type]
            manager = getattr(self._content, name, None) if self.is_vcenter else None
            if manager is None:
                raise soap.SoapFault("NoManager", missing, "", "")
            this = manager._moId
        answer = self._post(soap.call(method, this_type, this, soap.arguments(request)))
        for element in root_of(answer.decode(), what=request.text).iter():
            if local(element) == f"{method}Response":
                return ET.tostring(element, encoding="unicode")
        raise ParseError(f"{request.text}: an answer without {method}Response")

    def _esxcli(self, request: Request) -> str:
        """Run an esxcli command through the host's managed method executer (unsupported API)."""
        executer = self._executer(request.subject)
        *namespace, method = request.text.removeprefix("esxcli ").split()
        arguments = (
            f"<moid>ha-cli-handler-{escape('-'.join(namespace))}</moid>"
            "<version>urn:vim25/5.0</version>"
            f"<method>vim.EsxCLI.{escape('.'.join((*namespace, method)))}</method>"
        )
        answer = self._post(soap.call("ExecuteSoap", *executer, arguments))
        response = message = ""
        for element in root_of(answer.decode(), what=request.text).iter():
            match local(element):
                case "response":
                    response = element.text or ""
                case "faultMsg":
                    message = (element.text or "").strip() or "refused without a reason"
        if message:
            raise soap.SoapFault("EsxCLI", Unknown(Why.ABSENT, message, request.text), "", "")
        return response

    def _executer(self, host_id: str) -> tuple[str, str]:
        if host_id not in self._executers:
            try:
                answer = self._post(
                    soap.call("RetrieveManagedMethodExecuter", "HostSystem", host_id)
                )
            except soap.SoapFault as fault:
                if fault.name == NOT_AUTHENTICATED:
                    raise
                self._executers[host_id] = fault.unknown
            else:
                self._executers[host_id] = Unknown(Why.ABSENT, "the host offers no executer")
                for element in root_of(answer.decode(), what="executer").iter():
                    if local(element) == "returnval" and element.text:
                        kind = element.get("type", "ReflectManagedMethodExecuter")
                        self._executers[host_id] = (kind, element.text.strip())
        executer = self._executers[host_id]
        if isinstance(executer, Unknown):
            raise soap.SoapFault("NoExecuter", executer, "", "")
        return executer

    @property
    def endpoint(self) -> Endpoint:
        """Where it is connected, and whom it trusts."""
        return self._endpoint

    @property
    def guest_operations(self) -> str:
        """The id of the manager of guest operations."""
        return str(self._content.guestOperationsManager._moId)

    def call(self, method: str, this_type: str, this_id: str, arguments: str) -> bytes:
        """Call a method and return the answer. Raises Refused when there is none."""
        if method not in self._callable:
            raise PermissionError(f"{method} is not one of the methods that may be called")
        body = soap.call(method, this_type, this_id, arguments)
        return self._asked(lambda: self._post(body), method)

    def read(self, kind: str, this_id: str, paths: Iterable[str]) -> VimObject:
        """Read properties of one object, now. Raises Refused when there is no answer."""
        targets = soap.targets_of(kind, [this_id])

        def retrieve() -> bytes:  # anew after a lost session, whose collector went with it
            return self._post(soap.retrieve(self._collector, kind, paths, targets, 1))

        answer = self._asked(retrieve, kind)
        for _, text in soap.objects_in(answer):
            return object_of(text, kind=kind)
        raise Refused(Unknown(Why.DENIED, f"{kind} {this_id} is not shown", kind, "System.View"))

    def _asked(self, post: Callable[[], bytes], what: str) -> bytes:
        """Post, and turn what an answer that cannot be had raises into Refused."""
        try:
            with self._lock:
                return self._once_more(post)
        except (soap.SoapFault, *BROKEN) as error:
            reason = _reason(error)
            raise Refused(Unknown(reason.why, reason.detail, what, reason.privilege)) from None

    def _post(self, body: str) -> bytes:
        """Send one call and return the answer. Raises SoapFault, OSError or HTTPException.

        A dropped connection and a busy server are tried again; a write is sent once, because it
        may have been heard.
        """
        method = body[1 : body.index(" ")]
        if method not in self._callable:
            raise PermissionError(f"{method} is not one of the methods that may be called")
        if self._lost is not None:
            raise self._lost
        for left in reversed(range(ATTEMPTS)):
            try:
                status, answer, retry_after = self._exchange(body)
            except TimeoutError:
                raise
            except (OSError, http.client.HTTPException):
                if not left or self._stopped or method in soap.WRITES | soap.GUEST:
                    raise
                continue
            if status == http.client.OK:
                return answer
            if status == http.client.INTERNAL_SERVER_ERROR:
                raise soap.fault_in(answer)
            if status != http.client.SERVICE_UNAVAILABLE or not left:
                raise http.client.HTTPException(f"HTTP status {status}")
            time.sleep(min(retry_after, BUSY_SECONDS))
        raise AssertionError("unreachable")

    def _exchange(self, body: str) -> tuple[int, bytes, float]:
        """Do one HTTP exchange: status, answer, and for how long a busy server wants peace."""
        connection = self._stub.GetConnection()
        try:
            self._send(connection, body)
        except BaseException:
            connection.close()
            raise
        return self._receive(connection)

    def _send(self, connection: Any, body: str) -> None:
        self._spoke = time.monotonic()
        self._busy.add(connection)
        try:
            connection.request(
                "POST", self._stub.path, soap.ENVELOPE.format(body=body).encode(),
                {
                    "Content-Type": "text/xml; charset=utf-8",
                    "SOAPAction": self._stub.versionId,
                    "Cookie": self._stub.cookie,
                    "User-Agent": "hostcheck",
                },
            )  # fmt: skip
        finally:
            self._busy.discard(connection)

    def _receive(self, connection: Any) -> tuple[int, bytes, float]:
        self._busy.add(connection)
        try:
            response = connection.getresponse()
            answer = response.read()
            wait = response.getheader("Retry-After", "1")
        except BaseException:
            connection.close()
            raise
        finally:
            self._busy.discard(connection)
        self._stub.ReturnConnection(connection)
        return response.status, answer, float(wait) if wait.isdecimal() else 1.0


def _stopped(request: Request) -> Unknown:
    return Unknown(Why.NOT_ASKED, "the run was stopped", request.text)


def _reason(error: Exception) -> Unknown:
    """Return why an answer could not be had."""
    if isinstance(error, soap.SoapFault):
        return error.unknown
    if isinstance(error, TimeoutError):
        return Unknown(Why.TIMEOUT, str(error) or "no answer")
    if isinstance(error, (ParseError, UnicodeError)):
        return Unknown(Why.UNPARSED, str(error))
    if isinstance(error, BROKEN):
        return Unknown(Why.UNREACHABLE, f"{type(error).__name__}: {error}")
    return Unknown(Why.UNPARSED, crash(error))


def _said(error: Exception) -> str:
    """Return the words of an error; a fault of pyVmomi prints as pages of fields."""
    if isinstance(error, vmodl.MethodFault):
        message = getattr(error, "msg", None) or ""
        return f"{type(error).__name__.rpartition('.')[2]} {message}".strip()
    return str(error) or type(error).__name__


def _because(unknown: Unknown, request: Request) -> Unknown:
    """Say which question was refused, and the privilege that it needs when none is named."""
    privilege = unknown.privilege
    if unknown.why is Why.DENIED and not privilege:
        privilege = request.privilege
    return Unknown(unknown.why, unknown.detail, request.text, privilege)
