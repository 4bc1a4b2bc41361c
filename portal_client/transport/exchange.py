"""The state of one attempt: its deadline, and how far it has come."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Optional

import urllib3

from portal_client.timeouts import Deadline, close_enough
from portal_client.transport.proxies import Proxy


class Exchange:
    """One attempt: its deadline, its times, and the bytes each way; `sent` is 0 until the request is written.

    `before` is the attempt before it. `credential` is the value that it carries, `query` the part of the URL
    that this makes, added as the request is written, later than urllib3 logs. `status` is that of the
    response, 0 until there is one; `proxy` the one on the way. `uncounted` is True where nobody counts the
    bytes (see plain.py) and the request may have been written. `raised` is what a middleware has raised, and
    `secrets` are the headers that it has set. `on_end` is to be told of the end of the call, by `call_ended`.
    `connection` is a reference to the one of ours that serves it, None before.
    """

    __slots__ = (
        "before",
        "began",
        "connection",
        "credential",
        "deadline",
        "ended",
        "on_end",
        "proxy",
        "query",
        "raised",
        "received",
        "secrets",
        "sent",
        "silence",
        "status",
        "uncounted",
    )

    def __init__(self, deadline: Deadline, before: Optional[Exchange] = None) -> None:
        self.deadline: Deadline = deadline
        self.before: Optional[Exchange] = before
        self.began: float = deadline.now()
        self.ended: float = self.began
        self.silence: float = deadline.limits.read
        self.connection: Optional[Callable[[], Any]] = None
        self.proxy: Optional[Proxy] = None
        self.credential: Optional[str] = None
        self.query: str = ""
        self.sent: int = 0
        self.received: int = 0
        self.status: int = 0
        self.uncounted: bool = False
        self.on_end: Optional[Callable[[object, Optional[BaseException]], None]] = None
        self.raised: Optional[BaseException] = None
        self.secrets: tuple[str, ...] = ()

    @property
    def attempts(self) -> list[Exchange]:
        """The attempts of the call so far, this one last."""
        return [*(self.before.attempts if self.before is not None else ()), self]

    @property
    def written(self) -> bool:
        """Whether the server may have seen any of the request."""
        return self.sent > 0 or self.uncounted

    @property
    def refused(self) -> bool:
        """Whether the response says that the request had no effect: a 4xx but 408, or "send it elsewhere"."""
        return self.status in (301, 302, 307, 308) or (400 <= self.status <= 499 and self.status != 408)

    def end(self) -> None:
        """Record when the attempt ended."""
        self.ended = self.deadline.now()

    def call_ended(self, data: object = None, error: Optional[BaseException] = None) -> None:
        """Tell those who observe the call that it has ended, with its data or with what it raises."""
        if self.on_end is not None:
            self.on_end(data, error)

    def call_failed(self, kind: object, error: Optional[BaseException], trace: object) -> None:
        """Tell those who observe the call what has ended it, as the exit of a `with` block is told."""
        self.call_ended(error=error)

    def interrupt(self) -> None:
        """End it, from any thread: what waits on its socket is woken, and nothing is sent again."""
        self.deadline.expire()  # first: who takes up a connection later sees it
        connection = None if self.connection is None else self.connection()
        if connection is not None:
            connection.interrupt(self)

    def give_time(self, sock: Any) -> None:
        """Bound the next wait on a socket; raises TimeoutError when no time is left."""
        limit = self.deadline.within(self.silence)
        if not close_enough(sock.gettimeout(), limit):
            sock.settimeout(limit)


#: The exchange that urllib3 serves in this thread or task: its pool and its connection read it here.
current: ContextVar[Exchange] = ContextVar("portal_client.transport.exchange")


def send(
    pool: urllib3.HTTPConnectionPool, exchange: Exchange, arguments: dict[str, Any]
) -> urllib3.BaseHTTPResponse:
    """Send a request over a pool of our connections, which serve the exchange; return its response."""
    token = current.set(exchange)
    try:
        return pool.urlopen(**arguments)
    finally:
        current.reset(token)
