"""Methods: what a path takes, said to whoever asks in another one."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.routing import Match, Route


def not_allowed(*routers: APIRouter) -> Callable[[Request, Exception], Awaitable[JSONResponse]]:
    """A handler for 405 that names all methods of the path in `Allow`, by the routes of these routers.

    The framework alone names those of the first route that it meets.
    """

    async def answer(request: Request, _: Exception) -> JSONResponse:
        app: FastAPI = request.app
        every = [*(route for router in routers for route in router.routes), *app.routes]
        routes = [route for route in every if isinstance(route, Route)]
        path = next(route.path for route in routes if route.matches(request.scope)[0] is not Match.NONE)
        allowed = {method for route in routes if route.path == path for method in route.methods or ()}
        return JSONResponse({"detail": "Method Not Allowed"}, 405, {"Allow": ", ".join(sorted(allowed))})

    return answer
