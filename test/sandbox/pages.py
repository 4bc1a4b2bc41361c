"""The page as its scripts read it: the document, the feed of a view, an entry in full."""

import json
import re
from collections.abc import Generator
from contextlib import contextmanager
from threading import Event
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3
from bs4 import BeautifulSoup

from portal_sandbox.page import feed as feeds

from .conftest import Caller

#: What a browser accepts.
HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}

State = dict[str, Any]


def document(caller: Caller) -> BeautifulSoup:
    response = caller.call("GET", "/", headers=HTML)
    assert response.status == 200, response.data
    return BeautifulSoup(response.data.decode(), "html.parser")


def key(caller: Caller) -> str:
    html = document(caller).html
    assert html is not None
    return str(html["data-key"])


def link(caller: Caller, path: str, **query: object) -> str:
    """The path of something of the page, with the key of the page."""
    return f"/page/{path}?{urlencode({**query, 'key': key(caller)})}"


class Feed:
    """The events of a feed, as they come."""

    def __init__(self, response: urllib3.BaseHTTPResponse) -> None:
        self.headers = response.headers
        self._lines = (line.decode() for line in response)
        assert (next(self._lines), next(self._lines)) == ("retry: 1000\n", "\n")

    def next(self) -> State:
        """The state in the next event."""
        event, data, end = next(self._lines), next(self._lines), next(self._lines)
        assert (event, end) == ("event: state\n", "\n")
        state: State = json.loads(data.removeprefix("data: "))
        return state

    def comment(self) -> str:
        return next(self._lines)

    def ends(self) -> bool:
        return next(self._lines, None) is None


@contextmanager
def feed(caller: Caller, view: str = "sessions", **query: object) -> Generator[Feed]:
    response = caller.call("GET", link(caller, f"events/{view}", **query), preload_content=False)
    try:
        assert response.status == 200, response.data
        yield Feed(response)
    finally:
        response.close()


def state(caller: Caller, view: str = "sessions", **query: object) -> State:
    """What a page shows first of a view."""
    with feed(caller, view, **query) as events:
        return events.next()


def entries(caller: Caller, view: str = "sessions", **query: object) -> list[State]:
    """The entries of a view in their order."""
    shown = state(caller, view, **query)
    assert set(shown["order"]) == set(shown["changed"])
    return [shown["changed"][each] for each in shown["order"]]


def detail(caller: Caller, view: str, entry_id: str, **query: object) -> State:
    """An entry in full."""
    response = caller.call("GET", link(caller, f"entries/{view}/{entry_id}", **query))
    assert response.status == 200, response.data
    found: State = response.json()
    return found


def plain(runs: list[Any]) -> str:
    """The text that a page shows of runs."""
    return "".join(run if isinstance(run, str) else run[0] for run in runs)


def said(shown: State) -> list[tuple[str, str]]:
    """The messages of an entry in full: who said what."""
    return [(plain(each["author"]), plain(each["text"])) for each in shown["said"]]


def fields(shown: State) -> dict[str, str]:
    """The fields of an entry in full; times as they are."""
    return {label: value if isinstance(value, str) else plain(value) for label, value in shown["fields"]}


def words(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def end_of_feed(monkeypatch: pytest.MonkeyPatch) -> Event:
    """What is set when the sandbox ends a feed, because its reader has left."""
    ended = Event()
    events = feeds.Feed.events

    async def noted(self: feeds.Feed) -> Any:
        try:
            async for each in events(self):
                yield each
        finally:
            ended.set()

    monkeypatch.setattr(feeds.Feed, "events", noted)
    return ended
