"""The client of the transport: the loop of attempts, redirects and fresh tokens of one call."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Optional, Protocol, TypeVar, cast

import urllib3

from portal_client.configuration import Configuration
from portal_client.exceptions import ApiConnectionError, ApiTimeoutError, AuthenticationError
from portal_client.exceptions import ApiException as ApiException
from portal_client.multipart import Multipart
from portal_client.request import Caller, HTTPRequest
from portal_client.streaming import EventStream
from portal_client.timeouts import Deadline
from portal_client.transport import plain
from portal_client.transport.body import Response, leave_events_unread, leave_unread, read
from portal_client.transport.body import RESTResponse as RESTResponse
from portal_client.transport.chain import Chain
from portal_client.transport.errors import map_exception
from portal_client.transport.exchange import Exchange, send
from portal_client.transport.observers import Observers
from portal_client.transport.pools import Pools, Route
from portal_client.transport.redirect import MAX_REDIRECTS, redirected
from portal_client.transport.retry import RetryState, quota

_UNREAD = (urllib3.BaseHTTPResponse, EventStream)
R = TypeVar("R", bound=Response)
Finish = Callable[[urllib3.BaseHTTPResponse, Exchange, HTTPRequest], R]

#: urllib3 itself repeats nothing.
_ONCE = urllib3.Retry(False, redirect=False)


class Kept(Protocol):
    """A response, or what opens one after the other."""

    @property
    def closed(self) -> bool:
        """Whether it was closed, or read to its end."""
        ...

    def close(self) -> None:
        """Close it, from any thread."""
        ...


class RESTClientObject:
    """Sends requests over pooled connections; safe with threads and after a fork.

    TLS, proxy and pool size are read when the first connection to a host is opened. `sleep` and `now`
    are the clock, in seconds.
    """

    def __init__(
        self,
        configuration: Configuration,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pools = Pools(configuration)
        # Tokens are fetched over connections of their own: responses left unread may hold all others.
        self._pools_for_tokens = Pools(configuration, for_tokens=True)
        self._left_open: dict[weakref.ref[Kept], None] = {}  # in their order
        self._quota = quota()
        self.sleep = sleep
        self.now = now

    def send(self, request: HTTPRequest) -> RESTResponse:
        """Send a request and read the response, of any status, within its deadline.

        Raises ApiConnectionError, ApiTimeoutError, ApiResponseError, AuthenticationError.
        """
        return self._run(request, read, self._pools)

    def caller(self, request: HTTPRequest, deadline: Optional[Deadline] = None) -> Caller:
        """Return a call as the source of its token sees it."""
        return Caller(request, deadline or Deadline(request.timeouts, self.now), self._fetch, self.sleep)

    def _fetch(self, request: HTTPRequest) -> RESTResponse:
        response = self._run(request, read, self._pools_for_tokens)
        response.exchange.call_ended()
        return response

    def open(self, request: HTTPRequest) -> urllib3.BaseHTTPResponse:
        """Send a request and return the response unread; from then on only silences are bounded."""
        response = self._run(request, leave_unread, self._pools)
        self.keep(response)
        return response

    def stream(self, request: HTTPRequest) -> Response:
        """Send a request for events and return the response unread, but for a status other than 2xx."""
        return self._run(request, leave_events_unread, self._pools)

    def keep(self, response: Kept) -> None:
        """Close a response with the client, unless it is garbage-collected before.

        What connects again when a response is closed is to be kept before that.
        """
        self._left_open[weakref.ref(response, self._left_open.pop)] = None

    def close(self) -> None:
        """Close all connections, those of unread responses too; the next request opens new ones."""
        for response in self._unread():
            response.close()
        self._pools.close()
        self._pools_for_tokens.close()

    def _unread(self) -> list[Kept]:
        # From a copy: other threads open responses meanwhile, and forgotten ones leave.
        responses = [reference() for reference in list(self._left_open)]
        return [response for response in responses if response is not None and not response.closed]

    def _run(self, request: HTTPRequest, finish: Finish[R], pools: Pools) -> R:
        observers = Observers.of(request)
        if observers is None or not observers.of_end:
            return self._repeat(request, finish, pools, observers)
        try:
            return self._repeat(request, finish, pools, observers)
        except BaseException as error:
            observers.call_ended(error=error)
            raise

    def _repeat(
        self, request: HTTPRequest, finish: Finish[R], pools: Pools, observers: Optional[Observers]
    ) -> R:
        deadline = Deadline(request.timeouts, self.now)
        retries = RetryState(request, self._quota)
        first = request
        exchange: Optional[Exchange] = None
        value: Optional[str] = None  # of the credential, once it is resolved
        number = redirects = 0
        renewed = False
        while True:
            number += 1
            exchange = Exchange(deadline, exchange)
            if request.watch is not None:
                request.watch(exchange)
            if observers:
                observers.attempt(request, number, exchange)
            response: Optional[R] = None
            wait: Optional[float] = None
            try:
                if observers:
                    observers.request_begins()
                if request.middleware:
                    unread = self._through(first, request, exchange, value, number, pools)
                else:
                    route = pools.of(request.origin, request.foreign)
                    headers = self._with_credential(request, exchange, value)
                    unread = _attempt(route, request, headers, exchange)
                response = finish(unread, exchange, request)
                value = exchange.credential or value
                exchange.end()
                following, wait = None, 0.0
                if response.status // 100 == 3 and request.follows and redirects < MAX_REDIRECTS:
                    following = redirected(request, response.status, response.headers.get("location"))
                if following is not None:
                    redirects += 1
                    request = following
                elif not renewed and (fresh := self._renewed(request, response.status, value, deadline)):
                    renewed, value = True, fresh
                else:
                    wait = retries.after_response(request, response.status, response.headers)
                again = wait is not None and wait < deadline.left()
                if observers:
                    observers.response_received(response.status, final=not again)
            except BaseException as error:
                exchange.end()
                if response is not None:
                    response.close()
                value = exchange.credential or value
                of_middleware = error is exchange.raised
                failure = error if of_middleware else self._mapped(first, request, exchange, error)
                wait = None
                connection_failed = (of_middleware or failure is not error) and response is None
                if connection_failed and isinstance(failure, ApiConnectionError):
                    timed_out = isinstance(failure, ApiTimeoutError)
                    cause = cast(Exception, failure.__cause__ or failure)
                    wait = retries.after_error(request, cause, exchange.written, final=timed_out)
                again = wait is not None and wait < deadline.left()
                if observers:
                    observers.attempt_failed(failure, final=not again)
                if not again:
                    if of_middleware:
                        raise
                    raise failure from failure.__cause__
            else:
                if not again:
                    if observers and observers.of_end:
                        exchange.on_end = observers.call_ended
                    deadline.lift()  # a response handed over unread has only its silences bounded
                    return response
                response.close()
            if wait:
                self.sleep(wait)

    def _through(
        self,
        first: HTTPRequest,
        request: HTTPRequest,
        exchange: Exchange,
        value: Optional[str],
        number: int,
        pools: Pools,
    ) -> urllib3.BaseHTTPResponse:
        """Make an attempt through the middleware, and return its response unread."""

        def send(headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
            return _attempt(pools.of(request.origin, request.foreign), request, headers, exchange)

        carried = partial(self._with_credential, request, exchange, value)
        mapped = partial(self._mapped, first, request, exchange)
        return Chain(request, exchange, carried, send, mapped).response(number)

    def _with_credential(
        self, request: HTTPRequest, exchange: Exchange, value: Optional[str]
    ) -> Mapping[str, str]:
        """Return the headers of an attempt with the credential; `value` is its text if that is known."""
        if request.credential is None:
            return request.headers
        value = value or exchange.credential
        if value is None:
            value = request.credential.resolve(self.caller(request, exchange.deadline))
        exchange.credential = value
        headers = dict(request.headers)
        exchange.query = request.credential.apply(value, headers)
        return headers

    def _mapped(
        self, first: HTTPRequest, request: HTTPRequest, exchange: Exchange, error: BaseException
    ) -> BaseException:
        exchange.end()
        unread = sum(isinstance(response, _UNREAD) for response in self._unread())
        return map_exception(first, request, error, exchange, unread)

    def _renewed(
        self, request: HTTPRequest, status: int, value: Optional[str], deadline: Deadline
    ) -> Optional[str]:
        """Return another token after a 401, which had no effect, if the source has one; None else."""
        if status != 401 or request.credential is None or not request.repeatable or request.retries is False:
            return None
        caller = self.caller(request, deadline)
        try:
            if value is None:  # a middleware has refused it unsent
                value = request.credential.resolve(caller)
            fresh = request.credential.resolve(caller, refused=value)
        except (AuthenticationError, ApiTimeoutError):
            return None  # the 401 is what the caller should see
        return None if fresh == value else fresh


def _attempt(
    route: Route, request: HTTPRequest, headers: Mapping[str, str], exchange: Exchange
) -> urllib3.BaseHTTPResponse:
    target, body = request.target, request.body
    if isinstance(body, Multipart) and body.length is not None:
        headers = {**headers, "Content-Length": str(body.length)}
    pool, exchange.proxy = route.pool, route.proxy
    limits = exchange.deadline.limits
    arguments: dict[str, Any] = {
        "method": request.method,
        "url": f"{request.origin}{target}" if pool.proxy and request.origin.scheme == "http" else target,
        "body": body,
        "headers": headers,
        "retries": _ONCE,
        # What urllib3's errors say; the connection has its timeout from the exchange.
        "timeout": min(limits.read, limits.total),
        "redirect": False,
        "assert_same_host": False,
        "preload_content": False,
        "decode_content": True,
    }
    try:
        response = (
            send(pool, exchange, arguments)
            if route.plain is None
            else plain.send(pool, route.plain, request, exchange, arguments)
        )
    finally:
        if isinstance(body, Multipart):
            body.close()  # where it was left in the middle its file is open
    exchange.status = response.status
    return response
