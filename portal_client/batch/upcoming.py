"""The items to send, in the order in which they were added."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Optional

from portal_client.batch.entry import Entry, entries
from portal_client.batch.item import Likeness
from portal_client.batch.journal import Journal
from portal_client.batch.result import State

#: Items that are read from the journal at once, and so many that may wait for one that looks like them.
_PAGE = 64


class Upcoming:
    """The pending items, read from the journal as they are needed.

    Of two items that look alike the second is held back until the session of the first is known, and others
    go first: a session whose id was lost could be that of either.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._ahead: deque[Entry] = deque()
        self._held: list[Entry] = []
        self._after = 0

    def put_back(self, entry: Entry) -> None:
        """Put an item back, before those that were not sent yet, unless it is still to be read."""
        if entry.id <= self._after:
            self._ahead.appendleft(entry)

    def next(self, is_blocked: Callable[[Likeness], bool]) -> Optional[Entry]:
        """Return the next item that may be sent; None where there is none now."""
        for number, entry in enumerate(self._held):
            if not is_blocked(entry.likeness):
                return self._held.pop(number)
        while len(self._held) < _PAGE:
            fetched = self._fetched()
            if fetched is None or not is_blocked(fetched.likeness):
                return fetched
            self._held.append(fetched)
        return None

    def _fetched(self) -> Optional[Entry]:
        if not self._ahead:
            self._ahead.extend(entries(self._journal, State.PENDING, "TRUE", self._after, _PAGE))
            if not self._ahead:
                return None
            self._after = self._ahead[-1].id
        return self._ahead.popleft()

    def is_empty(self) -> bool:
        """Whether no item is pending; to be asked while none is under way."""
        if self._held or self._ahead:
            return False
        self._after = 0  # once more from the beginning: an item can become pending again
        first = self._fetched()
        if first is not None:
            self._ahead.appendleft(first)
        return first is None
