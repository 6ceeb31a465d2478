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
from collections import Counter, deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar
from xml.etree import ElementTree as ET
from xml.parsers.expat import ExpatError
from xml.sax.saxutils import escape

from msgspec import Struct
from pyVmomi import SoapAdapter, VmomiSupport, vim, vmodl

from hostcheck.errors import ParseError, UsageError
from hostcheck.model.capture import EVERYTHING, Capture, Request, Wire
from hostcheck.model.fact import Unknown, Why
from hostcheck.syntax.vim import VimObject, object_of
from hostcheck.syntax.xml import local, root_of
from hostcheck.transports import soap
from hostcheck.transports.base import Refused, Stopwatch
from hostcheck.transports.tasks import Tasks

PAGE = 100
"""Objects asked for at a time."""
ATTEMPTS = 3
BUSY_SECONDS = 5
CLOSE_SECONDS = 3
"""How long a server may take to hear that we leave."""
CHECKS_SINCE = (6, 7)
NO_CHECKER = Unknown(Why.ABSENT, "only vCenter 6.7 and later has this check; an ESXi host has none")
NO_SETTING = Unknown(Why.ABSENT, "an ESXi host has no such setting; the vCenter that has it does")
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


class VsphereTransport:
    """One session with one vCenter or ESXi. Threads may share it; questions go one at a time."""

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
        self._ready: dict[tuple[str, str, str], Capture] = {}
        self._wanted: Counter[tuple[str, str, str]] = Counter()
        self._expected: dict[tuple[str, tuple[str, ...]], deque[Request]] = {}
        self._unknown_paths: set[str] = set()
        self._executers: dict[str, tuple[str, str] | Unknown] = {}
        self._lost: soap.SoapFault | None = None
        self._stopped = False
        self._busy: Any = None
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
        self.api_version = tuple(int(part) for part in content.about.apiVersion.split(".")[:3])
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
        busy = self._busy
        if busy is not None and busy.sock is not None:
            with suppress(OSError):
                busy.sock.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._ready.clear()
            self._expected.clear()
            self._wanted.clear()
            self._stub.limit = min(self._stub.limit, CLOSE_SECONDS)
            with suppress(*BROKEN, soap.SoapFault):
                self._destroy_collector()
            self._log_out()
            self._stub.DropConnections()

    def _destroy_collector(self) -> None:
        self._post(soap.call("DestroyPropertyCollector", "PropertyCollector", self._collector))

    def expect(self, requests: Iterable[Request]) -> None:
        """Note property questions that will follow, asked a page at a time, and start tasks."""
        with self._lock:
            for request in requests:
                if request.wire is Wire.TASK:
                    self._begin(request)
                if request.wire is Wire.PROPERTIES and request.subject != EVERYTHING:
                    self._wanted[request.key] += 1
                    if self._wanted[request.key] == 1:
                        self._expected.setdefault(_bulk_key(request), deque()).append(request)

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
        with self._lock:
            ready = self._take(request)
            if ready is not None:
                return ready
            watch = Stopwatch()
            if self._stopped:
                stopped = Unknown(Why.NOT_ASKED, "the run was stopped", request.text)
                return watch.capture(request, failure=stopped)
            if request.wire is Wire.PROPERTIES and request.subject != EVERYTHING:
                return self._page(request, watch)
            if request.key in self._shared:
                return self._shared[request.key]
            try:
                capture = watch.capture(request, self._once_more(partial(self._answer, request)))
            except (soap.SoapFault, *BROKEN) as error:
                capture = watch.capture(request, failure=_because(_reason(error), request))
            if option or request.wire is Wire.TASK:  # a setting, or a check of several hosts
                self._shared[request.key] = capture
            return capture

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

        Views, collectors and paging tokens ended with the session. A login that fails is not tried
        again: some servers lock an account after a few.
        """
        try:
            return ask()
        except soap.SoapFault as fault:
            if fault.name != NOT_AUTHENTICATED or self._lost is not None:
                raise
        try:
            self._log_in()
        except (UsageError, vmodl.MethodFault, *BROKEN) as error:
            told = f"the session was lost, and a new login failed: {_said(error)}"
            self._lost = soap.SoapFault(NOT_AUTHENTICATED, Unknown(Why.DENIED, told), "", "")
            raise self._lost from None
        return ask()

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
        found = self._retrieve(request, soap.targets_in_view(view))
        self._post(soap.call("DestroyView", "ContainerView", view))
        return "<listing>" + "".join(found[one] for one in sorted(found)) + "</listing>"

    def _page(self, request: Request, watch: Stopwatch) -> Capture:
        """Answer a property question together with those that are expected next."""
        queue = self._expected.get(_bulk_key(request), deque())
        page = {request.subject: request}
        while queue and len(page) < PAGE:
            following = queue.popleft()
            if following.key not in self._ready:
                page[following.subject] = following
        found, failure = self._objects(request, list(page))
        for subject, asked in page.items():
            if subject in found:
                capture = watch.capture(asked, found[subject])
            else:
                missing = failure.get(subject) or Unknown(
                    Why.DENIED, "the answer left this object out", asked.text, "System.View"
                )
                capture = watch.capture(asked, failure=_because(missing, asked))
            self._ready[asked.key] = capture
        return self._take(request) or watch.capture(request)

    def _take(self, request: Request) -> Capture | None:
        """Return an answer that came with a page, and let it go with its last expected use."""
        capture = self._ready.get(request.key)
        if capture is not None:
            self._wanted[request.key] -= 1
            if self._wanted[request.key] <= 0:
                del self._ready[request.key], self._wanted[request.key]
        return capture

    def _objects(
        self, request: Request, ids: list[str]
    ) -> tuple[dict[str, str], dict[str, Unknown]]:
        """Retrieve objects by id; one that is gone or refused does not take the others with it."""
        failures: dict[str, Unknown] = {}
        while ids:
            targets = soap.targets_of(request.template, ids)
            try:
                return self._once_more(partial(self._retrieve, request, targets)), failures
            except soap.SoapFault as fault:
                if fault.object_id not in ids:
                    return {}, failures | dict.fromkeys(ids, fault.unknown)
                failures[fault.object_id] = fault.unknown
                ids.remove(fault.object_id)
            except BROKEN as error:
                return {}, failures | dict.fromkeys(ids, _reason(error))
        return {}, failures

    def _retrieve(self, request: Request, targets: str) -> dict[str, str]:
        """Return XML by object id, following the paging token to the end.

        A path that the server does not know makes it refuse the whole question: the path is then
        left out for the rest of the session, and its facts become Unknown by themselves.
        """
        while True:
            try:
                answer = self._post(
                    soap.retrieve(
                        self._collector, request.template, self._paths(request), targets, PAGE
                    )
                )
                break
            except soap.SoapFault as fault:
                known = self._paths(request)
                if fault.name != "InvalidProperty" or fault.property_name not in known:
                    raise
                self._unknown_paths.add(fault.property_name)
        found = dict(soap.objects_in(answer))
        while token := soap.token_in(answer):
            answer = self._post(
                soap.call(
                    "ContinueRetrievePropertiesEx", "PropertyCollector", self._collector,
                    f"<token>{escape(token)}</token>",
                )
            )  # fmt: skip
            found.update(soap.objects_in(answer))
        return found

    def _method(self, request: Request) -> str:
        this_type, _, method = request.template.partition(".")
        this, arguments = request.subject, soap.arguments(request)
        if method == "QueryOptions":
            if not self.is_vcenter:
                raise soap.SoapFault("NoSetting", NO_SETTING, "", "")
            this, arguments = self._content.setting._moId, f"<name>{escape(this)}</name>"
        answer = self._post(soap.call(method, this_type, this, arguments))
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
        connection = self._busy = self._stub.GetConnection()
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
            response = connection.getresponse()
            answer = response.read()
            wait = response.getheader("Retry-After", "1")
        except BaseException:
            connection.close()
            raise
        finally:
            self._busy = None
        self._stub.ReturnConnection(connection)
        return response.status, answer, float(wait) if wait.isdecimal() else 1.0


def _bulk_key(request: Request) -> tuple[str, tuple[str, ...]]:
    return request.template, tuple(path.name for path in request.paths)


def _reason(error: Exception) -> Unknown:
    """Return why an answer could not be had."""
    if isinstance(error, soap.SoapFault):
        return error.unknown
    if isinstance(error, TimeoutError):
        return Unknown(Why.TIMEOUT, str(error) or "no answer")
    if isinstance(error, (ParseError, UnicodeError)):
        return Unknown(Why.UNPARSED, str(error))
    return Unknown(Why.UNREACHABLE, f"{type(error).__name__}: {error}")


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
