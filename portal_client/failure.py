"""What a failure of the transport is to the caller, and what an error tells of its call."""

from __future__ import annotations

from urllib3.exceptions import (
    ConnectTimeoutError,
    EmptyPoolError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
)

from portal_client.call import Call
from portal_client.curl import curl
from portal_client.exceptions import ApiConnectionError, ApiException, ApiTimeoutError
from portal_client.exchange import Exchange
from portal_client.request import HTTPRequest

#: Characters of a failure's own words.
_LONGEST = 300


def failure_of(request: HTTPRequest, error: Exception, exchange: Exchange, unread: int) -> ApiException:
    """The error for a failed attempt; `unread` is how many answers were left unread."""
    sent = exchange.sent > 0
    kind: type[ApiException] = ApiConnectionError
    # A ProtocolError carries its cause as an argument, and says no more itself.
    what = _shown(str(error.args[-1] if isinstance(error, ProtocolError) and error.args else error))
    if isinstance(error, EmptyPoolError):
        kind = ApiTimeoutError
        what = f"all connections to {request.origin} are in use, {unread} by answers left unread"
    elif _is_timeout(error):
        kind = ApiTimeoutError
        if exchange.deadline.over:
            what = f"the {exchange.deadline.limits.total:g} s for the call are over"
    outcome = "the server may have seen the request" if sent else "nothing was sent"
    reason = f"{request.operation}, {request.method} {request.url}: {what} ({outcome})"
    return kind(status=0, reason=reason, request_id=request.request_id, request_sent=sent)


def call_of(request: HTTPRequest, last: Exchange) -> Call:
    """What is told of a request, by the last of its attempts."""
    attempts = [last]
    while attempts[-1].before is not None:
        attempts.append(attempts[-1].before)
    return Call(
        operation=request.operation,
        method=request.method,
        url=request.url,
        attempts=len(attempts),
        seconds=last.ended - last.deadline.began,
        attempt_seconds=tuple(attempt.ended - attempt.began for attempt in reversed(attempts)),
        sent=sum(attempt.sent for attempt in attempts),
        received=sum(attempt.received for attempt in attempts),
        curl=curl(request),
    )


def call_so_far(request: HTTPRequest, last: Exchange) -> Call:
    """The same of a call whose answer is still being read."""
    last.end()
    return call_of(request, last)


def bare(error: Exception) -> Exception:
    """An error as the cause of ours: its text without the frames below, which hold headers and bodies."""
    for held in error.args:  # a ProtocolError holds its cause so
        if isinstance(held, Exception):
            bare(held)
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def _is_timeout(error: BaseException) -> bool:
    if isinstance(error, ProxyError):
        error = error.original_error
    if isinstance(error, NewConnectionError):  # refused or unresolvable, though derived from a timeout
        return False
    causes = (error, *error.args)  # a ProtocolError carries its cause as an argument
    return any(isinstance(cause, (ReadTimeoutError, ConnectTimeoutError, TimeoutError)) for cause in causes)


def _shown(text: str) -> str:
    """What a server may have had its hand in, as it can stand in a line."""
    line = text if text.isprintable() else ascii(text)[1:-1]
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
