"""Many prompts, from a journal that survives anything."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from concurrent.futures import wait as wait_until_done
from contextvars import copy_context
from typing import Any, Optional, Self, Union, cast

from portal_client.api.sessions_api import SessionsApi
from portal_client.batch.adding import Added as Added
from portal_client.batch.adding import ItemArguments as ItemArguments
from portal_client.batch.adding import add_many, new_item
from portal_client.batch.endings import Limits
from portal_client.batch.export import to_jsonl
from portal_client.batch.item import Inputs as Inputs
from portal_client.batch.item import StoredFile as StoredFile
from portal_client.batch.journal import Journal
from portal_client.batch.lock import JournalBusy as JournalBusy
from portal_client.batch.lock import RunnerLock
from portal_client.batch.reconcile import parser
from portal_client.batch.result import COLUMNS, RECORD, result_of
from portal_client.batch.result import Candidate as Candidate
from portal_client.batch.result import Counts as Counts
from portal_client.batch.result import Evidence as Evidence
from portal_client.batch.result import Result as Result
from portal_client.batch.result import State as State
from portal_client.batch.runner import Runner, check_executor
from portal_client.batch.threads import DaemonThreads
from portal_client.exceptions import ApiTypeError, ApiValueError
from portal_client.files import Files
from portal_client.progress import progress_of
from portal_client.records import to_pandas
from portal_client.settings import check_count
from portal_client.timeouts import check_seconds

#: The shortest time between two counts that are shown, in seconds.
_SHOW_SECONDS = 0.5


class Batch:
    """Many prompts, each sent once, and their sessions: a journal in a file, and what runs it.

    The journal is a SQLite file on a local disk. It is made where it is missing. Others may open it at the
    same time, in other processes too, to read it and to add items; one of them runs it. Without an `api` it
    is only read. Safe with threads.

    Args:
        path: The file of the journal.
        api: What sends the prompts and reads the sessions.

    Raises:
        ApiValueError: The file is not a journal.
        FileNotFoundError: There is none, and without an `api` none is made.
    """

    def __init__(self, path: Union[str, os.PathLike[str]], api: Optional[SessionsApi] = None) -> None:
        name = os.fspath(path)
        if not isinstance(cast(object, name), str) or not name or name == ":memory:":
            raise ApiValueError(f"path must be that of a file, not {path!r}")
        if api is not None and not isinstance(cast(object, api), SessionsApi):
            raise ApiTypeError(f"api must be a SessionsApi, not {type(api).__name__}")
        self._api = api
        self._left: list[Future[Any]] = []
        self._journal = Journal(os.path.abspath(name), writable=api is not None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    def __repr__(self) -> str:
        return f"<Batch {self._journal.path}: {self.counts}>"

    # ── adding ──

    def add(
        self, agent_id: str, text_prompt: str, files: Files = None, *, key: Optional[str] = None
    ) -> Added:
        """Add an item, unless it is there.

        It is known by the digest of its inputs, its files by their names, types and contents; with a `key` by
        that, so that one prompt can be asked more than once. Files given by path are read now, and again when
        they are sent: they must not have changed by then. Bytes are kept in the journal.

        Args:
            agent_id: The agent to talk to.
            text_prompt: What to ask it.
            files: What to attach, as for `create_session`, but no open files.
            key: A name for the item, of your own.

        Returns:
            The key of the item, and whether it is new.

        Raises:
            pydantic.ValidationError, ApiValueError: An argument is wrong, or the key is that of other inputs.
            OSError: A file cannot be read.
        """
        self._writable()
        item = new_item(agent_id, text_prompt, files, key=key)
        with self._journal.adding() as add:
            return Added(item.inputs.digest.hex() if key is None else key, add(item))

    def add_many(self, items: Iterable[ItemArguments]) -> int:
        """Add items, each a mapping with the arguments of `add`; return how many are new.

        They are taken one after the other and added some hundreds at a time. An error has a note with the
        number of the item that it is about, counted from 1; those before it have been added.
        """
        self._writable()
        return add_many(self._journal, items)

    def _writable(self) -> SessionsApi:
        if self._api is None:
            raise ApiValueError("this batch was opened without an api, to be read: Batch(path, api)")
        return self._api

    # ── running ──

    def run(
        self,
        *,
        workers: int = 16,
        per_minute: Optional[float] = None,
        executor: Optional[Executor] = None,
        attempts: int = 5,
        settle: float = 5.0,
        send_timeout: float = 120.0,
        timeout: float = 3600.0,
        outage: float = 300.0,
        progress: Union[bool, Callable[[Counts], object]] = False,
    ) -> Counts:
        """Send what is pending, and wait for the sessions, until no item is left; return the counts.

        It also takes up what an earlier run has left: what is done is not sent again, and what may have been
        sent is looked for before it is. An item whose agent fails has failed, and is not sent again either.

        Ctrl-C leaves at once, as KeyboardInterrupt; started sessions go on, and the next run waits for them.

        Args:
            workers: Items under way at once, from the prompt to the finished session.
            per_minute: Prompts that are sent in a minute, evenly spaced, but `workers` of them at once after
                a rest; each attempt counts. None is no limit. A 429 slows all workers.
            executor: What executes the calls, such as `client.get_executor()` of dask.distributed. None is
                threads of this process.
            attempts: How often a prompt is sent, where it turns out that the attempts before had no effect.
            settle: Seconds after which a session that was started is in the list of sessions, by the server's
                clock, and can be read; before that it is not said to be missing.
            send_timeout: Seconds for sending a prompt with its files.
            timeout: Seconds for a session to finish; it stays in doubt then, and the next run waits for it
                again. `math.inf` is no limit.
            outage: Seconds without any connection to the server after which the run ends.
            progress: Whether it is shown how far it is, as for `wait_for_session`. A callable is given the
                Counts.

        Raises:
            JournalBusy: Another run is under way; `pid` is its process.
            UnauthorizedException, AuthenticationError: No token is accepted.
            ApiConnectionError: The server could not be reached for `outage` seconds.
            ApiValueError: An argument cannot be used.
            ImportError: ijson is missing, of the extra [batch].
        """
        api = self._writable()
        limits = Limits(
            check_count("workers", workers, least=1),
            None if per_minute is None else check_seconds("per_minute", per_minute),
            check_count("attempts", attempts, least=1),
            check_seconds("settle", settle),
            check_seconds("send_timeout", send_timeout),
            check_seconds("timeout", timeout),
            check_seconds("outage", outage),
        )
        check_executor(executor, api, workers)
        parser()
        shown = progress_of(progress)
        wait_until_done(self._left)
        lock = RunnerLock(self._journal)
        runner = Runner(self._journal, api, executor, limits)
        # In a thread of its own no exception of a signal comes between two steps that belong together.
        thread = DaemonThreads(1)
        over = thread.submit(copy_context().run, self._run_and_leave, runner, lock)
        thread.shutdown()
        try:
            pause = _SHOW_SECONDS
            while not wait_until_done([over], pause).done:
                began = time.monotonic()
                if progress is not False:
                    shown.show(self.counts)
                pause = max(_SHOW_SECONDS, 100 * (time.monotonic() - began))  # to count millions takes long
        except BaseException as error:
            runner.interrupt()
            wait_until_done([over])
            if isinstance(error, KeyboardInterrupt):
                print(f"\n{self._journal.path}: {self.counts}; run() goes on from there", file=sys.stderr)
            raise
        finally:
            if progress is not False:
                shown.show(self.counts)
            shown.close()
        over.result()
        return self.counts

    def _run_and_leave(self, runner: Runner, lock: RunnerLock) -> None:
        try:
            runner.run()
        finally:
            try:
                runner.leave()
            finally:
                self._left = runner.under_way()
                lock.release_after(self._left)

    # ── what is in it ──

    @property
    def counts(self) -> Counts:
        """The number of items in each state."""
        return self._journal.counts()

    def results(self) -> Iterator[Result]:
        """Yield the items that are done, in the order in which they were added."""
        return self._results("state = 'done'")

    def failures(self) -> Iterator[Result]:
        """Yield the items that have failed; `error` says why."""
        return self._results("state = 'failed'")

    def in_doubt(self) -> Iterator[Result]:
        """Yield the items of which it is not known whether they have a session, or how that ended.

        `evidence` says why. Those that are under way belong to them.
        """
        return self._results("state IN ('in doubt', 'running')")

    def _results(self, where: str, *values: Any) -> Iterator[Result]:
        return map(result_of, self._journal.rows(COLUMNS, where, *values))

    def get(self, key: str) -> Optional[Result]:
        """Return an item by its key, None where there is none."""
        return next(self._results("key = ?", key), None)

    def to_jsonl(self, path: Union[str, os.PathLike[str]]) -> int:
        """Write the items that are done to a file, one on each line as JSON; return how many.

        A file that is there is replaced when all of them are written.
        """
        return to_jsonl(self.results(), path)

    def to_pandas(self) -> Any:
        """Return the items that are done as a pandas.DataFrame, with their answers and times.

        `portal_client.to_pandas` takes `failures()`, too. Raises ImportError without the extra [pandas].
        """
        return to_pandas(self)

    def _rows(self) -> tuple[Iterable[str], Iterable[Result]]:
        return RECORD, self.results()

    # ── deciding ──

    def retry(self, *keys: str) -> int:
        """Make items pending again, those with these keys or all that have failed; return how many.

        It is your word that they may be sent again: one in doubt, which is only taken by its key, may have a
        session. Raises ApiValueError for a key of an item that is neither.
        """
        self._writable()
        with RunnerLock(self._journal):
            for key in keys:
                self._undecided(key, State.FAILED, State.IN_DOUBT)
            return self._journal.reset(keys)

    def assign(self, key: str, session_id: str) -> None:
        """Say which session is that of an item in doubt; the next run waits for it.

        Raises ApiValueError where the item is not in doubt, or the session is that of another item.
        """
        self._writable()
        with RunnerLock(self._journal):
            self._undecided(key, State.IN_DOUBT)
            if next(self._results("session_id = ? AND key <> ?", session_id, key), None) is not None:
                raise ApiValueError(f"session_id: {session_id!r} is the session of another item")
            self._journal.write([("UPDATE items SET session_id = ? WHERE key = ?", (session_id, key))])

    def _undecided(self, key: str, *states: State) -> None:
        found = self.get(key)
        if found is None:
            raise ApiValueError(f"key: there is no item {key!r}")
        # With the lock nothing is running: what was, is in doubt.
        if found.state not in (*states, State.RUNNING):
            raise ApiValueError(f"key: item {key!r} is {found.state}, not {' or '.join(states)}")
