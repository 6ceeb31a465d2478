"""A BMC over Redfish, with TLS, sessions and every way in which BMCs misbehave.

    with running_bmc(resources_of(folder), Login("auditor", "secret")) as bmc:
        bmc.address, bmc.ca_file, bmc.fingerprint
        bmc.state.sessions           what is left open
        bmc.state.troubles.append(Trouble("/redfish/v1/Systems", "status", 503))

Many BMCs are one server: each is an address of 127.0.0.0/8, with a state of its own.
"""

import asyncio
import hashlib
import ipaddress
import json
import re
import secrets
import ssl
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ROOT = "/redfish/v1"
SESSIONS = f"{ROOT}/SessionService/Sessions"
OLD_SESSIONS = f"{ROOT}/Sessions"
WEB_PAGE = "<!DOCTYPE html><html><body>404 - Not Found</body></html>"
Resources = Mapping[str, Any]


@dataclass(frozen=True)
class Login:
    """Who may log in."""

    user: str = "auditor"
    password: str = "canary-of-the-bmc-password"


@dataclass(frozen=True)
class Trouble:
    """How answers to a path (a regular expression, of `METHOD path`) go wrong.

    `kind`: status (`amount` is the status, `body` and `headers` go with it), body (200 with that
    body), delay (`amount` seconds, then the answer), hang, trickle (a byte every `amount`
    seconds), drop (no answer), cut (half of it), big (`amount` bytes). `first` and `last` count
    what fits, from 1; `last` 0 leaves the end open.
    """

    path: str
    kind: str
    amount: float = 0
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    first: int = 1
    last: int = 0


@dataclass
class State:
    """One BMC: what it holds, and what was done to it."""

    resources: dict[str, Any]
    login: Login = field(default_factory=Login)
    troubles: list[Trouble] = field(default_factory=list)
    limit: int = 16
    """Sessions at once."""
    delay: float = 0
    """Seconds before each answer."""
    lasts: int = 0
    """Questions after which a session has ended by itself; 0 is never."""
    old: bool = False
    """Whether it knows only the older path of sessions."""
    closes: bool = False
    """Whether it closes the connection after each answer, as with HTTP/1.0."""
    whole_url: bool = False
    """Whether Location of a session is a whole URL."""
    sessions: dict[str, str] = field(default_factory=dict)
    """Path by token."""
    used: dict[str, int] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    """`METHOD path` of every request, in order."""
    logins: int = 0
    refused: int = 0
    connections: int = 0
    counts: dict[int, int] = field(default_factory=dict)


class _Reply(NamedTuple):
    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


def resources_of(folder: Path) -> dict[str, Any]:
    """Read a folder of `index.json` files, as DMTF's mockups are."""
    found = {}
    for file in sorted(folder.rglob("index.json")):
        path = file.parent.relative_to(folder).as_posix()
        found[f"{ROOT}/{path}".rstrip("/.")] = json.loads(file.read_text(encoding="utf-8-sig"))
    return found


def resources_in(captures: Mapping[tuple[str, str, str], Any]) -> dict[str, Any]:
    """Take the answers of a recording as what a BMC holds."""
    found = {}
    for (wire, asked, about), capture in captures.items():
        if wire == "redfish" and capture.text and "?" not in about:
            found[about or asked.removeprefix("GET ")] = json.loads(capture.text)
    return found


def error_of(message: str, identity: str = "Base.1.8.GeneralError") -> str:
    """The body of an error, as Redfish has it."""
    told = {"MessageId": identity, "Message": message}
    return json.dumps({"error": {"code": identity, "@Message.ExtendedInfo": [told]}})


class _Server:
    """Answers for all BMCs; runs in the loop of a thread."""

    def __init__(self, states: Mapping[str, State]) -> None:
        self.states = states
        self.by_path = {id(one): _lower(one.resources) for one in states.values()}
        self.writers: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = writer.get_extra_info("sockname")[0]
        state = self.states.get(address) or self.states["*"]
        state.connections += 1
        self.writers.add(writer)
        try:
            while await self._answer(state, reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.writers.discard(writer)
            writer.close()

    async def _answer(
        self, state: State, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *rest = head.split("\r\n")
        method, target, _ = line.split(" ")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (one.partition(":") for one in rest if one)
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        asked = f"{method} {unquote(target)}"
        state.heard.append(asked)
        trouble = _trouble(state, asked)
        if state.delay:
            await asyncio.sleep(state.delay)
        if trouble is None:
            reply = self._reply(state, method, target, headers, body)
            return await _write(writer, reply, closes=state.closes)
        return await self._misbehave(state, trouble, (method, target, headers, body), writer)

    async def _misbehave(
        self, state: State, trouble: Trouble, asked: Any, writer: asyncio.StreamWriter
    ) -> bool:
        kind = trouble.kind
        if kind == "drop":
            return False
        if kind == "hang":
            await asyncio.sleep(3600)
        if kind == "delay":
            await asyncio.sleep(trouble.amount)
            return await _write(writer, self._reply(state, *asked), closes=state.closes)
        if kind in ("status", "body"):
            status = int(trouble.amount) if kind == "status" else 200
            reply = _Reply(status, trouble.body.encode(), trouble.headers)
            return await _write(writer, reply, closes=state.closes)
        reply = self._reply(state, *asked)
        if kind == "big":
            reply = _Reply(200, b" " * int(trouble.amount))
        data = _bytes(reply, closes=False)
        if kind == "cut":
            writer.write(data[: len(data) - len(reply.body) // 2 - 1])
            await writer.drain()
            return False
        if kind == "trickle":
            for one in data:
                writer.write(bytes([one]))
                await writer.drain()
                await asyncio.sleep(trouble.amount)
            return False
        writer.write(data)
        await writer.drain()
        return True

    def _reply(
        self, state: State, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> _Reply:
        parts = urlsplit(target)
        path = unquote(parts.path).rstrip("/").lower()
        collection = OLD_SESSIONS if state.old else SESSIONS
        if method == "POST":
            if path != collection.lower():
                return _json(404, error_of("no such resource"))
            return _logged_in(state, body, headers, collection)
        if method == "GET" and path == ROOT:
            return self._held(state, path, "")
        if not _admitted(state, headers):
            return _json(401, error_of("no valid session", "Base.1.8.NoValidSession"))
        if method == "DELETE":
            token = next((key for key, at in state.sessions.items() if at.lower() == path), "")
            if not token:
                return _json(404, error_of("no such session"))
            del state.sessions[token]
            return _Reply(204)
        return self._held(state, path, unquote(parts.query))

    def _held(self, state: State, path: str, query: str) -> _Reply:
        held = self.by_path[id(state)]
        found = held.get(path)
        if found is None:
            return _json(404, error_of("no such resource", "Base.1.8.ResourceMissingAtURI"))
        if query.startswith("$expand") and isinstance(found, dict):
            members = [
                held.get(one["@odata.id"].rstrip("/").lower(), one) for one in found["Members"]
            ]
            found = {**found, "Members": members}
        return _json(200, found if isinstance(found, str) else json.dumps(found))


def _lower(resources: Resources) -> dict[str, Any]:
    return {path.rstrip("/").lower(): value for path, value in resources.items()}


def _admitted(state: State, headers: Mapping[str, str]) -> bool:
    token = headers.get("x-auth-token", "")
    if token not in state.sessions:
        return False
    state.used[token] = state.used.get(token, 0) + 1
    if state.lasts and state.used[token] > state.lasts:
        del state.sessions[token]
        return False
    return True


def _logged_in(state: State, body: bytes, headers: Mapping[str, str], collection: str) -> _Reply:
    try:
        given = json.loads(body)
    except ValueError:
        return _json(400, error_of("malformed JSON"))
    state.logins += 1
    if (given.get("UserName"), given.get("Password")) != (state.login.user, state.login.password):
        state.refused += 1
        return _json(401, error_of("the credentials are not valid"))
    if len(state.sessions) >= state.limit:
        return _json(
            503, error_of("the maximum number of sessions is reached"), (("Retry-After", "1"),)
        )
    token, number = secrets.token_hex(16), secrets.token_hex(4)
    path = f"{collection}/{number}"
    state.sessions[token] = path
    location = f"https://{headers.get('host', '')}{path}" if state.whole_url else path
    told = json.dumps({"@odata.id": path, "Id": number, "UserName": state.login.user})
    return _json(201, told, (("X-Auth-Token", token), ("Location", location)))


def _json(status: int, body: str, headers: tuple[tuple[str, str], ...] = ()) -> _Reply:
    kind = ("Content-Type", "application/json;charset=utf-8")
    return _Reply(status, body.encode(), (kind, *headers))


def _bytes(reply: _Reply, *, closes: bool) -> bytes:
    headers = [*reply.headers, ("Content-Length", str(len(reply.body)))]
    if closes:
        headers.append(("Connection", "close"))
    told = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {reply.status} Told\r\n{told}\r\n".encode() + reply.body


async def _write(writer: asyncio.StreamWriter, reply: _Reply, *, closes: bool) -> bool:
    writer.write(_bytes(reply, closes=closes))
    await writer.drain()
    return not closes


def _trouble(state: State, asked: str) -> Trouble | None:
    for number, one in enumerate(state.troubles):
        if re.fullmatch(one.path, asked):
            seen = state.counts[number] = state.counts.get(number, 0) + 1
            if seen >= one.first and (not one.last or seen <= one.last):
                return one
    return None


@dataclass(frozen=True)
class Bmc:
    """A running BMC. `ca_file` verifies its certificate."""

    host: str
    port: int
    ca_file: Path
    fingerprint: str
    states: Mapping[str, State]

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def state(self) -> State:
        """Of the only BMC, or of the first."""
        return next(iter(self.states.values()))


@contextmanager
def running_bmcs(states: Mapping[str, State]) -> Iterator[Bmc]:
    """Run a BMC at each of these addresses of 127.0.0.0/8, all on one port."""
    with tempfile.TemporaryDirectory() as folder:
        ca_file, key_file = _certificate(Path(folder), list(states))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(ca_file, key_file)
        server = _Server(states)
        loop = asyncio.new_event_loop()
        everywhere = "0.0.0.0" if len(states) > 1 else next(iter(states))

        async def start() -> asyncio.Server:
            return await asyncio.start_server(
                server.serve, everywhere, 0, ssl=context, backlog=4096
            )

        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        listening = asyncio.run_coroutine_threadsafe(start(), loop).result(30)
        try:
            port = listening.sockets[0].getsockname()[1]
            der = ssl.PEM_cert_to_DER_cert(ca_file.read_text())
            yield Bmc(next(iter(states)), port, ca_file, hashlib.sha256(der).hexdigest(), states)
        finally:
            asyncio.run_coroutine_threadsafe(_end(listening, server), loop).result(30)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(30)
            loop.close()


async def _end(listening: asyncio.Server, server: _Server) -> None:
    listening.close()
    for writer in tuple(server.writers):
        writer.close()
    others = [one for one in asyncio.all_tasks() if one is not asyncio.current_task()]
    for one in others:
        one.cancel()
    with suppress(Exception):
        await asyncio.wait_for(asyncio.gather(*others, return_exceptions=True), 10)


@contextmanager
def running_bmc(resources: Resources, **options: Any) -> Iterator[Bmc]:
    """Run one BMC on 127.0.0.1; options are fields of its `State`."""
    with running_bmcs({"127.0.0.1": State(dict(resources), **options)}) as bmc:
        yield bmc


def _certificate(folder: Path, addresses: list[str]) -> tuple[Path, Path]:
    """Write a certificate for the addresses, signed by itself as those of BMCs are, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bmc.example.com")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName(
        [x509.IPAddress(ipaddress.ip_address(one)) for one in addresses[:50]]
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    certificate, private = folder / "bmc.pem", folder / "bmc.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, private
