"""The ledger of a run: changes of the journal that are made together, and what is shown of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Optional

from portal_client.batch.entry import Entry
from portal_client.batch.journal import Change, Journal
from portal_client.batch.result import Counts

#: The shortest time between two counts that are shown, in seconds.
_EVERY = 0.5


class Ledger:
    """Collects changes, and makes them in one transaction.

    `show` is called with the counts, now and again.
    """

    def __init__(self, journal: Journal, show: Optional[Callable[[Counts], object]]) -> None:
        self._journal = journal
        self._changes: list[Change] = []
        self._found: set[str] = set()
        self._show_to = show
        self._due = 0.0

    def note(self, change: Change) -> None:
        """Keep a change for the next transaction."""
        self._changes.append(change)

    def found(self, entry: Entry, session_id: str) -> None:
        """Keep the session of an item."""
        self.note(entry.running(session_id))
        self._found.add(session_id)

    def save(self, durable: bool = False) -> None:
        """Make the changes; durable ones also survive that the power fails."""
        changes, self._changes = self._changes, []
        self._found.clear()
        if changes:
            self._journal.write(changes, durable)

    def taken(self, ids: Collection[str]) -> Collection[str]:
        """Return those sessions that are known to be of an item."""
        query = "SELECT 1 FROM items WHERE session_id = ?"
        return [id for id in ids if id in self._found or self._journal.ask(query, id)]

    def show(self) -> None:
        """Show the counts, if it is time."""
        began = time.monotonic()
        if self._show_to is not None and began >= self._due:
            self._show_to(self._journal.counts())
            # To count millions takes long.
            self._due = began + max(_EVERY, 100 * (time.monotonic() - began))
