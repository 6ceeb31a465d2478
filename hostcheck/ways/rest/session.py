"""A session of vCenter's REST API: HTTP, in time, with the certificate that the API must show.

The password travels in the header of the one request that opens the session, and is tried once.
"""

import base64
import http.client
import json
import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from msgspec import Struct

from hostcheck.errors import UsageError
from hostcheck.model.fact import Unknown, Why
from hostcheck.syntax.rest import STATUS
from hostcheck.ways.answers import Response, body_of
from hostcheck.ways.base import Refused
from hostcheck.ways.tls import Endpoint, tls_context
from hostcheck.words import clean, cut

LIMIT_BYTES = 64 << 20
CLOSE_SECONDS = 3
HEADER = "vmware-api-session-id"
BROKEN = (OSError, http.client.HTTPException)
_TOKEN = re.compile(r"[\x21-\x7e]{1,512}")
LONGEST = 200
WHY = {401: Why.DENIED, 403: Why.DENIED, 503: Why.UNREACHABLE, 504: Why.TIMEOUT}
"""What a status says; any other one says that the answer does not exist."""


class Reply(Struct, frozen=True):
    """What came back."""

    status: int
    text: str


class RestSession:
    """A login, made when it is first needed. One thread at a time."""

    def __init__(self, endpoint: Endpoint, password: Callable[[], str]) -> None:
        """Keep where, as whom, and a way to the password."""
        self._end = endpoint
        self._password = password
        self._token = ""
        self._refused: Unknown | None = None
        self._context: ssl.SSLContext | None = None

    def get(self, path: str) -> str:
        """Return an answer. Raises Refused where there is none.

        A session that the server has lost is opened anew, once.
        """
        self._enter()
        answer = self._send("GET", path)
        if answer.status == http.client.UNAUTHORIZED:
            self._token = ""
            self._enter()
            answer = self._send("GET", path)
        if answer.status != http.client.OK:
            raise Refused(_refusal(answer))
        return answer.text

    def _enter(self) -> None:
        if self._refused is not None:
            raise Refused(self._refused)
        if self._token:
            return
        try:
            self._token = self._log_in()
        except Refused as refused:
            self._refused = refused.unknown
            raise

    def _log_in(self) -> str:
        pair = f"{self._end.user}:{self._password()}".encode()
        answer = self._send("POST", "/api/session", base64.b64encode(pair).decode())
        if answer.status == http.client.UNAUTHORIZED:
            detail = f"the REST API refuses user name or password of {self._end.user}"
            raise Refused(Unknown(Why.DENIED, detail))
        if answer.status == http.client.NOT_FOUND:
            detail = "no REST API under /api: vCenter 7.0 U2 and later have it, ESXi has not"
            raise Refused(Unknown(Why.ABSENT, detail))
        if answer.status not in (http.client.OK, http.client.CREATED):
            raise Refused(_refusal(answer))
        try:
            token = json.loads(answer.text)
        except ValueError:
            token = None
        if not isinstance(token, str) or _TOKEN.fullmatch(token) is None:
            raise Refused(Unknown(Why.UNPARSED, "what answers the login is no session id"))
        return token

    def _send(self, method: str, path: str, basic: str = "", limit: float = 0) -> Reply:
        """Do one exchange on a connection of its own. Raises Refused where none came about."""
        limit = limit or self._end.timeout
        headers = {"Accept": "application/json", "User-Agent": "hostcheck"}
        if basic:
            headers["Authorization"] = f"Basic {basic}"
        elif self._token:
            headers[HEADER] = self._token
        connection = None
        try:
            if self._context is None:
                self._context = tls_context(self._end)
            connection = http.client.HTTPSConnection(
                self._end.host, self._end.port, timeout=limit, context=self._context
            )
            connection.response_class = partial(Response, limit=limit)  # type: ignore[assignment]
            connection.request(method, path, headers=headers)
            with connection.getresponse() as response:
                text = body_of(response, LIMIT_BYTES).decode(errors="replace")
                return Reply(response.status, text)
        except ssl.SSLCertVerificationError as error:
            detail = f"its certificate is not trusted ({error.verify_message})"
            raise Refused(Unknown(Why.UNREACHABLE, detail)) from None
        except UsageError as error:
            raise Refused(Unknown(Why.UNREACHABLE, str(error))) from None
        except TimeoutError as error:
            raise Refused(Unknown(Why.TIMEOUT, str(error) or "no answer in time")) from None
        except BROKEN as error:
            detail = str(error) or type(error).__name__
            raise Refused(Unknown(Why.UNREACHABLE, f"no answer: {detail}")) from None
        finally:
            if connection is not None:
                connection.close()

    def close(self) -> None:
        """Delete the session, so that none stays on the server. Never raises."""
        if self._token:
            with suppress(Refused):
                self._send("DELETE", "/api/session", limit=CLOSE_SECONDS)
            self._token = ""
        self._refused = self._refused or Unknown(Why.NOT_ASKED, "the run was stopped")


def _refusal(answer: Reply) -> Unknown:
    """Say why a status is no answer, in the server's words where it has some."""
    why = WHY.get(answer.status, Why.ABSENT)
    return Unknown(why, f"{STATUS} {answer.status}{_said(answer.text)}")


def _said(text: str) -> str:
    """Return the first message of an error of vSphere's, with a colon before it."""
    try:
        told = json.loads(text)
        first = told["messages"][0]["default_message"]
    except (ValueError, KeyError, IndexError, TypeError):
        return ""
    return f": {clean(cut(str(first), LONGEST))}" if first else ""
