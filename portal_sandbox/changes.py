"""Changes of sessions: whoever waits for one is woken, whichever process on the database has made it.

What this process changes it tells at once. What others change a thread finds by looking at short intervals;
it also makes errors of what a server that died has left running. A database in memory has no others, so it
needs no thread. A session is watched before it is looked at, so no change falls between look and wait. And
it is looked at once for all who wait for it, however many they are.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Lock, Thread

from fastapi.concurrency import run_in_threadpool

from portal_sandbox.errors import Refused, Stopping
from portal_sandbox.log import log
from portal_sandbox.store import Store
from portal_sandbox.tables import SessionRow
from portal_sandbox.wire import SessionStatus

#: How often the thread looks for what others have changed, in seconds.
INTERVAL = 0.25

#: How many of those who wait are woken at a time; and how long others then have their turn, in seconds.
TOGETHER, BREAK = 5, 0.001

#: How long `stop` waits for the thread, in seconds.
GRACE = 1.0


class Changes:
    """The changes of a store's sessions."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stopping = Event()
        self._thread: Thread | None = None
        self._lock = Lock()
        self._watches: dict[tuple[str, asyncio.AbstractEventLoop], _Watch] = {}

    def start(self) -> None:
        """Look for what others change; harmless when started already."""
        self._stopping.clear()
        if self._thread is None and self._store.is_shared:
            thread = Thread(target=self._look_around, name="portal-sandbox-changes", daemon=True)
            thread.start()
            self._thread = thread

    def stop(self) -> None:
        """Let go everybody who waits; harmless when stopped already."""
        self._stopping.set()
        for watch in self._all():
            watch.wake()
        if self._thread is not None:
            self._thread.join(GRACE)
            self._thread = None

    def tell(self, session_id: str) -> None:
        """Wake those who wait for this session."""
        for watch in self._all():
            if watch.session_id == session_id:
                watch.wake()

    async def follow(self, session_id: str, silence: float | None = None) -> AsyncGenerator[SessionRow]:
        """The session now, and again after each change, until it is not running any more.

        Changes that follow each other closely may come as one. Where nothing has changed for `silence`
        seconds, the same row comes again. Raises NoSuchSession, and Stopping when the server stops while
        another one goes on running the session.
        """
        with self._watching(session_id) as watch:
            seen, due = None, watch.look()
            await watch.arrived(due, None)
            while True:
                look, due = watch.last, watch.number + 1
                if look.row.revision != seen:
                    seen = look.row.revision
                    yield look.row
                if look.row.status != SessionStatus.RUNNING:
                    return
                if look.stopping:
                    raise Stopping
                while not await watch.arrived(due, silence):
                    yield look.row

    @contextmanager
    def _watching(self, session_id: str) -> Generator["_Watch"]:
        key = (session_id, asyncio.get_running_loop())
        with self._lock:
            watch = self._watches.setdefault(key, _Watch(session_id, self._look))
            watch.followers += 1
        try:
            yield watch
        finally:
            with self._lock:
                watch.followers -= 1
                if not watch.followers:
                    del self._watches[key]

    def _all(self) -> list["_Watch"]:
        with self._lock:
            return list(self._watches.values())

    def _look(self, session_id: str) -> "_Look":
        stopping = self._stopping.is_set()
        return _Look(self._store.session(session_id), stopping)

    def _look_around(self) -> None:
        while not self._stopping.wait(INTERVAL):
            try:
                self._store.recover()
                self._wake_those_behind()
            except Refused:
                pass  # the next look may be luckier
            except Exception:
                log.exception("Changes that others have made cannot be looked for")

    def _wake_those_behind(self) -> None:
        if watches := self._all():
            revisions = self._store.revisions({watch.session_id for watch in watches})
            for watch in watches:
                if watch.revision != revisions.get(watch.session_id):
                    watch.wake()


@dataclass(frozen=True)
class _Look:
    """A session as it was, and whether the server was stopping before that."""

    row: SessionRow
    stopping: bool


class _Watch:
    """A session that somebody waits for, in the event loop that runs now; looks at it once for all who do."""

    def __init__(self, session_id: str, look: Callable[[str], _Look]) -> None:
        self.session_id = session_id
        self.followers = 0
        #: The number of the last look.
        self.number = 0
        self._begun = 0
        self._wanted = 0
        self._take = look
        self._last: _Look | Exception | None = None
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._waiting: set[asyncio.Future[None]] = set()

    @property
    def last(self) -> _Look:
        """The last look. Raises what came in its place."""
        if isinstance(self._last, Exception):
            raise self._last
        assert self._last is not None
        return self._last

    @property
    def revision(self) -> int | None:
        """The revision of the session at the last look."""
        return self._last.row.revision if isinstance(self._last, _Look) else None

    def wake(self) -> None:
        """Look at the session once more, from any thread."""
        with suppress(RuntimeError):  # the loop is closed, and nobody waits in it
            self._loop.call_soon_threadsafe(self.look)

    def look(self) -> int:
        """Look at the session once more; the number of the look, which begins after this."""
        self._wanted = self._begun + 1
        if self._task is None:
            self._task = self._loop.create_task(self._looking())
        return self._wanted

    async def arrived(self, number: int, timeout: float | None) -> bool:
        """Wait for the look with this number; false when `timeout` seconds are over before."""
        while self.number < number:
            woken = self._loop.create_future()
            self._waiting.add(woken)
            try:
                await asyncio.wait_for(woken, timeout)
            except TimeoutError:
                return False
            finally:
                self._waiting.discard(woken)
        return True

    async def _looking(self) -> None:
        while self._begun < self._wanted:
            self._begun += 1
            try:
                self._last = await run_in_threadpool(self._take, self.session_id)
            except Exception as error:  # for everybody who waits
                self._last = error
            self.number = self._begun
            for number, woken in enumerate(list(self._waiting), 1):
                if not woken.done():
                    woken.set_result(None)
                if number % TOGETHER == 0:
                    await asyncio.sleep(BREAK)
        self._task = None
