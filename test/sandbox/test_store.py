"""What is kept: files byte for byte, everything across a restart, nothing half done."""

import hashlib
import io
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from portal_sandbox.errors import FileTooLarge, NoSuchSession, SandboxError, SessionRunning
from portal_sandbox.store import Prompt, Store, Upload
from portal_sandbox.tables import SessionRow
from portal_sandbox.wire import SessionStatus

from .conftest import Start

BIG = bytes(range(256)) * 4096 * 3  # beyond what the server keeps of an upload in memory


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "box.sqlite")
    store.open()
    yield store
    store.close()


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
    """A file that lets somebody else try something while it is being stored."""

    def __init__(self, attempt: Callable[[], Future[SessionRow]]) -> None:
        super().__init__(b"data")
        self._attempt = attempt

    def read(self, size: int | None = -1) -> bytes:
        self.attempted = self._attempt()
        wait([self.attempted], timeout=0.2)  # not done: it waits for this very transaction
        return super().read(size)


def test_of_two_prompts_in_two_stores_one_wins(store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "box.sqlite")
    other.open()
    session = store.create("ann", "echo", Prompt("first"))
    store.finish(session.id, "answer", SessionStatus.READY)

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


def test_a_prompt_whose_file_cannot_be_stored_leaves_no_trace(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal_sandbox.store.MAX_FILE_SIZE", 3)
    session = store.create("ann", "echo", Prompt("first", [Upload("a", "b/c", io.BytesIO(b"123"))]))
    store.finish(session.id, "answer", SessionStatus.READY)

    with pytest.raises(FileTooLarge):
        store.begin("ann", session.id, Prompt("second", [Upload("a", "b/c", io.BytesIO(b"1234"))]))

    after = store.session(session.id)
    assert (after.status, len(after.messages)) == ("Ready", 2)


def test_writing_reads_what_others_wrote(store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "box.sqlite")
    other.open()
    session = store.create("ann", "echo", Prompt("first"))

    other.finish(session.id, "answer", SessionStatus.READY)
    store.begin("ann", session.id, Prompt("second"))

    other.close()
    assert [message.text for message in store.session(session.id).messages] == ["first", "answer", "second"]


@pytest.mark.parametrize("name", ["missing/box.sqlite", ".", "text.txt"])
def test_what_is_no_database_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "text.txt").write_text("These are not the bytes of a database, and there are many." * 100)

    with pytest.raises(SandboxError, match=r"Cannot use .* as a database: "):
        Store(tmp_path / name).open()


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="The store is closed"):
        Store(None).session("x")


def test_no_such_session(store: Store) -> None:
    with pytest.raises(NoSuchSession):
        store.finish("x", "answer", SessionStatus.READY)
