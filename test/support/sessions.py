"""Sessions that change: their states, the events that tell them, and a service that plays both."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from typing import Any

from support.scripted import SESSION, Answer, Connection, Received, chunk, reply

ROLES = {"u": "user", "a": "assistant", "t": "tool"}


def state(*messages: str, status: str = "Running", at: str = "00:00:00Z", **more: Any) -> dict[str, Any]:
    """A session with messages such as "u:Hello" and "a:Hi", last changed at this time of the day."""
    said = [{"role": ROLES[message[0]], "text": message[2:], "agent": None} for message in messages]
    return {**SESSION, "messages": said, "status": status, "updated_at": f"2026-01-02T{at}", **more}


def said(*words: str, status: str = "Running") -> dict[str, Any]:
    """A session whose agent has said these words after its prompt."""
    return state("u:Go", *([f"a:{''.join(words)}"] if words else []), status=status)


def event(session: dict[str, Any], id: str | None = None) -> bytes:
    """A server-sent event."""
    name = "" if id is None else f"id: {id}\n"
    return f"event: session\n{name}data: {json.dumps(session)}\n\n".encode()


PING = b": ping\n\n"

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nTransfer-Encoding: chunked\r\n\r\n"

#: The end of a chunked body.
CLEAN_END = b"0\r\n\r\n"


def cut(*events: bytes, kind: bytes = b"text/event-stream") -> Answer:
    """A stream of these events whose connection is closed before its end."""

    def send(connection: Connection, request: Received) -> bool:
        connection.send(_HEAD % kind + b"".join(map(chunk, events)))
        return False

    return send


def ended(*events: bytes, kind: bytes = b"text/event-stream") -> Answer:
    """A stream of these events that ends in order."""
    return _HEAD % kind + b"".join(map(chunk, events)) + CLEAN_END


class Open:
    """A stream of these events that goes on; `left` is set once the client has hung up."""

    def __init__(self, *events: bytes, then: Callable[[Connection], object] | None = None) -> None:
        self._events = events
        self._then = then
        self.begun = threading.Event()
        self.left = threading.Event()

    def __call__(self, connection: Connection, request: Received) -> bool:
        connection.send(_HEAD % b"text/event-stream" + b"".join(map(chunk, self._events)))
        self.begun.set()
        try:
            if self._then is not None:
                self._then(connection)
            connection.sock.recv(1)
        finally:
            self.left.set()
        return False


class Service:
    """Plays what it is told to each of the two requests, the last answer again and again."""

    def __init__(self, reads: Sequence[dict[str, Any] | Answer], streams: Sequence[Answer] = ()) -> None:
        self._answers = {"read": [*reads], "stream": [*streams]}
        self.received: dict[str, list[Received]] = {"read": [], "stream": []}
        #: What was asked, in order.
        self.asked: list[str] = []

    @property
    def reads(self) -> list[Received]:
        """The requests for the session that came."""
        return self.received["read"]

    @property
    def subscriptions(self) -> list[Received]:
        """The subscriptions that came."""
        return self.received["stream"]

    @property
    def resumed_from(self) -> list[str | None]:
        """The Last-Event-ID of each subscription."""
        raw = [dict(request.headers.raw_items()).get("Last-Event-ID") for request in self.subscriptions]
        return [text and text.encode("ascii", "surrogateescape").decode() for text in raw]

    def __call__(self, connection: Connection, request: Received) -> Any:
        kind = {"/sessions/s1": "read", "/sessions/s1/subscribe": "stream"}[request.target]
        assert request.method == "GET"
        self.asked.append(kind)
        self.received[kind].append(request)
        answers = self._answers[kind]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, dict):
            answer = reply(answer)
        if not isinstance(answer, bytes):
            return answer(connection, request)
        connection.send(answer)
        return True
