"""Server-sent events: their content, and their end."""

import json
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event, enumerate
from typing import Any

import pytest
import urllib3

import portal_sandbox
from portal_sandbox import events
from portal_sandbox.changes import Changes
from portal_sandbox.wire import Session

from .conftest import LIMIT, Caller, Held, Start

STREAM = "text/event-stream"
TOKENS = {"secret": "ann"}


class Stream:
    """The events of a response, as they come."""

    def __init__(self, answer: urllib3.BaseHTTPResponse) -> None:
        self.headers = answer.headers
        self._lines = (line.decode().rstrip("\n") for line in answer)

    def next(self) -> Any:
        """The next event as (id, session), a comment as its text, or None at the end."""
        fields: list[str] = []
        for line in self._lines:
            if not line:
                return self._event(fields)
            fields.append(line)
        assert fields == []
        return None

    def _event(self, fields: list[str]) -> Any:
        if len(fields) == 1 and fields[0].startswith(":"):
            return fields[0]
        names, values = zip(*(field.split(": ", 1) for field in fields), strict=True)
        assert names == ("event", "id", "data")
        assert values[0] == "session"
        Session.model_validate_json(values[2])
        return int(values[1]), json.loads(values[2])


@contextmanager
def subscribed(caller: Caller, session_id: str) -> Generator[Stream]:
    answer = caller.call(
        "GET", f"/sessions/{session_id}/subscribe", headers={"Accept": STREAM}, preload_content=False
    )
    try:
        assert answer.status == 200
        yield Stream(answer)
    finally:
        answer.close()


@pytest.fixture
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comments come at once where nothing changes."""
    monkeypatch.setattr(events, "PING", 0.01)


def test_a_running_session_is_followed_to_its_end(start: Start, held: Held) -> None:
    caller = start()
    session_id = caller.create_async(agent="held")

    with subscribed(caller, session_id) as stream:
        first = stream.next()
        running = caller.get(f"/sessions/{session_id}")
        held.released.set()
        second, end = stream.next(), stream.next()
    ready = caller.get(f"/sessions/{session_id}")

    assert first == (1, running)
    assert second == (2, ready)
    assert (running["status"], ready["status"], end) == ("Running", "Ready", None)
    assert stream.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert stream.headers["Cache-Control"] == "no-cache"
    assert stream.headers["Vary"] == "Accept"


def test_a_session_that_is_not_running_is_one_event(caller: Caller) -> None:
    session = caller.create("a\nb\r\n\u2028c")

    with subscribed(caller, session["id"]) as stream:
        assert stream.next() == (2, session)
        assert stream.next() is None


@pytest.mark.usefixtures("brisk")
def test_a_comment_comes_where_nothing_changes(start: Start, held: Held) -> None:
    caller = start()
    session_id = caller.create_async(agent="held")

    with subscribed(caller, session_id) as stream:
        first, *pings = [stream.next() for _ in range(4)]
        held.released.set()
        while (last := stream.next()) == ": ping":
            pass
        end = stream.next()

    assert first[0] == 1
    assert pings == [": ping"] * 3
    assert (last[0], end) == (2, None)


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "text/html, text/event-stream;q=0"])
def test_everybody_else_gets_json(caller: Caller, accept: str | None) -> None:
    session = caller.create()
    headers = {"Accept": accept} if accept else {}

    answer = caller.call("GET", f"/sessions/{session['id']}/subscribe", headers=headers)

    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Vary"] == "Accept"
    assert answer.json() == session


def test_accept_headers_add_up(caller: Caller) -> None:
    session = caller.create()
    headers = urllib3.HTTPHeaderDict([("Accept", "text/html"), ("Accept", STREAM)])

    answer = caller.call("GET", f"/sessions/{session['id']}/subscribe", headers=headers)

    assert answer.headers["Content-Type"].startswith(STREAM)


def test_an_unknown_session_is_not_found(caller: Caller) -> None:
    answer = caller.call("GET", "/sessions/nothing/subscribe", headers={"Accept": STREAM})

    assert (answer.status, answer.json()) == (404, {"detail": "Session not found"})


def test_what_another_server_runs_is_followed(start: Start, held: Held, tmp_path: Path) -> None:
    db = tmp_path / "box.sqlite"
    runs, follows = start(db=db, tokens=TOKENS), start(db=db, tokens=TOKENS)
    session_id = runs.create_async(agent="held")

    with ThreadPoolExecutor() as threads, subscribed(follows, session_id) as stream:
        waiting = threads.submit(follows.get, f"/sessions/{session_id}/subscribe")
        first = stream.next()
        assert not waiting.done()
        held.released.set()
        second, end = stream.next(), stream.next()
        answer = waiting.result(LIMIT)

    assert (first[1]["status"], second[1]["status"], end) == ("Running", "Ready", None)
    assert answer == second[1]


def test_a_stop_ends_the_stream_with_what_it_has_given_up(held: Held) -> None:
    with portal_sandbox.running(agents={"held": held}) as box, Caller(box.host, box.token) as caller:
        session_id = caller.create_async(agent="held")
        answer = caller.call(
            "GET", f"/sessions/{session_id}/subscribe", headers={"Accept": STREAM}, preload_content=False
        )
        stream = Stream(answer)
        assert stream.next()[0] == 1
        held.asked.wait(LIMIT)

    number, session = stream.next()
    assert (number, session["status"], stream.next()) == (2, "Error", None)


def test_a_stop_ends_the_stream_of_what_another_server_runs(
    start: Start, held: Held, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    db = tmp_path / "box.sqlite"
    runs = start(db=db, tokens=TOKENS)
    session_id = runs.create_async(agent="held")
    path = f"/sessions/{session_id}/subscribe"
    with ThreadPoolExecutor() as threads:
        with portal_sandbox.running(db=db, tokens=TOKENS) as box, Caller(box.host, box.token) as follows:
            stream = Stream(follows.call("GET", path, headers={"Accept": STREAM}, preload_content=False))
            assert stream.next()[0] == 1
            waiting = threads.submit(follows.call, "GET", path)
            follows.get(f"/sessions/{session_id}")
        answer = waiting.result(LIMIT)

    assert stream.next() is None
    assert (answer.status, answer.json()) == (503, {"detail": "The server is stopping"})
    assert runs.get(f"/sessions/{session_id}")["status"] == "Running"
    assert capfd.readouterr() == ("", "")


def test_nothing_is_left_of_a_client_that_goes_away(
    start: Start, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It goes while nothing happens: no event and no comment has to find out."""
    gone = Event()
    waiting = Changes._watching

    @contextmanager
    def watched(changes: Changes, session_id: str) -> Generator[Any]:
        try:
            with waiting(changes, session_id) as waiter:
                yield waiter
        finally:
            gone.set()

    caller = start()
    session_id = caller.create_async(agent="held")
    caller.get(f"/sessions/{session_id}")
    threads = set(enumerate())
    monkeypatch.setattr(Changes, "_watching", watched)
    with subscribed(caller, session_id) as stream:
        stream.next()
        assert not gone.is_set()

    assert gone.wait(LIMIT)
    assert set(enumerate()) <= threads
    assert capfd.readouterr() == ("", "")
