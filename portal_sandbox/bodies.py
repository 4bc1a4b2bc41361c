"""Request bodies: forms with long texts, and JSON that can be checked, stored and written back."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic_core import from_json
from starlette.datastructures import FormData

#: The maximum size of a text field in a form, in bytes; the libraries' own is a megabyte.
MAX_TEXT_SIZE = 64 * 1024 * 1024


class BodyRoute(APIRoute):
    """A route that takes long form fields and strict JSON, and explains its validation errors.

    A form field may be as long as `MAX_TEXT_SIZE`. JSON is that of RFC 8259, at most 200 levels deep, which
    is as far as pydantic follows.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler of the route's requests."""
        handle = super().get_route_handler()

        async def handle_body(request: Request) -> Response:
            try:
                return await handle(_Request(request.scope, request.receive))
            except RequestValidationError as error:
                raise RequestValidationError(
                    [_explained(item, error.body) for item in error.errors()]
                ) from None

        return handle_body


class _Request(Request):
    def form(self, **limits: Any) -> Any:
        return super().form(**{**limits, "max_part_size": MAX_TEXT_SIZE})

    async def json(self) -> Any:
        """Return the body. Raises JSONDecodeError for lone surrogates, NaN and too large numbers."""
        body = await self.body()
        try:
            value = from_json(body, allow_inf_nan=False)
            json.dumps(value, allow_nan=False)
        except ValueError as error:
            raise json.JSONDecodeError(str(error), "", 0) from None
        return value


def _explained(error: dict[str, Any], body: object) -> dict[str, Any]:
    """Return a validation error with a better text for an empty field and for bad JSON."""
    if error["type"] == "missing" and isinstance(body, FormData) and body.get(error["loc"][-1]) == "":
        return {**error, "msg": "Field must not be empty", "type": "string_too_short"}
    if error["type"] == "json_invalid":
        return {**error, "loc": ("body",), "msg": f"JSON that cannot be read: {error['ctx']['error']}"}
    return error
