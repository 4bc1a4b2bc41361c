"""Changes: followers of a session are woken, whichever server changes it, and end when the server stops."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from portal_sandbox import changes as module
from portal_sandbox.changes import Changes
from portal_sandbox.errors import STOPPED, DatabaseBusy, NotFound, Stopping
from portal_sandbox.prompt import Prompt
from portal_sandbox.store import Store
from portal_sandbox.tables import SessionRow
from portal_sandbox.wire import SessionStatus

from .conftest import LIMIT

Step = Callable[[], object]


@pytest.fixture
def changes(store: Store) -> Iterator[Changes]:
    """The changes of this store, without polling for those of others."""
    changes = Changes(store)
    yield changes
    changes.stop()


@pytest.fixture
def others(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Changes]:
    """The changes of this store and of others."""
    monkeypatch.setattr(module, "INTERVAL", 0.01)
    changes = Changes(store)
    changes.start()
    yield changes
    changes.stop()


def _created(store: Store) -> SessionRow:
    return store.create("ann", "echo", Prompt("one"))


def _followed(changes: Changes, session_id: str, *steps: Step, silence: float | None = None) -> list[str]:
    """Follow a session to its end, with one step after each row; status and number of messages of each."""

    async def follow() -> list[str]:
        seen, remaining = [], iter(steps)
        async with aclosing(changes.follow(session_id, silence)) as rows:
            async for row in rows:
                seen.append(f"{row.status} {len(row.messages)}")
                await asyncio.to_thread(next(remaining, lambda: None))
        return seen

    return asyncio.run(asyncio.wait_for(follow(), LIMIT))


def test_a_session_is_followed_to_its_end(store: Store, changes: Changes) -> None:
    asked = _created(store)

    def answer() -> None:
        store.finish(asked, "answer", SessionStatus.READY)
        changes.notify(asked.id)

    assert _followed(changes, asked.id, answer) == ["Running 1", "Ready 2"]
    assert _followed(changes, asked.id) == ["Ready 2"]


def test_a_session_may_go_on(store: Store, changes: Changes) -> None:
    asked = [_created(store)]

    def answer_and_ask() -> None:
        store.finish(asked[-1], "answer", SessionStatus.READY)
        asked.append(store.begin("ann", asked[0].id, Prompt("two")))
        changes.notify(asked[0].id)

    def answer() -> None:
        store.finish(asked[-1], "answer", SessionStatus.READY)
        changes.notify(asked[0].id)

    assert _followed(changes, asked[0].id, answer_and_ask, answer) == ["Running 1", "Running 3", "Ready 4"]


def test_news_of_other_sessions_are_no_news(
    store: Store, changes: Changes, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, other = _created(store), _created(store)
    looks: list[str] = []
    look = store.session

    def looked(session_id: str) -> SessionRow:
        looks.append(session_id)
        return look(session_id)

    def answer() -> None:
        store.finish(asked, "answer", SessionStatus.READY)
        changes.notify(asked.id)

    monkeypatch.setattr(store, "session", looked)
    seen = _followed(changes, asked.id, lambda: changes.notify(other.id), answer, silence=0.2)

    assert seen == ["Running 1"] * (len(seen) - 1) + ["Ready 2"]
    assert len(seen) > 2  # the second for silence, without a look
    assert looks == [asked.id] * 2


def test_a_change_between_look_and_wait_is_not_missed(
    store: Store, changes: Changes, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _created(store)
    look = store.session

    def look_and_change(session_id: str) -> SessionRow:
        row = look(session_id)
        store.finish(asked, "answer", SessionStatus.READY)
        changes.notify(asked.id)
        return row

    monkeypatch.setattr(store, "session", look_and_change)

    assert _followed(changes, asked.id) == ["Running 1", "Ready 2"]


class Looks:
    """Counts the readings of a store's sessions, and calls a function after each."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.after: list[Step] = []
        self._look = store.session
        monkeypatch.setattr(store, "session", self)

    def __call__(self, session_id: str) -> SessionRow:
        self.count += 1
        row = self._look(session_id)
        if self.after:
            self.after.pop(0)()
        return row


def test_a_change_is_read_once_for_all_who_wait(
    store: Store, changes: Changes, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, looks = _created(store), Looks(store, monkeypatch)

    async def followed(silence: float | None) -> list[str]:
        async with aclosing(changes.follow(asked.id, silence)) as rows:
            return [row.status async for row in rows]

    async def follow() -> list[list[str]]:
        waiting = [asyncio.ensure_future(followed(LIMIT if number % 2 else None)) for number in range(300)]
        while not any(len(watch._waiting) == 300 and watch.number for watch in changes._all()):
            await asyncio.sleep(0.01)
        before = looks.count
        await asyncio.to_thread(store.finish, asked, "answer", SessionStatus.READY)
        changes.notify(asked.id)
        seen = await asyncio.gather(*waiting)
        assert looks.count == before + 1
        return seen

    assert asyncio.run(asyncio.wait_for(follow(), LIMIT)) == [["Running", "Ready"]] * 300
    assert changes._all() == []


def test_who_comes_while_a_look_is_under_way_sees_what_was_changed_before_that(
    store: Store, changes: Changes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process has changed the session, without a notification, after the first reading."""
    asked, looks = _created(store), Looks(store, monkeypatch)
    looked, came = threading.Event(), threading.Event()
    looks.after = [lambda: (looked.set(), came.wait(LIMIT))]

    async def first_seen() -> str:
        async with aclosing(changes.follow(asked.id)) as rows:
            return (await anext(rows)).status

    async def follow() -> tuple[str, str]:
        first = asyncio.ensure_future(first_seen())
        await asyncio.to_thread(looked.wait, LIMIT)
        store.finish(asked, "answer", SessionStatus.READY)
        second = asyncio.ensure_future(first_seen())
        await asyncio.sleep(0)
        came.set()
        return await first, await second

    assert asyncio.run(asyncio.wait_for(follow(), LIMIT))[1] == "Ready"


def test_what_goes_wrong_with_a_look_is_told_to_all_who_wait(
    store: Store, changes: Changes, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, looks = _created(store), Looks(store, monkeypatch)

    def fail() -> None:
        raise DatabaseBusy

    async def followed() -> None:
        async for _ in changes.follow(asked.id):
            pass

    async def follow() -> list[BaseException | None]:
        waiting = [asyncio.ensure_future(followed()) for _ in range(3)]
        while not any(len(watch._waiting) == 3 and watch.number for watch in changes._all()):
            await asyncio.sleep(0.01)
        looks.after = [fail]
        changes.notify(asked.id)
        return await asyncio.gather(*waiting, return_exceptions=True)

    ends = asyncio.run(asyncio.wait_for(follow(), LIMIT))

    assert [type(end) for end in ends] == [DatabaseBusy] * 3


def test_others_have_their_turn_while_many_are_told(
    store: Store, changes: Changes, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _created(store)
    told = 0

    async def followed() -> None:
        nonlocal told
        async for row in changes.follow(asked.id):
            told += row.status == SessionStatus.READY

    async def follow() -> list[int]:
        waiting = [asyncio.ensure_future(followed()) for _ in range(100)]
        while not any(len(watch._waiting) == 100 and watch.number for watch in changes._all()):
            await asyncio.sleep(0.01)
        store.finish(asked, "answer", SessionStatus.READY)
        changes.notify(asked.id)
        turns: list[int] = []
        while told < 100:
            turns.append(told)
            await asyncio.sleep(0)
        await asyncio.gather(*waiting)
        return [*turns, told]

    turns = asyncio.run(asyncio.wait_for(follow(), LIMIT))

    assert max(later - turn for turn, later in pairwise(turns)) <= module.BATCH


@pytest.mark.parametrize(("error", "logged"), [(MemoryError, True), (DatabaseBusy, False)])
def test_looking_around_goes_on_whatever_comes(
    error: type[Exception],
    logged: bool,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    looked = threading.Semaphore(0)

    def fails() -> None:
        looked.release()
        raise error

    monkeypatch.setattr(module, "INTERVAL", 0.01)
    monkeypatch.setattr(store, "recover", fails)
    changes = Changes(store)
    changes.start()

    for _ in range(3):
        assert looked.acquire(timeout=LIMIT)
    changes.stop()
    assert ("Polling for changes of other processes failed" in caplog.messages) is logged


def test_without_a_thread_nothing_is_left_to_be_stopped(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_more(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_more)
    changes = Changes(store)

    with pytest.raises(RuntimeError):
        changes.start()
    changes.stop()


def test_what_another_store_changes_is_found(store: Store, others: Changes, tmp_path: Path) -> None:
    other = Store(tmp_path / "box.sqlite")
    other.open()
    asked = _created(other)

    seen = _followed(others, asked.id, lambda: other.finish(asked, "answer", SessionStatus.READY))

    assert seen == ["Running 1", "Ready 2"]
    other.close()


def test_growth_in_another_store_is_found(store: Store, others: Changes, tmp_path: Path) -> None:
    other = Store(tmp_path / "box.sqlite")
    other.open()
    asked = _created(other)

    seen = _followed(
        others,
        asked.id,
        lambda: other.grow(asked, "an"),
        lambda: other.grow(asked, "answer"),
        lambda: other.finish(asked, "answer", SessionStatus.READY),
    )

    assert seen == ["Running 1", "Running 2", "Running 2", "Ready 2"]
    other.close()


def test_a_session_whose_server_dies_ends(store: Store, others: Changes, tmp_path: Path) -> None:
    other = Store(tmp_path / "box.sqlite")
    other.open()
    asked = _created(other)

    seen = _followed(others, asked.id, other.presence.leave)

    assert seen == ["Running 1", "Error 2"]
    assert store.session(asked.id).messages[1].text == STOPPED
    other.close()


def test_silence_brings_the_same_row_again(store: Store, changes: Changes) -> None:
    asked = _created(store)

    async def rows() -> list[SessionRow]:
        async with aclosing(changes.follow(asked.id, 0.01)) as rows:
            return [await anext(rows) for _ in range(3)]

    first, second, third = asyncio.run(asyncio.wait_for(rows(), LIMIT))

    assert first is second is third


def test_a_stop_lets_everybody_go(store: Store, changes: Changes) -> None:
    asked = _created(store)

    with pytest.raises(Stopping):
        _followed(changes, asked.id, changes.stop)
    with pytest.raises(Stopping):  # and so for whoever comes later
        _followed(changes, asked.id)


def test_a_stop_shows_what_it_has_given_up(store: Store, changes: Changes) -> None:
    asked = _created(store)

    def stop() -> None:
        store.abandon()
        changes.stop()

    assert _followed(changes, asked.id, stop) == ["Running 1", "Error 2"]


def test_after_a_stop_comes_a_start(store: Store, changes: Changes) -> None:
    asked = _created(store)
    changes.stop()
    changes.start()

    assert _followed(changes, asked.id, lambda: store.finish(asked, "answer", SessionStatus.READY)) == [
        "Running 1",
        "Ready 2",
    ]


def test_nobody_is_left_who_does_not_wait(store: Store, changes: Changes) -> None:
    asked = _created(store)

    async def leave() -> None:
        waiting = asyncio.ensure_future(_next_but_one(changes.follow(asked.id)))
        while not changes._all():
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])

    asyncio.run(asyncio.wait_for(leave(), LIMIT))
    with pytest.raises(NotFound):
        _followed(changes, "nothing")

    assert changes._all() == []


async def _next_but_one(rows: AsyncIterator[Any]) -> None:
    async for _ in rows:
        pass


def test_a_loop_that_is_closed_wakes_nobody(store: Store, changes: Changes) -> None:
    asked = _created(store)

    async def look_once() -> object:
        rows = changes.follow(asked.id)
        await anext(rows)
        return rows  # kept, so that it still waits when its loop is closed

    kept = asyncio.new_event_loop()
    rows = kept.run_until_complete(look_once())
    kept.close()

    assert len(changes._all()) == 1
    changes.notify(asked.id)
    del rows


def test_there_is_one_thread_and_none_for_memory(store: Store) -> None:
    before = threading.active_count()
    memory, file = Changes(Store(None)), Changes(store)

    for each in (memory, file):
        each.start()
        each.start()
    started = threading.active_count()
    for each in (memory, file):
        each.stop()
        each.stop()

    assert started == before + 1
    assert threading.active_count() == before
