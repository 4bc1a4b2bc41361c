"""Changes of sessions: followers of one are woken, whichever process on the database has changed it.

Changes of this process are announced at once. Those of other processes are found by a thread that polls; it
also ends the sessions that a dead server has left running. A database in memory has no other processes, so it
needs no thread. A session is watched before it is read, so no change is missed between reading and waiting.
It is read once for all its followers, however many they are.
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

#: The interval at which the thread polls for changes of other processes, in seconds.
INTERVAL = 0.25

#: The number of followers that are woken at a time, and the pause before the next ones, in seconds.
BATCH, PAUSE = 5, 0.001

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
        """Poll for changes of other processes; harmless when started already."""
        self._stopping.clear()
        if self._thread is None and self._store.is_shared:
            thread = Thread(target=self._poll, name="portal-sandbox-changes", daemon=True)
            thread.start()
            self._thread = thread

    def stop(self) -> None:
        """Wake all followers, which then end; harmless when stopped already."""
        self._stopping.set()
        for watch in self._all():
            watch.wake()
        if self._thread is not None:
            self._thread.join(GRACE)
            self._thread = None

    def notify(self, session_id: str) -> None:
        """Wake the followers of a session that has changed."""
        for watch in self._all():
            if watch.session_id == session_id:
                watch.wake()

    async def follow(self, session_id: str, silence: float | None = None) -> AsyncGenerator[SessionRow]:
        """Yield the session now, and again after each change, until it is not running any more.

        Changes in quick succession may come as one. After `silence` seconds without a change the same row
        comes again. Raises NotFound, and Stopping when this server stops while another one runs the
        session.
        """
        with self._watching(session_id) as watch:
            seen, due = None, watch.refresh()
            await watch.arrived(due, None)
            while True:
                read, due = watch.last, watch.number + 1
                if read.row.revision != seen:
                    seen = read.row.revision
                    yield read.row
                if read.row.status != SessionStatus.RUNNING:
                    return
                if read.stopping:
                    raise Stopping
                while not await watch.arrived(due, silence):
                    yield read.row

    async def completed(self, session_id: str) -> SessionRow:
        """Wait until a session is not running any more, and return it. Raises what `follow` raises."""
        last: SessionRow | None = None
        async for row in self.follow(session_id):
            last = row
        assert last is not None  # the first one comes at once
        return last

    @contextmanager
    def _watching(self, session_id: str) -> Generator["_Watch"]:
        key = (session_id, asyncio.get_running_loop())
        with self._lock:
            watch = self._watches.setdefault(key, _Watch(session_id, self._read))
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

    def _read(self, session_id: str) -> "_Read":
        stopping = self._stopping.is_set()
        return _Read(self._store.session(session_id), stopping)

    def _poll(self) -> None:
        while not self._stopping.wait(INTERVAL):
            try:
                self._store.recover()
                self._wake_outdated()
            except Refused:
                pass  # the next poll may succeed
            except Exception:
                log.exception("Polling for changes of other processes failed")

    def _wake_outdated(self) -> None:
        if watches := self._all():
            revisions = self._store.revisions({watch.session_id for watch in watches})
            for watch in watches:
                if watch.revision != revisions.get(watch.session_id):
                    watch.wake()


@dataclass(frozen=True)
class _Read:
    """A session as it was read, and whether the server was stopping before that."""

    row: SessionRow
    stopping: bool


class _Watch:
    """A session that is followed in the current event loop; reads it once for all followers."""

    def __init__(self, session_id: str, read: Callable[[str], _Read]) -> None:
        self.session_id = session_id
        self.followers = 0
        #: The number of the last reading.
        self.number = 0
        self._begun = 0
        self._wanted = 0
        self._read = read
        self._last: _Read | Exception | None = None
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._waiting: set[asyncio.Future[None]] = set()

    @property
    def last(self) -> _Read:
        """The result of the last reading. Raises its exception."""
        if isinstance(self._last, Exception):
            raise self._last
        assert self._last is not None
        return self._last

    @property
    def revision(self) -> int | None:
        """The revision of the session at the last reading."""
        return self._last.row.revision if isinstance(self._last, _Read) else None

    def wake(self) -> None:
        """Read the session once more, from any thread."""
        with suppress(RuntimeError):  # the loop is closed, and has no followers
            self._loop.call_soon_threadsafe(self.refresh)

    def refresh(self) -> int:
        """Read the session once more, and return the number of that reading."""
        self._wanted = self._begun + 1
        if self._task is None:
            self._task = self._loop.create_task(self._refresh())
        return self._wanted

    async def arrived(self, number: int, timeout: float | None) -> bool:
        """Wait for the reading with this number; False when `timeout` seconds have passed before."""
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

    async def _refresh(self) -> None:
        while self._begun < self._wanted:
            self._begun += 1
            try:
                self._last = await run_in_threadpool(self._read, self.session_id)
            except Exception as error:  # for all followers
                self._last = error
            self.number = self._begun
            for number, woken in enumerate(list(self._waiting), 1):
                if not woken.done():
                    woken.set_result(None)
                if number % BATCH == 0:
                    await asyncio.sleep(PAUSE)
        self._task = None
