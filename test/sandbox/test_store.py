"""The store: files byte for byte, everything across a restart, each change whole."""

import hashlib
import io
import os
import tracemalloc
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from portal_sandbox import database
from portal_sandbox.errors import STOPPED, DatabaseBusy, NotFound, SandboxError, SessionRunning, Stopping
from portal_sandbox.presence import Presence
from portal_sandbox.prompt import Prompt, Upload
from portal_sandbox.store import Store
from portal_sandbox.tables import SessionRow
from portal_sandbox.wire import SessionStatus

from .conftest import Start

BIG = bytes(range(256)) * 4096 * 3  # beyond what the server keeps of an upload in memory


def test_files_are_stored_byte_for_byte(start: Start, tmp_path: Path) -> None:
    db = tmp_path / "box.sqlite"
    contents = [
        ("big.bin", BIG, "application/x-big"),
        ("empty", b"", "text/plain"),
        ("again.bin", BIG, "a/b"),
    ]
    with start(db=db) as caller:
        session = caller.create(files=contents)
        copy = caller.replay(session["id"], 0).json()
    store = Store(db)
    store.open()

    try:
        for session_id in (session["id"], copy["id"]):
            files = store.files(session_id)
            assert [(file.name, store.content(file.sha256), file.content_type) for file in files] == contents
            assert [file.size for file in files] == [len(BIG), 0, len(BIG)]
            assert files[0].sha256 == hashlib.sha256(BIG).hexdigest()
    finally:
        store.close()


def test_data_survives_a_restart(start: Start, tmp_path: Path) -> None:
    options = {"db": tmp_path / "box.sqlite", "tokens": {"secret": "ann"}}
    session = start(**options).create()

    again = start(**options)

    assert again.get(f"/sessions/{session['id']}") == session
    assert len(again.update(session["id"]).json()["messages"]) == 4


def test_memory_is_separate_for_each_sandbox(start: Start) -> None:
    session = start().create()

    assert start().call("GET", f"/sessions/{session['id']}").status == 404


class _Meanwhile(io.BytesIO):
    """A file that calls a function while it is being stored."""

    def __init__(self, attempt: Callable[[], Future[SessionRow]]) -> None:
        super().__init__(b"data")
        self._attempt = attempt

        self._beginnings = 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._beginnings += 1
        if self._beginnings == 2:  # read the first time for its digest, before the transaction
            self.attempted = self._attempt()
            wait([self.attempted], timeout=0.2)  # not done: it waits for this very transaction
        return super().seek(offset, whence)


def test_of_two_prompts_in_two_stores_one_wins(store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "box.sqlite")
    other.open()
    session = store.create("ann", "echo", Prompt("first"))
    store.finish(session, "answer", SessionStatus.READY)

    with ThreadPoolExecutor() as threads:
        file = _Meanwhile(lambda: threads.submit(other.begin, "ann", session.id, Prompt("late")))
        store.begin("ann", session.id, Prompt("early", [Upload("a", "b/c", file)]))
        with pytest.raises(SessionRunning):
            file.attempted.result()

    other.close()
    assert [message.text for message in store.session(session.id).messages] == ["first", "answer", "early"]


def test_a_refused_prompt_leaves_no_trace(store: Store) -> None:
    session = store.create("ann", "echo", Prompt("first"))
    upload = Upload("a", "b/c", io.BytesIO(b"data"))

    with pytest.raises(SessionRunning):
        store.begin("ann", session.id, Prompt("second", [upload]))

    assert [message.text for message in store.session(session.id).messages] == ["first"]
    assert store.files(session.id) == []


class _Fading(io.BytesIO):
    """A file that can be read but once."""

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if self.tell():
            raise OSError("gone")
        return super().seek(offset, whence)


def test_a_prompt_whose_file_cannot_be_stored_leaves_no_trace(store: Store) -> None:
    session = store.create("ann", "echo", Prompt("first", [Upload("a", "b/c", io.BytesIO(b"123"))]))
    store.finish(session, "answer", SessionStatus.READY)

    with pytest.raises(OSError, match="gone"):
        store.begin("ann", session.id, Prompt("second", [Upload("a", "b/c", _Fading(b"1234"))]))

    after = store.session(session.id)
    assert (after.status, len(after.messages)) == ("Ready", 2)
    assert [file.name for file in store.files(session.id)] == ["a"]


def test_writing_reads_what_others_wrote(store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "box.sqlite")
    other.open()
    session = store.create("ann", "echo", Prompt("first"))

    other.finish(session, "answer", SessionStatus.READY)
    store.begin("ann", session.id, Prompt("second"))

    other.close()
    assert [message.text for message in store.session(session.id).messages] == ["first", "answer", "second"]


@pytest.mark.parametrize("name", ["missing/box.sqlite", ".", "text.txt"])
def test_what_is_no_database_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "text.txt").write_text("These are not the bytes of a database, and there are many." * 100)

    with pytest.raises(SandboxError, match=r"Cannot use .* as a database: "):
        Store(tmp_path / name).open()


def test_a_closed_store_is_stopping() -> None:
    with pytest.raises(Stopping):
        Store(None).session("x")


def test_no_such_session(store: Store) -> None:
    with pytest.raises(NotFound):
        store.session("x")


# ── how much it takes ──


def test_a_large_file_takes_little_memory(store: Store, tmp_path: Path) -> None:
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    with large.open("rb") as file:
        tracemalloc.start()
        try:
            session = store.create("ann", "echo", Prompt("see", [Upload("a", "b/c", file)]))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    (stored,) = store.files(session.id)
    content = store.content(stored.sha256)
    assert peak < 8 * 1024 * 1024
    assert stored.size == len(content) == 100 * 1024 * 1024
    assert hashlib.sha256(content).hexdigest() == stored.sha256


def test_many_sessions_take_few_queries(store: Store) -> None:
    statements: list[str] = []

    def count(number: int) -> int:
        while len(store.sessions("ann")) < number:
            store.create("ann", "echo", Prompt("hello"))
        statements.clear()
        store.sessions("ann")
        return len(statements)

    event.listen(Engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))

    assert count(2) == count(40)


# ── whose server has died ──


def _open(path: Path) -> Store:
    store = Store(path)
    store.open()
    return store


def _die(store: Store) -> None:
    """End a store as kill -9 does: no change, and a free lock."""
    store.presence.leave()
    store.database.close()


def _said(store: Store, session: SessionRow) -> tuple[str, list[str]]:
    row = store.session(session.id)
    assert (row.server is None) is (row.status != "Running")
    return row.status, [message.text for message in row.messages]


def test_what_a_dead_server_has_left_running_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "box.sqlite"
    first = _open(path)
    running, done = (first.create("ann", "echo", Prompt(text)) for text in ("one", "two"))
    first.finish(done, "answer", SessionStatus.READY)
    _die(first)

    second = _open(path)

    assert _said(second, running) == ("Error", ["one", STOPPED])
    assert second.session(running.id).messages[1].agent_id == "echo"
    assert second.session(running.id).updated_at > running.updated_at
    assert _said(second, done) == ("Ready", ["two", "answer"])
    assert second.begin("ann", running.id, Prompt("again")).status == "Running"
    second.close()


def test_a_server_that_lives_is_left_alone(store: Store, tmp_path: Path) -> None:
    running = store.create("ann", "echo", Prompt("one"))

    other = _open(tmp_path / "box.sqlite")
    other.recover()
    other.abandon()

    assert _said(other, running) == ("Running", ["one"])
    store.finish(running, "answer", SessionStatus.READY)
    assert _said(other, running) == ("Ready", ["one", "answer"])
    other.close()


def test_one_recovers_what_another_has_left(store: Store, tmp_path: Path) -> None:
    other = _open(tmp_path / "box.sqlite")
    theirs, ours = other.create("ann", "echo", Prompt("one")), store.create("ann", "echo", Prompt("two"))
    _die(other)

    store.recover()
    store.recover()

    assert _said(store, theirs) == ("Error", ["one", STOPPED])
    assert _said(store, ours) == ("Running", ["two"])


def test_nothing_is_written_where_there_is_nothing_to_recover(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.create("ann", "echo", Prompt("one"))
    monkeypatch.delattr(database.Database, "writing")

    store.recover()


def test_a_server_that_comes_back_leaves_nothing_running(tmp_path: Path) -> None:
    path = tmp_path / "box.sqlite"
    store = _open(path)
    running = store.create("ann", "echo", Prompt("one"))
    store.close()

    store.open()

    assert _said(store, running) == ("Error", ["one", STOPPED])
    store.close()
    assert os.listdir(tmp_path) == ["box.sqlite"]


@pytest.mark.parametrize("again", [False, True])
def test_an_answer_that_comes_late_changes_nothing(store: Store, again: bool) -> None:
    asked = store.create("ann", "echo", Prompt("one"))
    store.abandon()
    if again:
        store.begin("ann", asked.id, Prompt("two"))
    before = _said(store, asked)

    store.finish(asked, "late", SessionStatus.READY)

    assert _said(store, asked) == before
    assert before == (("Running", ["one", STOPPED, "two"]) if again else ("Error", ["one", STOPPED]))


def test_a_server_enters_while_nobody_clears(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between making its file and locking it, a server looks dead; so both are done under the write lock."""
    path = tmp_path / "box.sqlite"
    first, second = _open(path), Store(path)
    done: list[str] = []
    monkeypatch.setattr(second.presence, "enter", lambda: _try_to_write(first, done))
    monkeypatch.setattr(second.presence, "clear", lambda: _try_to_write(first, done))

    second.open()

    assert done == ["busy", "busy"]
    first.close()
    second.close()


def _try_to_write(store: Store, done: list[str]) -> None:
    try:
        with store.database.writing(0):
            done.append("written")
    except DatabaseBusy:
        done.append("busy")


def test_a_file_beside_the_database_that_cannot_be_made_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Presence) -> None:
        raise PermissionError(13, "Permission denied", "box.sqlite-server-1")

    monkeypatch.setattr(Presence, "enter", fail)

    with pytest.raises(SandboxError, match=r"Cannot use .* as a database: .* denied: 'box\.sqlite-server-1'"):
        Store(tmp_path / "box.sqlite").open()

    assert os.listdir(tmp_path) == ["box.sqlite"]
