"""The middleware around one attempt: each calls the next, and the last one the network."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Optional, cast

import urllib3
from typing_extensions import override
from urllib3.exceptions import HTTPError

from portal_client.exceptions import ApiTypeError, OpenApiException
from portal_client.middleware import Middleware, MiddlewareRequest, MiddlewareResponse
from portal_client.request import HTTPRequest
from portal_client.transport.body import read
from portal_client.transport.exchange import Exchange

_BLOCK_BYTES = 64 * 1024
#: What the body that a middleware returns no longer is: it has been decoded.
_FRAMING = ("content-encoding", "content-length", "transfer-encoding")


class Chain:
    """One attempt through the middleware of a request.

    `carried` returns the headers with the credential, `send` sends them; `mapped` returns the error of the
    client that stands for another one.
    """

    def __init__(
        self,
        request: HTTPRequest,
        exchange: Exchange,
        carried: Callable[[], Mapping[str, str]],
        send: Callable[[Mapping[str, str]], urllib3.BaseHTTPResponse],
        mapped: Callable[[Exception], BaseException],
    ) -> None:
        self._request = request
        self._exchange = exchange
        self._carried = carried
        self._send = send
        self._mapped = mapped
        self._raised: Optional[BaseException] = None
        self._received: Optional[_Received] = None
        self._ended = False

    def response(self, number: int) -> urllib3.BaseHTTPResponse:
        """Make the attempt with this number in the call, and return its response unread.

        What a middleware raises leaves as it is, kept as `exchange.raised`.
        """
        request = MiddlewareRequest(self._request, number, self._carried)
        response: Optional[urllib3.BaseHTTPResponse] = None
        try:
            response = self._unread(self._through(0, request))
            self._exchange.deadline.within(math.inf)
            return response
        except BaseException as error:
            if response is not None:
                response.close()
            if self._received is not None:
                self._received.raw.close()
            failure: BaseException = error
            # One that means "nothing was sent" is another one where that is not so.
            if isinstance(error, (OpenApiException, HTTPError)) and error is not self._raised:
                failure = self._mapped(error)
            if response is None:  # else the deadline has passed
                self._exchange.raised = failure
            if failure is error:
                raise
            raise failure from failure.__cause__
        finally:
            self._ended = True

    def _through(self, place: int, request: MiddlewareRequest) -> MiddlewareResponse:
        """Return the response of the middleware at a place, and of those behind it."""
        if place == len(self._request.middleware):
            return self._network(request)
        middleware = self._request.middleware[place]
        left = [True]  # taken by one thread

        def call_next(request: MiddlewareRequest) -> MiddlewareResponse:
            if not isinstance(cast(Any, request), MiddlewareRequest):
                raise ApiTypeError(
                    f"{_name(middleware)} called call_next with {type(request).__name__}: it takes the "
                    "request, or what its with_headers() returns"
                )
            if self._ended or not _taken(left):
                when = "after its attempt had ended" if self._ended else "twice in one attempt"
                raise RuntimeError(
                    f"{_name(middleware)} called call_next {when}: the client itself sends a request again"
                )
            return self._through(place + 1, request)

        response: Any = middleware(request, call_next)
        if not isinstance(response, MiddlewareResponse):
            raise ApiTypeError(
                f"{_name(middleware)} returned {type(response).__name__}: it must return a "
                "MiddlewareResponse, such as that of call_next(request)"
            )
        if self._received is None and not self._exchange.written:
            self._exchange.uncounted, self._exchange.status = response.request_sent, response.status
        return response

    def _network(self, request: MiddlewareRequest) -> MiddlewareResponse:
        exchange = self._exchange
        try:
            headers = carried = self._carried()
            if request.changes:
                headers = request.to_dict()
                exchange.secrets = tuple({*filter(None, request.changes.values())} - {*carried.values()})
            raw = self._send(headers)
        except Exception as error:
            failure = self._failure(error)
            raise failure from failure.__cause__
        self._received = _Received(raw, exchange, self._request, self._failure)
        return self._received

    def _failure(self, error: Exception) -> BaseException:
        """Return what the caller is to see of an error of the network."""
        self._raised = self._mapped(error)
        return self._raised

    def _unread(self, response: MiddlewareResponse) -> urllib3.BaseHTTPResponse:
        """Return the response as urllib3 has one."""
        received = self._received
        if received is not None and response is received:
            if not received.taken:
                return received.raw
            if not received.was_read:
                raise ApiTypeError(
                    "a response was returned whose blocks() were taken: return a MiddlewareResponse of them"
                )
        headers = urllib3.HTTPHeaderDict(response.headers)
        for name in _FRAMING:
            headers.discard(name)
        body: Any = _Body(response.blocks(), self._exchange, None if received is None else received.raw)
        raw: Any = urllib3.HTTPResponse(
            body=body,
            headers=headers,
            status=response.status,
            version=11,
            version_string="HTTP/1.1",
            reason=response.reason,
            preload_content=False,
            decode_content=False,
            request_method=self._request.method,
            request_url=self._request.target,
        )
        raw.exchange = self._exchange
        return cast(urllib3.HTTPResponse, raw)


class _Received(MiddlewareResponse):
    """A response of the network, unread until a middleware reads it."""

    def __init__(
        self,
        raw: urllib3.BaseHTTPResponse,
        exchange: Exchange,
        request: HTTPRequest,
        failure: Callable[[Exception], BaseException],
    ) -> None:
        # Not through the constructor: what a server sends need not be what one may make.
        self.raw = raw
        self.status = raw.status
        self.headers = raw.headers
        self.reason = raw.reason
        self.request_sent = False  # the exchange knows
        self.taken = self.was_read = False
        self._exchange = exchange
        self._request = request
        self._failure = failure
        self._body = b""

    @override
    def read(self) -> bytes:
        if not self.taken:
            self.taken = self.was_read = True
            try:
                self._body = read(self.raw, self._exchange, self._request).data
            except Exception as error:
                failure = self._failure(error)
                raise failure from failure.__cause__
        return super().read()

    @override
    def blocks(self) -> Iterator[bytes]:
        if self.taken:
            return super().blocks()
        self.taken = True
        self._body = blocks = iter(partial(self.raw.read1, _BLOCK_BYTES), b"")
        return blocks


class _Body:
    """A body made of blocks, as urllib3 reads one; `beneath` is the response that it may be made of."""

    def __init__(
        self,
        blocks: Iterable[bytes],
        exchange: Exchange,
        beneath: Optional[urllib3.BaseHTTPResponse],
    ) -> None:
        self._blocks = iter(blocks)
        self._exchange = exchange
        self._beneath = beneath
        self._rest = memoryview(b"")
        self.closed = False

    def read(self, amount: Optional[int] = None) -> bytes:
        """Return so many bytes, fewer at the end only."""
        taken = bytearray()
        while (amount is None or len(taken) < amount) and (
            some := self.read1(_BLOCK_BYTES if amount is None else amount - len(taken))
        ):
            taken += some
        return bytes(taken)

    def read1(self, amount: int = _BLOCK_BYTES) -> bytes:
        """Return what has come, so many bytes at most; none at the end."""
        while not self._rest:
            self._exchange.deadline.within(math.inf)
            block: Any = next(self._blocks, None) if not self.closed else None
            if block is None or self.closed:
                return b""
            if not isinstance(block, (bytes, bytearray, memoryview)):
                raise ApiTypeError(f"the body of a middleware holds {type(block).__name__}, not bytes")
            self._rest = memoryview(cast(bytes, block))
        some, self._rest = self._rest[:amount], self._rest[amount:]
        return bytes(some)

    def close(self) -> None:
        """End it, from any thread."""
        self.closed = True
        if self._beneath is not None:
            self._beneath.close()
        with suppress(AttributeError, ValueError):  # it cannot be closed, or a thread is waiting in it
            cast(Any, self._blocks).close()


def _taken(left: list[bool]) -> bool:
    """Take the one item of a list, and tell whether it was there; of two threads one gets it."""
    with suppress(IndexError):
        return left.pop()
    return False


def _name(middleware: Middleware) -> str:
    return str(getattr(middleware, "__qualname__", type(middleware).__name__))
