"""A server on loopback that plays a script, and remembers what it received."""

from __future__ import annotations

import json
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any, Union

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


@dataclass
class Received:
    """A request as it came over the wire."""

    method: str
    target: str
    headers: Message
    body: bytes

    @property
    def parts(self) -> list[Message]:
        """The parts of its form."""
        return parts(self.headers["Content-Type"], self.body)


def parts(content_type: str, body: bytes) -> list[Message]:
    """The parts of a form as the standard library reads them."""
    message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    assert message.is_multipart()
    assert not message.defects
    found: Any = message.get_payload()
    return list(found)


def content(part: Message) -> bytes:
    """The bytes of a part."""
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload


#: What is done with a request: bytes are sent; a callable does what it likes with the connection, and
#: the connection is closed after it if it returns False.
Answer = Union[bytes, Callable[["Connection", Received], Any]]


def reply(body: Any = None, status: int = 200, close: bool = False, **headers: str) -> bytes:
    """A whole response; plain data becomes JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(SESSION if body is None else body).encode()
    named = {"Content-Type": "application/json", "Content-Length": str(len(raw))}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    if close:
        named["Connection"] = "close"
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items() if value is not None)
    return f"HTTP/1.1 {status} Reason\r\n{head}\r\n".encode("latin-1") + raw


class Connection:
    """One accepted connection; `request` takes exactly as many bytes as there are in a request."""

    def __init__(self, sock: socket.socket, bodies: bool = True) -> None:
        self.sock = sock
        self._file = sock.makefile("rb")
        self._bodies = bodies

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def request(self) -> Received | None:
        line = self._file.readline()
        if not line:
            return None
        method, target, _ = line.decode("latin-1").split(" ", 2)
        head = b""
        while (header := self._file.readline()) not in (b"\r\n", b""):
            head += header
        headers = message_from_bytes(head)
        if not self._bodies:
            return Received(method, target, headers, b"")
        if headers.get("Transfer-Encoding", "").lower() == "chunked":
            return Received(method, target, headers, b"".join(self._chunks()))
        return Received(method, target, headers, self._file.read(int(headers.get("Content-Length", 0))))

    def read(self, size: int) -> bytes:
        """Some of a body that was left unread."""
        return self._file.read(size)

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self._file.readline(), 16):
            yield self._file.read(size)
            self._file.readline()
        self._file.readline()

    def reset(self) -> bool:
        """Close with a TCP reset instead of an orderly end."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        return False

    def close(self) -> None:
        self._file.close()
        self.sock.close()


@dataclass
class Script:
    """The running server: where it is, and what came."""

    host: str
    port: int
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    #: Set when the test is over; a callable that must not respond waits for it.
    over: threading.Event = field(default_factory=threading.Event)

    def hang(self, connection: Connection, request: Received) -> bool:
        """A response that never comes."""
        self.over.wait()
        return False


@contextmanager
def playing(*answers: Answer, tls: ssl.SSLContext | None = None, bodies: bool = True) -> Iterator[Script]:
    """Play the responses in order, one for each request; the last one is repeated.

    Without `bodies` only the head of a request is read before it is answered.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    script = Script(f"{'https' if tls else 'http'}://127.0.0.1:{port}", port)
    lock = threading.Lock()
    threads: list[threading.Thread] = []
    open_connections: list[socket.socket] = []

    def next_answer(request: Received) -> Answer:
        with lock:
            script.requests.append(request)
            return answers[min(len(script.requests), len(answers)) - 1]

    def serve(sock: socket.socket) -> None:
        try:
            if tls:
                sock = tls.wrap_socket(sock, server_side=True)
            connection = Connection(sock, bodies)
        except OSError:
            sock.close()
            return
        try:
            while request := connection.request():
                answer = next_answer(request)
                if isinstance(answer, bytes):
                    connection.send(answer)
                    if b"\r\nConnection: close\r\n" in answer:
                        break
                elif answer(connection, request) is False:
                    break
        except (OSError, ValueError):
            pass
        finally:
            connection.close()

    def accept() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            with lock:
                script.connections += 1
                open_connections.append(sock)
            thread = threading.Thread(target=serve, args=(sock,), daemon=True)
            threads.append(thread)
            thread.start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield script
    finally:
        script.over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join(5)
        for sock in open_connections:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(5)


# ── responses that come step by step ──

#: No step of these conversations may take longer, in seconds.
STEP = 20


class Steps:
    """A server that sends the next part only when the reader has said that the last one has arrived."""

    def __init__(self, head: bytes, parts: Iterable[bytes], end: bytes = b"") -> None:
        self.head, self.parts, self.end = head, list(parts), end
        self.arrived = threading.Semaphore(0)
        #: Set when the reader has gone before the end.
        self.left = threading.Event()

    def __call__(self, connection: Connection, request: Received) -> bool:
        connection.send(b"HTTP/1.1 200 OK\r\n" + self.head + b"\r\n")
        for part in self.parts:
            connection.send(part)
            while not self.arrived.acquire(timeout=0.02):
                if select.select([connection.sock], [], [], 0)[0]:
                    self.left.set()
                    return False
        connection.send(self.end)
        return b"Connection: close" not in self.head


def chunk(data: bytes) -> bytes:
    """A part of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)
