"""Presence: which of the servers on a database file are alive.

Each server locks a file of its own beside the database for as long as it lives. The kernel frees the lock
when the process ends, by kill -9 too, so a free lock means that its server is dead, and will stay so, since
no name is used twice. Process ids, which are, and clocks play no part. Several servers in one process have a
lock each.
"""

import os
import re
import stat
from collections.abc import Sequence
from contextlib import suppress
from uuid import uuid4

from filelock import FileLock
from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

_NAME = re.compile("[0-9a-f]{32}")


class Presence:
    """The lock by which the other servers on a database file see this one; none for one in memory."""

    def __init__(self, database: str | None) -> None:
        # The path may be a link; SQLite, too, keeps its files beside the target.
        self._database = database and os.path.realpath(database)
        self._lock: FileLock | None = None
        #: The name of this server, a new one each time it enters.
        self.server = ""

    @property
    def is_shared(self) -> bool:
        """Whether other servers may use the database."""
        return self._database is not None

    def enter(self) -> None:
        """Take the lock; to be called while the database is locked for writing. Raises OSError."""
        self.server = uuid4().hex
        if self._database is not None:
            self._lock = _acquired(self._file(self.server), _mode(self._database))

    def leave(self) -> None:
        """Release the lock; harmless when it is released already."""
        if self._lock is not None:
            _remove(self._lock)
            self._lock = None

    def is_alive(self, server: str) -> bool:
        """Whether a server that has entered is alive."""
        if server == self.server:
            return True
        # The name is from the database, which another program may have written.
        return self._database is not None and _NAME.fullmatch(server) is not None and self._is_held(server)

    def dead_servers(self, db: Session, column: InstrumentedAttribute[str | None]) -> Sequence[str]:
        """Return the names in a column whose servers are dead."""
        names = db.scalars(select(column).where(column.is_not(None)).distinct())
        return [name for name in names if name is not None and not self.is_alive(name)]

    def clear(self) -> None:
        """Remove the files of dead servers; to be called while the database is locked for writing.

        For between creating its file and locking it, a server that enters looks like a dead one.
        """
        if self._database is not None:
            folder, prefix = os.path.split(self._file(""))
            for name in os.listdir(folder):
                if name.startswith(prefix) and _NAME.fullmatch(server := name.removeprefix(prefix)):
                    self._is_held(server)

    def _file(self, server: str) -> str:
        return f"{self._database}-server-{server}"

    def _is_held(self, server: str) -> bool:
        """Whether a server holds its lock; removes the file of one that does not."""
        path = self._file(server)
        try:
            if _may_be_a_lock(path):
                _remove(_acquired(path))
        except OSError:  # filelock's Timeout is one; a server whose file cannot be opened counts as alive
            return True
        return False


def _mode(database: str) -> int:
    """Return the mode for a file beside a database: that of the database, as SQLite does."""
    try:
        return stat.S_IMODE(os.stat(database).st_mode)
    except FileNotFoundError:
        return 0o600


def _may_be_a_lock(path: str) -> bool:
    """Whether the file at a path can be a server's: a regular file without content."""
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
