"""The access log: a line for each request, in the logger `portal_sandbox.access` at INFO."""

import logging
from time import perf_counter

from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal_sandbox.log import escape

#: The maximum length of the method and path of a request that is for no operation.
_MAX_LENGTH = 100

access = logging.getLogger("portal_sandbox.access")
access.addFilter(escape)


class AccessLog:
    """Logs the user and the operation of a request, the status of the response, and the time until its end.

    Nothing else of a request is logged: a query, header or body may hold a secret. What the page reads by
    itself is logged at DEBUG.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request and log it."""
        level = logging.DEBUG if scope.get("path", "").startswith("/page/") else logging.INFO
        if scope["type"] != "http" or not access.isEnabledFor(level):
            await self._app(scope, receive, send)
            return
        status = "-"

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        began = perf_counter()
        try:
            await self._app(scope, receive, send_and_note)
        finally:
            took_ms = (perf_counter() - began) * 1000
            user = scope["state"].get("user", "-")
            access.log(level, "%s %s %s %.0f ms", user, _operation(scope), status, took_ms)


def _operation(scope: Scope) -> str:
    """Return the name of the operation, or method and path where it is none."""
    route = scope.get("route")
    if isinstance(route, APIRoute) and route.include_in_schema and scope["method"] in (route.methods or ()):
        return ".".join([*scope["root_path"].strip("/").split(), route.name])
    target = f"{scope['method']} {scope['raw_path'].decode('latin-1')}"
    return target if len(target) <= _MAX_LENGTH else f"{target[:_MAX_LENGTH]}…"
