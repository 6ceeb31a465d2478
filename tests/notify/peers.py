"""A mail server (aiosmtpd) and a webhook's server, on loopback, with certificates of their own."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.peers.live import _certificate
from tests.peers.ports import own_port

USER, PASSWORD = "hostcheck", "canary-of-mail"
WRONG = "nobody@lab.test"
"""Whom the server does not take."""


class Box:
    """What came in, and what the server has against it."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.secure: list[bool] = []

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, to: str, _more: Any
    ) -> str:
        if to == WRONG:
            return "550 5.1.1 no such user here"
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.secure.append(
            session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None
        )
        found = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        self.mails.append(found)
        return "250 OK"


@dataclass
class MailServer:
    """Where it is, and what it took."""

    port: int
    ca: Path
    box: Box

    def settings(self, tls: str = "starttls", **more: object) -> str:
        held = {
            "server": "127.0.0.1", "port": self.port, "tls": tls, "sender": "hostcheck@lab.test",
            "ca": [str(self.ca)], "timeout": 10, **more,
        }  # fmt: skip
        return "[mail]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in held.items())


def _authenticated(
    _server: Any, _session: Any, _envelope: Any, _how: Any, given: Any
) -> AuthResult:
    right = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


@contextmanager
def running_mail(
    folder: Path, tls: str = "starttls", *, auth: bool = False
) -> Iterator[MailServer]:
    """Serve SMTP until the block ends: with STARTTLS, with TLS from the start, or without."""
    folder.mkdir(parents=True, exist_ok=True)
    certificate, key = _certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    options: dict[str, Any] = {}
    if tls == "starttls":
        options = {"tls_context": context, "require_starttls": True}
    elif tls == "tls":
        options = {"ssl_context": context}
    if auth:
        later = tls == "starttls"  # the library knows of no TLS but that
        options |= {"authenticator": _authenticated, "auth_required": later,
                    "auth_require_tls": later}  # fmt: skip
    box = Box()
    with own_port() as port:
        server = Controller(box, hostname="127.0.0.1", port=port, **options)
        server.start()
        try:
            yield MailServer(port, certificate, box)
        finally:
            server.stop()


@dataclass
class Hook:
    """A webhook's server: what was posted, and how it answers."""

    port: int
    ca: Path
    posted: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    status: int = 200
    slow: threading.Event = field(default_factory=threading.Event)
    """Not set: answers wait for it."""

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}/services/canary-of-webhook?x=1"


@contextmanager
def running_hook(folder: Path) -> Iterator[Hook]:
    """Serve HTTPS until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    certificate, key = _certificate(folder)
    hook = Hook(0, certificate)
    hook.slow.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/json"
            hook.posted.append((self.path, json.loads(body)))
            hook.slow.wait(20)
            self.send_response(hook.status)
            if hook.status in range(300, 400):
                self.send_header("Location", hook.url)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    hook.port = server.server_port
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    try:
        yield hook
    finally:
        hook.slow.set()
        server.shutdown()
        server.server_close()
        thread.join(10)
