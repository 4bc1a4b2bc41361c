"""The wire: whatever comes over it, a call ends in its own answer or in a clear error, and is sent once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clients import ca_file, calling, drips, failing, server_tls
from portal_client.exceptions import (
    ApiConnectionError,
    ApiException,
    ApiResponseError,
)
from scripted import SESSION, Answer, Connection, Received, reply

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
    """The answer is no answer: a prompt is not repeated, a GET is."""
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


@pytest.mark.fault("The wire", "A head that is cut is no answer, wherever the cut is")
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
def test_a_head_that_is_cut_is_no_answer(head: bytes) -> None:
    lost(ends(head))


@pytest.mark.fault("The wire", "A raw answer whose head is cut is not handed over")
def test_a_raw_answer_needs_a_whole_head() -> None:
    with (
        calling(ends(b"HTTP/1.1 200 OK\r\nContent-Le"), reply()) as c,
        c.api.get_session_without_preload_content("s1") as response,
    ):
        assert response.read() == BODY

    assert len(c.server.requests) == 2


def floods(start: bytes, block: bytes, times: int) -> Answer:
    """Send a start and the same block again and again, as long as the client takes it."""

    def flood(connection: Connection, request: Received) -> bool:
        connection.send(start)
        for _ in range(times):
            connection.send(block)
        return False

    return flood


# ── the framing of the body ──


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
    ],
    ids=lambda values: b" and ".join(values).decode(),
)
def test_a_wrong_length_is_a_lost_connection(values: tuple[bytes, ...]) -> None:
    lost(lengths(*values))


@pytest.mark.fault("The wire", "A Content-Length said twice alike is one")
def test_a_length_said_twice_is_one() -> None:
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


@pytest.mark.fault("The wire", "Bytes after an answer never become the next call's answer, under TLS too")
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
    ids=["a line end", "an answer", "8 KiB", "a record", "64 KiB"],
)
def test_what_follows_an_answer_is_not_the_next_one(more: bytes, scheme: str, tmp_path: Path) -> None:
    """The sizes are those of http.client's buffer and of a record of TLS, where the rest stays unseen."""

    def answers(connection: Connection, request: Received) -> None:
        name = request.target.rpartition("/")[2]
        connection.send(reply({**SESSION, "id": name}) + (more if name == "aa" else b""))

    tls: Any = {"tls": server_tls(), "ssl_ca_cert": ca_file(tmp_path)} if scheme == "https" else {}
    with calling(answers, **tls) as c:
        assert [c.api.get_session(name).id for name in ("aa", "bb", "cc")] == ["aa", "bb", "cc"]

    assert [request.target[-2:] for request in c.server.requests] == ["aa", "bb", "cc"]
    assert c.server.connections == 2


# ── the body on its way ──


ENDLESS = {
    "chunks": (CHUNKED, b"10000\r\n" + b" " * 65536 + b"\r\n"),
    "until the end": (HEAD + b"\r\n", b" " * 65536),
    "2**62 bytes": (HEAD + b"Content-Length: %d\r\n\r\n" % 2**62, b" " * 65536),
    "one chunk": (CHUNKED + b"%x\r\n" % 2**62, b" " * 65536),
}
