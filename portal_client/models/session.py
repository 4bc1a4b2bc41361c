"""A conversation with an agent."""

from __future__ import annotations

from pydantic import StrictStr

from portal_client.models._base import DateTime, Model, Nullable
from portal_client.models.message import Message
from portal_client.models.session_status import SessionStatus


class Session(Model):
    """A conversation with an agent: its messages in order, and whether the agent is at work."""

    id: StrictStr
    agent_id: StrictStr
    thread_id: StrictStr
    created_at: DateTime
    updated_at: DateTime
    messages: list[Message]
    status: SessionStatus
    user_id: StrictStr
    routine_id: Nullable[StrictStr] = None
