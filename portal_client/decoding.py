"""The way back of a call: from a response to its data, or to the error that it stands for."""

from __future__ import annotations

from functools import partial
from typing import Any, Union

from pydantic import TypeAdapter, ValidationError

from portal_client import parsing
from portal_client.api_response import ApiResponse
from portal_client.exceptions import ApiException, ApiResponseError, error_for
from portal_client.nesting import clarified
from portal_client.operation import Operation
from portal_client.request import HTTPRequest
from portal_client.source import Source, Watched
from portal_client.transport.body import RESTResponse
from portal_client.transport.errors import error_context, error_context_so_far
from portal_client.transport.redirect import REDIRECTS
from portal_client.transport.response import HTTPResponse
from portal_client.transport.retry import retry_after

#: Made once and called without the class: either would cost more than the rest of making an ApiResponse.
_validate = TypeAdapter(ApiResponse[Any]).validator.validate_python

#: So many values are taken from any body; a larger one may hold one for 16 bytes of max_response_size.
_MANY_VALUES = 1_000_000


def decode(operation: Operation, response: RESTResponse, request: HTTPRequest, pause_gc: bool) -> Any:
    """Return the data of a 2xx response, of the type that the operation declares.

    Raises ApiResponseError where the body is of another type, or holds so many values that they would take
    many times its memory.
    """
    promised = operation.promised
    if promised is None or (promised is Any and response.status == 204):
        return None
    most = max(request.max_response_size // 16, _MANY_VALUES)
    if response.data.count(b",") > most:
        reason = f"{operation.name}: the body holds more than {most} values, which max_response_size allows"
        raise _error(ApiResponseError, response, request, reason=reason)
    content_type = _content_type(response)
    validate = operation.returns.validator.validate_json
    try:
        return parsing.parse_body(validate, response.data, content_type, pause_gc)
    except ValidationError as error:
        if promised is Any and clarified(error) is error:
            return parsing.as_text(response.data, content_type)
        reason = f"{operation.name}: the response is not what it declares: {parsing.explain(error)}"
        failure = _error(ApiResponseError, response, request, reason=reason)
        failure.__cause__ = None if failure.repeats_credentials else error
    raise failure  # here it has no context: that would hold the credentials, too


def api_response(response: RESTResponse, request: HTTPRequest, data: Any) -> ApiResponse[Any]:
    """Return the data with status, headers and body of its response."""
    made: ApiResponse[Any] = _validate(
        {
            "status_code": response.status,
            "headers": response.headers,
            "data": data,
            "raw_data": response.data,
            "request_id": response.headers.get("x-request-id", request.request_id),
        }
    )
    return made


def raise_for_status(response: RESTResponse, request: HTTPRequest, models: str) -> None:
    """Raise the ApiException of a response whose status is not 2xx; `models` is the package of its model."""
    if 200 <= response.status <= 299:
        return
    content_type = _content_type(response)
    model = parsing.adapter("HTTPValidationError", models) if response.status == 422 else None
    data = parsing.error_data(response.data, content_type, model)
    reason = response.reason
    if response.status in REDIRECTS:
        reason = f"{reason} (the redirect was not followed)"
    raise _error(error_for(response.status), response, request, reason=reason, data=data)


def context(response: RESTResponse, request: HTTPRequest) -> dict[str, Any]:
    """Return what an error tells of the call that a response belongs to, as arguments of an ApiException."""
    return {
        "request": request.described,
        "request_id": response.headers.get("x-request-id", request.request_id),
        **error_context(request, response.exchange),
    }


def event_source(response: HTTPResponse, request: HTTPRequest) -> Source:
    """Return an unread response as the source of a stream."""
    return Source(
        response if response.exchange.on_end is None else Watched(response, response.exchange),
        _content_type(response),
        request.described,
        response.headers.get("x-request-id", request.request_id),
        partial(error_context_so_far, request, response.exchange),
    )


def _error(
    kind: type[ApiException], response: RESTResponse, request: HTTPRequest, **described: Any
) -> ApiException:
    return kind(
        http_resp=response,
        body=parsing.as_text(response.data, _content_type(response)),
        retry_after=retry_after(response.headers),
        **context(response, request),
        **described,
    )


def _content_type(response: Union[RESTResponse, HTTPResponse]) -> str:
    return response.headers.get("content-type", "")
