"""Ownership: checks that a file is a database of the sandbox, and creates one that is its owner's only.

- A file is used only if it is a sandbox's, and of this format, by its `application_id` and `user_version`.
  They are written with the tables in one transaction and checked before the file is changed. A file beside it
  that has the name of one of SQLite's and is none is an error: SQLite would overwrite it.
- A new file can be read by its owner only, and so can the files that SQLite creates beside it. An existing
  one keeps its mode.
"""

import os
import re
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from threading import Lock

from portal_sandbox.errors import DatabaseUnusable

#: The mark of a sandbox's file: "PBox".
APPLICATION_ID = 0x50426F78

#: The format of the tables; a change of one takes the next number, a new table does not.
FORMAT = 3

#: The names of the files that SQLite and the servers keep beside a database.
_BESIDE = re.compile("(.+)(-wal|-shm|-journal|-server-[0-9a-f]{32})", re.DOTALL)

#: The first bytes of a log, in either byte order, and of a journal; zeros until it is synced.
_BEGINNINGS = {
    "-wal": (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83", bytes(4)),
    "-journal": (b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", bytes(8)),
}

_creating = Lock()


def inspect(path: str) -> None:
    """Check, without changing it, that a file can be a sandbox's. Raises DatabaseUnusable."""
    reason = _obstacle(os.path.realpath(path))
    if reason is not None:
        raise DatabaseUnusable(reason)
    if not os.path.exists(path) or os.path.getsize(path) == 0:
        return
    # Immutable: no lock is taken, no journal rolled back. Not by `open`: closing the file again would drop
    # the locks that SQLite has on it elsewhere in this process.
    uri = f"{Path(path).as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            marks = _marks(connection)
    except sqlite3.DatabaseError:
        return  # broken, or just being created: opening it will raise
    _check(marks)


def create(path: str) -> None:
    """Create an empty file, unless there is one. Raises DatabaseUnusable."""
    # One at a time: closing the file would drop the locks of a thread that has opened it meanwhile.
    with _creating:
        try:
            file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            return
        except OSError as error:
            raise DatabaseUnusable(error.strerror or str(error)) from error
        try:
            if os.name == "posix":  # whatever the umask is
                os.fchmod(file, 0o600)
        finally:
            os.close(file)


def claim(connection: sqlite3.Connection) -> None:
    """Mark an empty file as a sandbox's; to be called while it is locked for writing.

    Raises DatabaseUnusable for one that another program has written since `inspect`.
    """
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        _check(_marks(connection))
    else:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {FORMAT}")


def _obstacle(path: str) -> str | None:
    """Return why there can be no database at a path; SQLite's own error is "unable to open database file"."""
    folder, mode = os.path.dirname(path), None
    if (found := _BESIDE.fullmatch(path)) and os.path.exists(found[1]):
        return f"it belongs to the database {os.path.basename(found[1])}"
    if not os.path.exists(folder):
        return "its directory does not exist"
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        pass
    except OSError as error:
        return error.strerror
    if mode is not None and stat.S_ISDIR(mode):
        return "it is a directory"
    if mode is not None and not stat.S_ISREG(mode):
        return "it is not a regular file"
    if mode is not None and not os.access(path, os.R_OK | os.W_OK):
        return "it may not be read and written"
    if not os.access(folder, os.W_OK | os.X_OK):
        return "its directory, where SQLite keeps its journal, may not be written"
    for suffix in ("-wal", "-shm", "-journal"):
        if not _is_of_sqlite(path + suffix, suffix):
            name = os.path.basename(path + suffix)
            return f"{name} beside it is no file of SQLite, which would overwrite it: move it away"
    return None


def _is_of_sqlite(path: str, suffix: str) -> bool:
    """Whether the file at a path, if there is one, is SQLite's own."""
    try:
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode):
            return False
        if suffix == "-shm":  # not opened, for SQLite's locks are on it
            return found.st_size == 3 or found.st_size % 32768 == 0
        with open(path, "rb") as file:
            return found.st_size == 0 or file.read(8).startswith(_BEGINNINGS[suffix])
    except OSError:  # there is none, or SQLite itself will raise
        return True


def _marks(connection: sqlite3.Connection) -> tuple[int, int]:
    names = ("application_id", "user_version")
    application, format_ = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names)
    return application, format_


def _check(marks: tuple[int, int]) -> None:
    application, format_ = marks
    if application != APPLICATION_ID:
        raise DatabaseUnusable("it belongs to another program")
    if format_ != FORMAT:
        raise DatabaseUnusable(
            f"another version of the sandbox created it (format {format_}, this one has {FORMAT})"
        )
