"""The runner of Portal's agents: Running, Ready, Error, and requests that wait."""

import logging
import sqlite3
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Semaphore
from typing import Any

import pytest

import portal_sandbox
from portal_sandbox import database, runner, store
from portal_sandbox.agents import Asked
from portal_sandbox.errors import STOPPED, DatabaseFull, DatabaseUnusable, NoThread
from portal_sandbox.log import log
from portal_sandbox.runner import UNFORESEEN

from .conftest import LIMIT, Caller, Held, Start, Steps, locked, no_thread_to_answer_in
from .test_events import subscribed

RUNNING = (409, {"detail": "Session is running"})


def test_an_asynchronous_session_runs_until_the_agent_has_answered(start: Start, held: Held) -> None:
    caller = start()
    session_id = caller.create_async(agent="held")
    assert held.asked.wait(LIMIT)

    running = caller.get(f"/sessions/{session_id}")
    with ThreadPoolExecutor() as threads:
        subscribed = threads.submit(caller.get, f"/sessions/{session_id}/subscribe")
        caller.create()  # a whole exchange goes by, and the subscriber still waits
        assert not subscribed.done()
        held.released.set()
        ready = subscribed.result(LIMIT)

    assert running["status"] == "Running"
    assert [message["role"] for message in running["messages"]] == ["user"]
    assert ready["status"] == "Ready"
    assert ready["messages"][1]["text"] == "at last"
    assert ready["updated_at"] > running["updated_at"]


def test_a_running_session_takes_no_prompt(start: Start, held: Held) -> None:
    caller = start()
    session_id = caller.create_async(agent="held")

    for path in (f"/sessions/{session_id}", f"/sessions/{session_id}/async"):
        response = caller.send("PUT", path, "now?")
        assert (response.status, response.json()) == RUNNING

    held.released.set()
    assert len(caller.get(f"/sessions/{session_id}/subscribe")["messages"]) == 2
    assert caller.update(session_id).status == 200


def _raises(*_: object) -> str:
    raise KeyError("no such fund")


def _exits(*_: object) -> str:
    raise SystemExit(3)


def _returns_nothing(*_: object) -> str:
    return None  # type: ignore[return-value]


def _half_a_character(*_: object) -> str:
    return "\ud800"


@pytest.mark.parametrize(
    ("agent", "text"),
    [
        (_raises, "The agent failed: KeyError: 'no such fund'"),
        (_exits, "The agent failed: SystemExit: 3"),
        (_returns_nothing, "The agent failed: TypeError: an agent returns a str, not NoneType"),
        (_half_a_character, "The agent failed: UnicodeEncodeError: "),
    ],
)
def test_an_agent_that_fails_makes_an_error(start: Start, agent: portal_sandbox.Agent, text: str) -> None:
    caller = start(agents={"bad": agent})

    session = caller.create(agent="bad")
    followed = caller.get(f"/sessions/{caller.create_async(agent='bad')}/subscribe")

    for each in (session, followed):
        assert each["status"] == "Error"
        assert each["messages"][1]["role"] == "assistant"
        assert each["messages"][1]["text"].startswith(text)
    assert caller.update(session["id"]).json()["status"] == "Error"


class Odd(Exception):
    """An exception whose text is of another type, or raises itself."""

    def __init__(self, text: object) -> None:
        self.text = text

    def __str__(self) -> str:
        if isinstance(self.text, BaseException):
            raise self.text
        return self.text  # type: ignore[return-value]


ODD = [Odd(5), Odd(ValueError("again")), Odd(SystemExit(3)), Odd(KeyboardInterrupt()), Odd(MemoryError())]


@pytest.mark.parametrize("error", ODD)
@pytest.mark.parametrize("pieces", [0, 1])
def test_an_error_that_cannot_be_written_makes_an_error(start: Start, error: Odd, pieces: int) -> None:
    def odd(*_: object) -> Iterator[str]:
        yield from ["so far"] * pieces
        raise error

    caller = start(agents={"odd": odd})

    session = caller.create(agent="odd")

    assert session["status"] == "Error"
    assert session["messages"][1]["text"] == "so far\n\n" * pieces + UNFORESEEN
    assert caller.create()["status"] == "Ready"


def test_a_log_that_fails_leaves_nothing_running(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError("no space left for the log")

    monkeypatch.setattr(log, "error", fails)

    session = start(agents={"bad": _raises}).create(agent="bad")

    assert (session["status"], session["messages"][1]["text"]) == ("Error", UNFORESEEN)


def test_without_a_thread_a_prompt_is_refused_and_nothing_runs(start: Start) -> None:
    caller = start()
    first = caller.create()
    with no_thread_to_answer_in():
        refused = [
            caller.send("POST", "/sessions", "never", "echo"),
            caller.send("POST", "/sessions/async", "never", "echo"),
            caller.update(first["id"], "never"),
        ]

    for response in refused:
        assert (response.status, response.headers["Retry-After"]) == (503, "1")
        assert response.json() == {"detail": NoThread.detail}
    sessions = caller.get("/sessions", agent_id="echo")["sessions"]
    assert [session["status"] for session in sessions] == ["Error"] * 3
    assert [session["messages"][-1]["text"] for session in sessions] == [NoThread.detail] * 3
    assert caller.update(first["id"], "now").json()["status"] == "Ready"


#: What the database takes at most in these tests, in place of SQLite's 1,000,000,000 bytes.
LONGEST = 100_000


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    made = database._connected

    def limited(connection: Any, entry: Any) -> None:
        made(connection, entry)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)

    monkeypatch.setattr(database, "_connected", limited)


def _raises_at_length(*_: object) -> str:
    raise ValueError("x" * LONGEST)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    "agent",
    [
        lambda *_: "x" * (LONGEST + 1),
        lambda *_: "\U0001f980" * (LONGEST // 3),  # bytes count, not characters
        lambda *_: iter(["x" * LONGEST, "x"]),
        _raises_at_length,
    ],
)
def test_what_can_never_be_stored_makes_an_error(start: Start, agent: portal_sandbox.Agent) -> None:
    session = start(agents={"long": agent}).create(agent="long")

    assert session["status"] == "Error"
    assert session["messages"][1]["text"] == "The agent's answer cannot be stored: string or blob too big"


@pytest.mark.usefixtures("short")
def test_a_part_that_leaves_no_room_for_the_reason_gives_way_to_it(start: Start) -> None:
    def fails(*_: object) -> Iterator[str]:
        yield "x" * (LONGEST - 100)
        raise ValueError("no")

    session = start(agents={"long": fails}).create(agent="long")

    assert session["status"] == "Error"
    assert session["messages"][1]["text"] == "The agent failed: ValueError: no"


@pytest.mark.usefixtures("short")
def test_a_part_that_leaves_no_room_keeps_no_server_from_stopping_or_starting(
    start: Start, tmp_path: Path
) -> None:
    steps = Steps("x" * (LONGEST - 100), "never")
    options: dict[str, Any] = {"db": tmp_path / "box.sqlite", "tokens": {"secret": "ann"}}
    with (
        portal_sandbox.running(**options, agents={"steps": steps}) as box,
        Caller(box.host, box.token) as one,
    ):
        session_id = one.create_async(agent="steps")
        with subscribed(one, session_id) as stream:
            stream.next()
            steps.taken[0].set()
            stream.next()
    steps.taken[1].set()

    session = start(**options).get(f"/sessions/{session_id}")

    assert (session["status"], session["messages"][1]["text"]) == ("Error", STOPPED)


def test_what_no_one_has_foreseen_ends_as_soon_as_the_database_takes_it(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Storing fails in ways that are neither a lock nor a full disk, and so does storing that it failed."""
    finish, errors = (
        store.Store.finish,
        iter([OverflowError(), MemoryError(), DatabaseUnusable("disk I/O error")]),
    )

    def fails(*arguments: Any) -> bool:
        for error in errors:
            raise error
        return finish(*arguments)

    monkeypatch.setattr(runner, "PAUSE", 0.01)
    monkeypatch.setattr(store.Store, "finish", fails)

    session = start().create()

    assert (session["status"], session["messages"][1]["text"]) == ("Error", UNFORESEEN)


@pytest.mark.usefixtures("hasty")
def test_a_full_disk_is_waited_out(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    finish, errors = store.Store.finish, iter([DatabaseFull("database or disk is full")] * 3)

    def fails(*arguments: Any) -> bool:
        for error in errors:
            raise error
        return finish(*arguments)

    monkeypatch.setattr(store.Store, "finish", fails)

    session = start().create()

    assert (session["status"], session["messages"][1]["text"]) == ("Ready", "hello")


def test_the_failure_of_an_agent_is_logged_from_its_first_line_on(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caller = start(agents={"bad": _raises})

    session = caller.create("private", agent="bad")

    (record,) = caplog.records
    assert (record.name, record.levelname) == ("portal_sandbox", "ERROR")
    assert record.getMessage() == f"Agent bad failed in session {session['id']}"
    assert record.exc_info is not None
    assert [frame.name for frame in traceback.extract_tb(record.exc_info[2])] == ["_raises"]
    assert "private" not in caplog.text


def test_nothing_is_printed_where_nobody_has_configured_logging(
    start: Start, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])

    assert start(agents={"bad": _raises}).create(agent="bad")["status"] == "Error"

    assert capfd.readouterr() == ("", "")


def test_agents_get_the_conversation_and_the_new_files(start: Start) -> None:
    seen: list[tuple[list[tuple[str, str]], list[tuple[str, bytes]]]] = []

    def agent(conversation: Sequence[portal_sandbox.Message], files: Sequence[portal_sandbox.File]) -> str:
        turns = [(message.role, message.text) for message in conversation]
        seen.append((turns, [(file.name, file.read()) for file in files]))
        return "noted"

    caller = start(agents={"reader": agent})
    session = caller.create("one", "reader", [("a.txt", b"alpha", "text/plain")])
    caller.update(session["id"], "two")

    assert seen == [
        ([("user", "one")], [("a.txt", b"alpha")]),
        ([("user", "one"), ("assistant", "noted"), ("user", "two")], []),
    ]


def test_of_many_updates_at_once_one_wins(start: Start, held: Held, tmp_path: Path) -> None:
    """Two servers on one file, eight prompts for one session: one answer, seven conflicts."""
    db = tmp_path / "box.sqlite"
    tokens = {"secret": "ann"}
    one, two = start(db=db, tokens=tokens), start(db=db, tokens=tokens)
    held.released.set()
    session = one.create("first", agent="held")
    held.released.clear()

    with ThreadPoolExecutor(8) as threads:
        sent = [threads.submit((one, two)[i % 2].update, session["id"], f"prompt {i}") for i in range(8)]
        finished = as_completed(sent, LIMIT)
        lost = [next(finished).result() for _ in range(7)]
        held.released.set()
        won = next(finished).result()

    assert [(response.status, response.json()) for response in lost] == [RUNNING] * 7
    assert won.status == 200
    texts = [message["text"] for message in one.get(f"/sessions/{session['id']}")["messages"]]
    assert texts[:2] == ["first", "at last"]
    assert texts[2] == won.json()["messages"][2]["text"]
    assert texts[3:] == ["at last"]


def test_many_sessions_at_once_are_all_stored(start: Start, tmp_path: Path) -> None:
    caller = start(db=tmp_path / "box.sqlite")

    with ThreadPoolExecutor(8) as threads:
        created = list(threads.map(caller.create, map(str, range(24))))

    listed = caller.get("/sessions", agent_id="echo")["sessions"]
    assert sorted(session["id"] for session in listed) == sorted(session["id"] for session in created)
    assert all(len(session["messages"]) == 2 for session in listed)


def test_slow_agents_and_subscribers_keep_nobody_waiting(start: Start) -> None:
    asked, released = Semaphore(0), Event()

    def slow(*_: object) -> str:
        asked.release()
        assert released.wait(LIMIT)
        return "at last"

    caller = start(agents={"slow": slow})
    with ThreadPoolExecutor(45) as threads:
        try:
            creating = [threads.submit(caller.create, agent="slow") for _ in range(45)]
            for _ in creating:
                assert asked.acquire(timeout=LIMIT)
            session_id = caller.create_async(agent="slow")
            subscribers = [caller.send_raw(f"GET /sessions/{session_id}/subscribe") for _ in range(45)]

            assert caller.get(f"/sessions/{session_id}")["status"] == "Running"
            assert caller.create("quick")["status"] == "Ready"
        finally:
            released.set()
        assert all(future.result(LIMIT)["status"] == "Ready" for future in creating)
    for subscriber in subscribers:
        with subscriber, subscriber.makefile("rb") as answer:
            assert b'"status":"Ready"' in answer.read()


def test_an_agent_may_call_its_own_server(start: Start) -> None:
    caller: list[Caller] = []

    def asks_echo(*_: object) -> str:
        text: str = caller[0].create("from inside")["messages"][1]["text"]
        return text

    caller.append(start(agents={"nested": asks_echo}))

    with ThreadPoolExecutor(45) as threads:
        sessions = list(threads.map(lambda _: caller[0].create(agent="nested"), range(45)))

    assert {session["messages"][1]["text"] for session in sessions} == {"from inside"}


def test_latency_shows_the_session_running(start: Start) -> None:
    caller = start(latency=60)  # the stop after the test does not wait for it

    session_id = caller.create_async()

    assert caller.get(f"/sessions/{session_id}")["status"] == "Running"


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that another process keeps locked, for which the server waits only briefly."""
    monkeypatch.setattr(database, "PATIENCE", 0.05)
    monkeypatch.setattr(store, "STOP_PATIENCE", 0.05)
    monkeypatch.setattr(runner, "PAUSE", 0.01)


@pytest.mark.usefixtures("hasty")
def test_a_locked_database_refuses_prompts_and_nothing_else(start: Start, tmp_path: Path) -> None:
    db = tmp_path / "box.sqlite"
    caller = start(db=db)
    session = caller.create()

    with locked(db):
        refused = [
            caller.send("POST", "/sessions", "never", "echo"),
            caller.send("POST", "/sessions/async", "never", "echo"),
            caller.update(session["id"], "never"),
            caller.replay(session["id"], 0),
        ]
        listed = caller.get("/sessions", agent_id="echo")["sessions"]

    for response in refused:
        assert (response.status, response.headers["Retry-After"]) == (503, "1")
        assert response.json() == {"detail": "The database cannot be used: another process keeps it locked"}
    assert listed == [session]
    assert len(caller.update(session["id"]).json()["messages"]) == 4
    assert len(caller.get("/sessions", agent_id="echo")["sessions"]) == 1


@pytest.mark.usefixtures("hasty")
def test_an_answer_that_cannot_be_stored_is_stored_later(
    start: Start, held: Held, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = Semaphore(0)
    finish = store.Store.finish

    def attempted(*arguments: object) -> None:
        attempts.release()
        finish(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(store.Store, "finish", attempted)
    db = tmp_path / "box.sqlite"
    caller = start(db=db)
    with ThreadPoolExecutor() as threads:
        creating = threads.submit(caller.create, agent="held")
        assert held.asked.wait(LIMIT)
        with locked(db):
            held.released.set()
            for _ in range(3):
                assert attempts.acquire(timeout=LIMIT)
            assert not creating.done()
        session = creating.result(LIMIT)

    assert session["status"] == "Ready"
    assert [message["text"] for message in session["messages"]] == ["hello", "at last"]


@pytest.mark.usefixtures("hasty")
def test_what_a_stop_cannot_say_the_next_start_says(start: Start, held: Held, tmp_path: Path) -> None:
    db, tokens = tmp_path / "box.sqlite", {"secret": "ann"}
    with ExitStack() as lock:
        with portal_sandbox.running(db=db, tokens=tokens, agents={"held": held}) as box:
            with Caller(box.host, box.token) as caller:
                session_id = caller.create_async(agent="held")
            lock.enter_context(locked(db))
        assert list(tmp_path.glob("*-server-*")) == []

    session = start(db=db, tokens=tokens).get(f"/sessions/{session_id}")

    assert session["status"] == "Error"
    assert session["messages"][1]["text"] == STOPPED


# ── agents that are added, and that are asked first ──


def test_an_agent_may_be_added_while_the_sandbox_runs(start: Start) -> None:
    agents: dict[str, portal_sandbox.Agent] = {}
    caller = start(agents=agents)
    assert [agent["id"] for agent in caller.get("/agents")["agents"]] == ["echo"]
    assert caller.send("POST", "/sessions", "Hello", "late").status == 404
    agents["late"] = lambda conversation, files: "here"

    assert caller.create(agent="late")["messages"][-1]["text"] == "here"
    assert [agent["id"] for agent in caller.get("/agents")["agents"]] == ["echo", "late"]


class _Choosy(Asked):
    """Refuses each second prompt, before it is taken."""

    def __init__(self) -> None:
        self.prompts = 0

    def __call__(self, conversation: Any, files: Any) -> str:
        raise AssertionError("another function answers")

    def for_prompt(self) -> portal_sandbox.Agent:
        self.prompts += 1
        number = self.prompts
        if number % 2 == 0:
            raise NoThread
        return lambda conversation, files: f"prompt {number}"


def test_an_agent_may_be_asked_about_each_prompt_before_it_is_taken(start: Start) -> None:
    choosy = _Choosy()
    caller = start(agents={"choosy": choosy})
    first = caller.create(agent="choosy")
    refused = caller.send("PUT", f"/sessions/{first['id']}", "And?")
    third = caller.send("PUT", f"/sessions/{first['id']}", "And now?").json()

    assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
    assert [message["text"] for message in third["messages"]] == [
        first["messages"][0]["text"], "prompt 1", "And now?", "prompt 3",
    ]  # fmt: skip
    assert choosy.prompts == 3
