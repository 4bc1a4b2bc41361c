"""The journal: a file that others may open, too, and that is nothing else."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import portal_client
from batch.conftest import Running
from portal_client import ApiValueError, JournalBusy
from portal_client.batch import Batch, Counts

ROOT = Path(portal_client.__file__).parents[1]


def test_what_was_added_is_there_later(running: Running) -> None:
    added = running.batch.add("a1", "one", ("a.txt", b"abc"))
    running.batch.close()
    with Batch(running.path) as batch:
        result = batch.get(added.key)

    assert result is not None
    assert (result.inputs.agent_id, result.inputs.text_prompt) == ("a1", "one")
    assert [file.name for file in result.inputs.files] == ["a.txt"]
    assert (result.state, result.attempts, result.session, result.ended_at) == ("pending", 0, None, None)
    assert result.added_at.utcoffset() is not None


def test_the_same_inputs_are_one_item_and_a_key_makes_another(running: Running) -> None:
    added = [
        running.batch.add("a1", "one"),
        running.batch.add("a1", "one"),
        running.batch.add("a1", "one", key="again"),
        running.batch.add("a1", "one", key="again"),
    ]

    assert [each.new for each in added] == [True, False, True, False]
    assert running.batch.counts == Counts(pending=2)


def test_a_key_belongs_to_its_inputs(running: Running) -> None:
    running.batch.add("a1", "one", key="k")
    with pytest.raises(ApiValueError, match="key: 'k' is the key of an item with other inputs"):
        running.batch.add("a1", "two", key="k")
    for key in ("", 5):
        with pytest.raises(ApiValueError, match="key must be a str"):
            running.batch.add("a1", "one", key=key)  # type: ignore[arg-type]


def test_add_many_says_how_many_are_new(running: Running) -> None:
    items: Any = [{"agent_id": "a1", "text_prompt": f"{number % 1200}"} for number in range(1300)]

    assert running.batch.add_many(items) == 1200
    assert running.batch.add_many(iter(items)) == 0
    assert running.batch.counts.total == 1200


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"agent_id": "a1"}, TypeError),
        ({"agent_id": "a1", "text_prompt": "x", "prompt": "y"}, TypeError),
        ({"agent_id": "a1", "text_prompt": 5}, ValueError),
        ({"agent_id": "a1", "text_prompt": "x", "files": "/no/such/file"}, FileNotFoundError),
        ({"agent_id": "a1", "text_prompt": "other", "key": "1"}, ApiValueError),
        ("a1", TypeError),
    ],
)
def test_add_many_names_the_item_that_is_wrong(running: Running, wrong: Any, error: type[Exception]) -> None:
    items = [{"agent_id": "a1", "text_prompt": f"{number}", "key": f"{number}"} for number in range(600)]
    items[550:550] = [wrong]
    with pytest.raises(error) as caught:
        running.batch.add_many(items)  # type: ignore[arg-type]

    assert caught.value.__notes__ == ["item 551; those before it have been added"]
    assert running.batch.counts.total == 550


def test_add_many_says_what_is_in_a_journal_that_cannot_be_written(
    running: Running,
) -> None:
    running.batch._journal.ask("PRAGMA max_page_count = 60")
    with pytest.raises(sqlite3.OperationalError, match="full") as caught:
        running.batch.add_many({"agent_id": "a1", "text_prompt": f"{number}"} for number in range(2000))

    (note,) = caught.value.__notes__
    assert note == f"{running.batch.counts.total:,} items have been added"
    assert running.batch.counts.total in range(500, 2000, 500)


def test_bytes_are_kept_once(running: Running) -> None:
    for prompt in ("one", "two"):
        running.batch.add("a1", prompt, [("a", b"abc"), ("b", b"abc")])

    assert running.batch._journal.ask("SELECT content FROM contents") == [(b"abc",)]


def test_without_an_api_it_is_only_read(running: Running) -> None:
    running.add("one")
    with Batch(running.path) as batch:
        assert batch.counts.pending == 1
        for write in (
            lambda: batch.add("a1", "two"),
            lambda: batch.add_many([]),
            lambda: batch.run(),
            lambda: batch.retry(),
            lambda: batch.assign("k", "s"),
        ):
            with pytest.raises(ApiValueError, match="without an api"):
                write()
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            batch._journal.write([("DELETE FROM items", ())])


def test_a_journal_that_is_not_there_is_not_made_without_an_api(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no journal at .*b\.sqlite3"):
        Batch(tmp_path / "b.sqlite3")

    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("path", ["", ":memory:", b"b.sqlite3"])
def test_a_journal_is_a_file(running: Running, path: Any) -> None:
    with pytest.raises(ApiValueError, match="path must be that of a file"):
        Batch(path, running.api)


def test_a_file_of_another_kind_is_refused(running: Running, tmp_path: Path) -> None:
    text, other, newer = tmp_path / "text", tmp_path / "other", tmp_path / "newer"
    text.write_text("no database, but a text of some length" * 100)
    with closing(sqlite3.connect(other)) as made:
        made.execute("CREATE TABLE t (x)")
    with Batch(newer, running.api):
        pass
    with closing(sqlite3.connect(newer)) as made:
        made.execute("PRAGMA user_version = 99")
    before = text.read_bytes(), other.read_bytes()

    for path in (text, other):
        for api in (running.api, None):
            with pytest.raises(ApiValueError, match=f"{path.name} is not the journal of a batch"):
                Batch(path, api)
    with pytest.raises(ApiValueError, match="another version"):
        Batch(newer, running.api)
    assert (text.read_bytes(), other.read_bytes()) == before


def test_an_api_is_a_sessions_api(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="api must be a SessionsApi, not str"):
        Batch(tmp_path / "b.sqlite3", "api")  # type: ignore[arg-type]


def test_a_closed_batch_says_so(running: Running) -> None:
    running.batch.close()
    running.batch.close()
    with pytest.raises(ApiValueError, match="is closed"):
        running.batch.counts  # noqa: B018


def test_a_folder_with_any_name(running: Running, tmp_path: Path) -> None:
    folder = tmp_path / "a ?#% folder"
    folder.mkdir()
    with Batch(folder / "b.sqlite3", running.api) as batch:
        batch.add("a1", "one")

    assert stat.S_ISREG((folder / "b.sqlite3").stat().st_mode)


def test_it_reads_well(running: Running) -> None:
    assert repr(running.batch) == f"<Batch {running.path}: no items>"
    running.add("one", "two")
    running.run()
    assert repr(running.batch) == f"<Batch {running.path}: 2 done>"
    assert str(Counts(1234, 0, 5, 0, 1)) == "1,234 pending, 5 done, 1 in doubt"


# ── others ──


def test_others_read_and_add_while_it_is_run(running: Running) -> None:
    from support.portal import after

    first, seen = threading.Event(), []
    running.portal.faults["one"] = [after(first)]
    running.add("one")

    def meanwhile() -> None:
        with Batch(running.path, running.api) as other:
            while not other.counts.running:
                pass
            seen.append(other.counts)
            other.add("a1", "two")
            first.set()

    thread = threading.Thread(target=meanwhile)
    thread.start()
    counts = running.run()
    thread.join()

    assert seen == [Counts(running=1)]
    assert counts == Counts(done=2)


def test_results_are_read_while_others_write(running: Running) -> None:
    running.add("one", "two", "three")
    running.run()
    results = running.batch.results()
    first = next(results)
    with Batch(running.path, running.api) as other:
        other.add("a1", "four")
    running.run()

    assert [first.answer, *(result.answer for result in results)] == [
        f"Answer to {prompt}" for prompt in ("one", "two", "three", "four")
    ]


@pytest.mark.fault("Batches", "A journal has one runner")
def test_one_runner_in_one_process(running: Running) -> None:
    from support.portal import after

    first = threading.Event()
    running.portal.faults["one"] = [after(first)]
    running.add("one")
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        while not running.portal.prompts:
            pass
        with Batch(running.path, running.api) as other:
            for call in (other.run, other.retry):
                with pytest.raises(JournalBusy, match=f"process {os.getpid()} runs this batch") as busy:
                    call()
    finally:
        first.set()
        thread.join()

    assert (busy.value.pid, busy.value.path) == (os.getpid(), str(running.path))
    assert running.portal.prompts == ["one"]


#: Takes the lock of the runner, and keeps it until it is killed.
HOLD = """
import sys, time
from portal_client.batch.journal import Journal
from portal_client.batch.lock import RunnerLock

lock = RunnerLock(Journal(sys.argv[1], writable=True))
print("held", flush=True)
time.sleep(60)
"""


@pytest.mark.fault("Batches", "The lock of a runner ends with its process")
def test_the_lock_of_a_dead_runner_is_void(running: Running) -> None:
    running.add("one")
    command = [sys.executable, "-c", HOLD, str(running.path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        began = time.monotonic()
        with pytest.raises(JournalBusy) as busy:
            running.run()
        took = time.monotonic() - began
        other.kill()

    assert took < 4  # it does not wait for the other's end
    assert busy.value.pid == other.pid
    assert running.portal.prompts == []
    assert running.run().done == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_journal_is_not_carried_over_a_fork(running: Running) -> None:
    running.add("one")
    context = multiprocessing.get_context("fork")
    told = context.SimpleQueue()

    def child() -> None:
        for use in (lambda: running.batch.counts, lambda: Batch(running.path)):
            try:
                use()
            except ApiValueError as error:
                told.put(str(error))

    process = context.Process(target=child)
    used, forked = threading.Event(), threading.Event()

    def use() -> None:
        with running.batch._journal._open():
            used.set()
            assert forked.wait(20)

    thread = threading.Thread(target=use)
    thread.start()
    assert used.wait(20)
    process.start()
    forked.set()
    thread.join(20)
    process.join(20)
    if process.is_alive():
        process.kill()
        process.join(20)

    assert process.exitcode == 0
    assert ["was open when this process was forked" in told.get() for _ in range(2)] == [True, True]
    assert running.run().done == 1
