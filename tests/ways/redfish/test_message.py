"""Answers as bytes: read as Python's `http.client` reads them, whole or not at all."""

import http.client
import io
import random

import pytest

from hostcheck.ways.redfish import message

MOST = 1 << 20
OK = b"HTTP/1.1 200 OK\r\n"
LONG = b"Content-Length: 13\r\n"
BODY = b'{"Name": "x"}'
CHUNKED = b"Transfer-Encoding: chunked\r\n"
WHOLE = {
    "a length": OK + LONG + b"\r\n" + BODY,
    "small letters": OK + LONG.lower() + b"\r\n" + BODY,
    "line feeds alone": OK.replace(b"\r", b"") + b"content-length: 13\n\n" + BODY,
    "no length": OK + b"\r\n" + BODY,
    "no reason": b"HTTP/1.1 200\r\n" + LONG + b"\r\n" + BODY,
    "an old version": b"HTTP/1.0 200 OK\r\n" + LONG + b"\r\n" + BODY,
    "an old version that stays": b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n" + LONG
    + b"\r\n" + BODY,
    "a close": OK + b"Connection: close\r\n" + LONG + b"\r\n" + BODY,
    "chunks": OK + CHUNKED + b"\r\n5\r\n" + BODY[:5] + b"\r\n8;x=y\r\n" + BODY[5:]
    + b"\r\n0\r\n\r\n",
    "chunks with a trailer": OK + CHUNKED + b"\r\nd\r\n" + BODY + b"\r\n0\r\nX: y\r\n\r\n",
    "what comes before": b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n" + OK + LONG + b"\r\n" + BODY,
    "nothing to tell": b"HTTP/1.1 204 No Content\r\nLocation: /x\r\n\r\n",
    "a status": b"HTTP/1.1 401 Unauthorized\r\n" + LONG + b"\r\n" + BODY,
    "odd letters": OK + b"X-Name: M\xfcller\r\n" + LONG + b"\r\n" + BODY,
    "blanks": OK + b"Retry-After:   7  \r\n" + LONG + b"\r\n" + BODY,
}  # fmt: skip
BROKEN = {
    "nothing": b"",
    "no HTTP": b"220 smtp.example.com ESMTP\r\n\r\n",
    "no number": b"HTTP/1.1 OK 200\r\n\r\n",
    "a cut body": OK + LONG + b"\r\n" + BODY[:5],
    "a cut chunk": OK + CHUNKED + b"\r\nff\r\n" + BODY,
    "a chunk without a size": OK + CHUNKED + b"\r\nx\r\n" + BODY,
    "a line without an end": OK + b"X: " + b"y" * (message.LINE + 9),
    "too many fields": OK + b"X: y\r\n" * (message.FIELDS + 5) + b"\r\n",
}


def ours(data, most=MOST):
    file = io.BufferedReader(io.BytesIO(data))
    head = message.head_of(file)
    body, ended = message.body_of(file, head, most)
    return head.status, dict(head.fields), body, head.closes or not ended


class _Socket:
    def __init__(self, data):
        self._data = data

    def makefile(self, *_given):
        return io.BufferedReader(io.BytesIO(self._data))


def theirs(data):
    answer = http.client.HTTPResponse(_Socket(data), method="GET")
    answer.begin()
    closes = answer.will_close
    body = answer.read()
    if answer.length:
        raise http.client.IncompleteRead(body, answer.length)
    fields = {name.lower(): value.strip() for name, value in answer.getheaders()}
    return answer.status, fields, body, closes


@pytest.mark.parametrize("kind", WHOLE)
def test_it_is_read_as_python_reads_it(kind):
    assert ours(WHOLE[kind]) == theirs(WHOLE[kind])


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_no_whole_answer_is_none(kind):
    with pytest.raises(http.client.HTTPException):
        theirs(BROKEN[kind])
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        ours(BROKEN[kind])


@pytest.mark.parametrize("kind", [one for one in WHOLE if one != "no length"])
def test_a_cut_is_seen_wherever_it_is(kind):
    """But in the last line of a trailer, which tells nothing."""
    data = WHOLE[kind]
    whole = ours(data)
    for length in range(len(data) - 2 if CHUNKED in data else len(data)):
        try:
            found = ours(data[:length])
        except (http.client.HTTPException, ConnectionError):
            continue
        assert found[3] or found == whole, f"a part of {length} bytes, and the connection stays"


def test_damage_ends_in_an_answer_or_in_words():
    dice = random.Random(7)
    for number in range(20_000):
        data = bytearray(dice.choice(list(WHOLE.values())))
        for _ in range(dice.randint(1, 4)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        try:
            status, _fields, body, _closes = ours(bytes(data), 64)
        except (http.client.HTTPException, ConnectionError, ValueError):
            continue
        assert 100 <= status <= 999, number
        assert len(body) <= 64, number


@pytest.mark.parametrize("head", [LONG, CHUNKED + b"\r\nd\r\n", b""])
def test_too_much_is_not_read(head):
    data = OK + (head if head == CHUNKED + b"\r\nd\r\n" else head + b"\r\n") + BODY
    with pytest.raises(http.client.HTTPException, match="an answer of more than"):
        ours(data, len(BODY) - 1)


@pytest.mark.parametrize("path", ["/x y", "/x\r\nX: y", "/\x00", "/ü", "/x\x7f"])
def test_a_path_that_would_be_more_is_not_sent(path):
    with pytest.raises(http.client.HTTPException):
        message.request("GET", "bmc", path, {}, None)


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "\u20ac"])
def test_a_value_that_would_be_more_is_not_sent(value):
    with pytest.raises(ValueError, match=r"cannot be sent|latin-1"):
        message.request("GET", "bmc", "/x", {"X-Auth-Token": value}, None)


def test_a_request_is_written_as_python_writes_it():
    sent = []

    class Deaf(http.client.HTTPSConnection):
        def connect(self):
            self.sock = object()

        def send(self, data):
            sent.append(data)

    for address, port in (("bmc.lab.test", 443), ("fe80::1", 8443), ("bücher.test", 443)):
        for method, body in (("GET", None), ("POST", b"{}")):
            sent.clear()
            Deaf(address, port).request(method, "/redfish/v1/", body, {"Accept": "a/b"})
            ours_ = message.request(
                method, message.host_of(address, port), "/redfish/v1/", {"Accept": "a/b"}, body
            )
            assert lines(ours_) == lines(b"".join(sent))


def lines(sent):
    head, _, body = sent.partition(b"\r\n\r\n")
    first, *fields = head.split(b"\r\n")
    return first, sorted(fields), body
