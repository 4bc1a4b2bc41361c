"""The server: the app under uvicorn in a thread, from a clean start to a clean stop."""

import asyncio
import errno
import os
import secrets
import socket
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import uvicorn
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from portal_sandbox.agents import Agent
from portal_sandbox.app import RequestId, create_app
from portal_sandbox.arguments import check
from portal_sandbox.candela import app as candela
from portal_sandbox.candela import token_endpoint
from portal_sandbox.candela.oauth2 import OAuth2
from portal_sandbox.chaos import Chaos
from portal_sandbox.errors import SandboxError
from portal_sandbox.faults import TRANSPORT, Faults
from portal_sandbox.service import Service
from portal_sandbox.store import utc_now

#: How long a stop waits for requests that do not end, such as half an upload, in whole seconds.
GRACE = 1


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox: where it is, and a token that it accepts; `host` is where Portal is.

    `chaos` counts the faults that it makes, if it does.
    """

    host: str
    token: str = field(repr=False)
    oauth2: OAuth2
    chaos: Chaos | None = None

    @property
    def candela_url(self) -> str:
        """Where Candela is."""
        return self.host + candela.PATH

    @property
    def token_url(self) -> str:
        """Where Candela's tokens come from."""
        return self.candela_url + token_endpoint.PATH

    @property
    def secrets(self) -> dict[str, dict[str, str]]:
        """What a secrets.json for Candela holds: where it is, and how its first user signs in."""
        username, password = next(iter(self.oauth2.users.items()))
        return {
            "api": {
                "tokenUrl": self.token_url,
                "candelaUrl": self.candela_url,
                "username": username,
                "password": password,
                "clientId": self.oauth2.client_id,
                "clientSecret": self.oauth2.client_secret,
            }
        }


@contextmanager
def running(
    *,
    db: str | os.PathLike[str] | None = None,
    demo_data: bool = False,
    port: int = 0,
    host: str = "127.0.0.1",
    tokens: Mapping[str, str] | None = None,
    agents: Mapping[str, Agent] | None = None,
    latency: float = 0.0,
    pace: float = 0.0,
    oauth2: OAuth2 | None = None,
    now: Callable[[], datetime] = utc_now,
    chaos: str | None = None,
    chaos_seed: int | None = None,
) -> Generator[Sandbox]:
    """Run a sandbox in the background for as long as the block lasts.

    Port 0 takes a free one. `tokens` maps each bearer token to its user; by default one random token stands
    for "sandbox-user". `chaos`, such as "503:5%,reset:1%", makes faults of the operations, and the same ones
    again with the same `chaos_seed`; portal_sandbox.chaos says what there is. The other arguments are those
    of `create_app`.

    On leaving the block the answers under way are given up and everything is closed. Raises SandboxError when
    the port is taken or the database cannot be used, and ValueError for arguments that make no sense.
    """
    users = {secrets.token_urlsafe(16): "sandbox-user"} if tokens is None else tokens
    oauth2 = OAuth2() if oauth2 is None else oauth2
    if chaos is None and chaos_seed is not None:
        raise ValueError("chaos_seed is given without chaos")
    faults = None if chaos is None else Chaos(chaos, chaos_seed)
    app = create_app(
        tokens=users,
        db=db,
        demo_data=demo_data,
        agents=agents,
        latency=latency,
        pace=pace,
        oauth2=oauth2,
        now=now,
    )
    service: Service = app.state.service
    with ExitStack() as stack:
        listener = stack.enter_context(_listening(host, port))
        # Here, so that a database that cannot be used is the caller's exception and not a line in a log.
        stack.callback(service.stop)
        service.start()
        stack.enter_context(_serving(app, listener, faults))
        yield Sandbox(_address(listener), next(iter(users)), oauth2, faults)


def _listening(host: str, port: int) -> socket.socket:
    check("host", host, str, 'an address such as "127.0.0.1"')
    check("port", port, int, "a whole number such as 8000")
    if not 0 <= port <= 65535:
        raise ValueError(f"port must be from 0 to 65535, not {port}")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # With its protocol named: asyncio switches Nagle's algorithm off for such sockets only, and with it
        # on, each answer would take 40 ms.
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


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def _serving(app: FastAPI, listener: socket.socket, chaos: Chaos | None) -> Generator[None]:
    server = _Server(app, chaos)
    thread = threading.Thread(target=server.run_on, args=(listener,), name="portal-sandbox", daemon=True)
    thread.start()
    try:
        server.settled.wait()
        if not server.started:
            raise SandboxError("The server did not start")
        yield
    finally:
        server.should_exit = True
        thread.join()
        server.join_workers()


class _Protocol(H11Protocol):
    """uvicorn's protocol, which gives the app its connection, for the faults that break it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        app = self.app

        async def with_connection(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, "extensions": {TRANSPORT: transport}}, receive, send)

        self.app = with_connection


class _Server(uvicorn.Server):
    """uvicorn that says when it has started, and that wakes whoever waits for an answer before it stops."""

    def __init__(self, app: FastAPI, chaos: Chaos | None) -> None:
        self._let_go = asyncio.Event()
        super().__init__(
            uvicorn.Config(
                # Refusals of chaos have a request id, too.
                app if chaos is None else RequestId(Faults(app, chaos, self._let_go)),
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
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self.settled.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._let_go.set()
        await asyncio.to_thread(self._service.wind_down)
        await super().shutdown(sockets)

    def join_workers(self) -> None:
        """Wait for the threads of the pool, which anyio tells to end but does not join."""
        for thread in threading.enumerate():
            if getattr(thread, "loop", thread) is self._loop:
                thread.join(GRACE)
