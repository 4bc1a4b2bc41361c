"""Views: rows of the database as the models of the contract."""

from collections.abc import Iterable

from portal_sandbox import wire
from portal_sandbox.agents import ICON, display_name
from portal_sandbox.tables import MessageRow, SessionRow


def sessions(rows: Iterable[SessionRow]) -> list[wire.Session]:
    """Return sessions in the order of their rows."""
    return [session(row) for row in rows]


def session(row: SessionRow) -> wire.Session:
    """Return a session with its messages."""
    return wire.Session(
        id=row.id,
        agent_id=row.agent_id,
        thread_id=row.thread_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
        messages=[_message(message) for message in row.messages],
        status=wire.SessionStatus(row.status),
        user_id=row.user_id,
    )


def _message(row: MessageRow) -> wire.Message:
    agent = row.agent_id and wire.MessageAgent(id=row.agent_id, name=display_name(row.agent_id), icon=ICON)
    return wire.Message(text=row.text, role=wire.MessageRole(row.role), agent=agent or None)
