"""Changes of sessions: whoever waits for one is woken, whichever process on the database has made it.

What this process changes it tells at once. What others change a thread finds by looking at short intervals;
it also makes errors of what a server that died has left running. A database in memory has no others, so it
needs no thread. A waiter is known before it looks at its session, so no change falls between look and wait.
"""

import asyncio
from collections.abc import AsyncGenerator, Generator, Iterable
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread

from fastapi.concurrency import run_in_threadpool

from portal_sandbox.errors import Refused, Stopping
from portal_sandbox.store import Store
from portal_sandbox.tables import SessionRow
from portal_sandbox.wire import SessionStatus

#: How often the thread looks for what others have changed, in seconds.
INTERVAL = 0.25

#: How long `stop` waits for the thread, in seconds.
GRACE = 1.0


class Changes:
    """The changes of a store's sessions."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stopping = Event()
        self._thread: Thread | None = None
        self._lock = Lock()
        self._waiters: set[_Waiter] = set()

    def start(self) -> None:
        """Look for what others change; harmless when started already."""
        self._stopping.clear()
        if self._thread is None and self._store.is_shared:
            self._thread = Thread(target=self._look_around, name="portal-sandbox-changes", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Let go everybody who waits; harmless when stopped already."""
        self._stopping.set()
        _wake(self._all())
        if self._thread is not None:
            self._thread.join(GRACE)
            self._thread = None

    def tell(self, session_id: str) -> None:
        """Wake those who wait for this session."""
        _wake(waiter for waiter in self._all() if waiter.session_id == session_id)

    async def follow(self, session_id: str, silence: float | None = None) -> AsyncGenerator[SessionRow]:
        """The session now, and again after each change, until it is not running any more.

        Changes that follow each other closely may come as one. Where nothing has changed for `silence`
        seconds, the same row comes again. Raises NoSuchSession, and Stopping when the server stops while
        another one goes on running the session.
        """
        with self._waiting(session_id) as waiter:
            while True:
                stopping = self._stopping.is_set()
                row = await run_in_threadpool(self._store.session, session_id)
                if waiter.seen != row.revision:
                    waiter.seen = row.revision
                    yield row
                if row.status != SessionStatus.RUNNING:
                    return
                if stopping:
                    raise Stopping
                while not await waiter.woken(silence):
                    yield row

    @contextmanager
    def _waiting(self, session_id: str) -> Generator["_Waiter"]:
        waiter = _Waiter(session_id)
        with self._lock:
            self._waiters.add(waiter)
        try:
            yield waiter
        finally:
            with self._lock:
                self._waiters.remove(waiter)

    def _all(self) -> list["_Waiter"]:
        with self._lock:
            return list(self._waiters)

    def _look_around(self) -> None:
        while not self._stopping.wait(INTERVAL):
            with suppress(Refused):  # the next look may be luckier
                self._store.recover()
                self._wake_those_behind()

    def _wake_those_behind(self) -> None:
        if waiters := self._all():
            revisions = self._store.revisions({waiter.session_id for waiter in waiters})
            _wake(waiter for waiter in waiters if waiter.seen != revisions.get(waiter.session_id))


class _Waiter:
    """Somebody who waits for a session, in the event loop that runs now."""

    def __init__(self, session_id: str) -> None:
        self.session_id = session_id
        #: The revision of the session at the last look.
        self.seen: int | None = None
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Make `woken` true, from any thread."""
        with suppress(RuntimeError):  # the loop is closed, and nobody waits in it
            self._loop.call_soon_threadsafe(self._woken.set)

    async def woken(self, timeout: float | None) -> bool:
        """Wait for a call of `wake` since the last time; false when `timeout` seconds are over before."""
        try:
            await asyncio.wait_for(self._woken.wait(), timeout)
        except TimeoutError:
            return False
        self._woken.clear()
        return True


def _wake(waiters: Iterable[_Waiter]) -> None:
    for waiter in waiters:
        waiter.wake()
