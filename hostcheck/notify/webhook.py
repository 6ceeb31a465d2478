"""A notice by webhook: one POST of JSON, once, over TLS that is verified.

Forms: `json`, a document of ours (hostcheck/schema/notice-1.json); `text`, an object with `text`
alone, which Slack's, Mattermost's and Teams' incoming webhooks take.
"""

import http.client
import json
from dataclasses import dataclass, field
from functools import partial
from ssl import SSLContext
from urllib.parse import SplitResult, urlsplit

import msgspec

from hostcheck.errors import UsageError
from hostcheck.model.notice import Notice
from hostcheck.notify.courier import UndeliveredError, within
from hostcheck.reports import pieces
from hostcheck.urls import is_here
from hostcheck.ways.answers import Response, body_of

JSON, TEXT = "json", "text"
LONGEST_TEXT = 30_000
"""Letters of a text: Slack cuts at 40,000."""
LONGEST_ANSWER = 1 << 20


@dataclass(frozen=True)
class Webhook:
    """Where a notice is posted. `timeout` is in seconds, for all of it.

    Whoever knows the URL may post there: no message of ours tells more of it than the host.
    """

    url: str = field(repr=False)
    form: str
    context: SSLContext = field(repr=False)
    timeout: float

    @property
    def where(self) -> str:
        """How it is called in a sentence."""
        return f"the webhook at {urlsplit(self.url).netloc}"

    def send(self, notice: Notice) -> None:
        """Post a notice. Raises UndeliveredError."""
        body = body_for(notice, self.form)
        within(self.timeout, self.where, lambda: self._post(body))

    def _post(self, body: bytes) -> None:
        parts = urlsplit(self.url)
        connection = self._connection(parts)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"Content-Type": "application/json", "User-Agent": "hostcheck"}
        try:
            connection.request("POST", path, body, headers)
            with connection.getresponse() as answer:
                body_of(answer, LONGEST_ANSWER)
        except http.client.HTTPException as error:
            raise UndeliveredError(
                f"{self.where} answers no HTTP ({type(error).__name__})"
            ) from None
        finally:
            connection.close()
        if answer.status not in range(200, 300):
            moved = "; redirects are not followed" if answer.status in range(300, 400) else ""
            raise UndeliveredError(f"{self.where} answers {answer.status} {answer.reason}{moved}")

    def _connection(self, parts: SplitResult) -> http.client.HTTPConnection:
        host = parts.hostname or ""
        made: http.client.HTTPConnection
        if parts.scheme == "https":
            made = http.client.HTTPSConnection(
                host, parts.port, timeout=self.timeout, context=self.context
            )
        else:
            made = http.client.HTTPConnection(host, parts.port, timeout=self.timeout)
        made.response_class = partial(Response, limit=self.timeout)  # type: ignore[assignment]
        return made


def body_for(notice: Notice, form: str) -> bytes:
    """Return a notice as the JSON that is posted."""
    if form == JSON:
        return msgspec.json.encode(notice, order="deterministic")
    text = f"hostcheck: {notice.text}\n\n" + "".join(pieces("diff", "text", notice.difference))
    if len(text) > LONGEST_TEXT:
        text = text[:LONGEST_TEXT].rpartition("\n")[0] + "\n… hostcheck diff tells the rest"
    return json.dumps({"text": text}, ensure_ascii=False).encode()


def place(url: str, what: str) -> str:
    """Return the URL of a webhook as it was given. Raises UsageError, which does not repeat it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UsageError(f"{what}: that is no URL") from None
    del port
    if parts.username or parts.password:
        raise UsageError(f"{what}: a URL with a user or password is not taken")
    if parts.scheme not in ("https", "http") or not parts.hostname or not url.isprintable():
        raise UsageError(f"{what}: give an https:// URL")
    if parts.scheme == "http" and not is_here(parts.hostname):
        raise UsageError(f"{what}: http:// is taken of this machine alone; give an https:// URL")
    return url
