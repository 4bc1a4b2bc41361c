"""JSON bodies, read with care: what can be neither checked nor stored nor written back is refused."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic_core import from_json


class JsonBodies(APIRoute):
    """A route whose body is JSON as RFC 8259 has it, and at most 200 deep, as far as pydantic can follow."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def with_care(request: Request) -> Response:
            try:
                return await handle(_Request(request.scope, request.receive))
            except RequestValidationError as error:
                raise _explained(error) from None

        return with_care


class _Request(Request):
    async def json(self) -> Any:
        """The body, without half surrogate pairs, NaN, and numbers that no float can hold."""
        body = await self.body()
        try:
            value = from_json(body, allow_inf_nan=False)
            json.dumps(value, allow_nan=False)
            return value
        except ValueError as error:
            raise json.JSONDecodeError(str(error), "", 0) from None


def _explained(error: RequestValidationError) -> RequestValidationError:
    """The same error; of JSON that cannot be read, FastAPI's own says only that."""
    first = error.errors()[0]
    if first["type"] != "json_invalid":
        return error
    reason = f"JSON that cannot be read: {first['ctx']['error']}"
    return RequestValidationError([{"loc": ("body",), "msg": reason, "type": "json_invalid"}])
