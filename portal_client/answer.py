"""What becomes of an answer: it is read to its end, within bounds, or handed over unread."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional, Union

import urllib3
from urllib3.exceptions import DecodeError, ProtocolError

from portal_client.connection import Exchange
from portal_client.exceptions import ApiException, ApiResponseError
from portal_client.request import HTTPRequest

_BLOCK = 1024 * 1024


@dataclass(slots=True)
class RESTResponse:
    """An answer that was read to its end; `data` is its body, decompressed."""

    status: int
    reason: Optional[str]
    headers: urllib3.HTTPHeaderDict = field(repr=False)
    data: bytes = field(repr=False)

    def close(self) -> None:
        """Nothing: the connection went back when the body was read."""


Answer = Union[RESTResponse, urllib3.BaseHTTPResponse]


def hand_over(
    response: urllib3.BaseHTTPResponse, exchange: Exchange, request: HTTPRequest
) -> urllib3.BaseHTTPResponse:
    """The answer as it is, unread."""
    return response


def hand_over_events(r: urllib3.BaseHTTPResponse, exchange: Exchange, request: HTTPRequest) -> Answer:
    """An answer of events as it is, unread; one of another status than 2xx is read."""
    if not 200 <= r.status <= 299:
        return read(r, exchange, request)
    if request.idle_timeout is not None:
        exchange.silence = request.idle_timeout
    return r


def read(response: urllib3.BaseHTTPResponse, exchange: Exchange, request: HTTPRequest) -> RESTResponse:
    """The whole body, up to the limit after decompression; that of an error is cut there."""
    limit = request.max_response_size
    known = getattr(response, "length_remaining", None)
    try:
        if known is not None and known <= limit and "content-encoding" not in response.headers:
            body = response.read()
        else:
            body = _bounded(response, limit + 1)
        if len(body) > limit:
            response.close()
            if response.status < 300:
                del body  # tools print the variables of a traceback
                raise _broken(response, request, f"larger than max_response_size, {limit} bytes")
    except DecodeError as error:
        response.close()
        raise _broken(response, request, f"not what its encoding says: {error.args[0]}") from bare(error)
    except ApiException:
        raise
    except ValueError as error:  # http.client, at a chunk of a negative size
        response.close()
        raise ProtocolError(f"the body is framed wrongly: {error}", error) from error
    except BaseException:
        response.close()
        raise
    return RESTResponse(response.status, response.reason, response.headers, body[:limit])


def _bounded(response: urllib3.BaseHTTPResponse, most: int) -> bytes:
    body = bytearray()
    while len(body) < most and (block := response.read(min(_BLOCK, most - len(body)))):
        body += block
    return bytes(body)


def _broken(response: urllib3.BaseHTTPResponse, request: HTTPRequest, how: str) -> ApiResponseError:
    return ApiResponseError(
        status=response.status,
        reason=f"{request.operation}: the body is {how}",
        headers=response.headers,
        request_id=request.request_id,
    )


def bare(error: Exception) -> Exception:
    """An error as the cause of ours: its text without the frames below, which hold headers and bodies."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)
