"""The runner: it hands out the items, and keeps what became of each before anything else follows."""

from __future__ import annotations

import pickle
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Optional, cast

from portal_client.api.sessions_api import SessionsApi
from portal_client.batch.claims import are_needed
from portal_client.batch.endings import Endings, Limits
from portal_client.batch.entry import Entry, all_entries, entries
from portal_client.batch.item import Likeness
from portal_client.batch.journal import Journal
from portal_client.batch.ledger import Ledger
from portal_client.batch.reconcile import read, server_date
from portal_client.batch.result import Evidence, State
from portal_client.batch.threads import DaemonThreads
from portal_client.batch.upcoming import Upcoming
from portal_client.batch.work import Attempt, Calls, first_prompt, submit, wait
from portal_client.exceptions import ApiValueError
from portal_client.models.session import Session
from portal_client.randomness import new_id

#: The longest wait for news in seconds: what is added meanwhile is seen then.
_TICK = 0.5

#: A wait is handed out in pieces of so many seconds: where the runner is gone, it ends soon, too.
_PIECE = 300.0

#: Agents whose sessions are read at the same time.
_READERS = 4

_INTERRUPTED = Evidence("the run ended before its outcome was known")

#: What takes the result of a task, and what takes its exception.
_Handlers = tuple[Callable[[Any], object], Callable[[BaseException], object]]


def check_executor(executor: Optional[Executor], api: SessionsApi, workers: int) -> None:
    """Check that an executor is one, and that it gets what it needs.

    Raises ApiValueError.
    """
    if executor is not None and not isinstance(cast(object, executor), Executor):
        raise ApiValueError(
            "executor must be a concurrent.futures.Executor, such as client.get_executor() of "
            f"dask.distributed, not {type(executor).__name__}"
        )
    configuration = api.api_client.configuration
    if executor is None or isinstance(executor, ThreadPoolExecutor):
        if workers > (connections := configuration.connection_pool_maxsize):
            raise ApiValueError(
                f"workers: {workers} of them have only {connections} connections; raise "
                "the setting connection_pool_maxsize"
            )
        return
    try:
        pickle.dumps(api)
    except Exception as error:
        raise ApiValueError(f"api: it cannot be sent to other processes: {error}") from error


class Runner:
    """One run over a journal.

    What it knows is in the journal: an item is marked there before it is sent, and whatever ends the run, the
    next one goes on. Workers get values and return values; the journal is for this thread alone.
    """

    def __init__(
        self,
        journal: Journal,
        api: SessionsApi,
        executor: Optional[Executor],
        limits: Limits,
    ) -> None:
        self._journal = journal
        self._api = api
        self._limits = limits
        self._calls = Calls(api)
        self._own = DaemonThreads(limits.workers)  # of which none is started before there is a task
        self._executor = executor or self._own
        self._claims = are_needed(executor)
        #: Whether an attempt ends with this process.
        self._here = isinstance(self._executor, (DaemonThreads, ThreadPoolExecutor))
        self._reader = DaemonThreads(_READERS)
        self._news: SimpleQueue[Optional[Future[Any]]] = SimpleQueue()
        self._interrupted = False
        self._handlers: dict[Future[Any], _Handlers] = {}
        self._sending: dict[Future[Any], Entry] = {}
        self._alike: set[Likeness] = set()  # of those that are being sent
        self._waiting: set[Future[Any]] = set()
        self._stale: deque[tuple[float, str]] = deque()
        self._dated: Optional[bool] = False  # None while the Date is asked for
        self._due: float  # seconds until an item can be sent
        self._exhausted: bool  # whether none can be sent before another one is settled
        self._ledger = Ledger(journal)
        self._upcoming = Upcoming(journal)
        self._endings = Endings(self._ledger, self._upcoming, limits)

    def run(self) -> None:
        """Run until there is no item left to send or to wait for, or until it is interrupted.

        Raises what would be refused to all items, such as a 401; those that were not sent stay pending.
        """
        self._resume()
        while not self._interrupted:
            self._hand_out()
            if self._is_over():
                return
            self._take_in()
            if self._endings.stop is not None:
                raise self._endings.stop

    def _resume(self) -> None:
        """Take up what the last run has left."""
        for entry in all_entries(self._journal, State.RUNNING, "TRUE"):
            self._ledger.note(entry.in_doubt(_INTERRUPTED))
        self._ledger.save()
        for entry in all_entries(self._journal, State.IN_DOUBT, "session_id IS NULL"):
            self._endings.doubts.add(entry, entry.evidence or _INTERRUPTED)
        self._learn()
        self._endings.waits.extend(all_entries(self._journal, State.IN_DOUBT, "session_id IS NOT NULL"))

    def _learn(self) -> None:
        """Learn how much the service's lists tell from what an earlier run has seen of it."""
        if found := entries(self._journal, State.DONE, "TRUE", 0, 1):
            ((text,),) = self._journal.ask("SELECT session FROM items WHERE id = ?", found[0].id)
            session = Session.from_json(text)
            self._endings.doubts.learn(found[0], first_prompt(session), session.created_at.timestamp())

    def _is_over(self) -> bool:
        if self._sending or self._waiting or self._endings.waits:
            return False
        if self._exhausted:
            self._endings.conclude()
        return not self._endings.doubts and self._upcoming.is_empty()

    def interrupt(self) -> None:
        """Have another thread's `run` return."""
        self._interrupted = True
        self._news.put(None)

    def leave(self) -> None:
        """End the run where it is; nobody waits for what is under way."""
        self._calls.stopped = True
        for future in list(self._handlers):
            if future.cancel():
                del self._handlers[future]
                entry = self._sending.pop(future, None)
                if entry is not None and self._here:  # elsewhere it may have begun all the same
                    self._ledger.note(entry.pending(counted=False))
        while not self._news.empty():
            if (news := self._news.get()) is not None:
                self._handle(news)
        self._ledger.save()
        self._own.shutdown()
        self._reader.shutdown()

    def under_way(self) -> list[Future[Any]]:
        """Return the attempts that go on in this process."""
        return [future for future in self._sending if not future.done()] if self._here else []

    # ── handing out ──

    def _hand_out(self) -> None:
        free = self._limits.workers - len(self._sending) - len(self._waiting)
        waits = [self._endings.waits.popleft() for _ in range(min(free, len(self._endings.waits)))]
        sends = self._next(free - len(waits))
        for entry in waits:
            if not entry.waited_for:  # one that an earlier run has left
                self._ledger.note(entry.running(entry.session_id or ""))
        outlives = 0.0 if self._here else 2 * self._limits.send_timeout
        for entry in sends:
            self._ledger.note(entry.sending(self._endings.contact.date, outlives))
        # Whatever becomes of this machine: of an item that may have been sent it must be known.
        self._ledger.save(durable=bool(sends))
        now = time.monotonic()
        for entry in waits:
            self._wait(entry, now)
        for entry in sends:
            self._send(entry, now)
        for agent_id, wanted in self._endings.doubts.due():
            handlers = partial(self._endings.read, agent_id), partial(self._endings.not_read, agent_id)
            since = self._endings.doubts.since(agent_id)
            self._submit(self._reader, handlers, read, self._api, agent_id, wanted, since)

    def _next(self, most: int) -> list[Entry]:
        """Return the items that are to be sent now."""
        entries: list[Entry] = []
        self._due, self._exhausted = _TICK, False
        while len(entries) < most:
            if (left := self._endings.pace.left()) > 0:
                self._due = min(left, _TICK)
                break
            if not self._dated:
                # Known before the first attempt: what is older is none of the sessions that they start.
                if self._dated is not None and not self._upcoming.is_empty():
                    self._dated = None
                    self._submit(self._reader, (self._was_dated, self._was_not_dated), server_date, self._api)
                else:
                    self._exhausted = self._dated is not None
                break
            entry = self._upcoming.next(lambda like: like in self._alike or like in self._endings.doubts)
            if entry is None:
                self._exhausted = True
                break
            self._endings.pace.take()
            self._alike.add(entry.likeness)
            entries.append(entry)
        return entries

    def _send(self, entry: Entry, now: float) -> None:
        inputs = entry.inputs
        contents = tuple(None if f.path else self._journal.content(f.sha256) for f in inputs.files)
        limit = self._limits.send_timeout
        attempt = Attempt(new_id(), inputs, contents, time.time(), limit, self._claims)
        entry.handed_out = now
        handlers = partial(self._endings.accepted, entry), partial(self._endings.not_accepted, entry)
        future = self._submit(self._executor, handlers, submit, self._calls, attempt)
        self._sending[future] = entry
        entry.token = attempt.token

    def _wait(self, entry: Entry, now: float) -> None:
        grace = 0.0
        if entry.waited_since is None:
            entry.waited_since, grace = now, self._limits.settle
        seconds = max(0.0, min(_PIECE, entry.waited_since + self._limits.timeout - now))
        stale: list[str] = []
        while self._stale and self._stale[0][0] < now and len(stale) < 2:
            stale.append(self._stale.popleft()[1])
        handlers = partial(self._endings.waited, entry), partial(self._endings.not_waited, entry)
        call = (wait, self._calls, entry.session_id, seconds, grace, new_id(), stale)
        self._waiting.add(self._submit(self._executor, handlers, *call))

    def _submit(
        self, executor: Any, handlers: _Handlers, call: Callable[..., Any], *args: Any
    ) -> Future[Any]:
        future: Future[Any] = executor.submit(call, *args)
        self._handlers[future] = handlers
        future.add_done_callback(self._news.put)
        return future

    # ── taking in ──

    def _take_in(self) -> None:
        with suppress(Empty):
            future = self._news.get(timeout=max(0.0, min(self._due, self._endings.doubts.left())))
            while future is not None:
                self._handle(future)
                future = self._news.get_nowait()

    def _handle(self, future: Future[Any]) -> None:
        if (handlers := self._handlers.pop(future, None)) is None:
            return
        self._waiting.discard(future)
        if (entry := self._sending.pop(future, None)) is not None:
            self._alike.discard(entry.likeness)
            if self._claims:  # from then on it is not begun, were it run once more
                self._stale.append((entry.handed_out + 2 * self._limits.send_timeout, entry.token))
        try:
            result = future.result()
        except BaseException as error:  # whatever the call has raised; here nothing is waited for
            handlers[1](error)
        else:
            handlers[0](result)

    def _was_dated(self, date: Optional[float]) -> None:
        self._dated = True
        self._endings.contact.reached(date)

    def _was_not_dated(self, error: BaseException) -> None:
        self._dated = False
        self._endings.not_dated(error)
