"""The wire: whatever comes over it, a call ends in its own response or in a clear error, and is sent once."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from urllib3.exceptions import DecodeError, ProtocolError

from portal_client.exceptions import (
    ApiConnectionError,
    ApiException,
    ApiResponseError,
    ApiStreamError,
    ApiTimeoutError,
    ServiceException,
)
from support.clients import ca_file, calling, drips, failing, keeps_open, late, server_tls
from support.scripted import SESSION, Answer, Connection, Received, reply

BODY = reply().partition(b"\r\n\r\n")[2]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNK = b"%x\r\n%b\r\n" % (len(BODY), BODY)


def ends(answer: bytes) -> Answer:
    """Send this and close the connection."""
    return drips(answer, b"")


def sent_once(answer: Answer, **settings: Any) -> ApiException:
    """What a prompt ends in; the server has seen it once, and the client is as good as new."""
    with calling(answer, reply(), **settings) as c:
        error = failing(lambda: c.api.create_session("a1", "hello", _request_timeout=5))
        assert [request.method for request in c.server.requests] == ["POST"]
        assert c.api.get_session("s1").id == "s1"

    assert error.request_sent is True
    assert error.request_id == c.ids[0]
    assert c.server.connections == 2
    return error


def lost(answer: Answer, **settings: Any) -> None:
    """What comes is no response: a prompt is not repeated, a GET is."""
    error = sent_once(answer, **settings)
    assert type(error) is ApiConnectionError
    assert error.status == 0
    assert error.reason is not None
    assert error.reason.isprintable()
    assert len(error.reason) < 1000
    with calling(answer, reply(), **settings) as c:
        assert c.api.get_session("s1").id == "s1"
    assert len(c.server.requests) == 2


# ── the head ──


@pytest.mark.fault("The wire", "A head that is cut is no response, wherever the cut is")
@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"HTTP/1.1",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
        b"HTTP/1.1 204 No Content\r\nX: 1\r\n",
        b"HTTP/1.1 500 Broken\r\nX",
    ],
    ids=range(9),
)
def test_a_head_that_is_cut_is_no_response(head: bytes) -> None:
    lost(ends(head))


@pytest.mark.fault("The wire", "A raw response whose head is cut is not handed over")
def test_a_raw_response_needs_a_whole_head() -> None:
    with (
        calling(ends(b"HTTP/1.1 200 OK\r\nContent-Le"), reply()) as c,
        c.api.get_session_without_preload_content("s1") as response,
    ):
        assert response.read() == BODY

    assert len(c.server.requests) == 2


@pytest.mark.fault(
    "The wire", "A status line that is garbage is a lost connection, told in one printable line"
)
@pytest.mark.parametrize(
    "line",
    [
        b"garbage\r\n\r\n",
        b"\r\n" + HEAD,
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 -20 OK\r\n\r\n",
        b"HTTP/1.1 99 Low\r\n\r\n",
        b"HTTP/1.1 1000 High\r\n\r\n",
        b"HTTP/3.0 200 OK\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"<html><body>Welcome</body></html>",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
        bytes(3000),
        b"\x1b[31mred\x07\r\nINFO forged line\r\n",
    ],
    ids=range(14),
)
def test_garbage_is_no_status_line(line: bytes) -> None:
    lost(ends(line))


def floods(start: bytes, block: bytes, times: int) -> Answer:
    """Send a start and the same block again and again, as long as the client takes it."""

    def flood(connection: Connection, request: Received) -> bool:
        connection.send(start)
        for _ in range(times):
            connection.send(block)
        return False

    return flood


@pytest.mark.fault("The wire", "A line of a megabyte in the head is refused")
@pytest.mark.parametrize("start", [b"HTTP/1.1 200 ", HEAD + b"X: "], ids=["status line", "header"])
def test_a_line_of_a_megabyte_is_refused(start: bytes) -> None:
    lost(floods(start, b"x" * 65536, 16))


@pytest.mark.fault("The wire", "A million headers are refused")
def test_a_million_headers_are_refused() -> None:
    lost(floods(b"HTTP/1.1 200 OK\r\n", b"X-A: 1\r\n" * 1000, 1000))


@pytest.mark.fault("The wire", "Headers that are folded, in Latin-1 or end in a lone line feed are read")
@pytest.mark.parametrize(
    ("header", "value"),
    [
        (b"A: before \r\n after", "before after"),
        (b"A: before\t\r\n\tafter", "before after"),
        (b"A:\r\n  after", "after"),
        (b"A: before\r\n ", "before"),
        (b"A: \n b", "b"),
        (b"A: a\n b\n\tc", "a b c"),
        (b"A: 1 \t", "1"),
        (b"A: 1\nB: 2", "1"),
        (b"A: \xff\xfe", "\xff\xfe"),
        (b"A:", ""),
    ],
)
@pytest.mark.parametrize("raw", [False, True], ids=["decoded", "raw"])
def test_odd_headers_are_read(header: bytes, value: str, raw: bool) -> None:
    with calling(HEAD + header + b"\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY) as c:
        for _ in range(2):
            if raw:
                response = c.api.get_session_without_preload_content("s1")
                assert (response.headers["A"], response.read()) == (value, BODY)
            else:
                assert c.api.get_session_with_http_info("s1").headers["A"] == value

    assert (len(c.server.requests), c.server.connections) == (2, 1)


#: Lines that two readers would read in two ways, or that must not come into anybody's log.
NO_FIELDS = [
    *(b": v", b"no colon", b" folded", b"A\x00: 1", b"\x80: 1", b"A : 1", b"A\t: 1", b"A\x0b: 1"),
    *(b"A: a\rContent-Length: 3", b"A: a\r\rContent-Length: 3", b"A\r: a", b"A\rB: c", b"A: a\r"),
    *(b"A: a\x00b", b"A: a\x0bb", b"A: a\x0cb", b"A: a\x1b[2J", b"A: a\x7f", b"A: a\r\n \x00b"),
]


@pytest.mark.fault(
    "The wire", "A line of a head that is no header is a lost connection, in interim responses too"
)
@pytest.mark.parametrize("line", NO_FIELDS, ids=ascii)
@pytest.mark.parametrize("where", ["the head", "an interim answer", "the trailer"])
def test_a_line_that_is_no_header_is_refused(line: bytes, where: str) -> None:
    if where == "the head":
        lost(ends(b"HTTP/1.1 200 OK\r\n" + line + b"\r\nConnection: close\r\n\r\n" + BODY))
    elif where == "an interim answer":
        lost(ends(b"HTTP/1.1 103 Early Hints\r\n" + line + b"\r\n\r\n" + reply()))
    else:
        lost(ends(CHUNKED + CHUNK + b"0\r\n" + line + b"\r\n\r\n"))


@pytest.mark.parametrize("part", ["head", "trailer"])
def test_an_error_names_the_part_with_the_line(part: str) -> None:
    answer = CHUNKED + CHUNK + b"0\r\n\n" if part == "trailer" else HEAD + b"no field\r\n\r\n"
    assert f"the {part} has a line that is no field" in str(sent_once(ends(answer)))


@pytest.mark.fault("The wire", "A raw response whose head holds a line that is no header is not handed over")
@pytest.mark.parametrize("line", NO_FIELDS[8:], ids=ascii)
def test_a_raw_response_needs_a_head_of_headers(line: bytes) -> None:
    with (
        calling(
            ends(b"HTTP/1.1 200 OK\r\n" + line + b"\r\nConnection: close\r\n\r\n0123456789"), reply()
        ) as c,
        c.api.get_session_without_preload_content("s1") as response,
    ):
        assert response.read() == BODY

    assert len(c.server.requests) == 2


@pytest.mark.fault("The wire", "A status is three digits between spaces, in interim responses too")
@pytest.mark.parametrize(
    "line",
    [
        *(b"HTTP/1.1 2_00 OK", b"HTTP/1.1 +200 OK", b"HTTP/1.1 0200 OK", b"HTTP/1.1 200\x0b OK"),
        *(b"HTTP/1.1 \xb200 OK", b"HTTP/1.1 020 OK", b"HTTP/1.1\t200 OK", b"HTTP/1.1  200 OK"),
        *(b"HTTP/1.10 200 OK", b"HTTP/1. 200 OK", b"HTTP/1.1\0 200 OK", b"HTTP/2.0 200 OK"),
        *(b"HTTP/1.1 200 OK\r", b"HTTP/1.1 200 O\rK", b"HTTP/1.1 200 O\0K", b"http/1.1 200 OK"),
    ],
    ids=ascii,
)
def test_a_status_is_three_digits(line: bytes) -> None:
    framed = reply(close=True).partition(b"\r\n")[2]

    lost(ends(line + b"\r\n" + framed))
    lost(ends(line.replace(b"200", b"100").replace(b"2_00", b"1_00") + b"\r\n\r\n" + reply()))


@pytest.mark.fault("The wire", "After a head that could be read in two ways no other response is read")
@pytest.mark.parametrize(
    "head",
    [
        CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\n"),
        CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: five\r\n\r\n"),
        CHUNKED.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n"),
        CHUNKED.replace(b"1.1", b"1.0").replace(b"\r\n\r\n", b"\r\nConnection: keep-alive\r\n\r\n"),
        HEAD + b"Transfer-Encoding: identity\r\nContent-Length: %d\r\n\r\n" % len(BODY),
        HEAD + b"Transfer-Encoding: \r\nContent-Length: %d\r\n\r\n" % len(BODY),
    ],
    ids=["two framings", "one of them wrong", "chunks said twice", "HTTP/1.0", "no coding", "an empty one"],
)
def test_after_an_ambiguous_head_no_response_is_read(head: bytes) -> None:
    """Chunks beat a length (RFC 9112, 6.3); HTTP/1.0 in chunks is processed, then closed (6.1).

    "identity" was a coding that changes nothing (RFC 2616, 3.6), and is still sent.
    """
    chunked = b"chunked\r\n" in head and b"identity" not in head
    answer = head + (CHUNK + b"0\r\n\r\n" if chunked else BODY)
    with calling(answer, answer + FORGED, reply()) as c:
        for _ in range(3):
            assert c.api.create_session("a1", "hello").id == "s1"

    assert (len(c.server.requests), c.server.connections) == (3, 3)


@pytest.mark.fault("The wire", "After a 204 whose head speaks of a body no other response is read")
@pytest.mark.parametrize(
    ("framing", "connections"),
    [
        (b"Content-Length: 5", 2),
        (b"Transfer-Encoding: chunked", 2),
        (b"Content-Length: five", 2),
        (b"Content-Length: 0", 1),
        (b"X-No: framing", 1),
    ],
    ids=ascii,
)
def test_a_204_that_speaks_of_a_body_is_the_last_response(framing: bytes, connections: int) -> None:
    """It ends behind its head (RFC 9112, 6.3), where a reader that takes the head at its word reads on."""
    with calling(keeps_open(b"HTTP/1.1 204 No Content\r\n" + framing + b"\r\n\r\n"), reply()) as c:
        assert c.api.get_session_without_preload_content("s1").read() == b""
        assert c.api.get_session("s1").id == "s1"

    assert (len(c.server.requests), c.server.connections) == (2, connections)


@pytest.mark.fault("The wire", "A request without a response ends with its timeout, sent once")
@pytest.mark.parametrize("limit", [0.2, (1, 0.2)], ids=["total", "read"])
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_without_a_response(method: str, scheme: str, limit: Any, tmp_path: Path) -> None:
    tls: Any = {"tls": server_tls(), "ssl_ca_cert": ca_file(tmp_path)} if scheme == "https" else {}
    with calling(late(reply()), reply(), **tls) as c:
        if method == "GET":
            error = failing(lambda: c.api.get_session("s1", _request_timeout=limit))
        else:
            error = failing(lambda: c.api.create_session("a1", "hello", _request_timeout=limit))
        assert [request.method for request in c.server.requests] == [method]
        assert c.api.get_session("s1").id == "s1"

    assert isinstance(error, ApiTimeoutError)
    assert error.request_sent is True
    assert (c.clock.slept, c.server.connections) == ([], 2)


# ── the framing of the body ──


@pytest.mark.fault("The wire", "Chunks that are malformed, truncated or absurdly large are a lost connection")
@pytest.mark.parametrize(
    "chunks",
    [
        b"zz\r\nabc\r\n0\r\n\r\n",
        b"\r\nabc",
        b"-5\r\nabc\r\n0\r\n\r\n",
        b"0x%x\r\n" % len(BODY) + BODY + b"\r\n0\r\n\r\n",
        b"+%x\r\n" % len(BODY) + BODY + b"\r\n0\r\n\r\n",
        b"0_%x\r\n" % len(BODY) + BODY + b"\r\n0\r\n\r\n",
        b" %x\r\n" % len(BODY) + BODY + b"\r\n0\r\n\r\n",
        b"%x\r\n" % 2**62 + BODY,
        b"%x\r\n" % 2**64 + BODY,
        b"%x\r\n" % len(BODY) + BODY + b"0\r\n\r\n",
        b"%x\r\n" % len(BODY) + BODY[:-50],
        b"%x\r\n" % len(BODY) + BODY,
        CHUNK,
        CHUNK + b"%x" % 2**62,
        b"0" * 1_000_000 + CHUNK,
        b"5;" + b"x" * 1_000_000 + b"\r\n",
        b"%x\r\n%bXX0\r\n\r\n" % (len(BODY), BODY),
        b"%x\r\n%b\n0\r\n\r\n" % (len(BODY), BODY),
        b"%x\x0b\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
        b"%x\r\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
        b"%x\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
        b"%x;a\r;b\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
        b"%x;a\0\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
        b"%x a\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
        CHUNK + b"0\n\r\n",
        CHUNK + b"0\r\n\n",
        CHUNK + b"0\r\nX: 1\n\n",
        CHUNK + b"0\r\n" + b"X: 1\r\n" * 200 + b"\r\n",
    ],
    ids=[
        "no number",
        "no size",
        "negative",
        "as in Python",
        "with a sign",
        "with an underscore",
        "after a space",
        "2**62",
        "2**64",
        "no line end",
        "truncated",
        "without its end",
        "without the last one",
        "a second of 2**62",
        "a size of a megabyte",
        "an extension of a megabyte",
        "other bytes behind it",
        "a lone line feed behind it",
        "a vertical tab behind the size",
        "a lone carriage return behind the size",
        "a size line that ends in a line feed",
        "a lone carriage return in an extension",
        "a NUL in an extension",
        "an extension without a semicolon",
        "a last size line that ends in a line feed",
        "a lone line feed behind the last one",
        "a lone line feed behind the trailer",
        "a trailer of 200 lines",
    ],
)
def test_broken_chunks_are_a_lost_connection(chunks: bytes) -> None:
    lost(ends(CHUNKED + chunks))


@pytest.mark.fault(
    "The wire", "A chunk without its size ends a raw response that is streamed with a ProtocolError"
)
@pytest.mark.parametrize(
    "more",
    [
        *(b"zz\r\nabcde", b"-5\r\nabcde", b"0x5\r\nabcde", b"\r\nabcde", b"5\nabcde", b"5\x0b\r\nabcde"),
        *(b"5\r\nabcdeXX5\r\nabcde", b"0\r\nA: \0\r\n\r\n", b"0\r\n\n"),
    ],
    ids=ascii,
)
def test_a_broken_chunk_ends_a_raw_stream(more: bytes) -> None:
    with calling(ends(CHUNKED + b"2\r\nab\r\n" + more + b"\r\n0\r\n\r\n")) as c:
        response = c.api.get_session_without_preload_content("s1")
        blocks = response.stream()
        assert next(blocks) == b"ab"
        with pytest.raises(ProtocolError):
            next(blocks)
        for again in (response.read, lambda: list(response.stream())):  # it never looks finished
            with pytest.raises(ProtocolError):
                again()


@pytest.mark.fault("The wire", "A response without a body is at its end, whatever its head says of chunks")
@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_a_response_without_a_body_has_no_chunks(status: bytes) -> None:
    head = b"HTTP/1.1 " + status + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
    with calling(keeps_open(head)) as c:
        response = c.api.get_session_without_preload_content("s1", _request_timeout=5)
        assert response.read() == b""


@pytest.mark.fault("The wire", "A chunk announced as 2**62 bytes holds nobody beyond the deadline")
def test_an_absurd_chunk_does_not_outlast_the_deadline() -> None:
    with calling(keeps_open(CHUNKED + b"%x\r\n" % 2**62 + BODY), reply()) as c:
        error = failing(lambda: c.api.create_session("a1", "hello", _request_timeout=0.3))

    assert isinstance(error, ApiTimeoutError)
    assert len(c.server.requests) == 1


#: A blank behind a size is padding by old servers: any reader finds the same end (RFC 9110, 2.4, lets one
#: recover). A lone LF may end a field of the trailer (RFC 9112, 2.2).
@pytest.mark.fault("The wire", "Chunks with extensions and trailers are read")
@pytest.mark.parametrize(
    "chunks",
    [
        b"%x;name=value\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
        b'0%X \t;a="\xe4"; b\r\n%b\r\n00;c\r\n\r\n' % (len(BODY), BODY),
        b"%x  \r\n%b\r\n0\t \r\n\r\n" % (len(BODY), BODY),
        CHUNK + b"0\r\nX-Trailer: 1\r\n\r\n",
        CHUNK + b"0\r\nX-Trailer: 1\r\n folded\nX: 2\r\n\r\n",
        b"".join(b"1\r\n%c\r\n" % byte for byte in BODY) + b"0\r\n\r\n",
    ],
    ids=["extension", "blanks and extensions", "padded", "trailer", "folded trailer", "one byte each"],
)
def test_unusual_chunks_are_read(chunks: bytes) -> None:
    with calling(CHUNKED + chunks) as c:
        for _ in range(2):
            assert c.api.create_session("a1", "hello").id == "s1"

    assert (len(c.server.requests), c.server.connections) == (2, 1)


def lengths(*values: bytes) -> Answer:
    return ends(HEAD + b"".join(b"Content-Length: %b\r\n" % value for value in values) + b"\r\n" + BODY)


LENGTH = b"%d" % len(BODY)


@pytest.mark.fault("The wire", "A Content-Length that is wrong, doubled or negative is a lost connection")
@pytest.mark.parametrize(
    "values",
    [
        (b"-1",),
        (b"",),
        (b"many",),
        (LENGTH + b".0",),
        (b"%d" % (len(BODY) + 5),),
        (b"%d" % 2**62,),
        (b"%d" % 2**80,),
        (LENGTH, b"5"),
        (b"5", LENGTH),
        (LENGTH + b", 5",),
        (LENGTH + b", " + LENGTH,),  # RFC 9110, 8.6, lets a reader refuse it
        (LENGTH, b"0" + LENGTH),
        (LENGTH, LENGTH, b""),
        (b"+" + LENGTH,),
        (LENGTH[:1] + b"_" + LENGTH[1:],),
    ],
    ids=lambda values: b" and ".join(values).decode(),
)
def test_a_wrong_length_is_a_lost_connection(values: tuple[bytes, ...]) -> None:
    lost(lengths(*values))


@pytest.mark.fault("The wire", "A Content-Length said twice alike is one")
def test_a_length_said_twice_is_one() -> None:
    """RFC 9112, 6.3: the message is processed with that single value."""
    with calling(reply(Content_LENGTH=LENGTH.decode())) as c:
        for _ in range(2):
            assert c.api.create_session("a1", "hello").id == "s1"

    assert (len(c.server.requests), c.server.connections) == (2, 1)


@pytest.mark.fault("The wire", "A Content-Length that is too small is told, and what is over never read")
def test_a_length_that_is_too_small_is_told() -> None:
    def answers(connection: Connection, request: Received) -> bool:
        connection.send(HEAD + b"Content-Length: 5\r\n\r\n" + BODY + reply({**SESSION, "id": "forged"}))
        return True

    assert isinstance(sent_once(answers), ApiResponseError)


FORGED = reply({**SESSION, "id": "forged"})


@pytest.mark.fault("The wire", "Bytes after a response never become the next call's response, under TLS too")
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "more",
    [
        b"\r\n",
        FORGED,
        b" " * (8192 - len(reply())) + FORGED,
        b" " * (16384 - len(reply()) - len(FORGED)) + FORGED,
        b" " * (65536 - len(reply())) + FORGED,
    ],
    ids=["a line end", "a response", "8 KiB", "a record", "64 KiB"],
)
def test_what_follows_a_response_is_not_the_next_one(more: bytes, scheme: str, tmp_path: Path) -> None:
    """The sizes are those of http.client's buffer and of a record of TLS, where the rest stays unseen."""

    def answers(connection: Connection, request: Received) -> None:
        name = request.target.rpartition("/")[2]
        connection.send(reply({**SESSION, "id": name}) + (more if name == "aa" else b""))

    tls: Any = {"tls": server_tls(), "ssl_ca_cert": ca_file(tmp_path)} if scheme == "https" else {}
    with calling(answers, **tls) as c:
        assert [c.api.get_session(name).id for name in ("aa", "bb", "cc")] == ["aa", "bb", "cc"]

    assert [request.target[-2:] for request in c.server.requests] == ["aa", "bb", "cc"]
    assert c.server.connections == 2


def of_size(size: int) -> bytes:
    """A response of so many bytes, its head included."""
    raw = json.dumps({**SESSION, "id": "aa"}).encode()
    while missing := size - len(reply(raw)):
        raw = raw + b" " * missing if missing > 0 else raw[:missing]
    return reply(raw)


@pytest.mark.fault("The wire", "Bytes after a response never become the next call's response, under TLS too")
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_follows_a_response_that_fills_the_buffer(scheme: str, tmp_path: Path) -> None:
    """No buffer of Python holds what follows then; OpenSSL has it, and the socket does not show it."""

    def answers(connection: Connection, request: Received) -> None:
        name = request.target.rpartition("/")[2]
        filled = of_size(io.DEFAULT_BUFFER_SIZE) + FORGED
        connection.send(filled if name == "aa" else reply({**SESSION, "id": name}))

    tls: Any = {"tls": server_tls(), "ssl_ca_cert": ca_file(tmp_path)} if scheme == "https" else {}
    with calling(answers, **tls) as c:
        assert [c.api.get_session(name).id for name in ("aa", "bb", "cc")] == ["aa", "bb", "cc"]

    assert c.server.connections == 2


# ── the body on its way ──


@pytest.mark.fault("The wire", "A connection that is reset within the body is a lost one")
def test_a_reset_within_the_body_is_a_lost_connection() -> None:
    def resets_midway(connection: Connection, request: Received) -> bool:
        connection.send(reply()[:-20])
        return connection.reset()

    lost(resets_midway)


ENDLESS = {
    "chunks": (CHUNKED, b"10000\r\n" + b" " * 65536 + b"\r\n"),
    "until the end": (HEAD + b"\r\n", b" " * 65536),
    "2**62 bytes": (HEAD + b"Content-Length: %d\r\n\r\n" % 2**62, b" " * 65536),
    "one chunk": (CHUNKED + b"%x\r\n" % 2**62, b" " * 65536),
}


@pytest.mark.fault("The wire", "A body without an end is read up to max_response_size and no further")
@pytest.mark.parametrize("form", ENDLESS)
def test_an_endless_body_is_refused(form: str) -> None:
    start, block = ENDLESS[form]
    error = sent_once(floods(start, block, 100_000), max_response_size=1_000_000)

    assert isinstance(error, ApiResponseError)
    assert "max_response_size" in str(error.reason)


@pytest.mark.fault("The wire", "The endless body of an error is cut, and the error is still that error")
@pytest.mark.parametrize("form", ENDLESS)
def test_an_endless_error_is_still_that_error(form: str) -> None:
    start, block = ENDLESS[form]
    answer = floods(start.replace(b"200 OK", b"500 Broken"), block, 100_000)
    error = sent_once(answer, max_response_size=1_000_000)

    assert isinstance(error, ServiceException)
    assert len(error.body or "") == 1_000_000


def nothing(connection: Connection, request: Received) -> bool:
    """Send a body that is compressed to nothing, block by block, for as long as the client takes it."""
    head = b"HTTP/1.1 %s\r\nContent-Encoding: gzip\r\n\r\n" % request.headers["X-Status"].encode()
    connection.send(head + b"\x1f\x8b\x08" + bytes(7))
    for _ in range(400):
        connection.send(b"\x00\x00\x00\xff\xff" * 20_000)
    return False


@pytest.mark.fault("The wire", "A body that is compressed to nothing ends at a bound, not with the deadline")
@pytest.mark.parametrize("way", ["a call", "an error", "raw", "raw, as a stream", "events"])
def test_a_body_of_nothing_has_an_end(way: str) -> None:
    status = "500 Broken" if way == "an error" else "200 OK"
    options: Any = {"_headers": {"X-Status": status}, "_request_timeout": 60}
    with calling(nothing, reply(), retries=False) as c:
        if way == "a call":
            error: Exception = failing(lambda: c.api.create_session("a1", "hello", **options))
            assert isinstance(error, ApiResponseError)
            assert "not what its encoding says" in str(error.reason)
        elif way == "an error":
            error = failing(lambda: c.api.get_session("s1", **options))
            assert isinstance(error, ServiceException)
        elif way == "events":
            events = c.api.subscribe_to_session_stream("s1", **options)
            assert isinstance(failing(lambda: next(events)), ApiStreamError)
        else:
            response = c.api.get_session_without_preload_content("s1", **options)
            with pytest.raises(DecodeError):
                response.read(1000) if way == "raw" else next(response.stream(1000))
        options["_headers"] = None
        assert c.api.get_session("s1").id == "s1"

    assert (len(c.server.requests), c.server.connections) == (2, 2)


@pytest.mark.fault("The wire", "A body in chunks and in another coding is a lost connection at once")
@pytest.mark.parametrize(
    "coding", ["chunked, chunked", "gzip, chunked", "identity, chunked", "gzip\r\nTransfer-Encoding: chunked"]
)
def test_chunks_within_another_coding_are_refused(coding: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: {coding}\r\n\r\n"
    lost(ends(head.encode() + b"2\r\n{}\r\n0\r\n\r\n"))


@pytest.mark.fault("The wire", "A body of a length and in another coding is a lost connection at once")
@pytest.mark.parametrize(
    "coding", [b"gzip", b"yolo", b"chunked, identity", b"identity\r\nTransfer-Encoding: gzip"]
)
def test_a_length_beside_another_coding_is_refused(coding: bytes) -> None:
    """The coding overrides the length (RFC 9112, 6.3): what is as long as that need not be all."""
    framing = b"Transfer-Encoding: " + coding + b"\r\nContent-Length: %d\r\n\r\n" % len(BODY)
    lost(keeps_open(HEAD + framing + BODY + b" and more"))
