"""The database: one SQLite file, opened with care and changed in transactions.

What holds, and why:

- What is committed survives a kill -9 and a power cut: write-ahead log, and an fsync at each commit.
- Whoever writes holds SQLite's one write lock from before the first look (BEGIN IMMEDIATE), so no decision
  rests on what another thread or process is changing. Whoever does not get it in time is refused, and nothing
  has happened.
- Within a process writers queue, for SQLite's own waiting is a lottery in which one may lose again and again.
- A file is used only if it is ours, and of this format: `application_id` and `user_version` say so. They are
  written together with the tables in one transaction and looked at before anything is touched. Nor does
  SQLite get to see a file beside it that has the name of one of its own and is none: it would write over it.
- A file that is made here is for its owner only, and so is what SQLite makes beside it. One that is there
  already keeps the mode that somebody has given it.
"""

import os
import re
import sqlite3
import stat
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from time import monotonic, sleep

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from portal_sandbox.errors import DatabaseBusy, DatabaseFull, DatabaseUnusable, Stopping
from portal_sandbox.tables import Base

#: How long a transaction waits for others, in seconds.
PATIENCE = 10.0

#: What marks a file as a sandbox's: "PBox".
APPLICATION_ID = 0x50426F78

#: The form of the tables; a change of one takes the next number, a new table does not.
FORMAT = 3

#: The files that SQLite and the servers keep beside a database.
_BESIDE = re.compile("(.+)(-wal|-shm|-journal|-server-[0-9a-f]{32})", re.DOTALL)

#: How a log begins, in either byte order, and a journal; until it is synced, with zeros.
_BEGINNINGS = {
    "-wal": (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83", bytes(4)),
    "-journal": (b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", bytes(8)),
}

_making = Lock()


class Database:
    """The SQLite file at `path`, or a database in memory where that is None. Safe with threads."""

    def __init__(self, path: str | None) -> None:
        self._path = path
        self._engine: Engine | None = None
        self._turn = Lock()

    @property
    def is_open(self) -> bool:
        """Whether transactions are possible."""
        return self._engine is not None

    def open(self) -> None:
        """Open the file, which is made where there is none. Raises DatabaseUnusable."""
        if self._path is not None:
            _inspect(self._path)
            _make(os.path.realpath(self._path))
        self._engine = _engine_for(self._path)
        try:
            with self.writing() as session:
                _create_tables(session.connection())
            with self._engine.connect() as connection:
                _log_ahead(connection)
        except DatabaseUnusable:
            self.close()
            raise

    def close(self) -> None:
        """Close every connection; harmless when closed already."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    @contextmanager
    def reading(self) -> Generator[Session]:
        """A transaction that sees one state of the database. Raises what `writing` does."""
        with self._transaction("BEGIN", PATIENCE) as session:
            yield session

    @contextmanager
    def writing(self, patience: float | None = None) -> Generator[Session]:
        """A transaction with no other beside it; waits `patience` seconds for that, by default PATIENCE.

        Raises DatabaseBusy, DatabaseUnusable or, where the database is not open, Stopping; then nothing has
        changed.
        """
        patience = PATIENCE if patience is None else patience
        end = monotonic() + patience
        if not self._turn.acquire(timeout=patience):
            raise DatabaseBusy
        try:
            with self._transaction("BEGIN IMMEDIATE", max(0.0, end - monotonic())) as session:
                yield session
        finally:
            self._turn.release()

    @contextmanager
    def _transaction(self, begin: str, patience: float) -> Generator[Session]:
        if self._engine is None:
            raise Stopping
        engine = self._engine.execution_options(begin=begin, patience=patience)
        with _failures(), Session(engine, expire_on_commit=False) as session, session.begin():
            session.connection()  # begins now, not only with the first statement
            yield session


def longest(session: Session) -> int:
    """How long a text may be, in bytes, with room for what else its row holds."""
    return _driver(session.connection()).getlimit(sqlite3.SQLITE_LIMIT_LENGTH) - 10_000


# ── whose file it is ──


def _inspect(path: str) -> None:
    """Refuse a file that cannot be ours, without touching it. Raises DatabaseUnusable."""
    reason = _obstacle(os.path.realpath(path))
    if reason is not None:
        raise DatabaseUnusable(reason)
    if not os.path.exists(path) or os.path.getsize(path) == 0:
        return
    # Immutable: no lock is taken, no journal rolled back. And not with `open`: to close the file again would
    # drop the locks that SQLite has on it elsewhere in this process.
    uri = f"{Path(path).as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            marks = _marks(connection)
    except sqlite3.DatabaseError:
        return  # broken, or in the making at this moment: opening it will tell
    _check(marks)


def _obstacle(path: str) -> str | None:
    """What is in the way of a file there, in SQLite's own words only "unable to open database file"."""
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
            return f"{name} beside it is no file of SQLite, which would write over it: move it away"
    return None


def _is_of_sqlite(path: str, suffix: str) -> bool:
    """Whether SQLite may use the file there, if there is one, as its own."""
    try:
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode):
            return False
        if suffix == "-shm":  # not to be opened, for SQLite's locks are on it
            return found.st_size == 3 or found.st_size % 32768 == 0
        with open(path, "rb") as file:
            return found.st_size == 0 or file.read(8).startswith(_BEGINNINGS[suffix])
    except OSError:  # there is none, or it is SQLite that will say why it cannot have it
        return True


def _make(path: str) -> None:
    """Make an empty file, unless there is one. Raises DatabaseUnusable."""
    # One at a time: to close the file would drop the locks of a thread that has opened it meanwhile.
    with _making:
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


def _marks(connection: sqlite3.Connection) -> tuple[int, int]:
    names = ("application_id", "user_version")
    application, form = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names)
    return application, form


def _check(marks: tuple[int, int]) -> None:
    application, form = marks
    if application != APPLICATION_ID:
        raise DatabaseUnusable("it belongs to another program")
    if form != FORMAT:
        raise DatabaseUnusable(
            f"another version of the sandbox has made it (format {form}, this one has {FORMAT})"
        )


def _create_tables(connection: Connection) -> None:
    """Make the tables that are not there yet, once it is certain, under the lock, that the file is ours."""
    driver = _driver(connection)
    if driver.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        _check(_marks(driver))
    else:
        driver.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        driver.execute(f"PRAGMA user_version = {FORMAT}")
    Base.metadata.create_all(connection)


# ── connections ──


def _engine_for(path: str | None) -> Engine:
    # A database in memory lives in its connection, so there is exactly one and transactions take turns.
    engine = create_engine(
        URL.create("sqlite", database=path),
        connect_args={"check_same_thread": False},
        poolclass=QueuePool,
        pool_size=1 if path is None else 8,
        max_overflow=0,
        pool_timeout=None,
    )
    event.listen(engine, "connect", _connected)
    event.listen(engine, "begin", _begin)
    return engine


def _connected(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver begins no transactions of its own
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {round(1000 * options['patience'])}")
    connection.exec_driver_sql(options["begin"])


def _log_ahead(connection: Connection) -> None:
    """Switch to a write-ahead log, which the file remembers.

    SQLite lets none of several that switch at once wait for the others.
    """
    driver = _driver(connection)
    end = monotonic() + PATIENCE
    while True:
        try:
            driver.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if monotonic() > end:
                raise _unusable(error) from error
            sleep(0.01)


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


@contextmanager
def _failures() -> Generator[None]:
    try:
        yield
    except DBAPIError as error:
        raise _unusable(error.orig) from error


def _unusable(error: BaseException | None) -> DatabaseUnusable:
    reason = str(error)
    if "is locked" in reason:
        return DatabaseBusy()
    return DatabaseFull(reason) if "disk is full" in reason else DatabaseUnusable(reason)
