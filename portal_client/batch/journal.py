"""The journal: a SQLite file that holds the items, their states and their results."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, Optional
from weakref import WeakSet

from portal_client.batch.item import Inputs, files_json
from portal_client.batch.result import Counts, State
from portal_client.exceptions import ApiValueError

#: In the file's header: what it is, and the version of its tables.
_APPLICATION, _VERSION = 0x706F7274, 1

#: Seconds to wait for another process that writes.
_PATIENCE = 60.0

_TABLES = """
CREATE TABLE items (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    digest BLOB NOT NULL,
    agent_id TEXT NOT NULL,
    text_prompt TEXT NOT NULL,
    files TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending',
    attempts INTEGER NOT NULL DEFAULT 0,
    added_at REAL NOT NULL,
    attempted_at REAL,
    -- the server's Date before the first attempt
    server_date REAL,
    -- seconds for which the attempt may go on without the runner
    outlives REAL NOT NULL DEFAULT 0,
    session_id TEXT UNIQUE,
    session TEXT,
    ended_at REAL,
    error TEXT,
    evidence TEXT
);
CREATE INDEX items_by_state ON items (state, id);
CREATE TABLE contents (sha256 TEXT PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE runner (pid INTEGER NOT NULL);
INSERT INTO runner VALUES (0);
"""

Change = tuple[str, tuple[Any, ...]]

#: The open journals of this process, and those of the process that it was forked from.
_open: WeakSet[Journal] = WeakSet()


class New(NamedTuple):
    """An item to add."""

    key: Optional[str]
    inputs: Inputs
    contents: Mapping[str, bytes]


class Journal:
    """An open journal; safe with threads.

    Nothing is held open between two calls, so that a reader stops no writer. With `writable` the file is made
    where it is missing. Raises ApiValueError for a file that is no journal, FileNotFoundError for none.
    """

    def __init__(self, path: str, writable: bool) -> None:
        self.path: str = path
        self._lock = threading.RLock()
        self.process: int = os.getpid()
        self._connection: Optional[sqlite3.Connection] = None
        if any(other.path == path and other.process != self.process for other in _open):
            raise self._forked()
        self._connection = self._opened(writable)
        _open.add(self)

    def _opened(self, writable: bool) -> sqlite3.Connection:
        if not writable and not os.path.exists(self.path):
            raise FileNotFoundError(f"there is no journal at {self.path}; with an api, Batch makes one")
        connection = sqlite3.connect(
            f"{Path(self.path).as_uri()}?mode={'rwc' if writable else 'rw'}",
            uri=True,
            timeout=_PATIENCE,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            self._prepare(connection, writable)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection, writable: bool) -> None:
        ask = connection.execute
        try:
            found = ask("PRAGMA application_id").fetchone()[0], ask("PRAGMA user_version").fetchone()[0]
            empty = not ask("SELECT count(*) FROM sqlite_master").fetchone()[0]
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            raise ApiValueError(f"{self.path} is not the journal of a batch") from None
        if found == (0, 0) and empty and writable:
            if ask("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
                raise ApiValueError(
                    f"{self.path}: a journal must lie on a local disk, where SQLite can have a WAL"
                )
            with _transaction(connection):
                if not ask("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                    for statement in _TABLES.split(";"):
                        ask(statement)
                    ask(f"PRAGMA application_id = {_APPLICATION}")
                    ask(f"PRAGMA user_version = {_VERSION}")
        elif found[0] != _APPLICATION:
            raise ApiValueError(f"{self.path} is not the journal of a batch")
        elif found[1] != _VERSION:
            raise ApiValueError(f"{self.path} is the journal of another version of this package")
        ask("PRAGMA synchronous = NORMAL")
        if not writable:
            ask("PRAGMA query_only = ON")

    def close(self) -> None:
        """Close the file."""
        if self.process != os.getpid():
            return
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
                _open.discard(self)

    def __del__(self) -> None:
        if hasattr(self, "_connection"):
            self.close()

    @contextmanager
    def _open(self) -> Generator[sqlite3.Connection, None, None]:
        if self.process != os.getpid():  # a thread that is not in this one may have had the lock
            raise self._forked()
        with self._lock:
            if self._connection is None:
                raise ApiValueError(f"{self.path} is closed")
            yield self._connection

    def _forked(self) -> ApiValueError:
        # SQLite's locks are not inherited, but its notes of them are.
        return ApiValueError(
            f"{self.path} was open when this process was forked, which SQLite cannot have; use it in the "
            'process that opened it, or in one that is started otherwise, such as by "spawn"'
        )

    # ── writing ──

    @contextmanager
    def adding(self) -> Generator[Callable[[New], bool], None, None]:
        """Begin a transaction, and give the function that adds an item in it and returns whether it is new.

        One that is there is left as it is, but for the paths of its files, should they have been moved. The
        function raises ApiValueError for a key that belongs to other inputs; those before are added.
        """
        with self._open() as connection, _transaction(connection):
            failure: Optional[ApiValueError] = None
            try:
                yield lambda item: self._added(connection, item)
            except ApiValueError as error:
                failure = error
        if failure is not None:
            raise failure

    def _added(self, connection: sqlite3.Connection, item: New) -> bool:
        inputs, digest = item.inputs, item.inputs.digest
        key = digest.hex() if item.key is None else item.key
        files = files_json(inputs.files)
        row = (key, digest, inputs.agent_id, inputs.text_prompt, files, time.time())
        new = connection.execute(
            "INSERT INTO items (key, digest, agent_id, text_prompt, files, added_at)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
            row,
        ).rowcount
        if not new:
            (known,) = connection.execute("SELECT digest FROM items WHERE key = ?", (key,)).fetchone()
            if known != digest:
                raise ApiValueError(f"key: {key!r} is the key of an item with other inputs")
            if inputs.files:
                connection.execute("UPDATE items SET files = ? WHERE key = ?", (files, key))
        for content in item.contents.items():
            connection.execute("INSERT INTO contents VALUES (?, ?) ON CONFLICT DO NOTHING", content)
        return bool(new)

    def write(self, changes: Sequence[Change], durable: bool = False) -> None:
        """Make changes of a row each in one transaction; a durable one also survives that the power fails.

        Raises ApiValueError, and changes nothing, where a row is not in the state that a change begins with.
        """
        with self._open() as connection:
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            with _transaction(connection):
                for statement, values in changes:
                    if connection.execute(statement, values).rowcount != 1:
                        raise ApiValueError(f"{self.path}: an item was changed by others while it was run")

    def reset(self, keys: Sequence[str]) -> int:
        """Make items pending as if they were new, those with these keys or all that have failed.

        Returns how many.
        """
        change = (
            "UPDATE items SET state = 'pending', attempts = 0, session_id = NULL, session = NULL,"
            " error = NULL, evidence = NULL, ended_at = NULL WHERE"
        )
        with self._open() as connection, _transaction(connection):
            if not keys:
                return connection.execute(f"{change} state = 'failed'").rowcount
            return sum(connection.execute(f"{change} key = ?", (key,)).rowcount for key in keys)

    @property
    def runner(self) -> int:
        """The process that runs the batch, or has run it."""
        pid: int = self.ask("SELECT pid FROM runner")[0][0]
        return pid

    @runner.setter
    def runner(self, pid: int) -> None:
        self.write([("UPDATE runner SET pid = ?", (pid,))])

    # ── reading ──

    def ask(self, query: str, *values: Any) -> list[Any]:
        """Return the rows of a query."""
        with self._open() as connection:
            return connection.execute(query, values).fetchall()

    def rows(self, columns: str, where: str, *values: Any) -> Iterator[Any]:
        """Yield rows in the order of the items, one query for each: what is read stops nobody meanwhile."""
        last = 0
        query = f"SELECT id, {columns} FROM items WHERE ({where}) AND id > ? ORDER BY id LIMIT 1"
        while found := self.ask(query, *values, last):
            last = found[0][0]
            yield found[0][1:]

    def content(self, sha256: str) -> bytes:
        """Return the bytes of a file that the journal keeps."""
        content: bytes = self.ask("SELECT content FROM contents WHERE sha256 = ?", sha256)[0][0]
        return content

    def counts(self) -> Counts:
        """Count the items by their states."""
        found = dict(self.ask("SELECT state, count(*) FROM items GROUP BY state"))
        return Counts(*(found.get(state.value, 0) for state in State))


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Generator[None, None, None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # the first error counts
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        raise
