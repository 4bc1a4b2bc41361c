"""Ownership of a database file: its marks, its mode, and the errors of its path."""

import os
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from portal_sandbox import ownership
from portal_sandbox.database import Database
from portal_sandbox.errors import DatabaseUnusable
from portal_sandbox.ownership import APPLICATION_ID, FORMAT

from .conftest import names_after_adding, names_in

not_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="everything is open to root"
)


def _foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (a)")
        connection.commit()


def _foreign_with_the_same_tables(path: Path) -> None:
    _of_format(path, FORMAT)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA application_id = 7")


def _foreign_with_a_log(path: Path) -> None:
    """Their program runs, and the last it wrote is only in its log."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE theirs (a)")
        connection.commit()
        for suffix in ("", "-wal"):
            copy = path.with_name(f"copy{suffix}")
            copy.write_bytes(Path(f"{path}{suffix}").read_bytes())
    for suffix in ("", "-wal"):
        path.with_name(f"copy{suffix}").rename(f"{path}{suffix}")


def _empty_but_a_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM")


def _of_format(path: Path, number: int) -> None:
    database = Database(str(path))
    database.open()
    database.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {number}")


def _older(path: Path) -> None:
    _of_format(path, FORMAT - 1)


def _newer(path: Path) -> None:
    _of_format(path, FORMAT + 1)


def _text(path: Path) -> None:
    path.write_text("These are not the bytes of a database, and there are many. " * 100)


def _short_text(path: Path) -> None:
    path.write_text("hello")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_foreign, "it belongs to another program"),
        (_foreign_with_the_same_tables, "it belongs to another program"),
        (_foreign_with_a_log, "it belongs to another program"),
        (_empty_but_a_database, "it belongs to another program"),
        (
            _older,
            f"another version of the sandbox created it (format {FORMAT - 1}, this one has {FORMAT})",
        ),
        (
            _newer,
            f"another version of the sandbox created it (format {FORMAT + 1}, this one has {FORMAT})",
        ),
        (_text, "file is not a database"),
        (_short_text, "file is not a database"),
    ],
)
def test_a_file_that_is_not_ours_is_not_touched(
    path: Path, make: Callable[[Path], None], reason: str
) -> None:
    make(path)
    before = _everything(path.parent)

    database = Database(str(path))
    with pytest.raises(DatabaseUnusable) as refused:
        database.open()
    database.close()

    assert str(refused.value) == reason
    assert _everything(path.parent) == before


def _everything(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir()}


def test_a_file_that_becomes_anothers_is_not_touched_either(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program writes the file between the check and the lock."""
    monkeypatch.setattr(ownership, "inspect", _foreign_after_the_look(path))
    database = Database(str(path))

    with pytest.raises(DatabaseUnusable, match="it belongs to another program"):
        database.open()
    database.close()

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def _foreign_after_the_look(path: Path) -> Callable[[str], None]:
    return lambda _: _foreign(path)


def test_our_file_bears_our_marks(database: Database, path: Path) -> None:
    database.close()

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert connection.execute("PRAGMA user_version").fetchone() == (FORMAT,)


def test_an_empty_file_becomes_ours(path: Path) -> None:
    path.touch()
    database = Database(str(path))

    database.open()

    assert names_in(database) == []
    database.close()


def test_our_file_from_before_a_table_is_ours(database: Database, path: Path) -> None:
    """A new table does not change the format: it is added."""
    names_after_adding(database, "kept")
    database.close()
    tables = ("routine_runs", "routines", "businesses", "playgrounds")
    with closing(sqlite3.connect(path)) as connection:
        for table in tables:
            connection.execute(f"DROP TABLE {table}")
        connection.commit()

    database.open()

    assert names_in(database) == ["kept"]
    with database.reading() as session:
        assert [session.execute(text(f"SELECT count(*) FROM {table}")).scalar() for table in tables] == [
            0
        ] * 4


def test_our_file_with_a_log_is_ours(database: Database, path: Path, tmp_path: Path) -> None:
    """As a kill -9 leaves it: the log holds what the file does not."""
    names_after_adding(database, "logged")
    killed = tmp_path / "killed.sqlite"
    for suffix in ("", "-wal"):
        Path(f"{killed}{suffix}").write_bytes(Path(f"{path}{suffix}").read_bytes())
    after = Database(str(killed))

    after.open()

    assert names_in(after) == ["logged"]
    after.close()


@pytest.mark.skipif(not os.path.exists("/proc/locks"), reason="reads the locks in /proc")
def test_looking_at_a_file_keeps_the_locks_on_it(database: Database, path: Path) -> None:
    """To open and close it in this process would drop them, and with them SQLite's protection."""
    names_in(database)
    before = _locks(path)
    assert before

    ownership.inspect(str(path))

    assert _locks(path) == before


def _locks(path: Path) -> list[str]:
    number = f":{path.stat().st_ino}"
    lines = Path("/proc/locks").read_text().splitlines()
    return [line.partition(":")[2] for line in lines if number in line]


# ── files beside it ──


def _stranger(path: Path) -> None:
    path.write_text("mine for years")


@pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal"])
@pytest.mark.parametrize("make", [_stranger, Path.mkdir, lambda path: path.symlink_to(path.parent / "x")])
@pytest.mark.parametrize("exists", [False, True])
@pytest.mark.skipif(os.name != "posix", reason="links")
def test_a_strange_file_is_not_taken_for_one_of_sqlite(
    path: Path, suffix: str, make: Callable[[Path], None], exists: bool
) -> None:
    beside = Path(f"{path}{suffix}")
    if exists:
        _of_format(path, FORMAT)
    make(beside)
    before = _listed(path.parent)

    with pytest.raises(DatabaseUnusable) as refused:
        Database(str(path)).open()

    assert str(refused.value) == (
        f"{beside.name} beside it is no file of SQLite, which would overwrite it: move it away"
    )
    assert _listed(path.parent) == before


def _listed(folder: Path) -> dict[str, object]:
    return {each.name: _state(each) for each in folder.iterdir()}


def _state(path: Path) -> object:
    found = path.lstat()
    return found.st_ino, found.st_mode, found.st_mtime_ns, path.is_file() and path.read_bytes()


@pytest.mark.parametrize("rest", ["-wal", "-shm", "-journal", "-server-" + "0" * 32])
def test_what_belongs_to_another_database_is_none(database: Database, path: Path, rest: str) -> None:
    beside = Path(f"{path}{rest}")
    beside.touch()
    before = _state(beside)

    with pytest.raises(DatabaseUnusable) as refused:
        Database(str(beside)).open()

    assert str(refused.value) == f"it belongs to the database {path.name}"
    assert _state(beside) == before


def test_a_name_that_only_looks_like_that_of_another_is_a_name(tmp_path: Path) -> None:
    database = Database(str(tmp_path / "the-wal"))

    database.open()

    assert names_in(database) == []
    database.close()


@pytest.mark.parametrize("mode", ["WAL", "PERSIST"])
def test_what_sqlite_itself_has_left_is_no_stranger(path: Path, tmp_path: Path, mode: str) -> None:
    """As a kill -9 in the middle leaves it; the log and the memory map, or the journal."""
    killed = tmp_path / "killed.sqlite"
    _of_format(path, FORMAT)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode = {mode}")
        for name in ("committed", "not committed"):
            connection.execute("BEGIN")
            connection.execute("INSERT INTO blobs VALUES (?)", [name])
            if name == "committed":
                connection.execute("COMMIT")
        for suffix in ("", "-wal", "-shm", "-journal"):
            if os.path.exists(f"{path}{suffix}"):
                copied = subprocess.run(["cat", f"{path}{suffix}"], stdout=subprocess.PIPE, check=True)
                Path(f"{killed}{suffix}").write_bytes(copied.stdout)
    after = Database(str(killed))

    after.open()

    assert names_in(after) == ["committed"]
    after.close()


# ── who may read it ──

posix = pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")


@posix
@pytest.mark.parametrize("umask", [0o000, 0o777])
def test_what_is_made_is_for_its_owner_only(path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        database = Database(str(path))
        database.open()
        names_after_adding(database, "secret")
    finally:
        os.umask(before)

    assert _modes(path.parent) == {path.name: 0o600, f"{path.name}-wal": 0o600, f"{path.name}-shm": 0o600}
    database.close()


@posix
def test_a_link_leads_to_what_is_for_its_owner_only(path: Path) -> None:
    path.symlink_to(path.parent / "target.sqlite")

    database = Database(str(path))
    database.open()
    database.close()

    assert _modes(path.parent)["target.sqlite"] == 0o600


@posix
def test_a_file_keeps_the_mode_that_it_was_given(path: Path) -> None:
    path.touch()
    path.chmod(0o664)

    database = Database(str(path))
    database.open()
    names_after_adding(database, "shared")

    assert set(_modes(path.parent).values()) == {0o664}
    database.close()


def _modes(folder: Path) -> dict[str, int]:
    return {each.name: each.stat().st_mode & 0o777 for each in folder.iterdir()}


# ── errors of the path ──


def _directory(path: Path) -> None:
    path.mkdir()


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _link_to_nowhere(path: Path) -> None:
    path.symlink_to(path.parent / "missing" / "box.sqlite")


def _read_only(path: Path) -> None:
    _of_format(path, FORMAT)
    path.chmod(0o444)


def _secret(path: Path) -> None:
    path.touch(0o200)


def _in_a_read_only_directory(path: Path) -> None:
    path.parent.chmod(0o555)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_directory, "it is a directory"),
        (_pipe, "it is not a regular file"),
        (_loop, "Too many levels of symbolic links"),
        (_link_to_nowhere, "its directory does not exist"),
        pytest.param(_read_only, "it may not be read and written", marks=not_root),
        pytest.param(_secret, "it may not be read and written", marks=not_root),
        pytest.param(
            _in_a_read_only_directory,
            "its directory, where SQLite keeps its journal, may not be written",
            marks=not_root,
        ),
    ],
)
@pytest.mark.skipif(os.name != "posix", reason="files of another kind")
def test_what_is_in_the_way_is_said(path: Path, make: Callable[[Path], None], reason: str) -> None:
    make(path)
    try:
        with pytest.raises(DatabaseUnusable) as refused:
            Database(str(path)).open()
    finally:
        path.parent.chmod(0o755)

    assert str(refused.value) == reason


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing/box.sqlite", "its directory does not exist"),
        ("text.txt/box.sqlite", "Not a directory"),
        ("x" * 300, "File name too long"),
        (".", "it is a directory"),
    ],
)
def test_a_path_that_leads_nowhere_is_said(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "text.txt").touch()

    with pytest.raises(DatabaseUnusable) as refused:
        Database(str(tmp_path / name)).open()

    assert str(refused.value) == reason
