"""Presence: which of the servers on a database file are alive.

Each server locks a file of its own beside the database for as long as it lives. The kernel frees the lock
when the process ends, by kill -9 too, so a lock that is free says that its server is gone, and gone for good,
since no name is used twice. Process ids, which are, and clocks have no say. Servers in one process, too, have
a lock each.
"""

import glob
import os
from contextlib import suppress
from uuid import uuid4

from filelock import FileLock


class Presence:
    """That a server is alive, for the others on its database file to see; one in memory has no others."""

    def __init__(self, database: str | None) -> None:
        # The database may be reached by a link; SQLite, too, keeps its files beside what the link leads to.
        self._prefix = database and f"{os.path.realpath(database)}-server-"
        self._lock: FileLock | None = None
        #: The name of this server, a new one each time it enters.
        self.server = ""

    def enter(self) -> None:
        """Be alive; to be called while the database is locked for writing. Raises OSError."""
        self.server = uuid4().hex
        if self._prefix is not None:
            self._lock = _acquired(self._prefix + self.server)

    def leave(self) -> None:
        """Be alive no longer; harmless when that is so already."""
        if self._lock is not None:
            _remove(self._lock)
            self._lock = None

    def is_alive(self, server: str) -> bool:
        """Whether a server that has entered is still there."""
        return server == self.server or (self._prefix is not None and _is_held(self._prefix + server))

    def clear(self) -> None:
        """Remove what dead servers have left; to be called while the database is locked for writing.

        For between making its file and locking it, a server that enters looks like a dead one.
        """
        if self._prefix is not None:
            for path in glob.glob(f"{glob.escape(self._prefix)}*"):
                _is_held(path)


def _acquired(path: str) -> FileLock:
    lock = FileLock(path, thread_local=False)  # one thread enters, another one leaves
    lock.acquire(blocking=False)  # pyright: ignore[reportUnknownMemberType]
    return lock


def _is_held(path: str) -> bool:
    """Whether a lock is held; one that is not is removed."""
    try:
        _remove(_acquired(path))
    except OSError:  # filelock's Timeout is one; and a server that may not be asked counts as alive
        return True
    return False


def _remove(lock: FileLock) -> None:
    with suppress(OSError):  # Windows removes no file that is open, but filelock does so on release there
        os.unlink(lock.lock_file)
    lock.release()
