"""An answer with its status and headers."""

from __future__ import annotations

from typing import Generic, Optional, TypeVar

from pydantic import BaseModel, StrictBytes, StrictInt

T = TypeVar("T")


class ApiResponse(BaseModel, Generic[T]):
    """What `x_with_http_info` answers: the data, and how it came."""

    status_code: StrictInt
    """The HTTP status, such as 200."""
    headers: Optional[dict[str, str]] = None
    """The response headers, under the names that the server sent."""
    data: T
    """What the plain call form answers."""
    raw_data: StrictBytes
    """The body as it was received, decompressed."""
    request_id: Optional[str] = None
    """The server's X-Request-ID, or the one that was sent."""
