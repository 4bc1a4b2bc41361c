"""The body of a response: read to its end, within bounds, or left unread."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Optional, Union

import urllib3
from urllib3.exceptions import DecodeError, ProtocolError

from portal_client.exceptions import ApiException, ApiResponseError
from portal_client.request import HTTPRequest
from portal_client.transport.errors import error_context, strip_traceback
from portal_client.transport.exchange import Exchange

_BLOCK_BYTES = 1024 * 1024
#: More of the body of an error is of no use, and would be parsed as text and as JSON.
_MAX_ERROR_BODY_BYTES = 16 * 1024 * 1024


@dataclass(slots=True)
class RESTResponse:
    """A response that was read to its end; `data` is its body, decompressed."""

    status: int
    reason: Optional[str]
    headers: urllib3.HTTPHeaderDict = field(repr=False)
    data: bytes = field(repr=False)
    exchange: Exchange = field(repr=False)

    def close(self) -> None:
        """Do nothing: the connection went back when the body was read."""


Response = Union[RESTResponse, urllib3.BaseHTTPResponse]


def leave_unread(
    response: urllib3.BaseHTTPResponse, exchange: Exchange, request: HTTPRequest
) -> urllib3.BaseHTTPResponse:
    """Return the response as it is, unread."""
    return response


def leave_events_unread(r: urllib3.BaseHTTPResponse, exchange: Exchange, request: HTTPRequest) -> Response:
    """Return a response of events unread; read one of another status than 2xx."""
    if not 200 <= r.status <= 299:
        return read(r, exchange, request)
    limits, idle = request.timeouts, request.idle_timeout
    # The total ends here, but one silence alone should not outlast it.
    exchange.silence = min(limits.read, limits.total) if idle is None else idle
    return r


def read(response: urllib3.BaseHTTPResponse, exchange: Exchange, request: HTTPRequest) -> RESTResponse:
    """Read the body up to the limit, after decompression; that of an error as far as it comes."""
    good = response.status < 300
    limit = request.max_response_size if good else min(request.max_response_size, _MAX_ERROR_BODY_BYTES)
    known = getattr(response, "length_remaining", None)
    taken = io.BytesIO()  # gives its bytes without a copy
    try:
        if good and known is not None and known <= limit and "content-encoding" not in response.headers:
            body = response.read()
        else:
            more = response.read if good else response.read1  # the latter loses nothing when it fails
            while (left := limit + 1 - taken.tell()) > 0 and (block := more(min(_BLOCK_BYTES, left))):
                taken.write(block)
            body = taken.getvalue()
        if len(body) > limit:
            response.close()
            if good:
                del body  # tools print the variables of a traceback
                raise _broken(response, exchange, request, f"larger than max_response_size, {limit} bytes")
    except ApiException:
        raise
    except (DecodeError, ProtocolError) as error:
        response.close()
        if good and isinstance(error, DecodeError):
            how = f"not what its encoding says: {error.args[0]}"
            raise _broken(response, exchange, request, how) from strip_traceback(error)
        if good:
            raise
        body = taken.getvalue()  # what is known counts: the status
    except BaseException:
        response.close()
        raise
    return RESTResponse(response.status, response.reason, response.headers, body[:limit], exchange)


def _broken(
    response: urllib3.BaseHTTPResponse, exchange: Exchange, request: HTTPRequest, how: str
) -> ApiResponseError:
    return ApiResponseError(
        status=response.status,
        reason=f"{request.operation}: the body is {how}",
        headers=response.headers,
        request_id=request.request_id,
        **error_context(request, exchange),
    )
