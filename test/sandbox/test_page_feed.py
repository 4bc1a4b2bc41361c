"""The feed of the page: what there is, and what is new after each change, whichever process made it."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import enumerate
from time import monotonic
from typing import Any

import pytest
import urllib3

import portal_sandbox
from portal_sandbox.errors import DatabaseBusy
from portal_sandbox.page import feed as module

from . import pages
from .conftest import LIMIT, Caller, Held, Start, Steps
from .pages import end_of_feed, entries, feed, plain

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "INTERVAL", 0.02)


def _badges(state: pages.State) -> dict[str, str]:
    return {each: entry["badge"] for each, entry in state["changed"].items()}


def test_a_session_comes_and_changes_as_it_happens(start: Start, held: Held) -> None:
    caller = start()
    with feed(caller) as events:
        first = events.next()
        session_id = caller.create_async("hello", "held")
        added = events.next()
        held.released.set()
        changed = events.next()

    assert (first["order"], first["changed"], first["total"]) == ([], {}, 0)
    assert (added["order"], _badges(added)) == ([session_id], {session_id: "Running"})
    assert (changed["order"], _badges(changed)) == ([session_id], {session_id: "Ready"})
    assert [each["counts"]["sessions"] for each in (first, added, changed)] == [0, 1, 1]
    assert plain(added["changed"][session_id]["preview"]) == "hello"
    assert events.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert events.headers["Cache-Control"] == "no-store"


def test_an_event_has_only_what_has_changed(caller: Caller) -> None:
    one, two = (caller.create(text)["id"] for text in ("one", "two"))
    with feed(caller) as events:
        first = events.next()
        caller.update(one, "more")
        state = _ready(events)

    assert {one, two} <= {*first["changed"]}
    assert {*state["changed"]} == {one}
    assert state["order"].index(one) < state["order"].index(two)


def test_an_answer_that_grows_is_new_each_time(start: Start) -> None:
    steps = Steps("one ", "two")
    caller = start(agents={"steps": steps})
    session_id = caller.create_async(agent="steps")

    texts = []
    with feed(caller) as events:
        events.next()
        for taken in steps.taken:
            taken.set()
            events.next()
            texts.append(pages.said(pages.detail(caller, "sessions", session_id))[-1])

    assert texts[0] == ("Steps", "one ")
    assert texts[1] == ("Steps", "one two")


def test_where_nothing_changes_a_comment_comes(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PING", 0.01)

    with feed(caller) as events:
        events.next()
        assert [events.comment() for _ in range(4)] == [": ping\n", "\n"] * 2


def test_a_page_that_comes_back_gets_everything(caller: Caller) -> None:
    caller.create("before")
    with feed(caller) as events:
        before = events.next()
    caller.create("meanwhile")
    with feed(caller) as events:
        after = events.next()

    assert [plain(after["changed"][each]["preview"]) for each in after["order"]][:2] == [
        "meanwhile",
        "before",
    ]
    assert {*before["changed"]} < {*after["changed"]}


def test_several_pages_see_the_same(start: Start) -> None:
    caller = start()
    with feed(caller) as one, feed(caller) as two, feed(caller, "slots") as slots:
        for each in (one, two, slots):
            each.next()
        session_id = caller.create()["id"]
        states = [_ready(one), _ready(two)]
        other = slots.next()

    assert [each["order"] for each in states] == [[session_id]] * 2
    assert (other["counts"]["sessions"], other["changed"]) == (1, {})


def _ready(events: pages.Feed) -> pages.State:
    """The first state in which a session has become ready."""
    while "Ready" not in _badges(state := events.next()).values():
        pass
    return state


def test_what_another_server_on_the_file_changes_is_seen(start: Start, tmp_path: Path) -> None:
    one, two = (start(db=tmp_path / "box.sqlite", tokens={"secret": "ann"}) for _ in range(2))

    with feed(one) as events:
        events.next()
        session_id = two.create("from the other")["id"]
        state = events.next()

    assert state["order"] == [session_id]


_OTHER = """
import sys, urllib3, portal_sandbox
with portal_sandbox.running(db=sys.argv[1], tokens={"secret": "ann"}) as box:
    urllib3.request("POST", box.host + "/sessions", fields={"agent_id": "echo", "text_prompt": "from afar"},
                    headers={"Authorization": "Bearer secret"}, timeout=20)
    print("done", flush=True)
    sys.stdin.read()
"""


@pytest.mark.slow
def test_what_another_process_changes_is_seen(start: Start, tmp_path: Path) -> None:
    db = tmp_path / "box.sqlite"
    caller = start(db=db)
    with (
        feed(caller) as events,
        subprocess.Popen(
            [sys.executable, "-c", _OTHER, str(db)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process,
    ):
        try:
            first = events.next()
            state = _ready(events)
            assert process.stdout is not None
            assert process.stdout.readline() == "done\n"
        finally:
            process.kill()

    assert first["order"] == []
    (entry,) = state["changed"].values()
    assert (plain(entry["preview"]), plain(entry["user"])) == ("from afar", "ann")


def test_a_slot_that_starts_moves_by_the_clock(start: Start) -> None:
    clock = [NOW]
    caller = start(now=lambda: clock[0], slot_start=30)
    assert caller.call("PUT", "/candela/slot?slot_type=gpu").status == 204

    states = []
    with feed(caller, "slots") as events:
        for seconds in (0, 11, 21, 31):
            clock[0] = NOW + timedelta(seconds=seconds)
            (badge,) = _badges(events.next()).values()
            states.append(badge)

    assert states == ["START_REQUEST", "NODE_STARTING", "HOST_STARTING", "HOST_READY"]


def test_a_database_that_is_busy_is_read_later(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    read, tries = module.Feed._read, []

    def busy(self: module.Feed) -> Any:
        tries.append(self)
        if len(tries) < 3:
            raise DatabaseBusy
        return read(self)

    monkeypatch.setattr(module.Feed, "_read", busy)

    with feed(caller) as events:
        assert events.next()["total"] >= 0
    assert len(tries) == 3


def test_a_feed_ends_with_the_server() -> None:
    with ExitStack() as stack:
        box = portal_sandbox.start()
        stack.callback(box.stop)
        caller = stack.enter_context(Caller(box.host, box.token))
        events = stack.enter_context(feed(caller))
        events.next()
        began = monotonic()
        with ThreadPoolExecutor(1) as threads:
            stopping = threads.submit(box.stop)
            assert events.ends()
            stopping.result(LIMIT)
        assert monotonic() - began < 5


def test_who_leaves_leaves_nothing_behind(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = end_of_feed(monkeypatch)
    caller = start(db=tmp_path / "box.sqlite")
    threads = len(enumerate())

    with feed(caller) as stream:
        stream.next()
    assert closed.wait(LIMIT)

    assert len(enumerate()) <= threads + 2  # those of the pool that answers requests


# ── what a page asks for ──


@pytest.fixture(scope="module")
def some() -> Iterator[Caller]:
    """A caller of a sandbox with sessions of two users, with two agents, in two states."""

    def bad(conversation: object, files: object) -> str:
        raise ValueError("no prices")

    with (
        portal_sandbox.running(agents={"bad": bad}, tokens={"one": "ann", "two": "bob"}) as box,
        Caller(box.host, "one") as ann,
        Caller(box.host, "two") as bob,
    ):
        ann.create("a")
        bob.create("b")
        ann.create("c", "bad")
        yield ann


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({}, ["c", "b", "a"]),
        ({"agent": "echo"}, ["b", "a"]),
        ({"user": "ann"}, ["c", "a"]),
        ({"status": "Error"}, ["c"]),
        ({"status": "Running"}, []),
        ({"agent": "echo", "user": "bob", "status": "Ready"}, ["b"]),
        ({"user": "' OR 1=1 --"}, []),
        ({"limit": 2}, ["c", "b"]),
        ({"kind": "app"}, ["c", "b", "a"]),
    ],
)
def test_a_filter_keeps_what_matches(some: Caller, query: dict[str, Any], shown: list[str]) -> None:
    state = pages.state(some, **query)

    assert [plain(state["changed"][each]["preview"]) for each in state["order"]] == shown
    assert state["total"] == (3 if "limit" in query else len(shown))
    assert state["counts"]["sessions"] == 3
    assert state["values"] == {
        "agent": [["bad", "bad"], ["echo", "echo"]],
        "user": [["ann", "ann"], ["bob", "bob"]],
        "status": [["Ready", "Ready"], ["Running", "Running"], ["Error", "Error"]],
    }


def test_the_newest_of_many_are_shown_with_the_number_of_all(caller: Caller) -> None:
    ids = [caller.create(f"session {number}")["id"] for number in range(4)]
    caller.update(ids[0])

    state = pages.state(caller, limit=3)

    assert state["order"] == [ids[0], ids[3], ids[2]]
    assert state["total"] == state["counts"]["sessions"] > 3


def test_those_that_run_come_first_and_keep_their_places(start: Start) -> None:
    steps = [Steps(""), Steps("piece")]
    caller = start(agents={"one": steps[0], "two": steps[1]})
    first, second = (caller.create_async(agent=each) for each in ("one", "two"))
    done = caller.create()["id"]

    shown = entries(caller)
    assert [each["id"] for each in shown] == [second, first, done]
    assert [each["group"] for each in shown] == ["Running", "Running", None]
    with feed(caller) as events:
        events.next()
        steps[0].taken[0].set()
        state = events.next()
    assert state["order"] == [second, first, done]
    steps[1].taken[0].set()


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x"])
def test_a_number_that_is_none_is_refused(caller: Caller, query: str) -> None:
    assert caller.call("GET", f"{pages.link(caller, 'events/sessions')}&{query}").status == 422


def test_another_view_is_refused(caller: Caller) -> None:
    assert caller.call("GET", pages.link(caller, "events/tokens")).status == 422


def test_an_empty_sandbox_says_where_it_keeps_its_data(start: Start, tmp_path: Path) -> None:
    caller = start(agents={"risk_report": lambda conversation, files: ""})

    state = pages.state(caller)

    assert state["agents"] == [["echo", "echo"], ["risk_report", "risk_report"]]
    assert state["db"] is None
    assert state["counts"] == dict.fromkeys(("sessions", "candela", "slots", "objects", "traces"), 0)
    db = tmp_path / "bo\u202ex.sqlite"
    assert pages.state(start(db=db))["db"] == str(db).replace("\u202e", "U+202E")


# ── the size of it ──


def test_a_long_text_costs_a_list_little(caller: Caller) -> None:
    caller.create("x" * 1_000_000)

    response = caller.call("GET", pages.link(caller, "events/sessions", limit=1), preload_content=False)
    try:
        event = next(line for line in response if line.startswith(b"data:"))
    finally:
        response.close()

    assert len(event) < 2_000


def test_the_first_event_is_that_of_an_event_source(caller: Caller) -> None:
    """A browser sends no header but its own."""
    headers = {
        "Accept": "text/event-stream",
        "Cache-Control": "no-cache",
        "Sec-Fetch-Site": "same-origin",
        "Sec-Fetch-Mode": "cors",
        "Sec-Fetch-Dest": "empty",
        "Referer": f"{caller.host}/",
    }
    response = caller.call(
        "GET", pages.link(caller, "events/sessions"), headers=headers, preload_content=False
    )

    assert response.status == 200
    assert isinstance(response, urllib3.BaseHTTPResponse)
    response.close()
