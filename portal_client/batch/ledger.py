"""The ledger of a run: changes of the journal that are made together."""

from __future__ import annotations

from collections.abc import Collection

from portal_client.batch.entry import Entry
from portal_client.batch.journal import Change, Journal


class Ledger:
    """Collects changes, and makes them in one transaction."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._changes: list[Change] = []
        self._found: set[str] = set()

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
