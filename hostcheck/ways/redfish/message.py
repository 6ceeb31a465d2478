"""HTTP/1.1 as bytes: a request in one piece, and an answer whose head is a line a field.

`http.client` writes a head field by field and reads one as that of a mail, which was half of what a
BMC costs. What it raises is raised here too.
"""

import io
import re
from collections.abc import Mapping
from http.client import BadStatusLine, HTTPException, IncompleteRead, InvalidURL, RemoteDisconnected
from typing import NamedTuple

LINE, FIELDS = 65536, 100
"""The longest line of a head, and the most fields: as `http.client` has them."""
BLANK = (b"\r\n", b"\n")
_STATUS = re.compile(rb"[1-9]\d\d").fullmatch


class Head(NamedTuple):
    """What stands before a body; names of fields in lower case."""

    version: bytes
    status: int
    fields: Mapping[str, str]

    @property
    def closes(self) -> bool:
        """Whether the other side closes the connection behind this answer."""
        told = self.fields.get("connection", "").lower()
        if self.version == b"HTTP/1.0":
            return "keep-alive" not in told and "keep-alive" not in self.fields
        return "close" in told


def request(
    method: str, host: str, path: str, fields: Mapping[str, str], body: bytes | None
) -> bytes:
    """Return a request. Raises HTTPException or ValueError for what would be two of them."""
    if not path.isascii() or not path.isprintable() or " " in path:
        raise InvalidURL(f"a path that cannot be sent: {path!r}")
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Accept-Encoding: identity"]
    for name, value in fields.items():
        if "\r" in value or "\n" in value:
            raise ValueError(f"a value of {name} that cannot be sent")
        lines.append(f"{name}: {value}")
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


def host_of(address: str, port: int) -> str:
    """Return how a host is called in a request."""
    name = f"[{address}]" if ":" in address else address
    name = name if name.isascii() else name.encode("idna").decode()
    return name if port == 443 else f"{name}:{port}"


def head_of(file: io.BufferedReader) -> Head:
    """Read the head of an answer; what comes before the answer proper is passed over."""
    while True:
        first = _line(file)
        if not first:
            raise RemoteDisconnected("Remote end closed connection without response")
        version, status, *_ = (*first.split(None, 2), b"", b"")
        if not version.startswith(b"HTTP/1.") or not _STATUS(status):
            raise BadStatusLine(first.decode("latin-1"))
        fields = _fields(file)
        if not 100 <= int(status) < 200:
            return Head(version, int(status), fields)


def _line(file: io.BufferedReader) -> bytes:
    line = file.readline(LINE + 1)
    if len(line) > LINE:
        raise HTTPException("a head with a line that has no end")
    if line and not line.endswith(b"\n"):
        raise RemoteDisconnected("Remote end closed connection within a line")
    return line


def _fields(file: io.BufferedReader) -> dict[str, str]:
    """Read fields up to the blank line. What is no field is passed over."""
    found: dict[str, str] = {}
    name = ""
    for _ in range(FIELDS + 1):
        line = _line(file)
        if line in BLANK:
            return found
        if not line:
            raise RemoteDisconnected("Remote end closed connection within a head")
        text = line.decode("latin-1").rstrip("\r\n") or " "
        if text[0] in " \t" and name:  # goes on with the field before it
            found[name] = f"{found[name]} {text.strip()}"
            continue
        told, colon, value = text.partition(":")
        if colon:
            name = told.strip().lower()
            found[name] = value.strip()
    raise HTTPException(f"a head of more than {FIELDS} fields")


def body_of(file: io.BufferedReader, head: Head, most: int) -> tuple[bytes, bool]:
    """Read a body whole; say whether its end was told, so that another answer may follow.

    Raises HTTPException for one that is longer than `most` bytes, or cut.
    """
    if head.status in (204, 304):
        return b"", True
    if head.fields.get("transfer-encoding", "").lower() == "chunked":
        return _chunks(file, most), True
    length = head.fields.get("content-length", "")
    if not length.isdecimal():
        return _fitting(file.read(most + 1), most), False
    if int(length) > most:
        raise _too_long(most)
    body = file.read(int(length))
    if len(body) < int(length):
        raise IncompleteRead(body, int(length) - len(body))
    return body, True


def _chunks(file: io.BufferedReader, most: int) -> bytes:
    body = b""
    while True:
        size = _line(file).partition(b";")[0].strip()
        try:
            count = int(size, 16)
        except ValueError:
            raise IncompleteRead(body) from None
        if not 0 <= count <= most - len(body):
            raise _too_long(most)
        if not count:
            break
        more = file.read(count)
        body += more
        if len(more) < count:
            raise IncompleteRead(body, count - len(more))
        _line(file)
    while _line(file) not in (*BLANK, b""):
        pass
    return body


def _fitting(body: bytes, most: int) -> bytes:
    if len(body) > most:
        raise _too_long(most)
    return body


def _too_long(most: int) -> HTTPException:
    return HTTPException(f"an answer of more than {most >> 20} MiB")
