"""A client of a scripted server whose waits are recorded, not waited; and ways for a server to misbehave."""

from __future__ import annotations

import signal
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import trustme

import portal_client
from portal_client import ApiClient, Configuration, SessionsApi
from portal_client.exceptions import ApiException
from portal_client.rest import RESTClientObject
from support.scripted import Answer, Connection, Received, Script, playing, reply

PROMPT = "the prompt that nobody may see"
TOKEN = "the-token-that-nobody-may-see"


@dataclass
class Clock:
    """The real time, but a wait between attempts passes at once and is written down."""

    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return time.monotonic() + sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@dataclass
class Calling:
    """A client, the server that it talks to, and the clock between them."""

    api: SessionsApi
    client: ApiClient
    server: Script
    clock: Clock

    @property
    def ids(self) -> list[str]:
        """The X-Request-ID of each request that came."""
        return [request.headers["X-Request-ID"] for request in self.server.requests]


def client_of(host: str, clock: Clock | None = None, cookie: str | None = None, **settings: Any) -> ApiClient:
    """A client with a token unless another one is given."""
    clock = clock or Clock()
    client = ApiClient(Configuration(host, **{"access_token": TOKEN, **settings}), cookie=cookie)
    client.rest_client = RESTClientObject(client.configuration, sleep=clock.sleep, now=clock.now)
    return client


@contextmanager
def calling(
    *answers: Answer, tls: ssl.SSLContext | None = None, bodies: bool = True, **settings: Any
) -> Iterator[Calling]:
    """Play a script to a client; the settings are those of a Configuration."""
    clock = Clock()
    with (
        playing(*answers, tls=tls, bodies=bodies) as server,
        client_of(server.host, clock, **settings) as client,
    ):
        yield Calling(SessionsApi(client), client, server, clock)


def failing(call: Callable[[], object]) -> ApiException:
    """What a call raises; it must be an ApiException."""
    with pytest.raises(ApiException) as caught:
        call()
    return caught.value


def outcome(call: Callable[[], object]) -> int | None:
    """The status of the ApiException that a call raises, None if it returns."""
    try:
        call()
    except ApiException as error:
        return error.status
    return None


def call(host: str, token: Any = None, retries: Any = False, **options: Any) -> None:
    """One call with a token."""
    with ApiClient(Configuration(host, access_token=token, retries=retries)) as client:
        SessionsApi(client).get_session("s1", **options)


def shown(server: Script) -> list[str | None]:
    """Who each request says it comes from."""
    return [request.headers["Authorization"] for request in server.requests]


def interrupt() -> None:
    """Do to the main thread what Ctrl-C does."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


# ── ways to misbehave ──


def closes(connection: Connection, request: Received) -> bool:
    """The request is read, and the connection closed without a response."""
    return False


def resets(connection: Connection, request: Received) -> bool:
    """The request is read, and the connection reset."""
    return connection.reset()


def late(answer: bytes, seconds: float = 3) -> Answer:
    """Respond after some seconds, or as soon as the client hangs up.

    Used where a client must not wait: if it does, the test fails instead of hanging.
    """

    def wait(connection: Connection, request: Received) -> bool:
        connection.sock.settimeout(seconds)
        try:
            connection.sock.recv(1)
        except TimeoutError:
            connection.send(answer)
        return False

    return wait


def drips(start: bytes, rest: bytes, pause: float = 0.02) -> Answer:
    """Send the start at once and the rest byte by byte."""

    def drip(connection: Connection, request: Received) -> bool:
        connection.send(start)
        for at in range(len(rest)):
            time.sleep(pause)
            connection.send(rest[at : at + 1])
        return False

    return drip


def keeps_open(answer: bytes) -> Answer:
    """Send bytes that may be a part of a response only, and go on with the next request."""

    def send(connection: Connection, request: Received) -> bool:
        connection.send(answer)
        return True

    return send


#: What may become of a request that was read.
FAULTS: dict[str, Answer] = {
    "closed": closes,
    "reset": resets,
    "late": late(reply()),
    "garbage": b"garbage\r\n\r\n",
    "half a status line": drips(b"HTTP/1.1 2", b""),
    "half a head": drips(b"HTTP/1.1 200 OK\r\nContent-Le", b""),
    "no body": drips(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b""),
    "half a body": drips(reply()[:-20], b""),
    "a body that stops": keeps_open(reply()[:-20]),
    "a broken chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "no gzip": reply(b"no gzip", Content_Encoding="gzip"),
    "not JSON": reply(b"<html>"),
    "a redirect elsewhere": reply({}, status=302, Location="ftp://elsewhere.test/"),
    "408": reply({}, status=408),
    "425": reply({}, status=425, Retry_After="0"),
    "429": reply({}, status=429),
    "500": reply({}, status=500),
    "502": reply({}, status=502),
    "503": reply({}, status=503),
    "503 with a time": reply({}, status=503, Retry_After="0"),
    "504": reply({}, status=504, Retry_After="1"),
}


# ── certificates ──


@cache
def authority() -> trustme.CA:
    """The authority that the tests' certificates come from."""
    return trustme.CA()


def server_tls(name: str = "127.0.0.1") -> ssl.SSLContext:
    """The side of a server that bears this name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert(name).configure_cert(context)
    return context


def ca_file(folder: Path) -> str:
    """The authority's certificate in a file."""
    path = folder / "ca.pem"
    authority().cert_pem.write_to_path(str(path))
    return str(path)


def unfinished(ended: threading.Event) -> Answer:
    """A response that lacks its end; the event is set when the client closes the connection."""

    def begins(connection: Connection, request: Received) -> bool:
        connection.send(reply()[:-20])
        if connection.sock.recv(1) == b"":
            ended.set()
        return False

    return begins


# ── what tools see ──


def own_frames(error: BaseException) -> str:
    """The locals of this package's frames, as tools that print them would show them."""
    found, package = "", str(Path(portal_client.__file__).parent)
    trace: traceback.TracebackException | None = traceback.TracebackException.from_exception(
        error, capture_locals=True
    )
    while trace is not None:
        frames = [frame for frame in trace.stack if frame.filename.startswith(package)]
        found += "".join(
            f"{f.filename}:{f.lineno} {f.name} {name}={value}\n"
            for f in frames
            for name, value in (f.locals or {}).items()
        )
        trace = trace.__cause__ or trace.__context__
    assert found
    return found


def pump(source: socket.socket, to: socket.socket) -> None:
    """Pass on what comes, until it ends."""
    with suppress(OSError):
        while block := source.recv(65536):
            to.sendall(block)
    with suppress(OSError):
        to.shutdown(socket.SHUT_WR)


def tunnel(port: int) -> Answer:
    """Respond to CONNECT, and pass on what comes to a port on this machine."""

    def relay(connection: Connection, request: Received) -> bool:
        with socket.create_connection(("127.0.0.1", port)) as upstream:
            connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(upstream, connection.sock), daemon=True)
            back.start()
            pump(connection.sock, upstream)
            back.join(5)
        return False

    return relay
