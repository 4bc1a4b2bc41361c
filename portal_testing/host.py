"""The thread that serves: one for a process, however many test servers there are, each at a path of its own.

To start a thread with its event loop for each test would take longer than most tests do. So that nothing is
shared between tests, each server has a database of its own, and a path that nobody can know after its end.
"""

from __future__ import annotations

import atexit
import os
import secrets
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import Protocol

from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from portal_sandbox.app import portal_app
from portal_sandbox.service import new_service
from portal_sandbox.serving import listening, serving


class Served(Protocol):
    """A test server, as far as its requests are concerned."""

    async def serve(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request by an app; the path of the server is the root path."""
        ...


class Host:
    """A server in a thread, which passes each request to the test server that it is for."""

    def __init__(self) -> None:
        self.pid: int = os.getpid()
        self._served: dict[str, Served] = {}
        app = portal_app(new_service(tokens={secrets.token_urlsafe(): "nobody"}))
        app.add_middleware(_Dispatch, served=self._served)
        with ExitStack() as stack:
            listener = stack.enter_context(listening("127.0.0.1", 0))
            stack.enter_context(serving(app, listener, None, ()))
            self._url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            self._stack = stack.pop_all()

    @contextmanager
    def serving(self, server: Served) -> Generator[str]:
        """Serve a test server for the block, whose value is its URL."""
        name = secrets.token_hex(4)
        self._served[name] = server
        try:
            yield f"{self._url}/{name}"
        finally:
            del self._served[name]

    def stop(self) -> None:
        """Stop the thread, unless this is a fork, which does not have it."""
        if self.pid == os.getpid():
            self._stack.close()


class _Dispatch:
    """Passes each request to the server whose path it begins with; 410 for one that has ended."""

    def __init__(self, app: ASGIApp, served: dict[str, Served]) -> None:
        self._app = app
        self._served = served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = scope["path"].partition("/")[2].partition("/")[0]
        server = self._served.get(name)
        if server is None:
            gone = JSONResponse({"detail": "The test that this server was for has ended"}, 410)
            await gone(scope, receive, send)
            return
        scope["root_path"] = f"/{name}"
        await server.serve(self._app, scope, receive, send)


_lock = Lock()
_host: Host | None = None


def host() -> Host:
    """Return the host of this process; the first call starts it, and a fork starts one of its own.

    Raises SandboxError where it cannot listen on 127.0.0.1.
    """
    global _host
    with _lock:
        if _host is None or _host.pid != os.getpid():
            try:
                _host = Host()
            except RuntimeError as error:  # that of pytest-socket is one
                error.add_note("A test server listens on 127.0.0.1: pytest --allow-hosts=127.0.0.1 allows it")
                raise
            atexit.register(_host.stop)
        return _host
