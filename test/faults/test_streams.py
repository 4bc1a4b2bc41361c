"""Streams of events: the faults of the wire before there is a stream, and in the midst of one."""

from __future__ import annotations

import json
import pickle
import threading
import traceback
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal_client.exceptions import (
    ApiConnectionError,
    ApiException,
    ApiResponseError,
    ApiStreamError,
    ApiStreamTimeout,
)
from support.chain import chain
from support.clients import FAULTS, TOKEN, ca_file, calling, failing, late, own_frames, server_tls
from support.scripted import SESSION, Answer, Connection, Received, reply

KINDS = {"lines": b"application/x-ndjson", "events": b"text/event-stream"}


def event(number: int, kind: str) -> bytes:
    text = json.dumps({**SESSION, "id": f"s{number}"}).encode()
    return b"data: " + text + b"\n\n" if kind == "events" else text + b"\n"


def head(kind: str, more: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\n%b\r\n\r\n" % (KINDS[kind], more)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def begun(kind: str) -> bytes:
    """Two events in chunks, and no end."""
    chunks = b"".join(chunk(event(number, kind)) for number in range(2))
    return head(kind, b"Transfer-Encoding: chunked") + chunks


def gzipped(kind: str, end: bytes) -> bytes:
    packer = zlib.compressobj(wbits=31)
    data = packer.compress(event(0, kind) + event(1, kind)) + packer.flush(zlib.Z_SYNC_FLUSH)
    return head(kind, b"Transfer-Encoding: chunked\r\nContent-Encoding: gzip") + chunk(data) + end


def ends(data: bytes) -> Answer:
    def send(connection: Connection, request: Received) -> bool:
        connection.send(data)
        return False

    return send


def resets_when(seen: threading.Event, data: bytes) -> Answer:
    """A reset may overtake what was sent before it, so it waits for that to be seen."""

    def send(connection: Connection, request: Received) -> bool:
        connection.send(data)
        seen.wait(10)
        return connection.reset()

    return send


def pauses(data: bytes, rest: bytes, seconds: float = 3) -> Answer:
    """Silence, and the rest after some seconds: if the client waits for it the test fails."""

    def send(connection: Connection, request: Received) -> bool:
        connection.send(data)
        late(rest, seconds)(connection, request)  # type: ignore[operator]
        return False

    return send


def in_the_midst(fault: str, kind: str, seen: threading.Event) -> Answer:
    """Two events, and then this."""
    two = event(0, kind) + event(1, kind)
    faults: dict[str, Answer] = {
        "closed": ends(begun(kind)),
        "closed within an event": ends(begun(kind) + chunk(event(2, kind)[:-9])),
        "ended within an event": begun(kind) + chunk(event(2, kind)[:-9]) + b"0\r\n\r\n",
        "reset": resets_when(seen, begun(kind)),
        "silent": pauses(begun(kind), chunk(event(2, kind)) + b"0\r\n\r\n"),
        "a broken chunk": ends(begun(kind) + b"zz\r\n"),
        "an absurd chunk": ends(begun(kind) + b"%x\r\n" % 2**62),
        "a negative chunk": ends(begun(kind) + b"-5\r\nabcde\r\n"),
        "less than its length": ends(head(kind, b"Content-Length: %d" % (len(two) + 5)) + two),
        "a broken gzip": ends(gzipped(kind, chunk(b"no gzip at all"))),
        "a cut gzip": ends(gzipped(kind, b"")),
    }
    return faults[fault]


MIDST = ["closed", "closed within an event", "ended within an event", "reset", "silent", "a broken chunk"]
MIDST += ["an absurd chunk", "a negative chunk", "less than its length", "a broken gzip", "a cut gzip"]


def hides(error: ApiException) -> None:
    """Nothing that tools print of an error holds the token."""
    shown = ["".join(traceback.format_exception(error)), own_frames(error), str(vars(error)), repr(error)]
    assert not any(TOKEN in text for text in [*shown, str(pickle.dumps(chain(error))), str(error.call)])


@pytest.mark.fault("Streams", "A stream that is cut tells how many events came, and is not repeated")
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", MIDST)
def test_a_fault_in_the_midst_of_a_stream(fault: str, kind: str, scheme: str, tmp_path: Path) -> None:
    tls: Any = {"tls": server_tls(), "ssl_ca_cert": ca_file(tmp_path)} if scheme == "https" else {}
    came: list[str] = []
    seen = threading.Event()

    def reads(events: Iterator[Any]) -> None:
        for each in events:
            came.append(each.id)
            if len(came) == 2:
                seen.set()

    with calling(in_the_midst(fault, kind, seen), reply({**SESSION, "id": "next"}), **tls) as c:
        with c.api.subscribe_to_session_stream("s1", idle_timeout=0.3) as events:
            error = failing(lambda: reads(events))
            assert events.closed
        assert c.api.get_session("next").id == "next"

    assert isinstance(error, ApiStreamTimeout if fault == "silent" else ApiStreamError)
    assert came == ["s0", "s1"]
    assert error.events == 2
    assert (error.status, error.request_sent, error.request_id) == (200, True, c.ids[0])
    assert len(c.server.requests) == 2
    assert c.server.connections == (1 if fault == "ended within an event" else 2)
    assert error.call is not None
    assert (error.call.operation, error.call.attempts) == ("subscribe_to_session_stream", 1)
    assert error.call.received > 0
    hides(error)


#: The status is known, and a body has begun: from here on there is a stream.
STREAMS = {"no body", "half a body", "a body that stops", "a broken chunk", "no gzip", "not JSON"}
REPEATED = {"closed", "reset", "garbage", "half a status line", "half a head"}
REPEATED |= {"502", "503", "503 with a time", "504"}


@pytest.mark.fault("Streams", "What may be repeated is repeated before there is a stream")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_before_or_at_the_first_event(fault: str) -> None:
    def opened() -> list[str]:
        with c.api.subscribe_to_session_stream("s1", _request_timeout=(1, 0.2)) as events:
            return [each.id for each in events]

    with calling(FAULTS[fault], reply()) as c:
        if fault in REPEATED:
            assert opened() == ["s1"]
            assert len(c.server.requests) == 2
            return
        error = failing(opened)
        assert len(c.server.requests) == 1
        assert c.api.get_session("s1").id == "s1"

    assert isinstance(error, ApiStreamError) or fault not in STREAMS - {"not JSON"}
    assert isinstance(error, (ApiConnectionError, ApiResponseError)) or error.status
    assert getattr(error, "events", 0) == 0
    assert error.call is not None
    assert error.call.attempts == 1
    hides(error)


@pytest.mark.fault("Streams", "The call of a stream that was cut is told with its bytes, by a curl line too")
def test_the_call_of_a_stream_that_was_cut() -> None:
    with (
        calling(reply({}, status=503), ends(begun("lines"))) as c,
        c.api.subscribe_to_session_stream("s1") as events,
    ):
        c.clock.sleep(10)  # while it is read
        error = failing(lambda: list(events))

    assert error.call is not None
    assert error.call[:4] == (
        "subscribe_to_session_stream",
        "GET",
        f"{c.server.host}/sessions/s1/subscribe",
        2,
    )
    assert error.call.received == len(reply({}, status=503)) + len(begun("lines"))
    assert error.call.attempt_seconds[1] >= 10
    assert error.call.seconds >= sum(error.call.attempt_seconds)
    assert str(error.call.url) in error.call.curl
    assert pickle.loads(pickle.dumps(error)).call == error.call
