"""Exceptions mapped to those of the client, with the context that each error has of its call."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from traceback import walk_tb
from typing import Any, Optional, cast

import urllib3
from urllib3.exceptions import EmptyPoolError, HTTPError, NewConnectionError, ProtocolError, ProxyError

from portal_client.call import Call
from portal_client.exceptions import ApiConnectionError, ApiException, ApiTimeoutError, OpenApiException
from portal_client.request import HTTPRequest
from portal_client.secret import Hidden
from portal_client.text import masked, printable, shortened
from portal_client.transport.curl import curl
from portal_client.transport.exchange import Exchange

#: Of the words of the original exception.
_MAX_CHARACTERS = 300

#: How urllib3 begins the text of an error: with the pool or connection that it is about.
_SUBJECT = re.compile(r"\w+\(host=.*?\): ")

_CREDENTIAL = re.compile("auth|cookie|credential|key|password|secret|session|signature|token", re.IGNORECASE)


def map_exception(
    first: HTTPRequest, request: HTTPRequest, error: BaseException, last: Exchange, unread: int
) -> BaseException:
    """Return the exception that a call raises whose last attempt met another.

    That is an ApiException, which tells of the call; but an interrupt passes, as does what a signal handler
    raised, and a setting that cannot be used while nothing was sent. `first` is the first request of the
    call, `unread` the number of responses that were left unread.
    """
    if (interrupt := _of_signal_handler(error)) is not None or not isinstance(error, Exception):
        return interrupt or error
    known = error_context(first, last)
    if isinstance(error, ApiException):
        _drop_suppressed(error)
        for name in ("request_sent", "safe_to_repeat", "call"):
            setattr(error, name, known[name])
        if known["request_sent"] and not error.status:
            error.reason = f"{error.reason} ({_outcome(known)})"
            error.args = (0, error.reason)
            error.request, error.request_id = first.described, error.request_id or request.request_id
        return error
    if isinstance(error, OpenApiException) and not known["request_sent"]:
        return error
    kind: type[ApiException] = ApiException
    if isinstance(error, (HTTPError, TimeoutError)):
        kind = ApiTimeoutError if _is_timeout(error) else ApiConnectionError
    what = _timeout(request, error, last, unread) if kind is ApiTimeoutError else _message(error)
    what = shortened(printable(masked(what, known["secrets"])), _MAX_CHARACTERS)
    reason = f"{request.operation}, {request.method} {request.url}: {what} ({_outcome(known)})"
    failure = kind(status=0, reason=reason, request_id=request.request_id, **known)
    failure.__cause__ = strip_traceback(error, known["secrets"])
    return failure


def _outcome(known: dict[str, Any]) -> str:
    """Return in words whether the request was sent, and whether it may be sent again."""
    if not known["request_sent"]:
        return "nothing was sent"
    return "the server has refused it" if known["safe_to_repeat"] else "the server may have seen the request"


def error_context(request: HTTPRequest, last: Exchange) -> dict[str, Any]:
    """Return the context that each error has of its call, as arguments of ApiException.

    `last` is the last attempt. The request was sent as soon as any attempt wrote a byte. It is safe to repeat
    where each attempt that did so was refused.
    """
    written = [attempt for attempt in last.attempts if attempt.written]
    return {
        "request_sent": bool(written),
        "safe_to_repeat": all(attempt.refused for attempt in written),
        "call": summarize(request, last),
        "secrets": tuple(_secrets(request, last)),
    }


def summarize(request: HTTPRequest, last: Exchange) -> Call:
    """Summarize a call, given the last of its attempts."""
    attempts = last.attempts
    return Call(
        operation=request.operation,
        method=request.method,
        url=request.url,
        attempts=len(attempts),
        seconds=last.ended - last.deadline.began,
        attempt_seconds=tuple(attempt.ended - attempt.began for attempt in attempts),
        sent=sum(attempt.sent for attempt in attempts),
        received=sum(attempt.received for attempt in attempts),
        curl=curl(request),
    )


def error_context_so_far(request: HTTPRequest, last: Exchange) -> dict[str, Any]:
    """Return the context of an error of a call whose response is still being read."""
    last.end()
    return error_context(request, last)


def strip_traceback(error: BaseException, secrets: Sequence[str] = ()) -> BaseException:
    """Return an error without its traceback, whose frames hold headers and bodies."""
    for held in error.args:  # a ProtocolError holds its cause so
        if isinstance(held, Exception):
            strip_traceback(held, secrets)
    error.args = tuple(masked(held, secrets) if isinstance(held, str) else held for held in error.args)
    kept = vars(error)  # a BadStatusLine has its line there, too
    kept.update({name: masked(held, secrets) for name, held in kept.items() if isinstance(held, str)})
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def _drop_suppressed(error: BaseException) -> None:
    """Drop what `from None` hides from a traceback: it may hold a token, and tblib puts it into a pickle."""
    shown: Optional[BaseException] = error
    while shown is not None:
        if shown.__suppress_context__:
            shown.__context__ = None
        shown = shown.__cause__ or shown.__context__


def _of_signal_handler(error: BaseException) -> Optional[BaseException]:
    """Return what a signal handler raised, if that is what the error comes from; None else."""
    codes = {_code(signal.getsignal(number)) for number in signal.valid_signals()} - {None}
    found: Optional[BaseException] = None
    left: list[object] = [error]
    seen: set[int] = set()
    while left:
        raised = left.pop()
        if not isinstance(raised, BaseException) or id(raised) in seen:
            continue
        seen.add(id(raised))
        if any(frame.f_code in codes for frame, _ in walk_tb(raised.__traceback__)):
            found = raised  # urllib3 raises its own errors with the frames of what they come from
        left += (raised.__context__, raised.__cause__, *raised.args)
    return found


def _code(handler: Any) -> Any:
    while isinstance(handler, partial):
        handler = cast("partial[Any]", handler).func
    return getattr(handler, "__code__", None) or getattr(type(handler).__call__, "__code__", None)


def _timeout(request: HTTPRequest, error: BaseException, last: Exchange, unread: int) -> str:
    """Return which limit was over, in words and in seconds."""
    limits = last.deadline.limits
    if isinstance(error, EmptyPoolError):
        return f"all connections to {request.origin} are in use, {unread} by responses left unread"
    if last.deadline.over:
        return f"the {limits.total:g} s for the call are over"
    if last.written:
        return f"the server was silent for {limits.read:g} s, the limit for each silence"
    return f"no connection within {limits.connect:g} s, the limit for connecting"


def _is_timeout(error: BaseException) -> bool:
    if isinstance(error, ProxyError):
        error = error.original_error
    if isinstance(error, NewConnectionError):  # refused or unresolvable, though derived from a timeout
        return False
    causes = (error, *error.args)  # a ProtocolError carries its cause as an argument
    return any(
        isinstance(cause, (EmptyPoolError, urllib3.exceptions.TimeoutError, TimeoutError)) for cause in causes
    )


def _message(error: BaseException) -> str:
    """Return the words of an error, without the names of classes that are urllib3's own affair."""
    if isinstance(error, ProxyError):
        return f"{error.args[0]}: {_message(error.original_error)}"
    if isinstance(error, ProtocolError) and error.args:  # it carries its cause as an argument
        return str(error.args[-1])
    if isinstance(error, (HTTPError, OSError)):
        return _SUBJECT.sub("", str(error))
    return f"{type(error).__name__}: {error}"


def _secrets(request: HTTPRequest, last: Exchange) -> Iterator[str]:
    """Yield the credentials of a call, which a server may send back."""
    for attempt in last.attempts:
        if attempt.credential is not None:
            yield _without_scheme(attempt.credential)
        yield from attempt.secrets
    yield from request.secrets
    yield from secrets_in(request.headers)


def secrets_in(headers: Mapping[str, str]) -> Iterator[str]:
    """Yield the values of headers, and those of the cookies in them, that are credentials."""
    for name, value in headers.items():
        if name.lower() == "cookie":
            yield from (Hidden(pair.partition("=")[2].strip()) for pair in value.split(";"))
        elif _CREDENTIAL.search(name):
            yield _without_scheme(value)


def _without_scheme(value: str) -> str:
    """Return what stands behind the scheme of an Authorization header, all of another value."""
    return Hidden(value.rpartition(" ")[2])
