"""Declaring an endpoint: a typed stub, and the forms in which it is called."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import update_wrapper
from typing import Any, ClassVar, Concatenate, Optional, ParamSpec, TypeVar, cast

import urllib3

from portal_client.api_client import ApiClient
from portal_client.api_response import ApiResponse
from portal_client.configuration import Configuration
from portal_client.description import arguments, described
from portal_client.exceptions import ApiTypeError
from portal_client.operation import Operation, RequestOptions, StreamOptions

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


class Api:
    """The operations of one tag; `api_client` is the client that sends them, the default one if None."""

    #: The kind of client that knows the options of these operations.
    _client_type: ClassVar[type[ApiClient]] = ApiClient

    api_client: ApiClient

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        said = arguments(cls.__doc__)
        for name, method in vars(cls).items():
            own = getattr(method, "__qualname__", "") == f"{cls.__qualname__}.{name}"
            if own and hasattr(method, "operation") and method.__doc__:
                text = described(method.operation.stub, said)
                method.__doc__ = f"{inspect.cleandoc(method.__doc__)}\n\n{text}".rstrip()

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
) -> Callable[[F], F]:
    """Make a stub an endpoint: its signature is the declaration, its body is `...`.

    An argument named in the path goes there; where `consumes` is a form the others are its fields;
    else a model is the JSON body and the rest is the query. `idempotent` (GET is) says whether the
    request may be sent again when it is not known what became of it.
    """

    def declare(stub: F) -> F:
        operation = Operation(stub, method, path, consumes=consumes, secured=secured, idempotent=idempotent)

        def call(self: Api, /, *args: Any, **kwargs: Any) -> Any:
            return self.api_client.data(operation.request(args, kwargs))

        return cast(F, _dressed(call, operation))

    return declare


def event_stream(method: Callable[..., Any]) -> Callable[[F], F]:
    """Make a stub the form of an endpoint that answers its events as they come: an EventStream[T]."""
    endpoint_operation: Operation = method.operation  # type: ignore[attr-defined]

    def declare(stub: F) -> F:
        operation = endpoint_operation.streamed(stub)

        def call(self: Api, /, *args: Any, **kwargs: Any) -> Any:
            return self.api_client.stream(operation.request(args, kwargs))

        return cast(F, _dressed(call, operation))

    return declare


def with_http_info(method: Callable[Concatenate[A, P], T]) -> Callable[Concatenate[A, P], ApiResponse[T]]:
    """The form of an endpoint that answers status and headers with the data."""
    operation: Operation = method.operation  # type: ignore[attr-defined]

    def call(self: Api, /, *args: Any, **kwargs: Any) -> Any:
        return self.api_client.response(operation.request(args, kwargs))

    returns = f"ApiResponse[{operation.stub.__annotations__['return']}]"
    note = "Answers status, headers and data."
    dressed: Callable[Concatenate[A, P], ApiResponse[T]] = _dressed(
        call, operation, "_with_http_info", returns, note
    )
    return dressed


def without_preload_content(
    method: Callable[Concatenate[A, P], T],
) -> Callable[Concatenate[A, P], urllib3.BaseHTTPResponse]:
    """The form of an endpoint that answers the raw response of any status, its body still unread."""
    operation: Operation = method.operation  # type: ignore[attr-defined]

    def call(self: Api, /, *args: Any, **kwargs: Any) -> Any:
        return self.api_client.raw(operation.request(args, kwargs))

    note = "Answers the raw response, whatever its status; read it to its end or close it."
    suffix = "_without_preload_content"
    dressed: Callable[Concatenate[A, P], urllib3.BaseHTTPResponse]
    dressed = _dressed(call, operation, suffix, "BaseHTTPResponse", note)
    return dressed


def _dressed(
    call: Callable[..., Any], operation: Operation, suffix: str = "", returns: str = "", note: str = ""
) -> Any:
    """Give a call form the name, signature and text of its endpoint, for help, hover and tracebacks."""
    stub = operation.stub
    dressed: Any = update_wrapper(call, stub)
    dressed.operation = operation
    if suffix:
        signature = inspect.signature(stub)
        dressed.__name__ += suffix
        dressed.__qualname__ += suffix
        dressed.__doc__ = f"{note}\n\n{inspect.cleandoc(stub.__doc__ or '')}"
        dressed.__signature__ = signature.replace(return_annotation=returns)
        dressed.__annotations__ = {**stub.__annotations__, "return": returns}
    dressed.__code__ = dressed.__code__.replace(co_name=dressed.__name__)
    return dressed
