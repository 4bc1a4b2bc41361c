"""From bytes to the texts of events, however the bytes are cut into blocks."""

from __future__ import annotations

import itertools
import time
import tracemalloc
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_client.events import Lines, ServerSentEvents


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    """The same bytes in blocks that end at these places."""
    ends = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[a:b] for a, b in itertools.pairwise(ends)]


def read(decoder: Lines | ServerSentEvents, blocks: Iterable[bytes]) -> list[tuple[int, bytes]]:
    found = [*map(decoder.feed, blocks), decoder.end()]
    return [each for numbers, texts in found for each in zip(numbers, texts, strict=True)]


def texts(decoder: Lines | ServerSentEvents, *blocks: bytes) -> list[bytes]:
    return [text for _, text in read(decoder, blocks)]


BYTES = st.lists(st.sampled_from([b"\n", b"\r\n", b"a", b"{}", "ü".encode(), b"\x00", b"\xff"])).map(b"".join)
PLACES = st.lists(st.integers(0, 1000))


@pytest.mark.fault("Property tests", "Events are the same however their bytes are cut")
@given(BYTES, PLACES)
def test_lines_are_those_of_split_under_every_chunking(data: bytes, places: list[int]) -> None:
    expected = data.split(b"\n")
    if not expected[-1]:
        expected.pop()  # what ends in a line feed is ended

    assert read(Lines(), cut(data, places)) == list(enumerate(expected, 1))


def test_a_byte_order_mark_is_dropped_at_the_beginning_alone() -> None:
    bom = b"\xef\xbb\xbf"

    assert texts(Lines(), bom[:1], bom[1:] + b"1\n", bom + b"2\n") == [b"1", bom + b"2"]
    assert texts(Lines(), bom + b"1") == [b"1"]


@pytest.mark.fault("Streams", "A line or event that is too long is refused")
def test_a_line_may_be_as_long_as_the_longest() -> None:
    assert texts(Lines(4), b"ab", b"cd", b"\n") == [b"abcd"]
    with pytest.raises(ValueError, match="line 2 is longer than 4 bytes"):
        texts(Lines(4), b"1\nab", b"cde")


LINE = st.lists(st.sampled_from(["a", "data", ":", " ", "ü", "1"]), max_size=4).map("".join)


@pytest.mark.fault("Property tests", "Events are the same however their bytes are cut")
@given(
    st.lists(st.lists(LINE, min_size=1, max_size=3), max_size=5),
    st.sampled_from(["\n", "\r", "\r\n"]),
    PLACES,
)
def test_data_comes_back_under_every_line_end_and_chunking(
    sent: list[list[str]], end: str, places: list[int]
) -> None:
    events = ["".join(f"data: {line}\n" for line in lines) + "\n" for lines in sent]
    data = "".join(events).replace("\n", end).encode()
    begins = itertools.accumulate([event.count("\n") for event in events], initial=1)

    found = read(ServerSentEvents(), cut(data, places))

    assert found == [(at, "\n".join(lines).encode()) for at, lines in zip(begins, sent, strict=False)]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: one\ndata: two\n\n", [(1, b"one\ntwo")]),
        (b"data:one\n\ndata:  two\n\n", [(1, b"one"), (3, b" two")]),
        (b": a comment\n\n:\n\ndata: 1\n\n", [(5, b"1")]),
        (b"event: ping\ndata: {}\n\nevent: session\ndata: 1\n\n", [(5, b"1")]),
        (b"id: 7\n\nretry: 10\n\n", []),
        (b"\n\n\n", []),
        (b"data\n\n", [(1, b"")]),
        (b"other: 1\ndata: 1\nnoise\n\n", [(2, b"1")]),
        (b"\xef\xbb\xbfdata: 1\n\n", [(1, b"1")]),
        (b"", []),
    ],
)
def test_server_sent_events(stream: bytes, expected: list[tuple[int, bytes]]) -> None:
    assert read(ServerSentEvents(), [stream]) == expected
    assert read(ServerSentEvents(), cut(stream, range(len(stream)))) == expected


def test_id_and_retry_are_remembered() -> None:
    decoder = ServerSentEvents()
    assert (decoder.last_event_id, decoder.ids, decoder.retry) == ("", [], None)

    texts(decoder, b"id: 7\nretry: 1500\ndata: 1\n\nid: a\0b\nretry: soon\n\n")

    assert (decoder.last_event_id, decoder.retry) == ("7", 1.5)


@pytest.mark.fault("Streams", "An id counts once its event is ended, and travels with it")
@pytest.mark.parametrize(
    ("stream", "ids", "last"),
    [
        (b"id: 1\ndata: 1\n\ndata: 2\n\nid: 3\ndata: 3\n\n", ["1", "1", "3"], "3"),
        (b"data: 1\nid: 1\n\nid\ndata: 2\n\n", ["1", ""], ""),
        (b"id: 1\ndata: 1\n\nid: 2\nevent: ping\ndata: x\n\n", ["1"], "2"),
        (b"id: 1\nevent: ping\n\ndata: 1\n\n", ["1"], "1"),
        (b"id: 42\n\n", [], "42"),
        (b"id: 42\n\nid:\n\n", [], ""),
        (b"id: 1\ndata: 1\n\nid: 2\n", ["1"], "1"),
        (b"id: 1\ndata: 1\n\nid: 2", ["1"], "1"),
        (b"id: 1\nid: a\0b\ndata: 1\n\n", ["1"], "1"),
        (b"id: \0\ndata: 1\n\n", [""], ""),
        ("id: …\ndata: 1\n\n".encode(), ["…"], "…"),
        (b"id: 1\xff\ndata: 1\n\n", ["1\ufffd"], "1\ufffd"),
    ],
)
def test_an_id_counts_once_its_event_is_ended(stream: bytes, ids: list[str], last: str) -> None:
    for blocks in ([stream], cut(stream, range(len(stream)))):
        decoder, found = ServerSentEvents(), []
        for block in blocks:
            decoder.feed(block)
            found += decoder.ids
        decoder.end()

        assert (found, decoder.last_event_id) == (ids, last)


@pytest.mark.fault("Streams", "An id counts once its event is ended, and travels with it")
@pytest.mark.parametrize("cut_event", [b"id: 2\ndata: half", b"id: 2\ndata: 2\n", b"data: 2\nid: 2\n"])
def test_the_id_of_a_cut_event_does_not_count(cut_event: bytes) -> None:
    decoder = ServerSentEvents()
    decoder.feed(b"id: 1\ndata: 1\n\n" + cut_event)
    with pytest.raises(ValueError, match="is not ended"):
        decoder.end()

    assert decoder.last_event_id == "1"


@pytest.mark.parametrize(
    ("digits", "seconds"),
    [
        ("0000003000", 3.0),
        ("0", 0.0),
        ("0" * 5000, 0.0),
        ("0" * 5000 + "1", 0.001),
        ("999999999", 999999.999),
    ],
)
def test_the_value_of_retry_counts_and_not_its_digits(digits: str, seconds: float) -> None:
    decoder = ServerSentEvents()
    decoder.feed(f"retry: {digits}\n\n".encode())

    assert decoder.retry == seconds


@pytest.mark.fault("Streams", "What is kept of a stream is bounded, however it is cut into pieces")
@pytest.mark.parametrize(
    ("decoder", "blocks"),
    [
        (Lines(), [b"%c" % (n % 26 + 97) + b"x" for n in range(50_000)]),
        (ServerSentEvents(), [b"data: ", *[b"%c" % (n % 26 + 97) + b"x" for n in range(50_000)]]),
        (ServerSentEvents(), [b"data:ab\n" * 8_000] * 6),
        (ServerSentEvents(), [b"data:\n" * 10_000] * 10),
        (ServerSentEvents(), [b":\n" * 30_000] * 3),
    ],
    ids=["a line", "a line of data", "lines of data", "empty data", "comments"],
)
def test_what_is_kept_is_what_came(decoder: Lines | ServerSentEvents, blocks: list[bytes]) -> None:
    tracemalloc.start()
    try:
        for block in blocks:
            assert decoder.feed(block)[1] in ((), []) or isinstance(decoder, ServerSentEvents)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert kept < 2 * sum(map(len, blocks)) + 50_000


@pytest.mark.parametrize("stream", [b"data: 1\n\ndata: 2\n", b"data: 1\n\ndata: 2"])
def test_an_event_that_is_not_ended_is_no_event(stream: bytes) -> None:
    decoder = ServerSentEvents()
    assert decoder.feed(stream) == ([1], [b"1"])

    with pytest.raises(ValueError, match="the event that begins in line 3 is not ended"):
        decoder.end()


@pytest.mark.fault("Streams", "A line or event that is too long is refused")
def test_an_event_may_be_as_long_as_the_longest() -> None:
    assert texts(ServerSentEvents(8), b"data:123\ndata:12\ndata:1\n\n") == [b"123\n12\n1"]
    with pytest.raises(ValueError, match="the event in line 1 is longer than 8 bytes"):
        texts(ServerSentEvents(8), *[b"data:%d\n" % n for n in range(9)])
    with pytest.raises(ValueError, match="line 1 is longer than 8 bytes"):
        texts(ServerSentEvents(8), b"data: 1234")


def test_an_event_of_many_lines_takes_linear_time() -> None:
    decoder, lines = ServerSentEvents(), b"data: %b\n" % (b"x" * 60) * 1000
    start = time.process_time()
    for _ in range(30):
        decoder.feed(lines)

    assert len(decoder.feed(b"\n")[1][0]) == 30_000 * 61 - 1
    assert time.process_time() - start < 1  # several where all lines before are copied for each


def test_a_line_is_counted_from_the_first_one() -> None:
    assert read(ServerSentEvents(), [b"\n", b"\rdata: 1\n\n"]) == [(3, b"1")]


def test_empty_data_counts_too() -> None:
    with pytest.raises(ValueError, match="longer than 10 bytes"):
        ServerSentEvents(10).feed(b"data:\n" * 20)


@pytest.mark.parametrize("digits", [10, 400, 5000])
def test_an_absurd_retry_is_none(digits: int) -> None:
    events = ServerSentEvents()
    events.feed(b"retry: " + b"9" * digits + b"\n\n")

    assert events.retry is None
