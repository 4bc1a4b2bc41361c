"""The response of a call: data, status and headers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Generic, Optional, TypeVar

from pydantic import BaseModel, Field, PlainSerializer, StrictBytes, StrictInt, WrapValidator
from urllib3 import HTTPHeaderDict

from portal_client.display import DisplayedModel

T = TypeVar("T")


def _as_they_came(value: Any, handler: Callable[[Any], Mapping[str, str]]) -> HTTPHeaderDict:
    return value if isinstance(value, HTTPHeaderDict) else HTTPHeaderDict(handler(value))


Headers = Annotated[
    Mapping[str, str], WrapValidator(_as_they_came), PlainSerializer(dict, return_type=dict[str, str])
]


class ApiResponse(DisplayedModel, BaseModel, Generic[T]):
    """The data of a call with the status, headers and body of its response."""

    status_code: StrictInt
    """The HTTP status, such as 200."""
    headers: Optional[Headers] = None
    """The response headers, under the names that the server sent; lookup ignores case."""
    data: T
    """The data that the plain call form returns."""
    raw_data: StrictBytes = Field(repr=False)
    """The body as it was received, decompressed."""
    request_id: Optional[str] = None
    """The server's X-Request-ID, or the one that was sent."""

    def _view(self) -> Any:
        from portal_client.views.content import response_parts

        return response_parts(self)
