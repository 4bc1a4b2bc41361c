"""The app: the routes on a service, and the responses to errors."""

import os
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal_sandbox import docs
from portal_sandbox.agents import Agent
from portal_sandbox.candela.oauth2 import OAuth2
from portal_sandbox.candela.service import PATH
from portal_sandbox.candela.slot_limits import Slots
from portal_sandbox.errors import NO_THREAD, NoThread, Refused
from portal_sandbox.log import log
from portal_sandbox.methods import not_allowed
from portal_sandbox.page import routes
from portal_sandbox.portal.routers import ROUTERS
from portal_sandbox.service import Service, new_service
from portal_sandbox.store import utc_now

_ROUTERS = (*ROUTERS, routes.router, docs.router)


def create_app(
    *,
    tokens: Mapping[str, str],
    db: str | os.PathLike[str] | None = None,
    demo_data: bool = False,
    agents: Mapping[str, Agent] | None = None,
    latency: float = 0.0,
    pace: float = 0.0,
    oauth2: OAuth2 | None = None,
    strict: bool = False,
    slots: Mapping[str, Slots] | None = None,
    slot_start: float = 0.0,
    slot_stop: float = 0.0,
    admins: Collection[str] | None = None,
    now: Callable[[], datetime] = utc_now,
) -> FastAPI:
    """Return the sandbox as an app, for a server of your own; `running` is simpler.

    `tokens` maps each bearer token to its user; `db` is a file for SQLite, or None for memory; `demo_data`
    adds the data of the documents' examples, and takes any other token as that of the user "guest";
    `agents` are added to "echo"; `latency`, in seconds, is the delay before each answer, and `pace` the pause
    after each piece that an agent yields; `oauth2` holds the users who may sign in to Candela. A `strict`
    Candela starts a session only for a user who has a slot, with an app and a model that are stored; `slots`
    are the types of slots that there are, such as {"gpu": Slots(max=2, free=1)}, by default any that is
    named; a slot takes `slot_start` seconds to start and `slot_stop` to stop; `admins` are the users who may
    do what is for administrators, by default everybody. `now` returns an aware datetime.

    The app opens its database when its server starts, and raises SandboxError where it cannot. Raises
    ValueError for tokens that no header can carry, for an agent that cannot be called, for a time that is not
    a number from 0 up, for an administrator who is no user, and for an argument of another type.
    """
    # Here, for these are a third of all imports, which tests of Portal need not wait for.
    from portal_sandbox.candela.app import candela_app

    app = portal_app(
        new_service(
            tokens=tokens,
            db=db,
            demo_data=demo_data,
            agents=agents,
            latency=latency,
            pace=pace,
            oauth2=oauth2,
            strict=strict,
            slots=slots,
            slot_start=slot_start,
            slot_stop=slot_stop,
            admins=admins,
            now=now,
        )
    )
    mounted = candela_app()
    _explain(mounted)
    app.mount(PATH, mounted)
    return app


def portal_app(service: Service) -> FastAPI:
    """Return the app of Portal alone."""
    app = FastAPI(
        title="Portal",
        version="0.1.0",
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = service
    for router in _ROUTERS:
        app.include_router(router)
    app.add_middleware(Failures)
    app.add_middleware(RequestId)
    app.add_middleware(ServedBy, service=service)
    app.add_exception_handler(405, not_allowed(*_ROUTERS))
    _explain(app)
    return app


def _explain(app: FastAPI) -> None:
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None]:
    service: Service = app.state.service
    service.start()
    try:
        yield
    finally:
        service.stop()


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)
    return JSONResponse({"detail": error.detail}, error.status, dict(error.headers))


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    """Return a response with the three keys of the contract, without the values of the request."""
    assert isinstance(error, RequestValidationError)
    found: list[dict[str, Any]] = [dict(item) for item in error.errors()]
    detail = [{key: item[key] for key in ("loc", "msg", "type")} for item in found]
    return JSONResponse({"detail": detail}, 422)


class ServedBy:
    """Names the service that each request is for, unless the server has named another one."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        scope.setdefault("state", {}).setdefault("service", self._service)
        await self._app(scope, receive, send)


class RequestId:
    """Sets the `X-Request-ID` of each response: that of its request, or a new one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = Headers(scope=scope).get("x-request-id") or str(uuid4())

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        await self._app(scope, receive, send_with_id)


class Failures:
    """Logs an unforeseen exception and sends 500 as JSON; 503 where threads have run out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        started = False

        async def send_and_note(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except Exception as error:
            if started or scope["type"] != "http":
                raise
            if error.args == NO_THREAD:  # from the pool that runs the operations
                await (await _refused(Request(scope), NoThread()))(scope, receive, send)
                return
            log.exception("%s %s failed", scope["method"], scope["path"])
            await JSONResponse({"detail": "Internal Server Error"}, 500)(scope, receive, send)
