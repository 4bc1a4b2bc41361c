"""Presence: which of the servers on a database file are alive.

Each server locks a file of its own beside the database for as long as it lives. The kernel frees the lock
when the process ends, by kill -9 too, so a lock that is free says that its server is gone, and gone for good,
since no name is used twice. Process ids, which are, and clocks have no say. Servers in one process, too, have
a lock each.
"""

import os
import re
import stat
from contextlib import suppress
from uuid import uuid4

from filelock import FileLock

_NAME = re.compile("[0-9a-f]{32}")


class Presence:
    """That a server is alive, for the others on its database file to see; one in memory has no others."""

    def __init__(self, database: str | None) -> None:
        # The database may be reached by a link; SQLite, too, keeps its files beside what the link leads to.
        self._database = database and os.path.realpath(database)
        self._lock: FileLock | None = None
        #: The name of this server, a new one each time it enters.
        self.server = ""

    def enter(self) -> None:
        """Be alive; to be called while the database is locked for writing. Raises OSError."""
        self.server = uuid4().hex
        if self._database is not None:
            self._lock = _acquired(self._file(self.server), _mode(self._database))

    def leave(self) -> None:
        """Be alive no longer; harmless when that is so already."""
        if self._lock is not None:
            _remove(self._lock)
            self._lock = None

    def is_alive(self, server: str) -> bool:
        """Whether a server that has entered is still there."""
        if server == self.server:
            return True
        # A name comes from the database, which anybody may have made.
        return self._database is not None and _NAME.fullmatch(server) is not None and self._is_held(server)

    def clear(self) -> None:
        """Remove what dead servers have left; to be called while the database is locked for writing.

        For between making its file and locking it, a server that enters looks like a dead one.
        """
        if self._database is not None:
            folder, prefix = os.path.split(self._file(""))
            for name in os.listdir(folder):
                if name.startswith(prefix) and _NAME.fullmatch(server := name.removeprefix(prefix)):
                    self._is_held(server)

    def _file(self, server: str) -> str:
        return f"{self._database}-server-{server}"

    def _is_held(self, server: str) -> bool:
        """Whether a server holds its lock; the file of one that does not is removed."""
        path = self._file(server)
        try:
            if _may_be_a_lock(path):
                _remove(_acquired(path))
        except OSError:  # filelock's Timeout is one; and a server that may not be asked counts as alive
            return True
        return False


def _mode(database: str) -> int:
    """The mode of the files beside a database: as SQLite does it, that of the database."""
    try:
        return stat.S_IMODE(os.stat(database).st_mode)
    except FileNotFoundError:
        return 0o600


def _may_be_a_lock(path: str) -> bool:
    """Whether a server has made the file there: of those with a content, or that are links, none has."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size == 0


def _acquired(path: str, mode: int = 0o600) -> FileLock:
    lock = FileLock(path, mode=mode, thread_local=False)  # one thread enters, another one leaves
    lock.acquire(blocking=False)  # pyright: ignore[reportUnknownMemberType]
    return lock


def _remove(lock: FileLock) -> None:
    with suppress(OSError):  # Windows removes no file that is open, but filelock does so on release there
        os.unlink(lock.lock_file)
    lock.release()
