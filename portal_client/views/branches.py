"""Branches of a session as the parts of a view: their beginning once, and side by side where they differ."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

from portal_client.text import exact
from portal_client.views.conversation import last_talk
from portal_client.views.parts import Cell, Column, Columns, Heading, Part, Talk
from portal_client.views.text import label

#: At most so many branches are shown side by side.
MAX_COLUMNS = 8


def branches_parts(branches: Any) -> list[Part]:
    """Return what to show of branches."""
    facts: list[tuple[str, Cell]] = [("prompt", label(branches.text_prompt))]
    head = Heading(f"Branches of session {label(branches.session_id)}", facts=facts)
    shown = [*zip(branches.at, branches.sessions, strict=True)][:MAX_COLUMNS]
    if not shown:
        return [head]
    common, share = _common(shown), 2 * len(shown) + 1
    columns = [_column(at, session, common, share) for at, session in shown]
    beginning: list[Part] = [last_talk(shown[0][1].messages[:common], share)] if common else []
    return [head, *beginning, Columns(columns, len(branches.sessions) - len(shown))]


def _common(shown: list[tuple[int, Any]]) -> int:
    """Return how many messages all branches have taken over alike."""
    taken = [session.messages[: at + 1] for at, session in shown]
    alike = takewhile(lambda row: all(_said(m) == _said(row[0]) for m in row), zip(*taken, strict=False))
    return sum(1 for _ in alike)


def _said(message: Any) -> tuple[str, str]:
    return message.role, message.text


def _column(at: int, session: Any, common: int, share: int) -> Column:
    messages = session.messages
    facts: list[tuple[str, Cell]] = [("session", label(session.id)), ("messages", f"{len(messages):,}")]
    heading = Heading(f"at {at}", label(exact(session.status)), facts)
    taken, own = messages[common : at + 1], messages[at + 1 :]
    return Column(heading, last_talk(taken, share) if taken else Talk(()), last_talk(own, share))
