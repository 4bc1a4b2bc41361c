"""The transport: the loop of attempts and redirects around urllib3's pools, and what an answer is."""

from __future__ import annotations

import io
import time
import weakref
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Optional, TypeVar, Union, cast

import urllib3
from urllib3.exceptions import (
    DecodeError,
    HTTPError,
    ProtocolError,
)

from portal_client.configuration import Configuration
from portal_client.exceptions import ApiException as ApiException
from portal_client.exceptions import (
    ApiResponseError,
    ApiTimeoutError,
    AuthenticationError,
)
from portal_client.exchange import Exchange
from portal_client.failure import bare, call_of, failure_of
from portal_client.multipart import Multipart
from portal_client.pools import Pools
from portal_client.redirect import MAX_REDIRECTS, redirected
from portal_client.request import HTTPRequest
from portal_client.retry import Attempts
from portal_client.timeouts import Deadline
from portal_client.watch import Watch

_BLOCK = 1024 * 1024
#: More of the body of an error is of no use, and would be taken to pieces as text and as JSON.
_MOST_OF_AN_ERROR = 16 * 1024 * 1024


@dataclass(slots=True)
class RESTResponse:
    """An answer that was read to its end; `data` is its body, decompressed."""

    status: int
    reason: Optional[str]
    headers: urllib3.HTTPHeaderDict
    data: bytes
    exchange: Exchange = field(repr=False)

    def close(self) -> None:
        """Nothing: the connection went back when the body was read."""


R = TypeVar("R", RESTResponse, urllib3.BaseHTTPResponse)
Finish = Callable[[urllib3.BaseHTTPResponse, Exchange, HTTPRequest], R]


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
        self._left_open: set[weakref.ref[urllib3.BaseHTTPResponse]] = set()
        self._sleep = sleep
        self._now = now

    def send(self, request: HTTPRequest) -> RESTResponse:
        """Send a request and read the answer, of any status, within its deadline.

        Raises ApiConnectionError, ApiTimeoutError, ApiResponseError, AuthenticationError.
        """
        return self._run(request, _read)

    def open(self, request: HTTPRequest) -> urllib3.BaseHTTPResponse:
        """Send a request and hand the answer over unread; from then on only silences are bounded."""
        response = self._run(request, _hand_over)
        self._left_open.add(weakref.ref(response, self._left_open.discard))
        return response

    def close(self) -> None:
        """Close all connections, those of unread answers too; the next request opens new ones."""
        for response in self._unread():
            response.close()
        self._pools.close()

    def _unread(self) -> list[urllib3.BaseHTTPResponse]:
        # From a copy: other threads open answers meanwhile, and forgotten ones leave the set.
        responses = [reference() for reference in list(self._left_open)]
        return [response for response in responses if response is not None and not response.closed]

    def _run(self, request: HTTPRequest, finish: Finish[R]) -> R:
        deadline = Deadline(request.timeouts, self._now)
        attempts = Attempts(request)
        asked = request
        exchange: Optional[Exchange] = None
        shown: Optional[str] = None
        number = redirects = 0
        renewed = False
        while True:
            number += 1
            exchange = Exchange(deadline, exchange)
            pool = self._pools.of(request.origin)
            watch = Watch.over(request, number, exchange)
            try:
                if shown is None and request.credential is not None:
                    shown = request.credential.shown()
                answer = finish(_attempt(pool, request, shown, exchange), exchange, request)
            except ApiException as error:
                exchange.end()
                error.call = call_of(asked, exchange)
                if watch:
                    watch.failed(error, final=True)
                raise
            except (HTTPError, TimeoutError) as error:
                exchange.end()
                failure = failure_of(request, error, exchange, len(self._unread()))
                failure.call = call_of(asked, exchange)
                timed_out = isinstance(failure, ApiTimeoutError)
                wait = attempts.after_error(request, error, failure.request_sent, final=timed_out)
                again = wait is not None and wait < deadline.left()
                if watch:
                    watch.failed(failure, final=not again)
                if not again:
                    raise failure from bare(error)
            else:
                exchange.end()
                with _closing_on_error(answer):
                    location = answer.headers.get("location") if redirects < MAX_REDIRECTS else None
                    following = redirected(request, answer.status, location)
                    wait = 0.0
                    if following is not None:
                        redirects += 1
                        request, shown = following, shown if following.credential else None
                    elif not renewed and (fresh := _renewed(request, answer.status, shown)) is not None:
                        renewed, shown = True, fresh
                    else:
                        wait = attempts.after_answer(request, answer.status, answer.headers)
                    again = wait is not None and wait < deadline.left()
                    if watch:
                        watch.answered(answer.status, final=not again)
                if not again:
                    deadline.lift()  # an answer handed over unread has only its silences bounded
                    return answer
                answer.close()
            if wait:
                self._sleep(wait)


def _attempt(
    pool: urllib3.HTTPConnectionPool, request: HTTPRequest, shown: Optional[str], exchange: Exchange
) -> urllib3.BaseHTTPResponse:
    headers, target, body = request.headers, request.target, request.body
    if shown is not None and request.credential is not None:
        headers = dict(headers)
        exchange.query = request.credential.apply(shown, headers)
    if isinstance(body, Multipart) and body.length is not None:
        headers = {**headers, "Content-Length": str(body.length)}
    deadline = exchange.deadline
    try:
        return pool.urlopen(
            request.method,
            f"{request.origin}{target}" if pool.proxy and request.origin.scheme == "http" else target,
            cast(Any, body),  # urllib3 sends any iterable of buffers
            headers,
            retries=False,
            redirect=False,
            assert_same_host=False,
            timeout=urllib3.Timeout(
                connect=deadline.within(deadline.limits.connect), read=deadline.within(deadline.limits.read)
            ),
            pool_timeout=exchange,  # type: ignore[arg-type]  # see connection.py
            preload_content=False,
            decode_content=True,
        )
    finally:
        if isinstance(body, Multipart):
            body.close()  # where it was left in the middle its file is open


@contextmanager
def _closing_on_error(answer: Union[RESTResponse, urllib3.BaseHTTPResponse]) -> Generator[None, None, None]:
    try:
        yield
    except BaseException:
        answer.close()
        raise


def _hand_over(
    response: urllib3.BaseHTTPResponse, exchange: Exchange, request: HTTPRequest
) -> urllib3.BaseHTTPResponse:
    return response


def _read(response: urllib3.BaseHTTPResponse, exchange: Exchange, request: HTTPRequest) -> RESTResponse:
    """The whole body, up to the limit after decompression; that of an error as far as it can be had."""
    good = response.status < 300
    limit = request.max_response_size if good else min(request.max_response_size, _MOST_OF_AN_ERROR)
    known = getattr(response, "length_remaining", None)
    taken = io.BytesIO()  # gives its bytes without a copy
    try:
        if good and known is not None and known <= limit and "content-encoding" not in response.headers:
            body = response.read()
        else:
            more = response.read if good else response.read1  # the latter loses nothing when it fails
            while (left := limit + 1 - taken.tell()) > 0 and (block := more(min(_BLOCK, left))):
                taken.write(block)
            body = taken.getvalue()
        if len(body) > limit:
            response.close()
            if good:
                raise _broken(response, request, f"larger than max_response_size, {limit} bytes")
    except ApiException:
        raise
    except (DecodeError, ProtocolError, ValueError) as error:
        response.close()
        if good and isinstance(error, DecodeError):
            raise _broken(response, request, f"not what its encoding says: {error.args[0]}") from error
        if good and isinstance(error, ValueError):  # http.client, at a chunk of a negative size
            raise ProtocolError(f"the body is framed wrongly: {error}", error) from error
        if good:
            raise
        body = taken.getvalue()  # what is known counts: the status
    except BaseException:
        response.close()
        raise
    return RESTResponse(response.status, response.reason, response.headers, body[:limit], exchange)


def _broken(response: urllib3.BaseHTTPResponse, request: HTTPRequest, how: str) -> ApiResponseError:
    return ApiResponseError(
        status=response.status,
        reason=f"{request.operation}: the body is {how}",
        headers=response.headers,
        request_id=request.request_id,
    )


def _renewed(request: HTTPRequest, status: int, shown: Optional[str]) -> Optional[str]:
    """Another token after a 401, if its source has one; a 401 was not applied, so it may go again."""
    if status != 401 or request.credential is None or not request.repeatable or request.retries is False:
        return None
    try:
        fresh = request.credential.shown()
    except AuthenticationError:
        return None  # the 401 is what the caller should see
    return None if fresh == shown else fresh
