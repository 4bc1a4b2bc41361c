"""Faults: a middleware that makes the faults that chaos draws."""

import asyncio
import os
import re
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal_sandbox.chaos import CUT, ERRORED, GONE, LATENCY, LOST, RESET, SLOT_FAULT, Chaos

#: The ASGI extension that holds the connection, an asyncio.Transport.
TRANSPORT = "portal_sandbox.transport"

#: The paths of the operations of both services but the root, where the page is; not of the documents and the
#: token endpoint.
_OPERATION = re.compile(
    "(/(agents|business|dashboard|playground|reports|routines|sessions)"
    "|/candela/(apps|circuits|directives|models|sessions?|slot|system|tool_modules|traces))(/|$)"
)

#: The statuses that come with Retry-After.
_RETRIABLE = ("429", "503")


class Faults:
    """Makes faults of requests for operations; other requests pass.

    The server must provide the connection as the extension `TRANSPORT`. No request waits once `stopping` is
    set.
    """

    def __init__(self, app: ASGIApp, chaos: Chaos, stopping: asyncio.Event) -> None:
        self._app = app
        self._chaos = chaos
        self._stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request, or make its fault."""
        if scope["type"] != "http" or not _OPERATION.match(scope["path"]):
            await self._app(scope, receive, send)
            return
        fate = self._chaos.fate()
        if fate.wait:
            self._chaos.count(LATENCY)
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), fate.wait)
        if fate.fault is None:
            await self._app(scope, receive, send)
        elif fate.fault in (ERRORED, GONE):
            state = scope.setdefault("state", {})
            state[SLOT_FAULT] = fate.fault
            await self._app(scope, receive, send)
            if SLOT_FAULT not in state:
                self._chaos.count(fate.fault)
        elif fate.fault == RESET:
            await _read(receive)
            self._chaos.count(RESET)
            reset(scope)
            await wait_for_disconnect(receive)
        elif fate.fault in (LOST, CUT):
            await self._app(scope, receive, _FaultySend(scope, send, self._chaos, fate.fault))
            await wait_for_disconnect(receive)
        else:
            self._chaos.count(fate.fault)
            await _refusal(fate.fault)(scope, receive, send)


class _FaultySend:
    """Sends a response up to its fault, and drops the rest."""

    def __init__(self, scope: Scope, send: Send, chaos: Chaos, kind: str) -> None:
        self._scope = scope
        self._send = send
        self._chaos = chaos
        self._kind = kind
        self._start: Message | None = None
        self._broken = False

    async def __call__(self, message: Message) -> None:
        if self._broken:
            return
        if self._kind == LOST:
            self._break(reset)
        elif message["type"] == "http.response.start":
            self._start = message
        elif self._start is None:  # the second piece of a stream
            await self._send_half(message)
        elif not message.get("body") and not message.get("more_body"):
            self._break(reset)  # there is no body to cut
        else:
            start, self._start = self._start, None
            await self._send(start)
            if message.get("more_body"):
                await self._send(message)
            else:
                await self._send_half(message)

    async def _send_half(self, message: Message) -> None:
        body = message.get("body", b"")
        await self._send({**message, "body": body[: len(body) // 2], "more_body": True})
        self._break(_close)

    def _break(self, end: Callable[[Scope], None]) -> None:
        self._broken = True
        self._chaos.count(self._kind)
        end(self._scope)


def _refusal(status: str) -> JSONResponse:
    headers = {"Retry-After": "1"} if status in _RETRIABLE else None
    return JSONResponse({"detail": "Chaos: the request was not carried out"}, int(status), headers)


async def _read(receive: Receive) -> None:
    while (await receive()).get("more_body"):
        pass


async def wait_for_disconnect(receive: Receive) -> None:
    """Wait until the connection is gone; the server would log an incomplete response."""
    while (await receive())["type"] != "http.disconnect":
        pass


def reset(scope: Scope) -> None:
    """Reset the connection; data that was not sent yet is dropped."""
    transport = _transport(scope)
    linger = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
    with suppress(OSError):  # the client has gone
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    transport.abort()


def _close(scope: Scope) -> None:
    """Close the connection after the data that was sent."""
    _transport(scope).close()


def _transport(scope: Scope) -> asyncio.Transport:
    return cast(asyncio.Transport, scope["extensions"][TRANSPORT])
