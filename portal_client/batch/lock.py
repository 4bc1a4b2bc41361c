"""The lock of a journal's runner, which ends with its process."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from concurrent.futures import Future
from threading import Lock
from typing import Any, Self

from portal_client.batch.journal import Journal
from portal_client.exceptions import OpenApiException

#: Seconds to wait for the lock; by then a runner that has just taken it has said who it is.
_PATIENCE = 0.5


class JournalBusy(OpenApiException):
    """Another runner is at work on the journal; `pid` is its process."""

    def __init__(self, path: str, pid: int) -> None:
        self.path: str = path
        self.pid: int = pid
        super().__init__(
            f"{path}: process {pid} runs this batch, or a call of its last run is still under way"
        )


class RunnerLock:
    """An exclusive transaction on an empty database beside the journal: the system ends it with the process.

    A file that the journal's own transactions do not touch, so that others can read and add meanwhile.
    """

    def __init__(self, journal: Journal) -> None:
        path = f"{journal.path}-lock"
        self._connection = sqlite3.connect(path, timeout=_PATIENCE, check_same_thread=False)
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            self._connection.close()
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            raise JournalBusy(journal.path, journal.runner) from None
        journal.runner = os.getpid()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Let others run."""
        self._connection.close()

    def release_after(self, calls: Sequence[Future[Any]]) -> None:
        """Let others run when these calls are over, or this process."""
        left = set(calls)
        together = Lock()

        def ended(call: Future[Any]) -> None:
            with together:
                left.discard(call)
                if not left:
                    self.release()

        for call in calls:
            call.add_done_callback(ended)
        if not calls:
            self.release()
