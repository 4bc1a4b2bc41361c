"""A stream: the events of one answer, on their way from the agent's thread to the response."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from threading import Event as Flag
from threading import Lock, Semaphore

from portal_sandbox.candela.events import Result
from portal_sandbox.candela.wire import Event
from portal_sandbox.errors import Refused

#: How many events an agent may be ahead of whoever reads them; then it waits.
AHEAD = 64


class Stream:
    """Read in the event loop in which it was made, and written by any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._items: asyncio.Queue[Event | Result | Refused] = asyncio.Queue()
        self._room = Semaphore(AHEAD)
        self._open = True
        self._lock = Lock()
        #: Set once the stream has ended.
        self.ended = Flag()

    def put(self, event: Event) -> None:
        """Send an event, as soon as there is room; at once where nobody reads any more."""
        self._room.acquire()
        if self._open:
            self._send(event)
        else:
            self._room.release()

    def end(self, last: Result | Refused) -> None:
        """End the stream with an answer, or with why there is none; the first end counts."""
        with self._lock:
            if self.ended.is_set():
                return
            self.ended.set()
        self._send(last)
        self._close()

    async def read(self) -> AsyncGenerator[Event | Result]:
        """The events as they come, and the result. Raises Refused where there is none."""
        try:
            while True:
                item = await self._items.get()
                self._room.release()
                if isinstance(item, Refused):
                    raise item
                yield item
                if isinstance(item, Result):
                    return
        finally:
            self._close()

    def _send(self, item: Event | Result | Refused) -> None:
        with suppress(RuntimeError):  # the loop is closed, and nobody reads
            self._loop.call_soon_threadsafe(self._items.put_nowait, item)

    def _close(self) -> None:
        self._open = False
        self._room.release()  # for whoever waits for room, and then for the next
