"""Connections of urllib3 that keep a deadline and count the bytes of a request.

urllib3 bounds each wait on a socket but not their sum, so a body or header that drips one byte at a time
may go on for ever. Here each read and write is given what is left of the call's time.
"""

from __future__ import annotations

import errno
import http.client
import math
import socket
import ssl
import sys
from collections.abc import Sequence
from contextlib import suppress
from threading import Lock
from typing import Any, Optional
from weakref import ref

import urllib3
import urllib3.connection
from typing_extensions import override
from urllib3.connection import HTTPConnection as Extended
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationParseError,
    NameResolutionError,
    NewConnectionError,
)
from urllib3.util import connection
from urllib3.util.connection import allowed_gai_family

from portal_client.files import BLOCK
from portal_client.timeouts import Deadline, Timeouts, close_enough
from portal_client.transport.connection_queue import ConnectionQueue
from portal_client.transport.exchange import Exchange, current
from portal_client.transport.framing import FramedResponse
from portal_client.transport.reader import TimedSocket, shutdown_of
from portal_client.transport.response import HTTPResponse
from portal_client.transport.tls import explained

_TLS_RECORD_BYTES = 16 * 1024


class _Socket(socket.socket):
    """A socket that keeps a timeout close to the one that urllib3 sets before each request.

    Setting a timeout releases the interpreter, so that other threads run first.
    """

    __slots__ = ()

    @override
    def settimeout(self, value: Optional[float]) -> None:
        if not close_enough(self.gettimeout(), value):
            super().settimeout(value)


class HTTPConnection(Extended):
    """A connection that serves one exchange at a time."""

    # http.client would print headers, the token among them.
    debuglevel = 0
    exchange: Exchange
    timeout: Optional[float]
    _request: Optional[tuple[str, str, bool]] = None

    def __init__(self, host: str, **options: Any) -> None:
        super().__init__(host, **options)
        self._serving = Lock()
        #: With a dot at its end, which matters to the resolution of a name.
        self.full_host: str = host

    def _serve(self) -> None:
        """Take up the exchange of this thread."""
        exchange = current.get()
        with self._serving:
            self.exchange = exchange
        exchange.connection = ref(self)

    def interrupt(self, exchange: Exchange) -> None:
        """Wake who waits for an exchange, from any thread; not who has taken up the next one."""
        with self._serving:
            wake = shutdown_of(self.sock) if self.exchange is exchange else None
            if wake is not None:
                with suppress(OSError):  # it is closed already
                    wake(socket.SHUT_RDWR)

    @override
    def connect(self) -> None:
        self._serve()
        deadline = self.exchange.deadline
        limits = deadline.limits
        self.exchange.silence = limits.connect
        try:
            self.timeout = deadline.within(limits.connect)  # the wait for a connection has taken some of it
            super().connect()
        except ssl.SSLCertVerificationError as error:
            raise explained(error) from None
        finally:
            self.exchange.silence = limits.read
            self.exchange.sent = 0  # what went to a proxy to get here is not the request

    @override
    def _new_conn(self) -> socket.socket:
        # urllib3 would resolve the name anew for each address, and give each of them the whole time.
        create: Any = connection.create_connection
        if create.__module__ != connection.__name__:  # replaced by other code
            return self._bounded(super()._new_conn())
        found = self._resolve(*self._address())
        limit = math.inf if self.timeout is None else self.timeout
        shared = Deadline(Timeouts(total=limit))
        for left, (*kind, _, address) in zip(range(len(found), 0, -1), found, strict=True):
            try:
                return self._bounded(self._open_socket(kind, address, max(shared.left() / left, 0.001)))
            except OSError as error:
                if left == 1:
                    raise self._connect_error(error) from error
        raise self._connect_error(OSError("the name has no address"))

    def _resolve(self, host: str, port: int, family: int = 0) -> list[Any]:
        try:
            return socket.getaddrinfo(host, port, family or allowed_gai_family(), socket.SOCK_STREAM)
        except UnicodeError:
            raise LocationParseError(f"{host!r}, label empty or too long") from None
        except socket.gaierror as error:
            reason = socket.gaierror(f"{error}{self._proxy_suffix()}")
            raise NameResolutionError(host, self, reason) from error

    def _address(self) -> tuple[str, int]:
        """Host and port to connect to."""
        return self.full_host.strip("[]"), self.port

    def _open_socket(self, kind: Sequence[int], address: Any, limit: float) -> socket.socket:
        sock = self._make_socket(*kind)
        try:
            for option in self.socket_options or ():
                sock.setsockopt(*option)
            sock.settimeout(None if limit == math.inf else limit)
            if self.source_address:
                sock.bind(self.source_address)
            self._connect_socket(sock, address)
        except BaseException:
            sock.close()
            raise
        return sock

    def _make_socket(self, *kind: int) -> socket.socket:
        # Other code may have replaced the class, as gevent does.
        return (_Socket if socket.socket is _Socket.__base__ else socket.socket)(*kind)

    def _connect_socket(self, sock: socket.socket, address: Any) -> None:
        sock.connect(address)

    def _connect_error(self, error: OSError) -> HTTPError:
        if isinstance(error, TimeoutError):
            return ConnectTimeoutError(self, f"Connection to {self.host} timed out{self._proxy_suffix()}")
        text = f"Failed to establish a new connection: {error}{self._proxy_suffix()}"
        return NewConnectionError(self, text)

    def _proxy_suffix(self) -> str:
        # So that an error names the setting that the proxy comes from.
        return "" if self.exchange.proxy is None else f", by the {self.exchange.proxy}"

    def _bounded(self, sock: socket.socket) -> socket.socket:
        try:
            self.exchange.give_time(sock)  # a handshake has what is left
        except BaseException:
            sock.close()
            raise
        sys.audit("http.client.connect", self, self.host, self.port)
        return sock

    @override
    def _tunnel(self) -> None:
        super()._tunnel()
        if self.sock is None:  # closed, since more than the response has come
            raise OSError("the proxy sent something after its response to CONNECT")

    @override
    def request(self, method: str, url: str, *args: Any, decode_content: bool = True, **options: Any) -> None:
        self._serve()
        self._request = method, url, decode_content
        if self.is_closed:
            self.connect()
        self.timeout = self.exchange.deadline.within(self.exchange.silence)
        super().request(method, url, *args, **options)

    @override
    def putrequest(self, method: str, url: str, *args: Any, **options: Any) -> None:
        if self.exchange.query:
            url += ("&" if "?" in url else "?") + self.exchange.query
        super().putrequest(method, url, *args, **options)

    @override
    def send(self, data: Any) -> None:
        sock: Any = self.sock
        sys.audit("http.client.send", self, data)
        # Not `sendall`: each silence is bounded, not their sum. TLS writes all that it is given before it
        # comes back, so it is given one record at a time.
        most = _TLS_RECORD_BYTES if isinstance(sock, ssl.SSLSocket) else len(data)
        rest = memoryview(data)
        while rest:
            self.exchange.give_time(sock)
            try:
                written = sock.send(rest[:most])
            except ssl.SSLEOFError as error:  # as a broken pipe: there may be a response all the same
                raise BrokenPipeError(errno.EPIPE, str(error)) from error
            self.exchange.sent += written
            rest = rest[written:]

    @override
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        # As urllib3 does it, but a response of our own, and headers that are looked at once.
        request, self._request = self._request, None
        if request is None:
            raise http.client.ResponseNotReady
        shutdown = shutdown_of(self.sock)
        response: Any = super(Extended, self).getresponse()  # urllib3 may have a recorder's class by now
        return HTTPResponse(response, self.exchange, shutdown, *request)

    def response_class(  # type: ignore[override]  # a class where http.client has it, a maker here
        self, sock: Any, **described: Any
    ) -> http.client.HTTPResponse:
        """Make the response that http.client reads from a socket."""
        return FramedResponse(TimedSocket(sock, self, self.exchange), **described)  # type: ignore[arg-type]


class HTTPSConnection(HTTPConnection, urllib3.connection.HTTPSConnection):  # pyright: ignore
    """The same over TLS."""


class HTTPConnectionPool(urllib3.HTTPConnectionPool):
    """A pool of these connections."""

    ConnectionCls: Any = HTTPConnection
    QueueCls: Any = ConnectionQueue


class HTTPSConnectionPool(HTTPConnectionPool, urllib3.HTTPSConnectionPool):
    """The same over TLS."""

    ConnectionCls: Any = HTTPSConnection


def pooled(
    manager: urllib3.PoolManager,
    http: type[HTTPConnectionPool] = HTTPConnectionPool,
    https: type[HTTPConnectionPool] = HTTPSConnectionPool,
) -> urllib3.PoolManager:
    """Make a manager open pools of these connections."""
    classes: dict[str, Any] = {"http": http, "https": https}
    manager.pool_classes_by_scheme = classes
    manager.connection_pool_kw["blocksize"] = BLOCK
    return manager
