"""A man in the middle who may: stands before the API peer, counts calls, and spoils some answers.

It shows the certificate of the peer behind it, so that clients trust it like the peer itself.
"""

import http.client
import re
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.peers.live import Vcenter

METHOD = re.compile(rb"<soapenv:Body[^>]*>\s*<(?:\w+:)?(\w+)", re.IGNORECASE)
HOP = ("connection", "transfer-encoding", "content-length", "date")


@dataclass
class Meddler:
    """A running one. It looks like the peer to `log_in`."""

    host: str
    port: int
    peer: Vcenter
    calls: Counter[str] = field(default_factory=Counter)
    paths: set[str] = field(default_factory=set)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def user(self) -> str:
        return self.peer.user

    @property
    def password(self) -> str:
        return self.peer.password

    @property
    def ca_file(self) -> Any:
        return self.peer.ca_file


Spoil = Callable[[Any, Meddler, str, bytes], bool]
"""(handler, meddler, method, body) -> whether the answer was given."""


@contextmanager
def meddling(peer: Vcenter, spoil: Spoil | None = None) -> Iterator[Meddler]:
    """Pass everything on to the peer, except what `spoil` answers."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            meddler.paths.add(f"GET {self.path}")
            forward(self, "GET", b"")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found = METHOD.search(body)
            method = found.group(1).decode() if found else "?"
            meddler.calls[method] += 1
            meddler.paths.add(f"POST {self.path}")
            if spoil is None or not spoil(self, meddler, method, body):
                forward(self, "POST", body)

        def log_message(self, *_words: Any) -> None:
            pass

    def forward(handler: Any, verb: str, body: bytes) -> None:
        reply(handler, *passed_on(peer, handler, verb, body))

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_given: Any) -> None:
            """Say nothing: clients that hang up are what this is for."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(peer.ca_file, peer.ca_file.with_name("key.pem"))
    with Server(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        meddler = Meddler("127.0.0.1", server.server_address[1], peer)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield meddler
        finally:
            meddler.released.set()
            server.shutdown()
            thread.join()


def passed_on(
    peer: Vcenter, handler: Any, verb: str, body: bytes
) -> tuple[int, bytes, dict[str, str]]:
    """Ask the peer what the handler was asked: status, body and headers of its answer."""
    onward = http.client.HTTPSConnection(peer.host, peer.port, context=peer.context, timeout=30)
    headers = {
        name: value
        for name, value in handler.headers.items()
        if name.lower() not in ("host", "content-length")
    }
    try:
        onward.request(verb, handler.path, body or None, headers)
        answer = onward.getresponse()
        return answer.status, answer.read(), dict(answer.getheaders())
    finally:
        onward.close()


def reply(handler: Any, status: int, text: bytes, headers: dict[str, str] | None = None) -> None:
    """Send one whole answer."""
    handler.send_response(status)
    for name, value in (headers or {}).items():
        if name.lower() not in HOP:
            handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(text)))
    handler.end_headers()
    handler.wfile.write(text)


def hold(handler: Any, meddler: Meddler) -> None:
    """Say nothing until the test is over."""
    meddler.released.wait(60)
    handler.close_connection = True


def drip(handler: Any, meddler: Meddler, *, head: bool) -> None:
    """Send a byte now and then, of the head or of the body, and never come to an end."""
    beginning = b"HTTP/1.1 200 OK\r\n"
    if not head:
        beginning += b"Content-Type: text/xml\r\nContent-Length: 100000\r\n\r\n"
    handler.wfile.write(beginning)
    try:
        while not meddler.released.wait(0.1):
            handler.wfile.write(b"x")
    except OSError:
        pass
    handler.close_connection = True


def fault(name: str, object_type: str = "", object_id: str = "", privilege: str = "") -> bytes:
    """Return a SOAP fault as a vCenter words it."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope'
        ' xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault>'
        "<faultcode>ServerFaultCode</faultcode><faultstring>refused by the test</faultstring>"
        f'<detail><{name}Fault xmlns="urn:vim25" xsi:type="{name}">'
        f'<object type="{object_type}">{object_id}</object><privilegeId>{privilege}</privilegeId>'
        f"</{name}Fault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"
    ).encode()


@contextmanager
def silence() -> Iterator[int]:
    """A port that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]
