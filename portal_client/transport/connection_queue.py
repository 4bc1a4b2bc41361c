"""The queue of a connection pool: its places, and the idle connections."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Optional, Protocol

from portal_client.transport.exchange import current


class Closable(Protocol):
    """A connection, as far as a pool needs to know it."""

    def close(self) -> None:
        """Close it."""


class ConnectionQueue:
    """The places of a pool and its idle connections, the last one used first.

    Unlike the queues of urllib3's pools it may be given to at any time: from a finalizer, which may run
    while its own thread is about to take.
    """

    def __init__(self, maxsize: int) -> None:
        self._places: SimpleQueue[None] = SimpleQueue()
        self._idle: deque[Closable] = deque()
        self._never_taken: deque[None] = deque()
        self._closed = False

    def put(self, connection: Optional[Closable], block: bool = True) -> None:
        """Give a place back, with its connection if that may be used again."""
        if connection is not None:
            self._idle.append(connection)
            if self._closed:
                self._close_idle()
        try:
            if self._never_taken:
                self._never_taken.pop()
                return
        except IndexError:  # another thread was faster
            pass
        self._places.put(None)

    def get(self, block: bool = True, timeout: Optional[float] = None) -> Optional[Closable]:
        """Take a place, and an idle connection if there is one.

        Waits for a place within the limits of the current exchange, so `timeout` is not looked at. Raises
        queue.Empty, and TimeoutError when the time for the call is over.
        """
        try:
            self._places.get(block=False)
        except Empty:
            if not block:
                raise
            self._wait()
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _wait(self) -> None:
        try:
            deadline = current.get().deadline
            self._places.get(timeout=deadline.within(deadline.limits.read))
        except Empty:
            raise
        except BaseException:  # no time is left, or an interrupt
            self.not_taken()
            raise

    def not_taken(self) -> None:
        """Keep the number of places: urllib3 gives back a place that it has not taken."""
        self._never_taken.append(None)

    def close(self) -> None:
        """Close the idle connections, and the others as they are given back; the places stay."""
        self._closed = True
        self._close_idle()

    def _close_idle(self) -> None:
        with suppress(IndexError):
            while True:
                self._idle.pop().close()
