"""Methods: the response to a method that a path does not allow."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.routing import Match, Route


def not_allowed(*routers: APIRouter) -> Callable[[Request, Exception], Awaitable[JSONResponse]]:
    """Return a handler for 405 that names all methods of the path in `Allow`, by the routes of these routers.

    The framework itself names those of the first route only.
    """

    async def respond(request: Request, _: Exception) -> JSONResponse:
        app: FastAPI = request.app
        all_routes = [*(route for router in routers for route in router.routes), *app.routes]
        routes = [route for route in all_routes if isinstance(route, Route)]
        path = next(route.path for route in routes if route.matches(request.scope)[0] is not Match.NONE)
        allowed = {method for route in routes if route.path == path for method in route.methods or ()}
        return JSONResponse({"detail": "Method Not Allowed"}, 405, {"Allow": ", ".join(sorted(allowed))})

    return respond
