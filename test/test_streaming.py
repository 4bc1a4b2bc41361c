"""A stream of events: what comes out, and what happens when it goes wrong."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import pickle
import statistics
import subprocess
import sys
import time
import tracemalloc
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from threading import Semaphore
from typing import Any, BinaryIO

import pytest
import urllib3
from pydantic import TypeAdapter, ValidationError
from urllib3.exceptions import ProtocolError

from portal_client import SessionsApi
from portal_client.exceptions import (
    ApiAttributeError,
    ApiException,
    ApiResponseError,
    ApiStreamError,
    ApiStreamTimeout,
    ApiTimeoutError,
    NotFoundException,
)
from portal_client.model import Model
from portal_client.source import Reader, Source
from portal_client.streaming import EventStream
from portal_client.transport.exchange import Exchange
from support.chain import chain
from support.clients import TOKEN, ca_file, calling, client_of, drips, server_tls, tunnel
from support.scripted import SESSION, STEP, Connection, Received, Steps, chunk, playing, reply

LINES = "application/x-ndjson"
SENT = "text/event-stream"
DOCUMENT = "application/json"


class Event(Model):
    """An event of these tests."""

    n: int


class Blocks:
    """A source that gives these blocks, and raises where there is an exception among them."""

    def __init__(self, blocks: Iterable[bytes | Exception]) -> None:
        self._blocks = iter(blocks)
        self.closed = 0

    def read1(self, amount: int) -> bytes:
        assert not self.closed
        block = next(self._blocks, b"")
        if isinstance(block, Exception):
            raise block
        assert len(block) <= amount
        return block

    def close(self) -> None:
        self.closed += 1


def stream(
    *blocks: bytes | Exception, kind: str = LINES, tee: BinaryIO | None = None, **described: Any
) -> EventStream[Event]:
    return reading(Blocks(blocks), kind, tee, **described)


def reading(
    reader: Reader, kind: str = LINES, tee: BinaryIO | None = None, **described: Any
) -> EventStream[Event]:
    return EventStream(Source(reader, kind, **described), TypeAdapter(Event).validator.validate_json, tee=tee)


def numbers(events: Iterable[Event]) -> list[int]:
    return [event.n for event in events]


@pytest.mark.parametrize(
    ("kind", "blocks"),
    [
        (LINES, [b'{"n":1}\n{"n"', b':2}\r\n\r\n  \n{"n":3}']),
        (f"{LINES}; charset=utf-8", [b'{"n":1}\n{"n":2}\n{"n":3}\n']),
        (SENT, [b'data: {"n":1}\n\n: ping\n\ndata: {"n":\ndata: 2}\n\nevent: x\nid: 3\ndata: {"n":3}\n\n']),
        (DOCUMENT, [b'{"n":1}\n{"n":2}\n{"n":3}\n']),  # lines that call themselves a document
    ],
)
def test_events_come_in_order(kind: str, blocks: list[bytes]) -> None:
    events = stream(*blocks, kind=kind)

    assert numbers(events) == [1, 2, 3]
    assert events.events == 3
    assert numbers(events) == []


@pytest.mark.parametrize(
    "blocks", [[b'{"n": 1}'], [b'{"n": 1}\n'], [b'{\n  "n":', b" 1\n}\n"], [b"\xef\xbb\xbf{\n\n", b'"n": 1}']]
)
def test_one_document_is_one_event_however_it_is_laid_out(blocks: list[bytes]) -> None:
    assert numbers(stream(*blocks, kind=DOCUMENT)) == [1]


def test_an_event_comes_as_soon_as_its_line_is_complete() -> None:
    asked: list[int] = []

    def blocks() -> Iterator[bytes]:
        for n in range(3):
            asked.append(n)
            yield b'{"n":%d}\n' % n

    events = reading(Blocks(blocks()))

    assert next(events).n == 0
    assert asked == [0]


def test_unknown_fields_are_kept() -> None:
    (event,) = stream(b'{"n":1,"new":[2]}\n')

    assert event.model_extra == {"new": [2]}


@pytest.mark.fault("Streams", "A line that is no event is told with its number, and the next one read")
@pytest.mark.parametrize(
    ("kind", "blocks", "number", "line"),
    [
        (LINES, [b'{"n":1}\n\n{"n":"x"}\n{"n":3}\n'], 3, b'{"n":"x"}'),
        (LINES, [b'{"n":1}\nsecret\n{"n":3}\n'], 2, b"secret"),
        (SENT, [b'data: {"n":1}\n\ndata: 0\n\ndata: {"n":3}\n\n'], 3, b"0"),
        (LINES, [b'{"n":1}\n{"n":"\\ud800"}\n{"n":3}\n'], 2, b'{"n":"\\ud800"}'),
    ],
)
def test_a_bad_line_is_told_and_the_next_one_is_read(
    kind: str, blocks: list[bytes], number: int, line: bytes
) -> None:
    events = stream(*blocks, kind=kind, request="get_events", request_id="r1")
    assert next(events).n == 1

    with pytest.raises(ApiResponseError, match=f"line {number} is not the event") as caught:
        next(events)

    assert (caught.value.line, caught.value.line_number, caught.value.request_id) == (line, number, "r1")
    assert "secret" not in str(caught.value)
    assert isinstance(caught.value.__cause__, ValidationError)
    assert numbers(events) == [3]


def test_a_bad_document_is_told_as_a_whole() -> None:
    with pytest.raises(ApiResponseError, match="line 1 is not the event") as caught:
        next(stream(b'{\n"n":', b'"x"}\n', kind=DOCUMENT))

    assert caught.value.line == b'{\n"n":"x"}'


@pytest.mark.parametrize("line", [b'{"n":1}\n', b"bad\n"])
def test_a_close_while_an_event_is_validated_is_told(line: bytes, tmp_path: Path) -> None:
    """Another thread may close a stream at any time."""

    def closing(text: bytes) -> Event:
        events.close()
        return Event.model_validate_json(text)

    events = EventStream(Source(Blocks([line]), LINES), closing, tee=(tmp_path / "log").open("wb"))
    with pytest.raises(ApiStreamError) as caught:
        next(events)

    assert caught.value.reason == "the stream is closed (after 0 events)"


def test_a_loop_that_met_a_bad_line_goes_on_in_another_one() -> None:
    events = stream(b'{"n":1}\nbad\n{"n":3}\n')
    seen: list[Event] = []
    with pytest.raises(ApiResponseError):
        seen.extend(events)

    assert numbers([*seen, *events]) == [1, 3]


def test_a_loop_within_a_loop_takes_from_the_same_events() -> None:
    events = stream(b'{"n":1}\n', b'{"n":2}\n{"n":3}\n{"n":4}\n', b'{"n":5}\n')

    seen = [(event.n, next(events, event).n, events.events) for event in events]

    assert seen == [(1, 2, 2), (3, 4, 4), (5, 5, 5)]


def test_blank_lines_are_counted_and_are_no_events() -> None:
    events = stream(b'\n\r\n \t\n{"n":1}\n\n\r\n{"n":2}\n\nbad\n \n', b'\n\r\n{"n":3}\n \n')
    seen: list[Event] = []

    with pytest.raises(ApiResponseError, match="line 9 ") as caught:
        seen.extend(events)

    assert (caught.value.line_number, numbers(seen), numbers(events)) == (9, [1, 2], [3])


@pytest.mark.fault("Streams", "A stream that is cut tells how many events came, and is not repeated")
@pytest.mark.parametrize(
    ("kind", "blocks", "what"),
    [
        (LINES, [b'{"n":1}\n', ConnectionResetError("reset")], "was cut: reset"),
        (LINES, [b'{"n":1}\n', ProtocolError("connection broken", ValueError("half"))], "was cut: half"),
        (LINES, [b'{"n":1}\n', ProtocolError("broken")], "was cut: broken"),
        (LINES, [b'{"n":1}\n', ProtocolError()], "was cut: "),
        (LINES, [b'{"n":1}\n{"n":'], "ends in the middle of line 2"),
        (
            SENT,
            [b'data: {"n":1}\n\ndata: {"n":2}\n'],
            "cannot be read: the event that begins in line 3 is not ended",
        ),
        (
            LINES,
            [b'{"n":1}\n', ValueError("a chunk of a negative size")],
            "was cut: a chunk of a negative size",
        ),
    ],
)
def test_a_cut_stream_says_how_many_events_came(
    kind: str, blocks: list[bytes | Exception], what: str
) -> None:
    events = stream(*blocks, kind=kind)
    seen: list[Event] = []

    with pytest.raises(ApiStreamError) as caught:
        seen.extend(events)

    assert caught.value.reason == f"the stream {what} (after 1 events)"
    assert (numbers(seen), caught.value.events) == ([1], 1)
    assert not isinstance(caught.value, ApiTimeoutError)


def test_a_silent_stream_is_a_timeout() -> None:
    events = stream(b'{"n":1}\n', TimeoutError("timed out"))

    with pytest.raises(ApiStreamTimeout) as caught:
        events.until_done()

    assert isinstance(caught.value, ApiTimeoutError)
    assert caught.value.events == 1


def test_leaving_the_block_closes_the_source() -> None:
    reader = Blocks([b'{"n":1}\n{"n":2}\n'])
    with reading(reader) as events:
        next(events)

    assert reader.closed
    with pytest.raises(ApiStreamError, match=r"^the stream is closed \(after 1 events\)"):
        numbers(events)


def test_what_has_come_is_gone_when_the_stream_is_closed() -> None:
    events = stream(b'{"n":1}\n{"n":2}\n')
    next(events)
    events.close()

    with pytest.raises(ApiStreamError, match="is closed"):
        next(events)


@pytest.mark.parametrize("step", ["feed", "end"])
def test_a_close_while_a_block_is_decoded_is_no_end(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread may close a stream at any time; what it has not returned by then is not returned."""
    events = stream(b'{"n": 1}\n', b'{"n": 2}\n{"n": 3}')
    decoder = vars(events)["_decoder"]
    real = getattr(decoder, step)

    def closing(*block: bytes) -> Any:
        found = real(*block)
        if step == "end" or events.events:
            events.close()
        return found

    monkeypatch.setattr(decoder, step, closing)
    with pytest.raises(ApiStreamError, match="is closed"):
        events.until_done()
    assert events.events == (2 if step == "end" else 1)


def test_a_recorded_stream_that_is_closed_says_so(tmp_path: Path) -> None:
    events = stream(b'{"n":1}\n{"n":2}\n', tee=(tmp_path / "log").open("wb"))
    next(events)
    events.close()

    with pytest.raises(ApiStreamError, match="is closed"):
        next(events)


def test_until_done_returns_the_last_event() -> None:
    assert stream(b'{"n":1}\n{"n":2}\n').until_done().n == 2
    with pytest.raises(ApiStreamError, match=r"^the stream ended without an event \(after 0 events\)"):
        stream(b"\n").until_done()


def test_the_repr_tells_the_state_and_the_call_and_nothing_else() -> None:
    events = stream(b'{"n":1}\n{"n":2}\n')
    assert repr(events) == "<EventStream open after 0 events>"
    next(events)
    assert repr(events) == "<EventStream open after 1 events>"
    events.close()
    assert repr(events) == "<EventStream closed after 1 events>"

    with calling(reply(), access_token="s3cret") as c:
        key = {"type": "api_key", "in": "query", "key": "k", "value": "s3cret"}
        with c.api.subscribe_to_session_stream("s0", _request_auth=key) as events:
            assert list(events)
        call = f"subscribe_to_session_stream, GET {c.server.host}/sessions/s0/subscribe"
        assert repr(events) == f"<EventStream ended after 1 events: {call}>"
        assert "k=s3cret" in c.server.requests[0].target


IDS = [b'id: 1\ndata: {"n":1}\n\n', b'data: {"n":2}\n\n', b'id: 3\ndata: {"n":3}\n\n']


@pytest.mark.fault("Streams", "`last_event_id` is that of the event in hand, however its bytes came")
@pytest.mark.parametrize("blocks", [IDS, [b"".join(IDS)]], ids=["slowly", "at once"])
def test_the_last_event_id_is_that_of_the_event_in_hand(blocks: list[bytes]) -> None:
    events = stream(*blocks, kind=SENT)
    assert events.last_event_id == ""
    assert [(event.n, events.last_event_id) for event in events] == [(1, "1"), (2, "1"), (3, "3")]

    events = stream(*blocks, kind=SENT)
    assert [(next(events).n, events.last_event_id) for _ in range(2)] == [(1, "1"), (2, "1")]
    for _ in events:  # a loop that goes on
        break
    assert events.last_event_id == "3"

    with stream(*blocks, kind=SENT) as events:
        next(events)
    with pytest.raises(ApiStreamError, match="is closed"):
        next(events)
    assert events.last_event_id == "1"  # what was read ahead and is given to nobody does not count

    events = stream(*blocks, kind=SENT)
    assert (events.until_done().n, events.last_event_id) == (3, "3")


@pytest.mark.fault("Streams", "Who resumes behind `last_event_id` loses no event")
@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (b'id: 4\ndata: {"n":', "3"),
        (b'id: 4\ndata: {"n":4}\n', "3"),
        (b"id: 4\n", "3"),
        (b"id: 4\n\n", "4"),
        (b"id: 4\nevent: ping\ndata: {}\n\n", "4"),
        (b"id: 4\ndata:\n\n", "4"),
        (b"id: 4\0\ndata:\n\n", "3"),
    ],
    ids=ascii,
)
def test_the_id_of_what_was_cut_does_not_count(last: bytes, expected: str) -> None:
    for blocks in ([*IDS, last], [b"".join(IDS) + last]):
        events = stream(*blocks, ConnectionResetError(), kind=SENT)
        seen = [(next(events).n, events.last_event_id) for _ in range(3)]
        with pytest.raises(ApiStreamError):
            next(events)

        assert seen == [(1, "1"), (2, "1"), (3, "3")]
        assert events.last_event_id == expected


def test_an_event_that_is_refused_is_in_hand_too() -> None:
    events = stream(b'id: 1\ndata: {"n":"x"}\n\nid: 2\ndata: {"n":2}\n\n', kind=SENT)
    with pytest.raises(ApiResponseError):
        next(events)

    assert events.last_event_id == "1"  # who resumes behind it is not refused for ever
    assert [(event.n, events.last_event_id) for event in events] == [(2, "2")]


def test_other_streams_have_no_id() -> None:
    events = stream(b'{"n":1}\n')
    next(events)

    assert (events.last_event_id, events.retry) == ("", None)


@pytest.mark.parametrize(
    "kind",
    [
        "Text/Event-Stream; charset=UTF-8",
        "TEXT/EVENT-STREAM;",
        'text/event-stream;x="application/x-ndjson"',
        " text/event-stream ; x=y",
    ],
)
def test_the_media_type_of_events_is_without_case(kind: str) -> None:
    assert numbers(stream(b'data: {"n":1}\n\n', kind=kind)) == [1]


@pytest.mark.parametrize("kind", ["Application/X-NDJSON", 'application/x-ndjson; x="text/event-stream"'])
def test_the_media_type_of_lines_is_without_case(kind: str) -> None:
    events = stream(b'{"n":\n1}\n', kind=kind)
    with pytest.raises(ApiResponseError, match="line 1 "):  # lines, and not one document
        next(events)


HALVES = r'{"n":1,"text":"cut \ud83d, \\ud83d, whole \ud83d\ude00"}'


@pytest.mark.fault("The body", "Half a surrogate pair is read as U+FFFD, in lists, events and errors")
@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (LINES, f"{HALVES}\n{HALVES}\n"),
        (SENT, f"data: {HALVES}\n\ndata: {HALVES}\n\n"),
        (DOCUMENT, f"{HALVES}\n{HALVES}\n"),
        (DOCUMENT, HALVES.replace(",", ",\n", 1)),
    ],
)
def test_half_a_surrogate_pair_in_an_event(kind: str, data: str, tmp_path: Path) -> None:
    path = tmp_path / "log.ndjson"
    with stream(data.encode(), kind=kind, tee=path.open("wb")) as events:
        found = list(events)

    assert {event.model_extra["text"] for event in found if event.model_extra} == {
        "cut \ufffd, \\ud83d, whole \U0001f600"
    }
    assert len(found) == events.events == data.count('"n"')
    with EventStream.replay(path, Event) as again:
        assert list(again) == found


def test_a_document_as_long_as_one_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal_client.streaming.MAX_SIZE", 8)
    assert numbers(stream(b'{"n":\n1}', kind=DOCUMENT)) == [1]
    with pytest.raises(ApiStreamError, match="is one document of more than 8 bytes"):
        next(stream(b'{"n":\n12}', kind=DOCUMENT))


@pytest.mark.fault("Streams", "What is kept of a stream is bounded, however it is cut into pieces")
def test_blank_lines_in_a_document_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal_client.streaming.MAX_SIZE", 1_000_000)
    taken = 0

    def blocks() -> Iterator[bytes]:
        nonlocal taken
        yield b"{\n"
        while True:
            taken += 1
            yield b"\n" * 50_000

    events = reading(Blocks(blocks()), DOCUMENT)
    tracemalloc.start()
    try:
        with pytest.raises(ApiStreamError, match="one document of more than 1000000 bytes"):
            next(events)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert taken < 25
    assert peak < 6_000_000


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (LINES, b'{"n":1}\n\r\n \n{"n": 2}'),
        (SENT, b'id: 7\nretry: 5\ndata: {"n":\ndata: 1}\n\ndata: {"n":2}\n\n'),
        (DOCUMENT, b'{\n  "n":\n  1\n}\n'),
    ],
)
def test_what_was_recorded_replays(tmp_path: Path, kind: str, data: bytes) -> None:
    path = tmp_path / "log.ndjson"
    with stream(data, kind=kind, tee=path.open("wb")) as events:
        recorded = list(events)

    with EventStream.replay(path, Event) as again:
        assert list(again) == recorded
        with pytest.raises(ApiAttributeError, match="a replay has no response"):
            again.response  # noqa: B018


def test_a_bad_line_is_recorded_and_is_bad_again(tmp_path: Path) -> None:
    path = tmp_path / "log.ndjson"
    events = stream(b'{"n":1}\nbad\n{"n":3}\n', tee=path.open("wb"))
    for each in (events, EventStream.replay(path, Event)):
        with each, pytest.raises(ApiResponseError, match="line 2 "):
            list(each)

    assert path.read_bytes() == b'{"n":1}\nbad\n'


def test_an_error_of_a_replay_names_the_file_and_the_line(tmp_path: Path) -> None:
    path = tmp_path / "log.ndjson"
    path.write_bytes(b'bad\n{"n":2}\n')
    with EventStream.replay(path, Event) as again:
        with pytest.raises(ApiResponseError, match="line 1 ") as caught:
            next(again)

        assert f"replay of {path}" in str(caught.value)
        assert numbers(again) == [2]


def test_what_came_before_a_cut_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "log.ndjson"
    for last in (ConnectionResetError(), b'{"n":'):
        events = stream(b'{"n":1}\n', last, tee=path.open("wb"))
        with events, pytest.raises(ApiStreamError):
            list(events)

    assert path.read_bytes() == b'{"n":1}\n'


def test_a_stream_that_is_forgotten_closes_its_source_and_its_record(tmp_path: Path) -> None:
    source = Blocks([b'{"n":1}\n'])
    tee = (tmp_path / "log.ndjson").open("wb")
    events = reading(source, tee=tee)
    for _ in events:
        break

    del events

    assert source.closed == 1
    assert tee.closed


def test_server_sent_ids_and_retry() -> None:
    events = stream(b'id: 7\nretry: 1500\ndata: {"n":1}\n\n', kind=SENT)
    assert numbers(events) == [1]

    assert (events.last_event_id, events.retry) == ("7", 1.5)
    assert (stream().last_event_id, stream().retry) == ("", None)


def test_a_recorded_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        EventStream.replay(tmp_path / "nothing", Event)


@pytest.mark.parametrize("kind", [LINES, SENT])
def test_many_events_take_no_memory(kind: str) -> None:
    line = b'{"n":1,"text":"twenty thousand of them"}\n'
    block = (b"data: " + line + b"\n" if kind == SENT else line) * 1000
    events = stream(*[block] * 20, kind=kind)
    next(events)
    tracemalloc.start()
    try:
        for _ in events:
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert events.events == 20_000
    assert peak < 1_000_000


@pytest.mark.slow
@pytest.mark.parametrize("kind", [LINES, SENT, DOCUMENT])
def test_a_line_of_64_mb_takes_linear_time(kind: str) -> None:
    def taken(size: int) -> float:
        text = b"x" * size
        data = b'data: {"n":1,"text":"%b"}\n\n' % text if kind == SENT else b'{"n":1,"text":"%b"}\n' % text
        blocks = [data[i : i + 65536] for i in range(0, len(data), 65536)]
        start = time.process_time()
        (event,) = stream(*blocks, kind=kind)
        spent = time.process_time() - start
        assert event.model_extra == {"text": text.decode()}
        return spent

    taken(1_000_000)  # what is done once

    # Sixteen times the bytes: sixteen times the work, and 256 times where the pieces are put together anew
    # for each block.
    assert taken(64 * 2**20) < 64 * min(taken(4 * 2**20) for _ in range(5))


def test_memory_source_is_a_file_too() -> None:
    reader = io.BufferedReader(io.BytesIO(b'{"n":1}\n'))  # type: ignore[arg-type]

    assert numbers(reading(reader)) == [1]


# ── over the wire ──


def session(number: int) -> bytes:
    return json.dumps({**SESSION, "id": f"s{number}"}).encode() + b"\n"


def gzipped(parts: Iterable[bytes]) -> list[bytes]:
    packer = zlib.compressobj(wbits=31)
    return [packer.compress(part) + packer.flush(zlib.Z_SYNC_FLUSH) for part in parts]


PARTS = [session(n) for n in range(3)]
TYPE = b"Content-Type: application/x-ndjson\r\n"
EVENTS = b"Content-Type: text/event-stream\r\n"
FRAMINGS = {
    "chunked": Steps(TYPE + b"Transfer-Encoding: chunked\r\n", map(chunk, PARTS), b"0\r\n\r\n"),
    "length": Steps(TYPE + b"Content-Length: %d\r\n" % sum(map(len, PARTS)), PARTS),
    "until close": Steps(TYPE + b"Connection: close\r\n", PARTS),
    "gzip": Steps(
        TYPE + b"Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n",
        map(chunk, gzipped(PARTS)),
        b"0\r\n\r\n",
    ),
    "events": Steps(
        EVENTS + b"Transfer-Encoding: chunked\r\n",
        (chunk(b"event: session\ndata: " + part + b"\n") for part in PARTS),
        b"0\r\n\r\n",
    ),
}


@pytest.mark.fault("Streams", "Each event comes before the next one is sent, in every framing, under TLS too")
@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("secure", [False, True])
def test_each_event_comes_before_the_next_one_is_sent(framing: str, secure: bool, tmp_path: Path) -> None:
    steps = FRAMINGS[framing]
    with (
        calling(steps, tls=server_tls() if secure else None, ssl_ca_cert=ca_file(tmp_path)) as c,
        c.api.subscribe_to_session_stream("s0", idle_timeout=STEP) as events,
    ):
        seen = []
        for event in events:
            seen.append(event.id)
            steps.arrived.release()

    assert seen == ["s0", "s1", "s2"]
    (request,) = c.server.requests
    assert request.headers["Accept"].startswith("application/x-ndjson, text/event-stream")
    assert request.headers["Accept-Encoding"] == "identity"
    assert request.headers["Authorization"] is None


@pytest.mark.slow
@pytest.mark.parametrize("framing", FRAMINGS)
def test_an_event_is_there_soon_after_its_line(framing: str) -> None:
    steps = FRAMINGS[framing]
    waits: list[float] = []

    def timed(connection: Connection, request: Received) -> bool:
        return steps(Timed(connection.sock), request)

    class Timed(Connection):
        def send(self, data: bytes) -> None:
            sent.append(time.monotonic())
            super().send(data)

    for _ in range(5):
        sent: list[float] = []
        with calling(timed) as c, c.api.subscribe_to_session_stream("s0", idle_timeout=STEP) as events:
            for number, _event in enumerate(events, 1):
                waits.append(time.monotonic() - sent[number])  # the head was sent before
                steps.arrived.release()

    assert len(waits) == 15
    assert statistics.median(waits) < 0.05


@pytest.fixture
def steps() -> Steps:
    return Steps(TYPE + b"Transfer-Encoding: chunked\r\n", map(chunk, PARTS), b"0\r\n\r\n")


@pytest.mark.fault("Streams", "A stream gives its connection back at its end, and closes it when it is left")
def test_the_connection_of_a_stream_read_to_its_end_is_used_again(steps: Steps) -> None:
    with calling(steps, reply()) as c:
        with c.api.subscribe_to_session_stream("s0") as events:
            for _ in events:
                steps.arrived.release()
        assert events.response.status == 200
        c.api.get_session("s1")

        assert (len(c.server.requests), c.server.connections) == (2, 1)


@pytest.mark.fault("Streams", "A stream gives its connection back at its end, and closes it when it is left")
def test_the_connection_of_a_stream_that_is_left_is_closed_at_once(steps: Steps) -> None:
    with calling(steps, reply()) as c:
        with c.api.subscribe_to_session_stream("s0") as events:
            next(events)
        c.api.get_session("s1")

        assert (len(c.server.requests), c.server.connections) == (2, 2)


@pytest.mark.fault("Streams", "A stream left open is closed with the client")
def test_a_stream_left_open_is_closed_with_the_client(steps: Steps) -> None:
    with calling(steps) as c:
        events = c.api.subscribe_to_session_stream("s0", idle_timeout=STEP)
        next(events)
        c.client.close()

        assert steps.left.wait(STEP)
        with pytest.raises(ApiStreamError, match="is closed"):
            next(events)


def test_a_stream_that_ctrl_c_interrupts_does_not_look_like_one_that_ended(
    steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(exchange: Exchange, sock: object) -> None:
        raise KeyboardInterrupt

    with calling(steps, reply()) as c:
        events = c.api.subscribe_to_session_stream("s0")
        next(events)
        with monkeypatch.context() as patched:
            patched.setattr(Exchange, "give_time", interrupted)
            with pytest.raises(KeyboardInterrupt):
                next(events)

        assert steps.left.wait(STEP)
        with pytest.raises(ApiStreamError, match="is closed"):
            next(events)
        assert c.api.get_session("s1").id == "s1"


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("secure", [False, True])
def test_another_thread_closes_a_stream_at_once(framing: str, secure: bool, tmp_path: Path) -> None:
    steps = FRAMINGS[framing]
    steps.left.clear()
    with (
        calling(steps, tls=server_tls() if secure else None, ssl_ca_cert=ca_file(tmp_path)) as c,
        ThreadPoolExecutor() as others,
    ):
        events = c.api.subscribe_to_session_stream("s0", idle_timeout=2 * STEP)
        assert next(events).id == "s0"
        reading = others.submit(next, events)
        assert wait([reading], timeout=0.1).not_done
        others.submit(c.client.close).result(STEP)  # sooner than the silence would end

        error = reading.exception(STEP)
        assert isinstance(error, ApiStreamError)
        assert "is closed" in str(error)
        assert steps.left.wait(STEP)


NOISELESS = """
from portal_client import ApiClient, Configuration, SessionsApi

api = SessionsApi(ApiClient(Configuration({host!r})))
forgotten = api.subscribe_to_session_stream("s0")
print(next(forgotten).id)
del forgotten
left = api.subscribe_to_session_stream("s0", tee={log!r})
for session in left:
    print(session.id)
    break
in_a_cycle = [api.subscribe_to_session_stream("s0")]
in_a_cycle.append(in_a_cycle)
"""


def test_a_task_of_asyncio_that_is_cancelled_closes_its_stream(steps: Steps) -> None:
    """As docs/guides/events.md reads one."""
    reading, ends = Semaphore(0), list[ApiStreamError]()

    def following(events: EventStream[Any]) -> object:
        reading.release()
        try:
            return next(events, None)
        except ApiStreamError as error:
            ends.append(error)
            raise

    async def follow() -> None:
        subscribe = c.api.subscribe_to_session_stream
        with await asyncio.to_thread(subscribe, "s0", idle_timeout=STEP) as events:
            while await asyncio.to_thread(following, events):
                pass

    async def cancelled() -> None:
        task = asyncio.create_task(follow())
        for _ in range(2):  # the second event does not come
            assert await asyncio.to_thread(reading.acquire, timeout=STEP)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with calling(steps) as c:
        asyncio.run(cancelled())  # which waits for the thread that reads
        assert steps.left.wait(STEP)

    (end,) = ends
    assert "the stream is closed (after 1 events)" in str(end)


def test_streams_that_are_forgotten_or_left_at_the_end_of_a_program_make_no_noise(tmp_path: Path) -> None:
    open_streams = [Steps(TYPE + b"Transfer-Encoding: chunked\r\n", map(chunk, PARTS)) for _ in range(3)]
    log = tmp_path / "log"
    with playing(*open_streams) as server:
        script = NOISELESS.format(host=server.host, log=str(log))
        command = [sys.executable, "-X", "dev", "-W", "error", "-c", script]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert [each.left.wait(STEP) for each in open_streams] == [True] * 3

    assert (done.stdout, done.stderr, done.returncode) == ("s0\ns0\n", "", 0)
    assert log.read_bytes() == PARTS[0]


@pytest.mark.fault("Streams", "A stream that is forgotten gives its place back")
def test_a_stream_that_is_forgotten_gives_its_place_back(steps: Steps) -> None:
    with calling(steps, reply(), connection_pool_maxsize=1) as c:
        next(c.api.subscribe_to_session_stream("s0"))
        gc.collect()

        c.api.get_session("s1", _request_timeout=STEP)


@pytest.mark.fault("Streams", "Silence within a stream is bounded by its idle_timeout")
def test_silence_is_bounded_by_the_idle_timeout(steps: Steps) -> None:
    with calling(steps) as c, c.api.subscribe_to_session_stream("s0", idle_timeout=0.1) as events:
        with pytest.raises(ApiStreamTimeout) as caught:
            list(events)

        assert (
            caught.value.reason
            == "the stream was silent for 0.1 s, the limit for each silence (after 1 events)"
        )
        assert (caught.value.events, caught.value.status, caught.value.request_sent) == (1, 200, True)
        assert caught.value.request is not None
        assert "subscribe_to_session_stream, GET" in caught.value.request


def test_any_byte_ends_a_silence() -> None:
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + EVENTS + b"\r\ndata: " + PARTS[0] + b"\n"
    with (
        calling(drips(head, b":" * 40, pause=0.05)) as c,
        c.api.subscribe_to_session_stream("s0", idle_timeout=1) as events,
    ):
        assert [event.id for event in events] == ["s0"]


def test_one_silence_does_not_outlast_the_time_for_the_call() -> None:
    def speaks_once(connection: Connection, request: Received) -> bool:
        connection.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + TYPE + b"\r\n" + PARTS[0])
        connection.sock.settimeout(STEP)
        connection.sock.recv(1)
        return False

    with (
        calling(speaks_once) as c,
        c.api.subscribe_to_session_stream("s0", _request_timeout=urllib3.Timeout(total=1)) as events,
    ):
        with pytest.raises(ApiStreamTimeout) as caught:
            events.until_done()

        assert caught.value.events == 1


@pytest.mark.fault("Streams", "The timeout of the call bounds the way to the headers alone")
def test_the_timeout_of_the_call_bounds_the_way_to_the_headers_alone(steps: Steps) -> None:
    with calling(lambda connection, request: connection.sock.recv(1)) as c:
        with pytest.raises(ApiTimeoutError):
            c.api.subscribe_to_session_stream("s0", _request_timeout=0.1)
        assert len(c.server.requests) == 1

    with calling(steps) as c, c.api.subscribe_to_session_stream("s0", _request_timeout=0.5) as events:
        next(events)
        c.clock.sleep(10)  # long after the call's own time
        steps.arrived.release()

        assert next(events).id == "s1"


@pytest.mark.fault("Streams", "A stream that is cut tells how many events came, and is not repeated")
@pytest.mark.parametrize(
    ("cut", "what"),
    [
        (chunk(PARTS[0]), "was cut"),
        (chunk(PARTS[0]) + chunk(PARTS[1][:9]), "was cut"),
        (chunk(PARTS[0]) + b"zz\r\n", "was cut"),
    ],
)
def test_a_connection_that_is_cut(cut: bytes, what: str) -> None:
    answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n" + TYPE + b"\r\n" + cut
    with calling(answer) as c, c.api.subscribe_to_session_stream("s0") as events:
        with pytest.raises(ApiStreamError, match=what) as caught:
            events.until_done()

        assert caught.value.events == 1
        assert len(c.server.requests) == 1


@pytest.mark.fault("Streams", "An error is raised before there is a stream")
def test_an_error_is_raised_before_there_is_a_stream(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("an earlier recording")
    with calling(reply({"detail": "Session not found"}, 404)) as c:
        with pytest.raises(NotFoundException) as caught:
            c.api.subscribe_to_session_stream("s0", tee=log)

        assert caught.value.data == {"detail": "Session not found"}
        assert log.read_text() == "an earlier recording"


def test_a_recording_replaces_an_earlier_one(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("an earlier recording, " * 1000)
    with calling(reply()) as c, c.api.subscribe_to_session_stream("s0", tee=log) as events:
        assert [event.id for event in events] == ["s1"]

    assert json.loads(log.read_text())["id"] == "s1"


def test_none_is_no_option() -> None:
    with (
        calling(reply()) as c,
        c.api.subscribe_to_session_stream("s0", tee=None, idle_timeout=None) as events,
    ):
        assert [event.id for event in events] == ["s1"]


@pytest.mark.fault("Streams", "What may be repeated is repeated before there is a stream")
def test_what_may_be_repeated_is_repeated_before_there_is_a_stream(steps: Steps) -> None:
    with calling(reply(status=503), steps) as c, c.api.subscribe_to_session_stream("s0") as events:
        assert next(events).id == "s0"
        assert len(set(c.ids)) == 1
        assert len(c.ids) == 2


@pytest.mark.fault("Streams", "A recording that cannot be written is told before anything is sent")
def test_a_recording_that_cannot_be_written_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    with calling(reply()) as c:
        with pytest.raises(FileNotFoundError):
            c.api.subscribe_to_session_stream("s0", tee=tmp_path / "no" / "log")

        assert c.server.requests == []


@pytest.mark.parametrize(
    "options",
    [{"idle_timeout": 0}, {"idle_timeout": True}, {"idle_timeout": float("nan")}, {"tee": 7}, {"teee": "x"}],
)
def test_options_that_make_no_sense_are_refused_before_anything_is_sent(options: Any) -> None:
    with calling(reply()) as c:
        with pytest.raises(ValidationError, match=next(iter(options))):
            c.api.subscribe_to_session_stream("s0", **options)

        assert c.server.requests == []


def test_other_forms_know_no_options_of_a_stream() -> None:
    with calling(reply()) as c:
        with pytest.raises(ValidationError, match="idle_timeout"):
            c.api.subscribe_to_session("s0", idle_timeout=1)  # type: ignore[call-arg]

        assert c.server.requests == []


def test_one_document_of_a_service_that_has_no_stream() -> None:
    with calling(reply()) as c, c.api.subscribe_to_session_stream("s1") as events:
        assert events.until_done().id == "s1"


@pytest.mark.fault("Streams", "A refused call leaves no recording, and the one of yesterday as it was")
@pytest.mark.parametrize("answer", [reply({}, status=404), lambda connection, request: False])
@pytest.mark.parametrize("yesterday", [None, b"", b"yesterday"])
def test_a_refused_call_leaves_no_recording(answer: Any, yesterday: bytes | None, tmp_path: Path) -> None:
    log = tmp_path / "log"
    link = tmp_path / "link"
    link.symlink_to(log)
    for path in (log, link):
        if yesterday is not None:
            log.write_bytes(yesterday)
        with calling(answer, retries=False) as c, pytest.raises(ApiException):
            c.api.subscribe_to_session_stream("s0", tee=path)

        assert (log.read_bytes() if log.exists() else None) == yesterday


def test_the_events_of_any_reader_are_read() -> None:
    reader = io.BytesIO(b"id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n")
    events = EventStream(reader, TypeAdapter(int).validate_json, "text/event-stream")

    assert (next(events), events.last_event_id, list(events)) == (1, "1", [2])


def test_a_line_that_repeats_the_token_is_in_no_pickle() -> None:
    auth = {"in": "header", "key": "Authorization", "value": f"Bearer {TOKEN}"}
    with (
        calling(reply(f'"{TOKEN}"\n'.encode(), Content_Type="application/x-ndjson")) as c,
        c.api.subscribe_to_session_stream("s0", _request_auth=auth) as events,
        pytest.raises(ApiResponseError) as info,
    ):
        next(events)

    assert info.value.line == f'"{TOKEN}"'.encode()
    assert TOKEN.encode() not in pickle.dumps(chain(info.value))


def test_a_response_that_another_thread_has_just_closed_can_be_closed() -> None:
    with calling(reply(SESSION)) as c:
        framed = c.api.subscribe_to_session_without_preload_content("s0")._fp
        framed.close()

        framed.flush()  # which close() calls after it has looked whether it is closed


def through_a_proxy(address: str, proxy: str, folder: Path) -> Any:
    return SessionsApi(client_of(address, proxy=proxy, ssl_ca_cert=ca_file(folder)))


@pytest.mark.fault("Life cycle", "Closing wakes a thread that reads through a proxy over TLS, too")
@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("how", ["stream", "raw", "client"])
def test_another_thread_closes_a_stream_through_a_proxy(framing: str, how: str, tmp_path: Path) -> None:
    steps = FRAMINGS[framing]
    steps.left.clear()
    with (
        playing(steps, tls=server_tls()) as server,
        playing(tunnel(server.port), tls=server_tls()) as proxy,
        ThreadPoolExecutor() as others,
    ):
        api = through_a_proxy(server.host, proxy.host, tmp_path)
        if how == "raw":
            source = api.subscribe_to_session_without_preload_content("s0")
            reading = others.submit(source.read)
        else:
            source = api.subscribe_to_session_stream("s0", idle_timeout=2 * STEP)
            assert next(source).id == "s0"
            reading = others.submit(next, source)
        assert wait([reading], timeout=0.2).not_done
        close = api.api_client.close if how == "client" else source.close
        others.submit(close).result(STEP)  # sooner than the silence would end

        assert isinstance(reading.exception(STEP), ProtocolError if how == "raw" else ApiStreamError)
        assert steps.left.wait(STEP)
