"""A socket with TLS and nothing else, to all BMCs of a folder: what no client can do without.

Logs in, GETs as many resources as hostcheck asks, logs out; reads heads and bodies and looks at
neither. Certificates are compared with the pins. A thread for each BMC, as hostcheck has it.
"""

import csv
import hashlib
import json
import socket
import ssl
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.peers.redfish import Login

LOGIN = json.dumps({"UserName": Login.user, "Password": Login.password}).encode()
SESSIONS = "/redfish/v1/SessionService/Sessions"


def main() -> None:
    folder = Path(sys.argv[1])
    pins = dict(line.split(maxsplit=1) for line in (folder / "pins").read_text().splitlines())
    paths = (folder / "paths").read_text().splitlines()
    with (folder / "bmc.csv").open() as file:
        places = [row["address"] for row in csv.DictReader(file)]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with ThreadPoolExecutor(len(places)) as threads:
        list(threads.map(lambda place: asked(place, pins[place], paths, context), places))


def asked(place: str, pin: str, paths: list[str], context: ssl.SSLContext) -> None:
    """Ask one BMC. Raises RuntimeError where it shows another certificate."""
    host, _, port = place.partition(":")
    with (
        socket.create_connection((host, int(port)), 120) as plain,
        context.wrap_socket(plain) as wire,
    ):
        shown = hashlib.sha256(wire.getpeercert(binary_form=True) or b"").hexdigest()
        if shown != pin.replace(":", "").lower():
            raise RuntimeError(f"{place} shows another certificate")
        head = said(wire, host, f"POST {SESSIONS}", LOGIN)
        token, session = field(head, b"x-auth-token"), field(head, b"location")
        for path in paths:
            said(wire, host, f"GET {path}", token=token)
        said(wire, host, f"DELETE {session}", token=token)


def said(wire: ssl.SSLSocket, host: str, line: str, body: bytes = b"", token: str = "") -> bytes:
    """Send one request and read its whole answer; return its head."""
    more = f"X-Auth-Token: {token}\r\n" if token else "Content-Type: application/json\r\n"
    head = f"{line} HTTP/1.1\r\nHost: {host}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
    wire.sendall(head.encode() + body)
    data = b""
    while b"\r\n\r\n" not in data:
        data += wire.recv(65536)
    head_end = data.index(b"\r\n\r\n") + 4
    left = int(field(data[:head_end], b"content-length") or 0) - (len(data) - head_end)
    while left > 0:
        left -= len(wire.recv(65536))
    return data[:head_end]


def field(head: bytes, name: bytes) -> str:
    """Return a field of a head; empty where it is not there."""
    for line in head.split(b"\r\n"):
        key, _, value = line.partition(b":")
        if key.lower() == name:
            return value.strip().decode()
    return ""


if __name__ == "__main__":
    main()
