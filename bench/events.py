"""Events as lines of JSON: 100,000 of them, many small ones, and one long line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from io import BytesIO
from typing import Any, ClassVar

from bench import server
from bench.contestants import Contestant
from bench.harness import FLOOR, OURS, AtMost, Entry, Flat, Memory, Row, Script

COUNT = 100_000


class Reader(Contestant):
    """A contestant that reads events and drops them."""

    libraries: ClassVar[Sequence[str]] = ("pydantic",)

    def __init__(self, host: str) -> None:
        from pydantic import TypeAdapter

        from bench.event import Event

        self.host = host
        self.validate: Callable[[bytes | str], object] = TypeAdapter(Event).validator.validate_json

    def read(self, target: str) -> None:
        """Read the events of a response."""
        raise NotImplementedError


class Lines(Reader):
    """Validation alone, of lines in memory."""

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self.lines = server.events(COUNT).splitlines()

    def read(self, target: str) -> None:
        for line in self.lines:
            self.validate(line)


class OneLine(Reader):
    """Validation alone, of an event in one line in memory."""

    def read(self, target: str) -> None:
        self.validate(server.line(int(target)))


class Split(Reader):
    """A bare urllib3 pool, its blocks split into lines."""

    libraries: ClassVar[Sequence[str]] = ("urllib3", "pydantic")

    def __init__(self, host: str) -> None:
        import urllib3

        super().__init__(host)
        self.pool = urllib3.connection_from_url(host)

    def read(self, target: str) -> None:
        answer = self.pool.urlopen("GET", target, preload_content=False)
        rest = b""
        for block in answer.stream(64 * 1024):
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                self.validate(line)

    def close(self) -> None:
        self.pool.close()


class Stream(Split):
    """The client's stream of events, on a bare pool."""

    libraries = ("portal-client", "urllib3", "pydantic")

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self.source: Any = import_module("portal_client.source").Source
        self.stream: Any = import_module("portal_client.streaming").EventStream

    def read(self, target: str) -> None:
        self.drop(self.pool.urlopen("GET", target, preload_content=False))

    def drop(self, reader: object) -> None:
        """Read the events of a response or file, and drop them."""
        with self.stream(self.source(reader, "application/x-ndjson"), self.validate) as stream:
            for _ in stream:
                pass


class StreamFromMemory(Stream):
    """The client's stream of events, of bytes in memory."""

    def read(self, target: str) -> None:
        self.drop(BytesIO(server.events(COUNT)))


class HttpxLines(Reader):
    """httpx's `iter_lines`."""

    libraries = ("httpx", "pydantic")

    def __init__(self, host: str) -> None:
        super().__init__(host)
        httpx: Any = import_module("httpx")
        self.http = httpx.Client(base_url=host)

    def read(self, target: str) -> None:
        with self.http.stream("GET", target) as answer:
            for line in answer.iter_lines():
                self.validate(line)

    def close(self) -> None:
        self.http.close()


class RequestsLines(Reader):
    """requests' `iter_lines`."""

    libraries = ("requests", "urllib3", "pydantic")

    def __init__(self, host: str) -> None:
        super().__init__(host)
        requests: Any = import_module("requests")
        self.http = requests.Session()

    def read(self, target: str) -> None:
        with self.http.get(f"{self.host}{target}", stream=True) as answer:
            for line in answer.iter_lines(chunk_size=64 * 1024):
                self.validate(line)

    def close(self) -> None:
        self.http.close()


def _entry(kind: type[Reader], target: str, calls: int = 1, items: int = 1) -> Entry:
    return Entry(kind, lambda one: partial(one.read, target), calls, items, kind.libraries, kind.prepare)


def _sized(path: str, sizes: Sequence[int], calls: Callable[[int], int]) -> dict[str, Entry | Script]:
    return {f"{OURS} {size}": _entry(Stream, f"{path}{size}", calls(size), size) for size in sizes}


LENGTHS = (2**10, 2**16, 2**20, 2**23, 2**26)


def _calls(size: int) -> int:
    return max(1, min(200, 2**24 // size))


ROWS = [
    Row(
        "events",
        "100,000 events",
        {
            OURS: _entry(Stream, f"/events/{COUNT}"),
            FLOOR: _entry(Lines, ""),
            "httpx": _entry(HttpxLines, f"/events/{COUNT}"),
            "requests": _entry(RequestsLines, f"/events/{COUNT}"),
            "from memory": _entry(StreamFromMemory, ""),
            "urllib3, split and validated": _entry(Split, f"/events/{COUNT}"),
        },
        [AtMost(1.35, "floor")],
        rounds=11,
        note="The floor is `validate_json` alone, on lines in memory.",
    ),
    Row(
        "events_growth",
        "1 to 1,000,000 events",
        _sized("/events/", (1, 100, 10_000, 1_000_000), lambda count: max(1, min(200, 200_000 // count))),
        [Flat(0.15), Memory(2 * 2**20, f"{OURS} 1000000")],
        rounds=5,
        per="event",
    ),
    Row(
        "events_line",
        "one event of 1 kB to 64 MB",
        {
            **_sized("/line/", LENGTHS, _calls),
            **{f"{FLOOR} {size}": _entry(OneLine, str(size), _calls(size), size) for size in LENGTHS},
        },
        [Flat(0.15)],
        rounds=5,
        per="byte",
    ),
]
