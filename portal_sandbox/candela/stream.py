"""A stream: a queue of events from the thread of an agent to the response."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from threading import Event as Flag
from threading import Lock, Semaphore

from portal_sandbox.candela.events import Result
from portal_sandbox.candela.wire import Event
from portal_sandbox.errors import Refused

#: The number of unread events after which the agent waits.
AHEAD = 64


class Stream:
    """A queue that is read in the event loop in which it was made, and written by any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._items: asyncio.Queue[Event | Result | Refused] = asyncio.Queue()
        self._room = Semaphore(AHEAD)
        self._open = True
        self._lock = Lock()
        #: Set once the stream has ended.
        self.ended = Flag()

    def put(self, event: Event) -> None:
        """Add an event, as soon as there is room; drop it where the reader has left."""
        self._room.acquire()
        if self._open:
            self._send(event)
        else:
            self._room.release()

    def end(self, last: Result | Refused) -> None:
        """End the stream with a result or an error; the first end counts."""
        with self._lock:
            if self.ended.is_set():
                return
            self.ended.set()
        self._send(last)
        self._close()

    async def read(self) -> AsyncGenerator[Event | Result]:
        """Yield the events as they come, and the result. Raises Refused where there is none."""
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
        with suppress(RuntimeError):  # the loop is closed, and so is its reader
            self._loop.call_soon_threadsafe(self._items.put_nowait, item)

    def _close(self) -> None:
        self._open = False
        self._room.release()  # for a thread that waits in put, and then for the next
