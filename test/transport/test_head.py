"""A plain head is read at once and as http.client reads it; the lines of any other are checked one by one."""

from __future__ import annotations

import http.client
import io
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal_client.transport import framing
from portal_client.transport.head import read_plain_head
from portal_client.transport.reader import Lines
from support.clients import calling
from support.scripted import Answer, reply

PLAIN = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Type:application/json\r\ncontent-LENGTH:\t 5\r\nX-Empty:\r\n\r\n",
    b"HTTP/1.1 201 \r\nContent-Length: 0\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2 \t\r\n\r\n",
    b"HTTP/1.1 404  Not  Found \r\nConnection: Keep-Alive\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 503 No\r\nTransfer-Encoding: Chunked\r\nKeep-Alive: timeout=5\r\n\r\n",
]
UNUSUAL = [
    b"",
    b"\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
    b"HTTP/1.1 200 OK\nContent-Length: 5\n\n",
    b"HTTP/1.1 200\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/2 200 OK\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 20x OK\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5_0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5 \r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX-Long: a\r\n b\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n Content-Length: 5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n: no name\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX-Latin: \xe4\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX-Null: \0\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX-Return: a\rb\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX-Feed: a\nb: c\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 100 + b"Content-Length: 5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX:" + b" " * 7000 + b"\r",
    b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 200 OK" + b"A" * 70_000 + b"\r\nContent-Length: 5\r\n\r\n",
]


class _Raw(io.BytesIO):
    at_end = False

    def readinto(self, buffer: Any) -> int:
        count = super().readinto(buffer)
        self.at_end = count == 0
        return count

    def end(self, buffered: object) -> None: ...


class _Socket:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str, **options: Any) -> Any:
        return Lines(_Raw(self._data))  # type: ignore[arg-type]


class LineByLine(framing.FramedResponse):
    """A response whose head is never read at once."""

    def begin(self, **limits: Any) -> None:
        with patch.object(framing, "read_plain_head", return_value=None):
            super().begin(**limits)


def seen(kind: type[http.client.HTTPResponse], data: bytes, method: str = "GET") -> Any:
    """What a response makes of the data: all that is known of the head, and the bytes behind it."""
    response = kind(_Socket(data), method=method)  # type: ignore[arg-type]
    try:
        response.begin()
    except http.client.HTTPException as error:
        return type(error)
    head = (
        response.version,
        response.status,
        response.reason,
        response.chunked,
        response.length,
        response.will_close,
    )
    same = response.headers is response.msg
    assert response.fp is not None
    return head, response.headers.items(), response.headers.get("Content-Type"), same, response.fp.read()


BODY = b"12345HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize("head", PLAIN)
def test_a_plain_head_is_what_http_client_makes_of_it(head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = seen(LineByLine, head + BODY)
    monkeypatch.setattr(http.client, "parse_headers", None)  # it is read without

    assert seen(framing.FramedResponse, head + BODY) == expected
    assert expected[-1] == BODY


@pytest.mark.parametrize("head", UNUSUAL)
def test_an_unusual_head_is_left_to_http_client(head: bytes) -> None:
    assert read_plain_head(head + BODY) is None
    if not head.startswith(b"HTTP/1.1 1"):  # http.client itself skips only 100, see test_connection.py
        assert seen(framing.FramedResponse, head + BODY) == seen(LineByLine, head + BODY)


@pytest.mark.parametrize("head", PLAIN)
def test_a_response_to_head_has_no_body(head: bytes) -> None:
    assert seen(framing.FramedResponse, head, "HEAD") == seen(LineByLine, head, "HEAD")


_PIECES = st.sampled_from(
    [
        *(
            b"HTTP/1.1 200 OK",
            b"HTTP/1.1 204 No Content",
            b"HTTP/1.0 200 OK",
            b"\r\n",
            b"\n",
            b"\r",
            b": ",
            b":",
        ),
        *(
            b"Content-Length",
            b"Transfer-Encoding",
            b"chunked",
            b"Connection",
            b"close",
            b"keep-alive",
            b"X-Any",
        ),
        *(
            b"5",
            b"0",
            b" ",
            b"\t",
            b",",
            b"\0",
            b"\xe4",
            b"\x85",
            b"\x1c",
            b"any",
            b"multipart/mixed; boundary=b",
        ),
        *(b"Content-Type", b"From me", b"--b"),
    ]
)
_LINES = st.lists(_PIECES, max_size=6).map(b"".join)


@given(st.lists(_LINES, max_size=6))
@example([b"Content-Length: 5", b"Transfer-Encoding: chunked"])
def test_any_head_is_what_http_client_makes_of_it(lines: list[bytes]) -> None:
    head = b"\r\n".join([b"HTTP/1.1 200 OK", *lines, b"", b""])

    assert seen(framing.FramedResponse, head + BODY) == seen(LineByLine, head + BODY)


@given(st.integers(0, 200), st.lists(_LINES, max_size=3))
def test_a_cut_head_is_what_http_client_makes_of_it(kept: int, lines: list[bytes]) -> None:
    head = b"\r\n".join([b"HTTP/1.1 200 OK", b"Content-Length: 5", *lines, b"", b""])[:kept]

    assert seen(framing.FramedResponse, head) == seen(LineByLine, head)


@pytest.mark.parametrize(
    "answer",
    [
        reply(),
        reply(Connection="keep-alive"),
        reply().replace(b"HTTP/1.1 200 Reason", b"HTTP/1.1 200"),
        reply().replace(b"\r\nContent-Type", b"\r\nX-Latin: \xe4\r\nContent-Type"),
    ],
    ids=["plain", "keep-alive", "no reason", "not ASCII"],
)
def test_the_connection_is_used_again(answer: Answer) -> None:
    with calling(answer) as c:
        first, second = c.api.get_session_with_http_info("s1"), c.api.get_session_with_http_info("s1")

    assert first.data == second.data
    assert first.headers == second.headers
    assert (len(c.server.requests), c.server.connections) == (2, 1)
