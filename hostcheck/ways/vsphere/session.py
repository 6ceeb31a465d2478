"""One session: who we are to a server, in which version, and the login anew when it is lost.

`Session` may be used by several threads. Its lock is held for a login alone, so that one thread
logs in and the others find that done.
"""

import hashlib
import http.client
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import takewhile
from typing import Any, TypeVar

from pyVmomi import VmomiSupport, vim, vmodl

from hostcheck.errors import ParseError, UsageError, crash
from hostcheck.model.fact import Unknown, Why
from hostcheck.syntax.xml import local, root_of
from hostcheck.ways.answers import Response
from hostcheck.ways.tls import Endpoint, distrust, tls_context
from hostcheck.ways.vsphere import soap
from hostcheck.ways.vsphere.exchange import BROKEN, Exchange
from hostcheck.ways.vsphere.reasons import said

CLOSE_SECONDS = 3
"""How long a server may take to hear that we leave."""
NOT_AUTHENTICATED = "NotAuthenticated"

T = TypeVar("T")


class PasswordRefusedError(UsageError):
    """The server takes another password, or none of this user."""


class Session:
    """A login at a server, held until it is closed."""

    def __init__(
        self,
        endpoint: Endpoint,
        password: Callable[[], str],
        methods: frozenset[str],
        writes: frozenset[str],
    ) -> None:
        """Log in, for methods that read and those that change something.

        Raises UsageError when that is impossible, with what to do about it.
        """
        self.endpoint = endpoint
        self.logins = 0
        """How often a new login took the place of a lost one."""
        self.lost: soap.SoapFault | None = None
        self.key = ""
        """What the server calls this session. Some let in whoever knows it: it is never told."""
        self.account = endpoint.user
        """As the server calls it."""
        self.shown = ""
        """SHA-256 of its certificate."""
        self._password = password
        self._login = threading.Lock()
        try:
            self._open(methods, writes)
        except ssl.SSLCertVerificationError as error:
            told = distrust(endpoint, error)
            raise UsageError(f"{endpoint.host}: its certificate {told}") from None
        except vmodl.MethodFault as fault:
            raise UsageError(f"{endpoint.host}: login refused: {said(fault)}") from None
        except BROKEN as error:
            raise UsageError(
                f"{endpoint.host}:{endpoint.port}: no vSphere API answers there ({_why(error)}); "
                "check the name, the port and the firewall"
            ) from None
        except UsageError:
            raise
        except Exception as error:  # noqa: BLE001  a server may say anything
            raise UsageError(
                f"{endpoint.host}:{endpoint.port}: what answers there is not understood as a "
                f"vSphere API: {crash(error)}"
            ) from None

    def _open(self, methods: frozenset[str], writes: frozenset[str]) -> None:
        end = self.endpoint
        context = tls_context(end)
        version, certificate = _newest_version(end, context)
        self.shown = hashlib.sha256(certificate).hexdigest()
        self.exchange = Exchange(end, version, context, methods, writes)
        try:
            self._look_round()
            self._log_in()
        except BaseException:
            self.exchange.close()
            raise

    def _look_round(self) -> None:
        content = vim.ServiceInstance("ServiceInstance", self.exchange.stub).RetrieveContent()
        parts = takewhile(str.isdecimal, content.about.apiVersion.split(".")[:3])
        self.api_version = tuple(map(int, parts))
        self.is_vcenter = content.about.apiType == "VirtualCenter"
        self.product = content.about.fullName
        self.content: Any = content

    def _log_in(self) -> None:
        try:
            mine = self.content.sessionManager.Login(self.endpoint.user, self._password(), None)
            self.key, self.account = str(mine.key), str(mine.userName or self.endpoint.user)
        except vim.fault.InvalidLogin:
            raise PasswordRefusedError(
                f"{self.endpoint.host}: user name or password of {self.endpoint.user} is refused"
            ) from None
        try:
            collector = self.content.propertyCollector.CreatePropertyCollector()
        except BaseException:
            self._log_out()
            raise
        self.collector = str(collector._moId)

    def _log_out(self) -> None:
        """Give the session back. Does not raise: the server or the session may be gone."""
        self.exchange.hurry(CLOSE_SECONDS)
        with suppress(*BROKEN, vmodl.MethodFault):
            self.content.sessionManager.Logout()

    def close(self) -> None:
        """Log out, so that no session stays on the server."""
        with self._login:
            self.exchange.hurry(CLOSE_SECONDS)
            with suppress(*BROKEN, soap.SoapFault):
                self.post(
                    soap.call("DestroyPropertyCollector", "PropertyCollector", self.collector)
                )
            self._log_out()
            self.exchange.close()

    def keep_alive(self) -> float:
        """Use the session where it was silent for long. Never raises, and not after a stop.

        Returns in how many seconds to come again. A session that is lost all the same is opened
        anew by the next question.
        """
        limit = self.endpoint.keep_alive
        left = self.exchange.spoke + limit - time.monotonic()
        if left > 0:
            return left
        if not self.exchange.stopped:
            with suppress(*BROKEN, soap.SoapFault):
                self.post(soap.call("CurrentTime", "ServiceInstance", "ServiceInstance"))
        return limit

    def post(self, body: str) -> bytes:
        """Send one call and return the answer. Raises SoapFault, OSError or HTTPException."""
        if self.lost is not None:
            self.exchange.refuse_unlisted(soap.method_of(body))
            raise self.lost
        return self.exchange.post(body)

    def once_more(self, ask: Callable[[], T]) -> T:
        """Ask; when the session was lost, log in again and ask anew, from the beginning.

        Views, collectors and paging tokens ended with the session.
        """
        logins = self.logins
        try:
            return ask()
        except soap.SoapFault as fault:
            if fault.name != NOT_AUTHENTICATED or self.lost is not None:
                raise
        self.log_in_again(logins)
        return ask()

    def log_in_again(self, logins: int) -> None:
        """Log in, unless another thread has done so since. Raises SoapFault when that fails.

        A login that fails is not tried again: some servers lock an account after a few.
        """
        with self._login:
            if self.lost is not None:
                raise self.lost
            if self.logins != logins:
                return
            try:
                if self.exchange.stopped:
                    raise UsageError("the run was stopped")  # noqa: TRY301  one way out
                self._log_in()
            except (UsageError, vmodl.MethodFault, *BROKEN) as error:
                told = f"the session was lost, and a new login failed: {said(error)}"
                self.lost = soap.SoapFault(NOT_AUTHENTICATED, Unknown(Why.DENIED, told), "", "")
                raise self.lost from None
            self.logins += 1


def _why(error: Exception) -> str:
    """Return a reason without the numbers and places of libraries."""
    if isinstance(error, ssl.SSLError):
        plain = error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL")
        return "what answers speaks no TLS" if plain else (error.reason or str(error))
    return (error.strerror if isinstance(error, OSError) else "") or str(error)


def _newest_version(end: Endpoint, context: ssl.SSLContext) -> tuple[str, bytes]:
    """Return the newest API version that both sides speak, in pyVmomi's spelling.

    Beside it stands the certificate (DER) that the server showed.
    """
    connection = http.client.HTTPSConnection(
        end.host, end.port, timeout=end.timeout, context=context
    )
    connection.response_class = partial(Response, limit=end.timeout)  # type: ignore[assignment]
    try:
        connection.request("GET", "/sdk/vimServiceVersions.xml")
        certificate = connection.sock.getpeercert(binary_form=True) or b""
        with connection.getresponse() as response:
            answer = response.read().decode(errors="replace")
    finally:
        connection.close()
    spoken = {
        (element.text or "").strip()
        for element in root_of(answer, what="vimServiceVersions.xml").iter()
        if local(element) == "version"
    }
    for version in VmomiSupport.GetServiceVersions("vim25"):
        if VmomiSupport.GetVersionNamespace(version).rpartition("/")[2] in spoken:
            return str(version), certificate
    raise ParseError(f"no API version in common, the server speaks {sorted(spoken)}")
