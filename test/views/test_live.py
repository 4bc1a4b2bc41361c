"""Streams that are shown in a notebook: the view grows while they are read, and nothing is read for it."""

from __future__ import annotations

import gc
import io
import json
import logging
import sys
import threading
import weakref
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import urllib3
from bs4 import BeautifulSoup

from finbourne_candela import Event, ObjectMetadata
from portal_client import EventStream, Session, SessionsApi
from portal_client.views import live
from portal_client.views.events import Seen
from support.clients import client_of
from support.hostile import HOSTILE, Shown
from support.samples import samples
from support.scripted import SESSION, STEP, Steps, chunk, playing
from support.sessions import CLEAN_END, event, said
from test_imports import fresh


class Notebook:
    """The part of IPython that shows things; `drawn` is counted up for each view that is drawn."""

    def __init__(self) -> None:
        self.shown: list[dict[str, str]] = []
        self.again: list[Any] = []
        self.drawn = threading.Semaphore(0)
        self.fails = False

    def display(self, bundle: dict[str, str], *, raw: bool, display_id: Any) -> Any:
        assert raw
        if display_id is not True:
            self.again.append(display_id)
        self.shown.append(bundle)
        return SimpleNamespace(display_id="d1", update=self.update)

    def update(self, bundle: dict[str, str], *, raw: bool) -> None:
        assert raw
        if self.fails:
            raise OSError("the kernel is gone")
        self.shown.append(bundle)
        self.drawn.release()

    def wait(self, times: int = 1) -> None:
        for _ in range(times):
            assert self.drawn.acquire(timeout=STEP), "the view was not drawn"

    @property
    def text(self) -> str:
        """The text that is seen now, without the style."""
        section = BeautifulSoup(self.shown[-1]["text/html"], "html.parser").section
        assert section is not None
        return " ".join(section.get_text(" ").split())


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    shown, package, module = Notebook(), ModuleType("IPython"), ModuleType("IPython.display")
    package.get_ipython = lambda: SimpleNamespace(config={"IPKernelApp": {}})  # type: ignore[attr-defined]
    module.display = shown.display  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    return shown


def lines(*events: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in events)


def chat(text: str, kind: str = "chat") -> dict[str, Any]:
    return {"event_type": kind, "content": text}


def stream(*events: dict[str, Any], kind: Any = Event) -> EventStream[Any]:
    return EventStream(io.BytesIO(lines(*events)), kind.model_validate_json, "application/x-ndjson")


# ── a notebook ──


def test_the_view_grows_while_a_cell_reads(notebook: Notebook) -> None:
    words = Steps(
        b"Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n",
        [chunk(lines(chat("thinking", "info"))), chunk(lines(chat("The "))), chunk(lines(chat("north")))],
        CLEAN_END,
    )
    with playing(words) as server, urllib3.PoolManager() as pools:
        raw = pools.request("GET", server.host, preload_content=False, timeout=STEP)
        events = EventStream(raw, Event.model_validate_json, "application/x-ndjson")
        events._ipython_display_()
        assert (events.events, notebook.text) == (0, "EventStream open events 0")
        seen = []
        for _ in events:
            notebook.wait()
            seen.append(notebook.text)
            words.arrived.release()

    assert [text.partition("events")[2].split()[1:] for text in seen][1:] == [
        ["Info", "thinking", "Assistant", "The"],
        ["Info", "thinking", "Assistant", "The", "north"],
    ]
    assert notebook.text.startswith("EventStream ended events 3")
    assert notebook.shown[-1]["text/plain"] == "<EventStream ended after 3 events>"
    assert notebook.again == []


def test_to_show_a_stream_reads_nothing(notebook: Notebook) -> None:
    events = stream(chat("one"), chat("two"))

    events._ipython_display_()
    assert [each.content for each in events] == ["one", "two"]


def test_many_events_are_few_views(notebook: Notebook) -> None:
    events = stream(*[chat("x")] * 5_000)
    events._ipython_display_()

    assert sum(1 for _ in events) == 5_000
    assert "x" * 5_000 in notebook.text
    assert len(notebook.shown) < 100


def test_it_is_shown_in_two_places_and_drawn_once(notebook: Notebook) -> None:
    events = stream(chat("one"))
    events._ipython_display_()
    events._ipython_display_()

    assert notebook.again == ["d1"]
    assert events.until_done().content == "one"
    assert "one" in notebook.text


def test_a_stream_may_be_shown_while_it_is_read(notebook: Notebook) -> None:
    events = stream(*[chat(f"{at} " + "x" * 40_000) for at in range(9)])
    next(events)
    events._ipython_display_()

    assert sum(1 for _ in events) == 8
    assert "8 xxx" in notebook.text or "more characters" in notebook.text
    assert "ended events 9" in notebook.text


def test_a_stream_that_is_left_shows_that_it_is_closed(notebook: Notebook) -> None:
    with stream(chat("one"), chat("two")) as events:
        events._ipython_display_()
        next(events)

    assert "closed events 1" in notebook.text
    assert "one" in notebook.text


def test_half_of_a_pair_is_shown_too(notebook: Notebook) -> None:
    broken = b'{"event_type": "chat", "content": "\\ud83d!"}\n'
    events = EventStream(io.BytesIO(broken), Event.model_validate_json, "application/x-ndjson")
    events._ipython_display_()

    assert [each.content for each in events] == ["\ufffd!"]
    assert "\ufffd!" in notebook.text


def test_a_view_that_fails_ends_no_loop(notebook: Notebook, caplog: pytest.LogCaptureFixture) -> None:
    events = stream(chat("one"))
    events._ipython_display_()
    notebook.fails = True

    with caplog.at_level(logging.ERROR, "portal_client"):
        assert [each.content for each in events] == ["one"]
    assert "a view was not drawn" in caplog.text


def test_a_stream_that_was_shown_is_closed_when_nobody_has_it(notebook: Notebook) -> None:
    events = stream(chat("one"))
    events._ipython_display_()
    gone = weakref.ref(events)
    gc.disable()
    try:
        del events
        assert gone() is None
    finally:
        gc.enable()


def test_states_of_a_session_are_its_conversation(notebook: Notebook) -> None:
    events = stream(said("The "), said("The ", "north", status="Ready"), kind=Session)
    events._ipython_display_()

    assert len([*events]) == 2
    assert notebook.text.count("The north") == 1
    assert "Ready" in notebook.text


def test_updates_of_a_session_grow_too(notebook: Notebook) -> None:
    states = [said("The "), said("The ", "north", status="Ready")]
    answers = [
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
        % (len(body), body)
        for body in [json.dumps(said()).encode()]
    ]
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    streamed = head + b"".join(chunk(event(state)) for state in states) + CLEAN_END
    with playing(*answers, streamed) as server, client_of(server.host) as client:
        updates = SessionsApi(client).follow_session("s1", timeout=STEP)
        updates._ipython_display_()
        assert "SessionUpdates open" in notebook.text
        assert [each.status.value for each in updates] == ["Running", "Running", "Ready"]

    assert "The north" in notebook.text
    assert "SessionUpdates ended" in notebook.text


# ── what is seen of events ──


def seen(*events: Any) -> Any:
    all_of_it = Seen()
    for each in events:
        all_of_it.add(each)
    return all_of_it.parts()


def test_pieces_of_one_text_are_joined() -> None:
    kinds = ["info", "chat", "chat", "intent", "intent", "wait", "wait", "chat"]
    (talk,) = seen(*(Event(event_type=kind, content=f"{at} ") for at, kind in enumerate(kinds)))

    assert [(turn.role, turn.text) for turn in talk.turns] == [
        ("info", "0 "),
        ("assistant", "1 2 "),
        ("intent", "3 4 "),
        ("wait", "5 "),
        ("wait", "6 "),
        ("assistant", "7 "),
    ]


def test_a_result_that_repeats_what_was_said_is_not_shown_twice() -> None:
    texts = [("chat", "The "), ("chat", "north."), ("result", "The north."), ("result", "Another.")]
    (talk,) = seen(*(Event(event_type=kind, content=text) for kind, text in texts))

    assert [turn.text for turn in talk.turns] == ["The north.", "Another."]


def test_of_many_events_the_last_ones_are_kept() -> None:
    (talk,) = seen(*(Event(event_type="info", content=f"{at}") for at in range(150)))
    assert (len(talk.turns), talk.hidden, talk.turns[-1].text) == (100, 50, "149")

    (long,) = seen(*[Event(event_type="chat", content="x" * 1_000)] * 30)
    assert (len(long.turns[0].text), long.turns[0].cut) == (20_000, 10_000)

    metadata = samples("x")["metadata"]
    assert isinstance(metadata, ObjectMetadata)
    (table,) = seen(*[metadata] * 150)
    assert (len(table.rows), table.hidden) == (100, 50)


@pytest.mark.parametrize("text", ["&" * 30_000, "\u202e" * 30_000])
def test_no_stream_has_a_large_view(notebook: Notebook, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SECONDS", 60)  # the last view is enough
    events = stream(*[chat(text, "info")] * 120)
    events._ipython_display_()
    for _ in events:
        pass

    html = notebook.shown[-1]["text/html"]
    assert len(html.encode()) < 2_000_000
    assert (html.count("<li"), '"auto"></pre>' in html) == (10, False)
    assert "more characters" in notebook.text


@pytest.mark.fault("Injection", "What an agent says is text wherever it is shown: it runs and loads nothing")
def test_the_text_of_others_is_text_alone(notebook: Notebook) -> None:
    def form(text: str) -> set[tuple[str, ...]]:
        events = stream(chat(text), chat(text, text), {"event_type": "sys", "content": text})
        events._ipython_display_()
        assert len([*events]) == 3
        return Shown(notebook.shown[-1]["text/html"]).form

    plain = form("a plain text")
    for text in HOSTILE:
        if text != "\ud83d":
            assert form(text) == plain, text


# ── elsewhere ──


@pytest.mark.parametrize("value", [stream(), Session.model_validate(SESSION)], ids=["stream", "session"])
def test_outside_a_notebook_nothing_is_different(value: Any) -> None:
    if hasattr(value, "_ipython_display_"):
        with pytest.raises(NotImplementedError):  # so that IPython in a terminal shows the repr
            value._ipython_display_()
    assert repr(value)


def test_a_stream_elsewhere_is_a_line() -> None:
    page = BeautifulSoup(stream()._repr_html_(), "html.parser")

    assert page.section is not None
    assert page.section.get_text(" ").split() == ["EventStream", "open", "events", "0"]


def test_a_script_loads_none_of_it() -> None:
    code = (
        "import io, sys\nfrom portal_client import EventStream\n"
        "[*EventStream(io.BytesIO(b'1\\n2\\n'), int, 'application/x-ndjson')]\nanswer = sorted(sys.modules)"
    )

    assert not [name for name in fresh(code) if name.startswith(("IPython", "portal_client.views"))]


def test_views_are_drawn_a_few_times_a_second() -> None:
    assert 0.05 <= live.SECONDS <= 0.25
