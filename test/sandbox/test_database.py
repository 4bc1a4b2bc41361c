"""The database: committed data stays, and transactions wait for each other."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

import portal_sandbox.candela.tables  # noqa: F401  # with those of Candela, whatever is tested before
from portal_sandbox import database as module
from portal_sandbox.database import Database
from portal_sandbox.errors import DatabaseBusy, DatabaseUnusable, Stopping

from .conftest import LIMIT, locked, names_after_adding, names_in

ADD = text("INSERT INTO blobs VALUES (:name)")


# ── committed data ──


def test_each_connection_syncs_its_log_and_checks_references(database: Database) -> None:
    with database.reading() as one, database.reading() as two:
        for session in (one, two):
            found = [
                session.execute(text(f"PRAGMA {name}")).scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys")
            ]
            assert found == ["wal", 2, 1]


def test_an_error_undoes_the_transaction(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.writing() as session:  # noqa: PT012
        session.execute(ADD, {"name": "a"})
        raise ZeroDivisionError

    assert names_in(database) == []


def test_one_in_memory_has_the_tables_of_a_file_and_none_of_the_data_before(path: Path) -> None:
    query = text("SELECT type, name, sql FROM sqlite_master ORDER BY name")
    made: list[Any] = []
    for where in (str(path), None, None):
        database = Database(where)
        database.open()
        with database.writing() as session:
            assert session.execute(text("SELECT count(*) FROM blobs")).scalar() == 0
            made.append([tuple(row) for row in session.execute(query) if row.sql])
            session.execute(ADD, {"name": "a"})
        database.close()
    assert len(made[0]) > 20

    assert made[1] == made[2]
    assert [(kind, name, " ".join(sql.split())) for kind, name, sql in made[0]] == [
        (kind, name, " ".join(sql.split())) for kind, name, sql in made[1]
    ]


# ── who waits for whom ──


def test_a_writer_keeps_others_out_from_its_beginning(database: Database, path: Path) -> None:
    other = Database(str(path))
    other.open()

    with database.writing(), pytest.raises(DatabaseBusy), other.writing(0):
        pass

    other.close()


def test_writers_of_one_process_queue_without_a_connection(database: Database) -> None:
    def add(name: str) -> None:
        with database.writing() as session:
            session.execute(ADD, {"name": name})

    with ThreadPoolExecutor() as threads:
        with database.writing() as session:
            waiting = [threads.submit(add, name) for name in "ab"]
            wait(waiting, timeout=0.2)
            assert session.connection().engine.pool.checkedout() == 1  # type: ignore[attr-defined]
        for each in waiting:
            each.result(LIMIT)

    assert names_in(database) == ["a", "b"]


def test_a_queue_has_an_end(database: Database) -> None:
    with database.writing(), pytest.raises(DatabaseBusy), database.writing(0):
        pass


def test_another_process_that_writes_is_waited_for(database: Database, path: Path) -> None:
    with ThreadPoolExecutor() as threads, locked(path):
        writing = threads.submit(names_after_adding, database, "late")
        assert names_in(database) == []  # readers wait for nobody
        wait([writing], timeout=0.2)
        assert not writing.done()

    assert writing.result() == ["late"]


def test_another_process_is_not_waited_for_for_ever(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    with locked(path):
        with pytest.raises(DatabaseBusy) as refused:
            names_after_adding(database, "never")
        assert names_in(database) == []
        with pytest.raises(DatabaseBusy):
            Database(str(path)).open()

    assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "1"})
    assert refused.value.detail == "The database cannot be used: another process keeps it locked"
    assert names_after_adding(database, "later") == ["later"]


def test_many_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    def opened(path: str) -> list[Any]:
        database = Database(path)
        database.open()
        names = names_in(database)
        database.close()
        return names

    with ThreadPoolExecutor(8) as threads:
        for number in range(5):
            path = str(tmp_path / f"{number}.sqlite")
            assert list(threads.map(opened, [path] * 8)) == [[]] * 8


def test_those_who_switch_the_log_at_once_try_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Rival:
        """A connection that SQLite refuses at once, as it does when two switch at the same time."""

        attempts = 0

        def execute(self, statement: str) -> None:
            self.attempts += 1
            if self.attempts < 3:
                raise sqlite3.OperationalError("database is locked")

    rival, database = Rival(), Database(str(path))
    database.open()
    with database.reading() as session:
        monkeypatch.setattr(module, "_driver", lambda _: rival)
        module._use_write_ahead_log(session.connection())

        monkeypatch.setattr(module, "PATIENCE", -1)
        rival.attempts = 0
        with pytest.raises(DatabaseBusy):
            module._use_write_ahead_log(session.connection())

    database.close()


def test_a_full_disk_is_said(database: Database) -> None:
    with database.writing() as session:
        session.execute(text("PRAGMA max_page_count = 1"))  # of this connection, the next transaction's too

    with pytest.raises(DatabaseUnusable) as refused:
        names_after_adding(database, "x" * 100_000)

    assert refused.value.status == 500
    assert refused.value.detail == "The database cannot be used: database or disk is full"
    assert names_in(database) == []


def test_a_closed_database_is_stopping() -> None:
    database = Database(None)
    database.open()
    database.close()
    database.close()

    with pytest.raises(Stopping), database.reading():
        pass


# ── revisions ──


def _added_by_another_process(path: Path, name: str) -> None:
    code = (
        "import sqlite3, sys; connection = sqlite3.connect(sys.argv[1]);"
        "connection.execute('INSERT INTO blobs VALUES (?)', sys.argv[2:]); connection.commit()"
    )
    subprocess.run([sys.executable, "-c", code, str(path), name], check=True, timeout=LIMIT)


def test_a_revision_is_another_one_after_each_change_of_whichever_process(
    database: Database, path: Path
) -> None:
    with database.revisions() as one, database.revisions() as two:
        begin = one(), two()
        assert names_in(database) == []
        assert (one(), two()) == begin
        names_after_adding(database, "own")
        own = one(), two()
        _added_by_another_process(path, "other")
        other = one(), two()

    assert names_in(database) == ["other", "own"]
    for numbers in zip(begin, own, other, strict=True):
        assert len({*numbers}) == 3


def test_a_revision_in_memory_is_another_one_after_each_change() -> None:
    database = Database(None)
    database.open()
    with database.revisions() as revision:
        begin = revision()
        assert names_in(database) == []
        assert revision() == begin
        names_after_adding(database, "one")
        assert revision() != begin
    database.close()


def test_without_a_file_there_is_no_revision(database: Database, path: Path) -> None:
    path.unlink()

    with pytest.raises(DatabaseUnusable), database.revisions():
        pass
    assert not path.exists()
