"""Forms with long texts: what the libraries allow by default is one megabyte for a field."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

#: The largest text field of a form, in bytes.
MAX_TEXT_SIZE = 64 * 1024 * 1024


class LongTexts(APIRoute):
    """A route whose form fields may be as long as `MAX_TEXT_SIZE`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def with_long_texts(request: Request) -> Response:
            return await handle(_Request(request.scope, request.receive))

        return with_long_texts


class _Request(Request):
    def form(self, **limits: Any) -> Any:
        return super().form(**{**limits, "max_part_size": MAX_TEXT_SIZE})
