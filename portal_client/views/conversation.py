"""A session as the parts of a view: what it is, and what was said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portal_client.text import exact
from portal_client.views.parts import Cell, Heading, Talk, Turn
from portal_client.views.text import label, visible

#: At most so many messages and characters are shown, that a view of whatever session stays below 2 MB.
MAX_TURNS = 100
MAX_TEXT_LENGTH = 20_000
MAX_TALK_LENGTH = 200_000


def heading(session: Any) -> Heading:
    """Return what a session is."""
    facts: list[tuple[str, Cell]] = [
        ("agent", label(session.agent_id)),
        ("user", label(session.user_id)),
        ("started", session.created_at),
        ("changed", session.updated_at),
        ("messages", f"{len(session.messages):,}"),
    ]
    return Heading(f"Session {label(session.id)}", label(exact(session.status)), facts)


def talk(messages: Sequence[Any]) -> Talk:
    """Return all that was said."""
    return Talk([_turn(message, len(message.text)) for message in messages])


def last_talk(messages: Sequence[Any], share: int = 1) -> Talk:
    """Return what was said last, as much as a view may hold; or so many shares of a view, each a part."""
    turns: list[Turn] = []
    left = MAX_TALK_LENGTH // share
    for message in reversed(messages[-(MAX_TURNS // share) :]):
        if left <= 0:
            break
        turns.append(turn := _turn(message, min(MAX_TEXT_LENGTH, left)))
        left -= len(message.text) - turn.cut
    return Talk(turns[::-1], len(messages) - len(turns))


def _turn(message: Any, max_length: int) -> Turn:
    name, icon = (message.agent.name, message.agent.icon) if message.agent else ("", "")
    cut = max(len(message.text) - max_length, 0)
    text = visible(message.text[:max_length])
    return Turn(label(exact(message.role)), label(name), label(icon), text, cut)
