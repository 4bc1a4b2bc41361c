"""The events of a stream as the parts of a view, which grows with them."""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import Any, Optional

from pydantic import BaseModel

from portal_client.text import exact
from portal_client.views.content import parts_of
from portal_client.views.conversation import MAX_TALK_LENGTH, MAX_TEXT_LENGTH, MAX_TURNS
from portal_client.views.parts import Cell, Heading, Part, Talk, Turn
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
                self._say(exact(kind), text)
            else:
                self._others.append(event)
                self._count += 1

    def _say(self, kind: str, text: str) -> None:
        last = self._said[-1] if self._said else None
        if last is not None and kind == "result" and last.text == text:
            return  # it repeats the whole of what was said
        if last is None or kind not in _PIECES or last.kind != kind:
            last = _Said(kind)
            self._said.append(last)
            self._sayings += 1
        last.add(text)

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
        """Add a piece."""
        self._length += len(text)
        piece = text[: MAX_TEXT_LENGTH - self.kept]
        self._pieces.append(piece)
        self.kept += len(piece)

    @property
    def text(self) -> str:
        """What is kept of it."""
        self._pieces[:] = ["".join(self._pieces)]
        return self._pieces[0]

    def turn(self, max_length: int) -> Turn:
        """Return it as a view has it."""
        text = self.text[:max_length]
        role = "assistant" if self.kind == "chat" else label(self.kind)
        return Turn(role, "", "", visible(text), self._length - len(text))


def growing_parts(value: Any, seen: Optional[Seen]) -> list[Part]:
    """Return what to show of a value that grows: how far it is, and what was seen of it."""
    kind, state, *_ = repr(value).strip("<>").split()
    facts: list[tuple[str, Cell]] = [("events", f"{value.events:,}")] if hasattr(value, "events") else []
    return [Heading(kind, state, facts), *(seen.parts() if seen else [])]
