"""Forms: texts may be long, where the libraries allow a megabyte, and an empty one is not a missing one."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.datastructures import FormData

#: The largest text field of a form, in bytes.
MAX_TEXT_SIZE = 64 * 1024 * 1024


class Forms(APIRoute):
    """A route whose form fields may be as long as `MAX_TEXT_SIZE`; one that is empty is refused as such."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def with_forms(request: Request) -> Response:
            try:
                return await handle(_Request(request.scope, request.receive))
            except RequestValidationError as error:
                raise RequestValidationError([_told(item, error.body) for item in error.errors()]) from None

        return with_forms


class _Request(Request):
    def form(self, **limits: Any) -> Any:
        return super().form(**{**limits, "max_part_size": MAX_TEXT_SIZE})


def _told(error: dict[str, Any], body: object) -> dict[str, Any]:
    """The error; of a field that is said to be missing and is there, that it is empty."""
    if error["type"] == "missing" and isinstance(body, FormData) and body.get(error["loc"][-1]) == "":
        return {**error, "msg": "Field must not be empty", "type": "string_too_short"}
    return error
