"""urllib3's connections, taught to keep a deadline and to tell how far a request came.

urllib3 bounds each wait on a socket but not their sum, so a body or header that drips one byte at a time
may go on for ever. Here each read and write is given what is left of the call's time.
"""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
import sys
from collections import deque
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, Optional

import urllib3
import urllib3.connection
from urllib3.exceptions import HTTPError
from urllib3.util import SKIP_HEADER
from urllib3.util.connection import allowed_gai_family

from portal_client.answer import Answer, HTTPResponse, TimedSocket
from portal_client.exchange import Exchange
from portal_client.multipart import BLOCK
from portal_client.timeouts import Deadline, Timeouts, as_good

_TLS_RECORD = 16 * 1024


class _Socket(socket.socket):
    """A socket that keeps a limit which is as good, though urllib3 sets one before each request."""

    __slots__ = ()

    def settimeout(self, value: Optional[float]) -> None:
        if not as_good(self.gettimeout(), value):
            super().settimeout(value)


class HTTPConnection(urllib3.connection.HTTPConnection):
    """A connection that serves one exchange at a time."""

    # http.client would print headers, the token among them.
    debuglevel = 0
    exchange: Exchange
    timeout: Optional[float]

    def connect(self) -> None:
        deadline = self.exchange.deadline
        limits = deadline.limits
        self.exchange.silence = limits.connect
        try:
            self.timeout = deadline.within(limits.connect)  # the wait for a place has taken some of it
            super().connect()
        finally:
            self.exchange.silence = limits.read
            self.exchange.sent = 0  # what went to a proxy to get here is not the request

    def _new_conn(self) -> socket.socket:
        # urllib3 gives each address of a name the whole time; here they share it.
        name: str = vars(self).get("_dns_host", self.host)
        limit = self.timeout
        try:
            found = socket.getaddrinfo(name, self.port, allowed_gai_family(), socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            found = []
        if limit is None or len(found) < 2:
            return self._connected()
        shared = Deadline(Timeouts(total=limit))
        try:
            for left, (*_, address) in zip(range(len(found), 0, -1), found, strict=True):
                self.host, self.timeout = str(address[0]), max(shared.left() / left, 0.001)
                try:
                    return self._connected()
                except HTTPError:
                    if left == 1:
                        raise
            raise AssertionError
        finally:
            self.host, self.timeout = name, limit

    def _connected(self) -> socket.socket:
        sock = super()._new_conn()
        try:
            if type(sock) is _Socket.__base__:  # not where somebody has put another in its place
                sock.__class__ = _Socket  # urllib3 knows no other way to have sockets of one's own
            self.exchange.give_time(sock)  # a handshake has what is left
        except BaseException:
            sock.close()
            raise
        return sock

    def _tunnel(self) -> None:
        super()._tunnel()
        if self.sock is None:  # closed, since more has come than the answer
            raise OSError("the proxy sent something after its answer to CONNECT")

    def putrequest(self, method: str, url: str, *args: Any, **options: Any) -> None:
        if self.exchange.query:
            url += ("&" if "?" in url else "?") + self.exchange.query
        super().putrequest(method, url, *args, **options)

    def putheader(self, header: str, *values: Any) -> None:  # type: ignore[override]
        # urllib3 looks at each value of each header whether it is its mark for none.
        above: Any = super() if SKIP_HEADER in values else super(urllib3.connection.HTTPConnection, self)
        above.putheader(header, *values)

    def send(self, data: Any) -> None:
        sock: Any = self.sock
        sys.audit("http.client.send", self, data)
        # Not `sendall`: each silence is bounded, not their sum. TLS writes all that it is given before it
        # comes back, so it is given one record at a time.
        most = _TLS_RECORD if isinstance(sock, ssl.SSLSocket) else len(data)
        rest = memoryview(data)
        while rest:
            self.exchange.give_time(sock)
            try:
                written = sock.send(rest[:most])
            except ssl.SSLEOFError as error:  # as a broken pipe: there may be an answer all the same
                raise BrokenPipeError(errno.EPIPE, str(error)) from error
            self.exchange.sent += written
            rest = rest[written:]

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        """As urllib3 does it, but a response of our own, and headers that are looked at once."""
        asked: Any = self._response_options
        if asked is None:
            raise http.client.ResponseNotReady
        self._response_options = None
        shutdown = getattr(self.sock, "shutdown", None)  # TLS within TLS has none
        answer: Any = super(urllib3.connection.HTTPConnection, self).getresponse()
        return HTTPResponse(answer, self.exchange, asked, shutdown)

    def response_class(  # type: ignore[override]  # a class where http.client has it, a maker here
        self, sock: Any, **described: Any
    ) -> http.client.HTTPResponse:
        return Answer(TimedSocket(sock, self, self.exchange), **described)  # type: ignore[arg-type]


class HTTPSConnection(HTTPConnection, urllib3.connection.HTTPSConnection):  # pyright: ignore
    """The same over TLS."""


class Places:
    """What a pool keeps: its places, and the idle connections, the last one used first.

    Unlike the queues of urllib3's pools it may be given to at any time: from a finalizer, which may run
    while its own thread is about to take.
    """

    def __init__(self, maxsize: int) -> None:
        self._places: SimpleQueue[None] = SimpleQueue()
        self._idle: deque[HTTPConnection] = deque()
        self._never_taken: deque[None] = deque()

    def put(self, connection: Optional[HTTPConnection], block: bool = True) -> None:
        """Give a place back, with its connection if that may be used again."""
        if connection is not None:
            self._idle.append(connection)
        try:
            if self._never_taken:
                self._never_taken.pop()
                return
        except IndexError:  # another thread was faster
            pass
        self._places.put(None)

    def get(self, block: bool = True, timeout: Optional[float] = None) -> Optional[HTTPConnection]:
        """Take a place, and an idle connection if there is one. Raises queue.Empty."""
        try:
            self._places.get(block=False)
        except Empty:
            if not block:
                raise
            self._wait(timeout)
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _wait(self, timeout: Optional[float]) -> None:
        try:
            self._places.get(timeout=timeout)
        except Empty:
            raise
        except BaseException:  # an interrupt
            self.not_taken()
            raise

    def not_taken(self) -> None:
        """Keep the number of places: urllib3 gives back what it has not got."""
        self._never_taken.append(None)

    def close_idle(self) -> None:
        """Close the connections that nobody uses; their places stay."""
        with suppress(IndexError):
            while True:
                self._idle.pop().close()


class _Limit(NamedTuple):
    """What urllib3 asks its Timeout for, and names in its errors; the time itself is kept by the exchange."""

    connect_timeout: Optional[float]
    read_timeout: Optional[float]

    def start_connect(self) -> None:
        """Nothing: the deadline has begun with the call."""


class _Pool(urllib3.HTTPConnectionPool):
    """A pool that hands each connection the exchange it is to serve."""

    ConnectionCls: Any = HTTPConnection
    QueueCls: Any = Places

    def _get_timeout(self, timeout: Any) -> Any:
        return timeout if isinstance(timeout, _Limit) else _Limit(timeout, timeout)

    def _get_conn(self, timeout: Any = None) -> Any:
        # `pool_timeout` is the one argument of urlopen that reaches this place, so it brings the exchange.
        exchange: Exchange = timeout
        deadline = exchange.deadline
        places: Any = self.pool
        try:
            wait = deadline.within(deadline.limits.read)
        except TimeoutError:
            if places is not None:
                places.not_taken()
            raise
        connection: Any = super()._get_conn(wait)
        connection.exchange = exchange
        return connection

    def _validate_conn(self, conn: Any) -> None:
        # Connected here, for plain HTTP too, where no frame above holds the request yet.
        super()._validate_conn(conn)
        if conn.is_closed:
            conn.connect()


class _HTTPSPool(_Pool, urllib3.HTTPSConnectionPool):
    ConnectionCls: Any = HTTPSConnection


def pooled(manager: urllib3.PoolManager) -> urllib3.PoolManager:
    """Make a manager open pools of these connections."""
    classes: dict[str, Any] = {"http": _Pool, "https": _HTTPSPool}
    manager.pool_classes_by_scheme = classes
    manager.connection_pool_kw["blocksize"] = BLOCK
    return manager
