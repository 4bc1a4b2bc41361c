"""Middleware: functions around each attempt of a call.

One may add headers, look at the response, replace it, or return a response without sending anything.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Optional, Protocol, Self, Union, cast

from urllib3 import HTTPHeaderDict

from portal_client.credential import check_header, check_header_name, header_key
from portal_client.exceptions import ApiTypeError, ApiValueError
from portal_client.multipart import Multipart
from portal_client.secret import PLAIN_HEADERS, Hidden

_PHRASES = {status.value: status.phrase for status in HTTPStatus}


class RequestHeaders(Mapping[str, str]):
    """The headers of a request, by names in any case; read-only, and its repr masks what may be private."""

    __slots__ = ("_named",)

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._named = {name.lower(): (name, value) for name, value in headers.items()}

    def __getitem__(self, name: str) -> str:
        return self._named[name.lower()][1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._named.values())

    def __len__(self) -> int:
        return len(self._named)

    def __repr__(self) -> str:
        return repr(dict(self))  # whose values hide


class OnItsWay(Protocol):
    """A request that is about to be sent."""

    operation: str
    method: str
    target: str
    body: Union[bytes, Multipart, None]
    request_id: str
    foreign: bool

    @property
    def origin(self) -> object:
        """The scheme, host and port, as text."""
        ...


class MiddlewareRequest:
    """A request as a middleware sees it, before one attempt; nothing but its headers can be changed."""

    __slots__ = ("_attempt", "_carried", "_changes", "_request")

    def __init__(self, request: OnItsWay, attempt: int, carried: Callable[[], Mapping[str, str]]) -> None:
        self._request = request
        self._attempt = attempt
        self._carried = carried
        self._changes: Mapping[str, Optional[str]] = {}

    @property
    def operation(self) -> str:
        """The name of the operation, such as get_session."""
        return self._request.operation

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self._request.method

    @property
    def url(self) -> str:
        """The whole URL, but without a credential that is sent in the query."""
        return f"{self._request.origin}{self._request.target}"

    @property
    def body(self) -> Union[bytes, Multipart, None]:
        """Bytes, None, or a form, whose `parts` say what is in it."""
        return self._request.body

    @property
    def request_id(self) -> str:
        """The X-Request-ID, the same in each attempt of a call."""
        return self._request.request_id

    @property
    def attempt(self) -> int:
        """The number of the attempt in the call, from 1; redirects and repetitions count."""
        return self._attempt

    @property
    def foreign(self) -> bool:
        """Whether a redirect has led to another origin, which gets no credential and nothing private."""
        return self._request.foreign

    @property
    def headers(self) -> RequestHeaders:
        """The headers that are sent, the credential included; those of framing follow from the body.

        A token is fetched when they are first read, or else when the request is sent.

        Raises AuthenticationError, and ApiTimeoutError when the time for the call is over.
        """
        return RequestHeaders(self.to_dict())

    @property
    def changes(self) -> Mapping[str, Optional[str]]:
        """The headers that middleware has set; None for one that it has left out."""
        return self._changes

    def to_dict(self) -> dict[str, str]:
        """Return the headers as a dict of their own."""
        headers = dict(self._carried())
        if self._changes:
            changed = {name.lower() for name in self._changes}
            headers = {name: value for name, value in headers.items() if name.lower() not in changed}
            headers |= {name: value for name, value in self._changes.items() if value is not None}
        return headers

    def with_headers(self, headers: Mapping[str, Optional[str]]) -> Self:
        """Return this request with headers in place of those of the same names; None leaves one out.

        So `with_headers({**request.to_dict(), ...})` sends the others as they are.

        Raises ApiValueError, which names the header, for one that cannot be sent, or follows from the body.
        """
        changes = dict(self._changes)
        for name, value in headers.items():
            key = header_key(name)
            if key == "content-type" and isinstance(self.body, Multipart):
                if value == self.headers["Content-Type"]:
                    continue
                raise ApiValueError(f"the header {name} holds the boundary of the form and cannot be set")
            for known in [known for known in changes if known.lower() == key]:
                del changes[known]
            if value is not None:
                value = check_header(name, value)
                value = value if key in PLAIN_HEADERS else Hidden(value)
            changes[name] = value
        changed = type(self)(self._request, self._attempt, self._carried)
        changed._changes = changes  # noqa: SLF001  # its own
        return changed

    def __repr__(self) -> str:
        url = self.url.partition("?")[0]
        return f"<{type(self).__name__} {self.operation}, {self.method} {url}, attempt {self.attempt}>"


class MiddlewareResponse:
    """A response: that of the network, or one that a middleware makes.

    `headers` may be changed. A body is as the caller is to see it, neither compressed nor chunked, whatever
    the headers say: bytes, or an iterable of bytes, which is read as the caller reads, and closed with the
    response. `reason` is by default that of the status. `request_sent` says of a response that did not come
    over the network whether errors of the call are to say that the request was sent: that of a recording was.

    Raises ApiTypeError and ApiValueError for what cannot be a response.
    """

    def __init__(
        self,
        status: int,
        headers: Optional[Mapping[str, str]] = None,
        body: Union[bytes, Iterable[bytes]] = b"",
        reason: Optional[str] = None,
        *,
        request_sent: bool = False,
    ) -> None:
        if isinstance(cast(object, status), bool) or not isinstance(cast(object, status), int):
            raise ApiTypeError(f"status must be an int, not {type(status).__name__}")
        if not 200 <= status <= 599:
            raise ApiValueError(f"status must be that of a final response, 200 to 599, not {status}")
        if isinstance(cast(object, body), str) or not isinstance(cast(object, body), Iterable):
            raise ApiTypeError(f"body must be bytes or an iterable of bytes, not {type(body).__name__}")
        self.status: int = status
        self.headers: HTTPHeaderDict = HTTPHeaderDict()
        pairs = headers.iteritems() if isinstance(headers, HTTPHeaderDict) else (headers or {}).items()
        for name, value in pairs:
            self.headers.add(check_header_name("headers", name), check_header(name, value))
        self.reason: Optional[str] = _PHRASES.get(status) if reason is None else reason
        self.request_sent: bool = request_sent
        self._body = body

    def read(self) -> bytes:
        """Return the whole body, decompressed; a second time, too.

        Raises ApiException, of the kind that the caller would see.
        """
        if not isinstance(self._body, (bytes, bytearray, memoryview)):
            self._body = b"".join(self._body)
        return bytes(self._body)

    def blocks(self) -> Iterator[bytes]:
        """Return the body decompressed, block by block as it comes; to be read once."""
        if isinstance(self._body, (bytes, bytearray, memoryview)):
            return iter((bytes(self._body),))
        return iter(self._body)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status}>"


class CallNext(Protocol):
    """The middleware that follows, and behind it the network."""

    def __call__(self, request: MiddlewareRequest, /) -> MiddlewareResponse:
        """Send a request, once at most, and return its response, of any status.

        Raises ApiException, of the kind that the caller would see.
        """
        ...


class Middleware(Protocol):
    """A function around each attempt of a call: `def handle(request, call_next)`."""

    def __call__(self, request: MiddlewareRequest, call_next: CallNext, /) -> MiddlewareResponse:
        """Return the response: `call_next(request)`, or one in its place."""
        ...


#: Middleware of all clients in this process, nearest to the network: for a recorder, while it is at work.
everywhere: list[Middleware] = []


def check_middleware(name: str, value: Any) -> list[Middleware]:
    """Return a list of middleware.

    Raises ApiValueError, which names the argument.
    """
    if callable(value) or not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
        raise ApiValueError(f"{name} must be a sequence of functions, not {type(value).__name__}")
    for item in cast("Sequence[Any]", value):
        if not callable(item) or isinstance(item, type):
            raise ApiValueError(f"{name}: {_named(item)} is not a function (request, call_next)")
        if inspect.iscoroutinefunction(item):
            raise ApiValueError(f"{name}: {_named(item)} is a coroutine function, but calls are synchronous")
    return list(cast("Sequence[Middleware]", value))


def _named(item: object) -> str:
    return str(getattr(item, "__qualname__", type(item).__name__))
