"""A stream of events: what comes out, and what happens when it goes wrong."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from portal_client.exceptions import (
    ApiAttributeError,
    ApiResponseError,
    ApiStreamError,
    ApiStreamTimeout,
    ApiTimeoutError,
)
from portal_client.models._base import Model
from portal_client.streaming import EventStream

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
        block = next(self._blocks, b"")
        if isinstance(block, Exception):
            raise block
        assert len(block) <= amount
        return block

    def close(self) -> None:
        self.closed += 1


def stream(*blocks: bytes | Exception, kind: str = LINES, **options: Any) -> EventStream[Event]:
    return EventStream(Blocks(blocks), TypeAdapter(Event).validator.validate_json, kind, **options)


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

    events = stream(*())
    events._source = Blocks(blocks())

    assert next(events).n == 0
    assert asked == [0]


def test_unknown_fields_are_kept() -> None:
    (event,) = stream(b'{"n":1,"new":[2]}\n')

    assert event.model_extra == {"new": [2]}


@pytest.mark.parametrize(
    ("kind", "blocks", "number", "line"),
    [
        (LINES, [b'{"n":1}\n\n{"n":"x"}\n{"n":3}\n'], 3, b'{"n":"x"}'),
        (LINES, [b'{"n":1}\nsecret\n{"n":3}\n'], 2, b"secret"),
        (SENT, [b'data: {"n":1}\n\ndata: 0\n\ndata: {"n":3}\n\n'], 3, b"0"),
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
    assert numbers(events) == [3]


def test_a_loop_that_met_a_bad_line_goes_on_in_another_one() -> None:
    events = stream(b'{"n":1}\nbad\n{"n":3}\n')
    seen: list[Event] = []
    with pytest.raises(ApiResponseError):
        seen.extend(events)

    assert numbers([*seen, *events]) == [1, 3]


@pytest.mark.parametrize(
    ("kind", "blocks"),
    [
        (LINES, [b'{"n":1}\n', ConnectionResetError("reset")]),
        (LINES, [b'{"n":1}\n{"n":']),
        (SENT, [b'data: {"n":1}\n\ndata: {"n":2}\n']),
        (LINES, [b'{"n":1}\n', ValueError("a chunk of a negative size")]),
    ],
)
def test_a_cut_stream_says_how_many_events_came(kind: str, blocks: list[bytes | Exception]) -> None:
    events = stream(*blocks, kind=kind)
    seen: list[Event] = []

    with pytest.raises(ApiStreamError, match="after 1 events") as caught:
        seen.extend(events)

    assert (numbers(seen), caught.value.events) == ([1], 1)
    assert not isinstance(caught.value, ApiTimeoutError)


def test_a_silent_stream_is_a_timeout() -> None:
    events = stream(b'{"n":1}\n', TimeoutError("timed out"))

    with pytest.raises(ApiStreamTimeout) as caught:
        events.until_done()

    assert isinstance(caught.value, ApiTimeoutError)
    assert caught.value.events == 1


def test_leaving_the_block_closes_the_source() -> None:
    with stream(b'{"n":1}\n{"n":2}\n') as events:
        next(events)

    assert events._source.closed  # type: ignore[attr-defined]
    with pytest.raises(ApiStreamError, match="is closed"):
        numbers(events)


def test_what_has_come_is_gone_when_the_stream_is_closed() -> None:
    events = stream(b'{"n":1}\n{"n":2}\n')
    next(events)
    events.close()

    with pytest.raises(ApiStreamError, match="is closed"):
        next(events)


def test_until_done_answers_the_last_event() -> None:
    assert stream(b'{"n":1}\n{"n":2}\n').until_done().n == 2
    with pytest.raises(ApiStreamError, match="without an event"):
        stream(b"\n").until_done()


@pytest.mark.parametrize(
    ("kind", "data"),
    [(LINES, b'{"n":1}\n{"n": 2}'), (SENT, b'id: 7\nretry: 5\ndata: {"n":\ndata: 1}\n\ndata: {"n":2}\n\n')],
)
def test_what_was_recorded_replays(tmp_path: Path, kind: str, data: bytes) -> None:
    path = tmp_path / "log.ndjson"
    with stream(data, kind=kind, tee=path.open("wb")) as events:
        recorded = list(events)

    with EventStream.replay(path, Event) as again:
        assert list(again) == recorded
        with pytest.raises(ApiAttributeError, match="a replay has no response"):
            again.response  # noqa: B018


def test_what_came_before_a_cut_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "log.ndjson"
    events = stream(b'{"n":1}\n', ConnectionResetError(), tee=path.open("wb"))
    next(events)
    with pytest.raises(ApiStreamError):
        next(events)

    assert path.read_bytes() == b'{"n":1}\n'


def test_a_stream_that_is_forgotten_closes_its_source_and_its_record(tmp_path: Path) -> None:
    source = Blocks([b'{"n":1}\n'])
    tee = (tmp_path / "log.ndjson").open("wb")
    events = EventStream(source, TypeAdapter(Event).validate_json, LINES, tee)
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


def test_a_long_line_takes_blocks_of_any_number() -> None:
    text = "x" * 3_000_000
    data = b'{"n":1,"text":"' + text.encode() + b'"}\n'
    blocks = [data[i : i + 1000] for i in range(0, len(data), 1000)]

    (event,) = stream(*blocks)

    assert event.model_extra == {"text": text}


def test_memory_source_is_a_file_too() -> None:
    source = io.BufferedReader(io.BytesIO(b'{"n":1}\n'))  # type: ignore[arg-type]

    assert numbers(EventStream(source, TypeAdapter(Event).validate_json, LINES)) == [1]
