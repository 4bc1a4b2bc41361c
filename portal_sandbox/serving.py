"""Serving: an app under uvicorn in a thread, on a socket that is bound before."""

import asyncio
import errno
import os
import socket
import threading
from collections.abc import Collection, Generator
from contextlib import contextmanager, suppress

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from portal_sandbox.access import AccessLog
from portal_sandbox.app import RequestId
from portal_sandbox.arguments import check
from portal_sandbox.chaos import Chaos
from portal_sandbox.errors import SandboxError
from portal_sandbox.faults import TRANSPORT, Faults
from portal_sandbox.hosts import Hosts
from portal_sandbox.service import Service

#: The time for which a stop waits for requests that do not end, such as half an upload, in whole seconds.
GRACE = 1


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Raises SandboxError where it cannot, and ValueError for bad arguments."""
    check("host", host, str, 'an address such as "127.0.0.1"')
    check("port", port, int, "a whole number such as 8000")
    if not 0 <= port <= 65535:
        raise ValueError(f"port must be from 0 to 65535, not {port}")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # With its protocol named: asyncio switches Nagle's algorithm off for such sockets only, and with it
        # on, each response would take 40 ms.
        listener = socket.socket(family, kind, protocol)
        try:
            return _bound(listener, address)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        reason = "the port is taken" if taken else error.strerror or str(error)
        raise SandboxError(f"Cannot listen on {host} port {port}: {reason}") from error


def _bound(listener: socket.socket, address: tuple[object, ...]) -> socket.socket:
    if os.name == "posix":  # elsewhere the option would let two servers share a port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    listener.listen()
    return listener


@contextmanager
def serving(
    app: FastAPI, listener: socket.socket, chaos: Chaos | None, allowed_hosts: Collection[str] | None
) -> Generator[None]:
    """Serve an app on a socket for as long as the block lasts. Raises SandboxError where it cannot start."""
    server = _Server(app, chaos, allowed_hosts)
    thread = threading.Thread(target=server.run_on, args=(listener,), name="portal-sandbox", daemon=True)
    thread.start()
    try:
        server.settled.wait()
        if not server.started:
            raise SandboxError("The server did not start")
        yield
    finally:
        try:
            server.wind_down()
        finally:
            server.should_exit = True
            thread.join()
            server.join_workers()


class _Protocol(H11Protocol):
    """uvicorn's protocol, which passes the connection to the app, for the faults that break it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection."""
        super().connection_made(transport)
        app = self.app

        async def with_connection(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, "extensions": {TRANSPORT: transport}}, receive, send)

        self.app = with_connection


class _Server(uvicorn.Server):
    """uvicorn with an event for its start, which ends the requests that wait for agents before it stops."""

    def __init__(self, app: FastAPI, chaos: Chaos | None, allowed_hosts: Collection[str] | None) -> None:
        self._stopping = asyncio.Event()
        served: ASGIApp = app
        if chaos is not None:
            served = Faults(served, chaos, self._stopping)
        if allowed_hosts is not None:
            served = Hosts(served, allowed_hosts)
        super().__init__(
            uvicorn.Config(
                AccessLog(RequestId(served)),
                loop="asyncio",
                http=_Protocol,
                ws="none",
                lifespan="on",
                log_config=None,
                log_level="critical",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE,
            )
        )
        self.settled = threading.Event()
        self._service: Service = app.state.service
        self._loop: asyncio.AbstractEventLoop | None = None

    def run_on(self, listener: socket.socket) -> None:
        """Serve on `listener` until `should_exit` is set."""
        try:
            self.run(sockets=[listener])
        finally:
            self.settled.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and set `settled`."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self.settled.set()

    def wind_down(self) -> None:
        """End the requests that wait; not in a thread of the loop, which has none left at exit."""
        self._service.wind_down()  # first, so that no prompt is accepted that has waited
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._stopping.set)

    def join_workers(self) -> None:
        """Wait for the threads of the pool, which anyio stops but does not join."""
        for thread in threading.enumerate():
            if getattr(thread, "loop", thread) is self._loop:
                thread.join(GRACE)
