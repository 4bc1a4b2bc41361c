"""The database: one SQLite file, changed in transactions.

- What is committed survives a kill -9 and a power cut: there is a write-ahead log, and an fsync at each
  commit.
- A writing transaction holds SQLite's one write lock from before its first read (BEGIN IMMEDIATE), so no
  decision rests on data that another thread or process is changing. Without the lock in time it fails, and
  nothing has changed.
- Within a process writers queue, for SQLite's own waiting is unfair: one may lose again and again.
- A file is used only if it is a sandbox's (ownership.py).
"""

import atexit
import os
import sqlite3
from collections import deque
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from threading import Lock
from time import monotonic, sleep

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement

from portal_sandbox import ownership
from portal_sandbox.errors import DatabaseBusy, DatabaseFull, DatabaseUnusable, Stopping
from portal_sandbox.tables import Base

#: The time for which a transaction waits for others, in seconds.
PATIENCE = 10.0


#: Engines of databases in memory that were closed: without data, but with the statements compiled so far.
_used: deque[Engine] = deque(maxlen=4)


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
        """Open the file, and create it where there is none. Raises DatabaseUnusable."""
        if self._path is not None:
            ownership.inspect(self._path)
            ownership.create(os.path.realpath(self._path))
        self._engine = _engine_for(self._path)
        try:
            if self._path is None:
                with self._engine.connect() as connection:
                    _empty().backup(_driver(connection))
            else:
                self._create()
                with self._engine.connect() as connection:
                    _use_write_ahead_log(connection)
        except DatabaseUnusable:
            self.close()
            raise

    def _create(self) -> None:
        """Create the tables that are not there."""
        with self.writing() as session:
            connection = session.connection()
            ownership.claim(_driver(connection))
            Base.metadata.create_all(connection)

    def close(self) -> None:
        """Close every connection; harmless when closed already."""
        engine, self._engine = self._engine, None
        if engine is None:
            return
        if self._path is None:
            engine.connect().close()  # its one connection is there once the transaction under way has ended
        engine.dispose()
        if self._path is None:
            _used.append(engine)

    @contextmanager
    def reading(self) -> Generator[Session]:
        """Begin a transaction that sees one state of the database. Raises what `writing` raises."""
        with self._transaction("BEGIN", PATIENCE) as session:
            yield session

    @contextmanager
    def writing(self, patience: float | None = None) -> Generator[Session]:
        """Begin an exclusive transaction; it waits for others for `patience` seconds, by default PATIENCE.

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
    def revisions(self) -> Generator[Callable[[], int]]:
        """Yield a function that returns another number after each change, whichever process made it.

        It costs next to nothing where nothing has changed. It raises what `reading` raises.
        """
        if self._path is None:
            yield self._changes_in_memory
            return
        # SQLite counts the changes of other connections than the one that is asked, so this has its own.
        try:
            with closing(_opened(self._path)) as connection:
                yield lambda: int(connection.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error as error:
            raise _unusable(error) from error

    def _changes_in_memory(self) -> int:
        with self.reading() as session:
            return _driver(session.connection()).total_changes

    @contextmanager
    def _transaction(self, begin: str, patience: float) -> Generator[Session]:
        if self._engine is None:
            raise Stopping
        options = {"begin": begin, "patience": patience}
        with _failures(), Session(self._engine, expire_on_commit=False) as session, session.begin():
            session.connection(execution_options=options)  # begin now, not with the first statement
            yield session


@cache
def _empty() -> sqlite3.Connection:
    """Return a database with all tables and no data, of which each new one in memory is a copy."""
    tables = Base.metadata.sorted_tables
    indexes = [index for table in tables for index in table.indexes]
    statements: list[ExecutableDDLElement] = [*map(CreateTable, tables), *map(CreateIndex, indexes)]
    dialect = sqlite.dialect()
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.executescript(";".join(str(each.compile(dialect=dialect)) for each in statements))
    atexit.register(connection.close)
    return connection


def max_text_size(session: Session) -> int:
    """Return the maximum size of a text in bytes, with room for the rest of its row."""
    return _driver(session.connection()).getlimit(sqlite3.SQLITE_LIMIT_LENGTH) - 10_000


def _engine_for(path: str | None) -> Engine:
    if path is None:
        with suppress(IndexError):
            return _used.pop()
    # A database in memory lives in its connection, so there is exactly one and transactions take turns.
    engine = create_engine(
        URL.create("sqlite", database=path),
        connect_args={"check_same_thread": False},
        poolclass=QueuePool,
        pool_size=1 if path is None else 8,
        max_overflow=0,
        pool_timeout=None,
    )
    event.listen(engine, "connect", lambda *connection: _connected(*connection))
    event.listen(engine, "begin", _begin)
    return engine


def _connected(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver begins no transactions of its own
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _begin(connection: Connection) -> None:
    options, driver = connection.get_execution_options(), _driver(connection)
    driver.execute(f"PRAGMA busy_timeout = {round(1000 * options['patience'])}")
    driver.execute(options["begin"])


def _opened(path: str) -> sqlite3.Connection:
    """Return a connection to a file that is there."""
    uri = f"{Path(path).as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)


def _use_write_ahead_log(connection: Connection) -> None:
    """Switch to a write-ahead log, which the file remembers.

    Of several connections that switch at once, SQLite lets none wait.
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
    except sqlite3.Error as error:
        raise _unusable(error) from error


def _unusable(error: BaseException | None) -> DatabaseUnusable:
    reason = str(error)
    if "is locked" in reason:
        return DatabaseBusy()
    return DatabaseFull(reason) if "disk is full" in reason else DatabaseUnusable(reason)
