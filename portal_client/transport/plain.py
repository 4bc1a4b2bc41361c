"""Plain mode: calls over urllib3's own pools, where its connections are not those that ours extend.

A recorder may have put classes of its own in their place, Pyodide has its own, and a release may lack a name
that ours need. The pools are then used as documented, with urllib3.Timeout as the only limit of an attempt,
and a request counts as sent unless its connection certainly failed before.
"""

from __future__ import annotations

import logging
import math
import os
import sys
import warnings
import weakref
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from functools import partial
from importlib import import_module
from importlib.metadata import version
from typing import Any, NamedTuple, Optional

import urllib3
import urllib3.connection
from urllib3.exceptions import ClosedPoolError, ConnectTimeoutError, HTTPError, NewConnectionError, ProxyError

from portal_client.exceptions import ApiException, OpenApiException
from portal_client.multipart import Multipart
from portal_client.request import HTTPRequest
from portal_client.secret import Hidden
from portal_client.text import exact
from portal_client.transport import _private
from portal_client.transport.exchange import Exchange
from portal_client.transport.proxies import SOCKS, Proxy

_OFF = (
    "the limit of a call bounds each wait and not their sum, responses are framed as leniently as urllib3 "
    "does it, and the number of connections is not bounded"
)

_warned: set[str] = set()

#: The part of the URL that a credential makes, while urllib3 has it in this thread or task.
_query: ContextVar[str] = ContextVar("portal_client.transport.plain", default="")

#: The loggers that urllib3 tells of URLs.
_LOGGERS = ("urllib3.connection", "urllib3.connectionpool")


class Reason(NamedTuple):
    """What plain mode is used on; the user of a recorder knows, and some connections take bytes only."""

    text: str
    recorder: bool = False
    takes_bytes: bool = False


def connection_classes() -> tuple[object, ...]:
    """Return the classes that urllib3 makes its connections of; they change as recorders come and go."""
    return (
        urllib3.connection.HTTPConnection,
        urllib3.connection.HTTPSConnection,
        getattr(urllib3.HTTPConnectionPool, "ConnectionCls", None),
        getattr(urllib3.HTTPSConnectionPool, "ConnectionCls", None),
    )


def reason_for(classes: tuple[object, ...]) -> Optional[Reason]:
    """Return why these classes need plain mode, None if our connections can be used."""
    for kind in filter(None, classes):
        module = str(getattr(kind, "__module__", ""))
        if module.startswith("urllib3.contrib.emscripten"):
            return Reason("Pyodide, whose urllib3 sends requests through the browser", takes_bytes=True)
        if module != "urllib3.connection":
            return Reason(f"the connection class {module}.{getattr(kind, '__name__', '?')}", recorder=True)
    lacking: object = _private.missing()
    try:
        import_module("portal_client.transport.connection")  # not before: it extends what is in place now
    except (AttributeError, ImportError, TypeError) as error:
        lacking = lacking or error
    return Reason(f"urllib3 {version('urllib3')} without {lacking}") if lacking else None


def warn(reason: Reason) -> None:
    """Warn once in a process of what does not hold; a recorder's user knows."""
    if not reason.recorder and reason.text not in _warned:
        _warned.add(reason.text)
        warnings.warn(f"Calls are made in plain mode on {reason.text}: {_OFF}", RuntimeWarning, stacklevel=2)


def manager(
    proxy: Optional[Proxy], proxy_headers: dict[str, str], settings: dict[str, Any]
) -> urllib3.PoolManager:
    """Return a manager that opens urllib3's own pools.

    They do not block: urllib3 does not give the place of a response back that is closed unread.
    """
    settings = {**settings, "block": False}
    if proxy is None:
        return urllib3.PoolManager(**settings)
    if proxy.url.scheme not in SOCKS:
        return urllib3.ProxyManager(proxy.url.url, proxy_headers=proxy_headers, **settings)
    from urllib3.contrib.socks import SOCKSProxyManager

    name, password = (
        (None, None)
        if proxy.username is None
        else (Hidden(proxy.username.decode()), Hidden(proxy.password.decode()))
    )
    return SOCKSProxyManager(proxy.url.url, username=name, password=password, **settings)


def send(
    pool: urllib3.HTTPConnectionPool,
    reason: Reason,
    request: HTTPRequest,
    exchange: Exchange,
    arguments: dict[str, Any],
) -> urllib3.BaseHTTPResponse:
    """Send a request over a pool of urllib3's own.

    Raises urllib3's errors, OSError, and ApiException where urllib3 cannot be called at all.
    """
    deadline = exchange.deadline
    silence = request.idle_timeout or deadline.limits.read
    # In Pyodide the limit for connecting is that of all until the response begins.
    connect = silence if sys.platform == "emscripten" else deadline.limits.connect
    arguments["timeout"] = urllib3.Timeout(
        connect=deadline.within(connect),
        read=deadline.within(silence),
        total=deadline.within(math.inf),
    )
    body = arguments["body"]
    if isinstance(body, Multipart):  # recorders keep the parts, whose memory is used again
        arguments["body"] = b"".join(map(bytes, body)) if reason.takes_bytes else map(bytes, body)
    url_to_show = arguments["url"]
    if exchange.query:
        arguments["url"] += ("&" if "?" in arguments["url"] else "?") + exchange.query
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(_mask)  # does nothing the second time
    arguments["url"] = exact(arguments["url"])  # recorders write no strings of another class
    arguments["headers"] = {name: exact(value) for name, value in arguments["headers"].items()}
    exchange.uncounted = True
    token = _query.set(exchange.query)
    try:
        response = pool.urlopen(**arguments)
    except (HTTPError, OSError, OpenApiException) as error:
        exchange.uncounted = not _before_connected(error)
        raise
    except Exception as error:
        if reason.recorder:
            raise
        raise ApiException(
            status=0, reason=f"calls are not supported on {reason.text}: {type(error).__name__}: {error}"
        ) from error
    finally:
        _query.reset(token)
    given: Any = response
    if exchange.query:
        given.url = url_to_show
    kind: Any = type(response)
    given.exchange, given.pid = exchange, os.getpid()
    given.close = partial(_close, weakref.ref(given), kind.close)
    if kind.read1 is urllib3.BaseHTTPResponse.read1:  # Pyodide's, whose read() returns what has come
        given.read1 = given.read
    return response


def _mask(record: logging.LogRecord) -> bool:
    """Leave a credential out of what urllib3 logs of its URL."""
    if query := _query.get():
        record.msg = record.getMessage().replace(query, f"{query.partition('=')[0]}=...")
        record.args = ()
    return True


def _before_connected(error: Exception) -> bool:
    """Whether an error certainly came before there was a connection to send the request over."""
    if isinstance(error, ProxyError):  # what urllib3 raises, too, where a proxy hangs up on the request
        error = error.original_error
    # A pool is closed with its client, or as a recorder comes or goes.
    return isinstance(error, (ClosedPoolError, ConnectTimeoutError, NewConnectionError))


def _close(reference: weakref.ref[Any], close: Callable[[Any], None]) -> None:
    """Close a response, and wake the thread that reads from it, which urllib3 would wait for."""
    response = reference()
    if response is None:
        return
    if response.pid == os.getpid() and not response.closed:  # after a fork the socket is the parent's
        if response.length_remaining is None:
            response.length_remaining = 1  # else the thread would take what has come for the whole
        with suppress(AttributeError, OSError, ValueError, RuntimeError, NotImplementedError):
            response.shutdown()
    close(response)
