"""The access log: a line for each request, in the log `portal_sandbox.access` at INFO."""

import logging
from time import perf_counter

from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal_sandbox.log import escape

#: How many characters of a request for no operation are shown.
_MAX = 100

access = logging.getLogger("portal_sandbox.access")
access.addFilter(escape)


class AccessLog:
    """Logs who has asked for which operation, the status of the response, and the time until its end.

    Nothing else of a request is logged: no query, header or body, in which a secret may be.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not access.isEnabledFor(logging.INFO):
            await self._app(scope, receive, send)
            return
        status = "-"

        async def noting_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        began = perf_counter()
        try:
            await self._app(scope, receive, noting_send)
        finally:
            took = (perf_counter() - began) * 1000
            user = scope["state"].get("user", "-")
            access.info("%s %s %s %.0f ms", user, _operation(scope), status, took)


def _operation(scope: Scope) -> str:
    """The name of the operation, or method and path where it is none."""
    route = scope.get("route")
    if isinstance(route, APIRoute) and route.include_in_schema and scope["method"] in (route.methods or ()):
        return ".".join([*scope["root_path"].strip("/").split(), route.name])
    asked = f"{scope['method']} {scope['raw_path'].decode('latin-1')}"
    return asked if len(asked) <= _MAX else f"{asked[:_MAX]}…"
