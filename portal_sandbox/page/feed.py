"""The feed: a view as it is now, and what is new in it after each change, as server-sent events.

A change of any process on the database makes an event, and so does a slot that starts or stops. A page that
has lost its connection reads another feed, whose first event has everything.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from time import monotonic
from typing import Any

from fastapi.concurrency import run_in_threadpool
from pydantic_core import to_json

from portal_sandbox.errors import Refused
from portal_sandbox.events import COMMENT, PING
from portal_sandbox.page import texts, view
from portal_sandbox.page.view import Entry, Wanted
from portal_sandbox.page.views import views
from portal_sandbox.service import Service

#: The interval at which the database is asked whether anything has changed, in seconds; and how many times as
#: long as a reading it is at least, so that a page over many sessions leaves the server to others.
INTERVAL, SHARE = 0.2, 4

#: How long a page waits before it connects again, in milliseconds.
RETRY = 1_000


class Feed:
    """The events of one page."""

    def __init__(self, service: Service, name: str, wanted: Wanted) -> None:
        self._service = service
        self._name = name
        self._wanted = wanted
        self._revision: int | None = None
        self._sent: dict[str, Entry] = {}
        self._last: dict[str, Any] = {}

    async def events(self) -> AsyncGenerator[str]:
        """Yield the events until the server stops."""
        yield f"retry: {RETRY}\n\n"
        said = monotonic()
        with self._service.store.database.revisions() as revision:
            while not self._service.runner.stopping.is_set():
                began = monotonic()
                event = await run_in_threadpool(self._next, revision)
                took = monotonic() - began
                if event is None and monotonic() - said > PING:
                    event = COMMENT
                if event is not None:
                    said = monotonic()
                    yield event
                await asyncio.sleep(max(INTERVAL, SHARE * took))

    def _next(self, revision: Callable[[], int]) -> str | None:
        """Return what is new as an event; None where nothing is, or where it cannot be read now."""
        try:
            now = revision()
            if now == self._revision and not any(entry.moving for entry in self._sent.values()):
                return None
            state, entries = self._read()
        except Refused:  # the next try may succeed
            return None
        changed = {each: entry for each, entry in entries.items() if self._sent.get(each) != entry}
        if state == self._last and not changed:
            event = None
        else:
            content = {**state, "now": self._service.now(), "changed": changed}
            event = f"event: state\ndata: {to_json(content).decode()}\n\n"
        self._revision, self._sent, self._last = now, entries, state
        return event

    def _read(self) -> tuple[dict[str, Any], dict[str, Entry]]:
        """Return what there is: the counts, the order and the values to filter by; and the entries."""
        every, path = views(self._service), self._service.store.path
        with self._service.store.database.reading() as db:
            counts = {name: each.count(db) for name, each in every.items()}
            listing = every[self._name].listing(db, self._wanted)
        state = {
            "db": path and texts.plain(path),
            "agents": view.labelled(self._service.agents),
            "counts": counts,
            "noun": every[self._name].noun,
            "total": listing.total,
            "values": listing.values,
            "order": [entry.id for entry in listing.entries],
        }
        return state, {entry.id: entry for entry in listing.entries}
