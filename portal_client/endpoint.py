"""Declaring an endpoint: a typed stub, and the forms in which it is called."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, ClassVar, Concatenate, Optional, ParamSpec, TypeVar, cast

import urllib3

from portal_client.api_client import ApiClient
from portal_client.api_response import ApiResponse
from portal_client.configuration import Configuration
from portal_client.description import Form, argument_entries
from portal_client.exceptions import ApiTypeError
from portal_client.operation import JSON, Operation
from portal_client.options import RequestOptions, StreamOptions

__all__ = [
    "Api",
    "RequestOptions",
    "StreamOptions",
    "endpoint",
    "event_stream",
    "with_http_info",
    "without_preload_content",
]

A = TypeVar("A", bound="Api")
F = TypeVar("F", bound=Callable[..., Any])
P = ParamSpec("P")
T = TypeVar("T")

#: When a form raises ApiException.
_FAILED = "The call failed, or its response is an error; the subclass tells which."


class Api:
    """The operations of one tag.

    Each operation has three forms: `x` returns the data, `x_with_http_info` an ApiResponse that holds the
    status and the headers as well, and `x_without_preload_content` the raw response, its body unread. One
    whose response may come as events has a fourth: `x_stream` returns them as they come, an EventStream.

    Args:
        api_client: The client that sends the calls; the default one if None.
    """

    #: The kind of client that knows the options of these operations.
    _client_type: ClassVar[type[ApiClient]] = ApiClient

    api_client: ApiClient

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        texts = argument_entries(cls)
        for name, method in vars(cls).items():
            form = getattr(method, "__wrapped__", None)
            own = getattr(method, "__qualname__", "") == f"{cls.__qualname__}.{name}"
            if own and isinstance(form, Form) and method.__doc__:
                method.__doc__ = form.text(texts)

    def __init__(self, api_client: Optional[ApiClient] = None) -> None:
        kind = self._client_type
        other = isinstance(api_client, ApiClient) and not isinstance(api_client, kind)
        if other or isinstance(cast(object, api_client), (str, Configuration)):
            example = f"{type(self).__name__}({kind.__name__}(configuration))"
            raise ApiTypeError(f"api_client must be of type {kind.__name__}: {example}")
        self.api_client = kind.get_default() if api_client is None else api_client


def endpoint(
    method: str,
    path: str,
    *,
    consumes: Optional[str] = None,
    secured: bool = True,
    idempotent: Optional[bool] = None,
    accept: Optional[str] = JSON,
) -> Callable[[F], F]:
    """Make a stub an endpoint: its signature is the declaration, its body is `...`.

    Args:
        method: The HTTP method.
        path: The path below the host. An argument that it names as `{argument}` goes there.
        consumes: The content type of a form; the other arguments are its fields. Without one, a model is
            the JSON body, and the rest is the query.
        secured: Whether the client's credentials are sent.
        idempotent: Whether a request may be sent again although the server may have received it. By
            default a GET is.
        accept: The content type of the response, None to name none.
    """

    def declare(stub: F) -> F:
        operation = Operation(
            stub, method, path, consumes=consumes, secured=secured, idempotent=idempotent, accept=accept
        )

        def call(self: Api, /, *args: Any, **kwargs: Any) -> Any:
            return self.api_client.data(operation.request(args, kwargs))

        return cast(F, _dressed(call, Form(operation, _returns(operation), "", _FAILED)))

    return declare


def event_stream(method: Callable[..., Any]) -> Callable[[F], F]:
    """Make a stub the form of an endpoint that returns the events as they come: an EventStream[T]."""
    endpoint_operation: Operation = method.operation  # type: ignore[attr-defined]

    def declare(stub: F) -> F:
        operation = endpoint_operation.streamed(stub)

        def call(self: Api, /, *args: Any, **kwargs: Any) -> Any:
            return self.api_client.stream(operation.request(args, kwargs))

        note = "The events as they come; read it to its end, or close it."
        return cast(F, _dressed(call, Form(operation, _returns(operation), note, _FAILED)))

    return declare


def with_http_info(method: Callable[Concatenate[A, P], T]) -> Callable[Concatenate[A, P], ApiResponse[T]]:
    """Return the form of an endpoint that returns the status and the headers with the data."""
    operation: Operation = method.operation  # type: ignore[attr-defined]

    def call(self: Api, /, *args: Any, **kwargs: Any) -> Any:
        return self.api_client.response(operation.request(args, kwargs))

    data = _returns(operation)
    returns = f"ApiResponse[{data}]" if isinstance(data, str) else cast(Any, ApiResponse)[data]
    form = Form(operation, returns, "Status, headers and data.", _FAILED)
    dressed: Callable[Concatenate[A, P], ApiResponse[T]] = _dressed(call, form, "_with_http_info")
    return dressed


def without_preload_content(
    method: Callable[Concatenate[A, P], T],
) -> Callable[Concatenate[A, P], urllib3.BaseHTTPResponse]:
    """Return the form of an endpoint that returns the raw response of any status, its body still unread."""
    operation: Operation = method.operation  # type: ignore[attr-defined]

    def call(self: Api, /, *args: Any, **kwargs: Any) -> Any:
        return self.api_client.raw(operation.request(args, kwargs))

    note = "The raw response, whatever its status; read it to its end, or close it."
    form = Form(operation, "BaseHTTPResponse", note, "No response came. A status is no error here.")
    dressed: Callable[Concatenate[A, P], urllib3.BaseHTTPResponse]
    dressed = _dressed(call, form, "_without_preload_content")
    return dressed


def _returns(operation: Operation) -> Any:
    return operation.stub.__annotations__["return"]


def _dressed(call: Callable[..., Any], form: Form, suffix: str = "") -> Any:
    """Give a call form the name, signature and text of its endpoint, for help, hover and tracebacks."""
    dressed: Any = update_wrapper(call, form.operation.stub)
    dressed.operation = form.operation
    dressed.__wrapped__ = form
    dressed.__name__ += suffix
    dressed.__qualname__ += suffix
    dressed.__annotations__ = {**dressed.__annotations__, "return": form.returns}
    dressed.__code__ = dressed.__code__.replace(co_name=dressed.__name__)
    return dressed
