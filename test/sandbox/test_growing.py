"""Answers that grow: each piece is visible at once, and no part is ever taken for the whole."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import Any

import pytest

import portal_sandbox
from portal_client import ApiClient, Configuration, SessionsApi
from portal_sandbox import runner
from portal_sandbox.agents import Interrupted, consume
from portal_sandbox.errors import STOPPED, DatabaseBusy, OutOfRange
from portal_sandbox.prompt import Prompt
from portal_sandbox.store import Store
from portal_sandbox.wire import SessionStatus

from .conftest import LIMIT, Caller, Start, Steps
from .test_events import subscribed


def _state(session: Any) -> tuple[str, list[str]]:
    return session["status"], [message["text"] for message in session["messages"]]


def test_each_piece_is_seen_before_the_next_one_is_said(start: Start) -> None:
    steps = Steps("one ", "", "two")
    caller = start(agents={"steps": steps})
    session_id = caller.create_async(agent="steps")

    seen, read = [], []
    with ThreadPoolExecutor() as threads, subscribed(caller, session_id) as stream:
        waiting = threads.submit(caller.get, f"/sessions/{session_id}/subscribe")
        seen.append(stream.next())
        for taken in (steps.taken[:2], steps.taken[2:]):  # an empty piece is no news
            for each in taken:
                each.set()
            seen.append(stream.next())
            read.append(caller.get(f"/sessions/{session_id}"))
        last = waiting.result(LIMIT)
        if seen[-1][1]["status"] == "Running":
            seen.append(stream.next())
        assert stream.next() is None

    assert [(revision, *_state(session)) for revision, session in seen][:2] == [
        (1, "Running", ["hello"]),
        (2, "Running", ["hello", "one "]),
    ]
    assert _state(seen[-1][1]) == _state(last) == ("Ready", ["hello", "one two"])
    assert read[0] == seen[1][1]
    assert read[0]["messages"][1] == {**last["messages"][1], "text": "one "}
    assert seen[0][1]["updated_at"] < seen[1][1]["updated_at"] < last["updated_at"]
    assert steps.closed.is_set()


def test_the_client_sees_it_grow() -> None:
    asked: list[str] = []

    def spells(conversation: Any, files: Any) -> Iterator[str]:
        asked.append(conversation[-1].text)
        yield from conversation[-1].text

    with (
        portal_sandbox.running(agents={"spells": spells}, pace=0.1) as box,
        ApiClient(Configuration(box.host, access_token=box.token)) as client,
    ):
        api = SessionsApi(client)
        started = api.create_async_session("spells", "abcde")
        with api.subscribe_to_session_stream(started.session_id) as states:
            seen = list(states)
        read = api.get_session(started.session_id)

    texts = [session.messages[1].text if len(session.messages) == 2 else "" for session in seen]
    assert len({*texts}) >= 3  # on a slow machine some come as one
    assert texts == sorted(texts, key=len)
    assert all("abcde".startswith(text) for text in texts)
    assert [session.status.value for session in seen[:-1]] == ["Running"] * (len(seen) - 1)
    assert seen[-1] == read
    assert read.status.value == "Ready"
    assert asked == ["abcde"]


def test_what_a_generator_returns_takes_the_place_of_what_it_said(start: Start) -> None:
    def thinks(conversation: object, files: object) -> Iterator[str]:
        yield "let me see"
        return "42"

    session = start(agents={"thinks": thinks}).create(agent="thinks")

    assert _state(session) == ("Ready", ["hello", "42"])


def _fails(conversation: object, files: object) -> Iterator[str]:
    yield "one "
    raise ValueError("gone")


def _says_data(conversation: object, files: object) -> Iterator[object]:
    yield "one "
    yield {"event_type": "chat", "content": "two"}


def _says_half_a_character(conversation: object, files: object) -> Iterator[str]:
    yield "one "
    yield "\ud800"


@pytest.mark.parametrize(
    ("agent", "reason"),
    [
        (_fails, "ValueError: gone"),
        (_says_data, "TypeError: an agent yields a str, not dict"),
        (_says_half_a_character, "UnicodeEncodeError: "),
    ],
)
def test_an_answer_that_fails_keeps_what_was_said_and_ends_with_the_reason(
    start: Start, agent: Any, reason: str
) -> None:
    caller = start(agents={"bad": agent})

    session = caller.create(agent="bad")
    again = caller.update(session["id"]).json()

    status, (_, text) = _state(session)
    assert status == "Error"
    assert text.startswith(f"one \n\nThe agent failed: {reason}")
    assert len(again["messages"]) == 4


def test_a_stop_ends_an_answer_at_once_and_says_so(start: Start, tmp_path: Path) -> None:
    steps = Steps("one ", "two")
    db, tokens = tmp_path / "box.sqlite", {"secret": "ann"}
    with ExitStack() as stack:
        with portal_sandbox.running(db=db, tokens=tokens, agents={"steps": steps}) as box:
            caller = stack.enter_context(Caller(box.host, "secret"))
            session_id = caller.create_async(agent="steps")
            stream = stack.enter_context(subscribed(caller, session_id))
            stream.next()
            steps.taken[0].set()
            assert _state(stream.next()[1]) == ("Running", ["hello", "one "])
        (_, last), end = stream.next(), stream.next()
        steps.taken[1].set()  # the agent goes on, and finds that nobody listens
        assert steps.closed.wait(LIMIT)

    assert _state(last) == ("Error", ["hello", f"one \n\n{STOPPED}"])
    assert end is None
    assert start(db=db, tokens=tokens).get(f"/sessions/{session_id}") == last


def test_a_piece_that_cannot_be_stored_is_stored_later(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    grow, refused = Store.grow, iter([True, True])

    def refuse_twice(*arguments: Any) -> bool:
        if next(refused, False):
            raise DatabaseBusy
        return grow(*arguments)

    monkeypatch.setattr(runner, "PAUSE", 0.01)
    monkeypatch.setattr(Store, "grow", refuse_twice)

    session = start(agents={"two": lambda conversation, files: iter(["one ", "two"])}).create(agent="two")

    assert _state(session) == ("Ready", ["hello", "one two"])
    assert next(refused, None) is None


def test_an_agent_whose_session_has_gone_on_is_asked_for_nothing_more(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = Steps("one ", "two")
    monkeypatch.setattr(Store, "grow", lambda *arguments: False)
    caller = start(agents={"steps": steps})

    caller.create_async(agent="steps")
    steps.taken[0].set()

    assert steps.closed.wait(LIMIT)
    assert not steps.taken[1].is_set()


# ── the store ──


def _stored(store: Store, session_id: str) -> tuple[str, list[str]]:
    row = store.session(session_id)
    return row.status, [message.text for message in row.messages]


def test_what_was_said_before_its_server_died_ends_with_the_reason(store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "box.sqlite")
    other.open()
    asked = other.create("ann", "echo", Prompt("hello"))
    assert other.grow(asked, "one ")
    other.presence.leave()

    store.recover()

    left = ("Error", ["hello", f"one \n\n{STOPPED}"])
    assert _stored(store, asked.id) == left
    assert not other.grow(asked, "one two")
    assert not other.finish(asked, "one two", SessionStatus.READY)
    assert _stored(store, asked.id) == left
    other.close()


def test_a_piece_that_comes_when_the_session_has_gone_on_changes_nothing(store: Store) -> None:
    asked = store.create("ann", "echo", Prompt("hello"))
    store.grow(asked, "one ")
    store.abandon()
    again = store.begin("ann", asked.id, Prompt("again"))

    assert not store.grow(asked, "one two")
    assert store.grow(again, "three")
    assert _stored(store, asked.id) == ("Running", ["hello", f"one \n\n{STOPPED}", "again", "three"])


def test_an_answer_that_grows_is_not_there_for_a_replay(store: Store) -> None:
    asked = store.create("ann", "echo", Prompt("hello"))
    store.grow(asked, "one ")

    with pytest.raises(OutOfRange) as caught:
        store.replay("ann", asked.id, 1)

    assert caught.value.count == 1
    assert [message.text for message in store.replay("ann", asked.id, 0).messages] == ["hello"]
    store.finish(asked, "one two", SessionStatus.READY)
    assert [message.text for message in store.replay("ann", asked.id, 1).messages] == ["hello", "one two"]


# ── listening ──


class Pauses(Event):
    """An event that records each wait instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout)
        return self.is_set()


def test_the_pace_comes_after_each_piece() -> None:
    pauses, taken = Pauses(), list[str]()

    assert consume(iter("abc"), taken.append, pauses, 0.5) is None

    assert (taken, pauses.waited) == (["a", "b", "c"], [0.5] * 3)


def test_an_agent_is_asked_for_nothing_more_once_its_time_is_over() -> None:
    ended, taken, closed = Pauses(), list[str](), list[bool]()

    def agent() -> Iterator[str]:
        try:
            for letter in "abc":
                if letter == "b":
                    ended.set()
                yield letter
        finally:
            closed.append(True)

    with pytest.raises(Interrupted):
        consume(agent(), taken.append, ended, 60)

    assert (taken, closed) == (["a", "b"], [True])
