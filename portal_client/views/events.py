"""The events of a stream as the parts of a view, which grows with them."""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import Any, Optional

from pydantic import BaseModel

from portal_client.text import exact
from portal_client.views.content import parts_of
from portal_client.views.conversation import MAX_TALK_LENGTH, MAX_TEXT_LENGTH, MAX_TURNS
from portal_client.views.parts import Heading, Part, Talk, Turn
from portal_client.views.table import MAX_ROWS, is_session, table_of
from portal_client.views.text import label, visible

#: The kinds of events that are pieces of one text where they follow each other.
_PIECES = ("chat", "intent")


class Seen:
    """What has come of a stream: the last state of a session, what an agent says, or the events themselves.

    Of many events the last ones are kept. Safe with threads.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._session: Any = None
        self._said: deque[_Said] = deque(maxlen=MAX_TURNS)
        self._sayings = 0
        self._others: deque[Any] = deque(maxlen=MAX_ROWS)
        self._count = 0

    def add(self, event: Any) -> None:
        """Take in an event."""
        kind, text = getattr(event, "event_type", None), getattr(event, "content", None)
        with self._lock:
            if isinstance(event, BaseModel) and is_session(event):
                self._session = event
            elif isinstance(kind, str) and isinstance(text, str):
                if not (kind in _PIECES and self._said and self._said[-1].kind == kind):
                    self._said.append(_Said(exact(kind)))
                    self._sayings += 1
                self._said[-1].add(text)
            else:
                self._others.append(event)
                self._count += 1

    def parts(self) -> list[Part]:
        """Return what to show of it."""
        with self._lock:
            shown = parts_of(self._session) if self._session is not None else []
            if self._said:
                shown.append(self._talk())
            if self._others:
                others = [*self._others]
                table = table_of(others)
                shown += [table._replace(hidden=self._count - len(others))] if table else parts_of(others)
            return shown

    def _talk(self) -> Talk:
        turns: list[Turn] = []
        left = MAX_TALK_LENGTH
        for said in reversed(self._said):
            if left <= 0:
                break
            turns.append(said.turn(min(MAX_TEXT_LENGTH, left)))
            left -= said.kept
        return Talk(turns[::-1], self._sayings - len(turns))


class _Said:
    """A text that grows; its beginning is kept, and how long it is."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.kept = 0
        self._length = 0
        self._pieces: list[str] = []

    def add(self, text: str) -> None:
        self._length += len(text)
        if self.kept < MAX_TEXT_LENGTH:
            piece = text[: MAX_TEXT_LENGTH - self.kept]
            self._pieces.append(piece)
            self.kept += len(piece)

    def turn(self, max_length: int) -> Turn:
        text = "".join(self._pieces)[:max_length]
        self._pieces[:] = ["".join(self._pieces)]
        role = "assistant" if self.kind == "chat" else label(self.kind)
        return Turn(role, "", "", visible(text), self._length - len(text))


def growing_parts(value: Any, seen: Optional[Seen]) -> list[Part]:
    """Return what to show of a value that grows: how far it is, and what was seen of it."""
    return [Heading(visible(repr(value).strip("<>"))), *(seen.parts() if seen else [])]
