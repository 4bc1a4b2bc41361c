"""A lean server on loopback, in a process of its own, which responds from memory."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

SESSION: dict[str, Any] = {
    "id": "s1",
    "agent_id": "a1",
    "thread_id": "t1",
    "created_at": "2026-01-02T03:04:05Z",
    "updated_at": "2026-01-02T03:04:06Z",
    "messages": [
        {"text": "Hello", "role": "user", "agent": None},
        {"text": "Hi", "role": "assistant", "agent": {"id": "a1", "name": "Echo", "icon": "e"}},
    ],
    "status": "Ready",
    "user_id": "u1",
    "routine_id": None,
}

METADATA: dict[str, Any] = {
    "obj_id": {"scope": "s", "identifier": "i"},
    "domain": "d",
    "created_by": "u1",
    "created_at": "2026-01-02T03:04:05Z",
}
GRANT: dict[str, Any] = {"access_token": "token", "expires_in": 3600, "token_type": "Bearer"}

#: Seconds that `/sessions/slow` takes.
SLOW = 0.02

_BLOCK = 256 * 1024
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@lru_cache(maxsize=8)
def sessions(count: int) -> bytes:
    """Return the body with so many sessions of 1.47 kB each."""
    long = {
        **SESSION,
        "messages": [{**m, "text": m["text"].ljust(249, ".")} for m in SESSION["messages"] * 2],
    }
    each = json.dumps(long).encode()
    return b'{"sessions":[' + b",".join([each] * count) + b"]}"


@lru_cache(maxsize=8)
def events(count: int) -> bytes:
    """Return so many events, a line each."""
    return b"".join(events_of(number) for number in range(count))


def events_of(number: int) -> bytes:
    """Return one event with its line feed."""
    return b'{"event_type": "chat", "content": "word %d of an answer"}\n' % number


@lru_cache(maxsize=8)
def line(length: int) -> bytes:
    """Return one event in a line of so many bytes."""
    event = b'{"event_type": "chat", "content": "%s"}\n'
    return event % (b"x" * (length - len(event) + 2))


class _Connection(asyncio.BufferedProtocol):
    """A connection: each request is read by its Content-Length and its body dropped."""

    def __init__(self) -> None:
        self._buffer = bytearray(_BLOCK)
        self._head = b""
        self._left = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._left > 0:
            self._left -= nbytes
            if self._left == 0:
                self._answer()
            return
        self._head += self._buffer[:nbytes]
        head, end, body = self._head.partition(b"\r\n\r\n")
        if end:
            length = _LENGTH.search(head)
            self._head, self._left = head, int(length[1]) - len(body) if length else 0
            if self._left == 0:
                self._answer()

    def _answer(self) -> None:
        target = self._head.split(b" ", 2)[1].decode()
        self._head = b""
        if target == "/sessions/slow":
            asyncio.get_running_loop().call_later(SLOW, self._send, _SMALL)
        elif target.startswith("/sessions?agent_id="):
            self._send(sessions(int(target.partition("=")[2])))
        elif target.startswith("/events/"):
            self._send(events(int(target.rpartition("/")[2])), "application/x-ndjson")
        elif target.startswith("/line/"):
            self._send(line(int(target.rpartition("/")[2])), "application/x-ndjson")
        else:
            self._send(_OTHERS.get(target, _SMALL))

    def _send(self, body: bytes, content_type: str = "application/json") -> None:
        head = (
            "HTTP/1.1 200 OK\r\nDate: Fri, 02 Jan 2026 03:04:05 GMT\r\nServer: bench\r\n"
            f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        if len(body) < _BLOCK:
            self._transport.write(head.encode() + body)
        else:
            self._transport.writelines((head.encode(), body))


_SMALL = json.dumps(SESSION).encode()
_OTHERS = {"/session/dev": json.dumps(METADATA).encode(), "/token": json.dumps(GRANT).encode()}


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Connection, "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Until whoever started it lets go of its input.
    await asyncio.to_thread(sys.stdin.read)


@contextmanager
def running() -> Generator[str, None, None]:
    """Run the server and yield its host, such as http://127.0.0.1:40000."""
    command = [sys.executable, "-m", "bench.server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.communicate()


if __name__ == "__main__":
    asyncio.run(_serve())
