"""A conversation with an agent."""

from __future__ import annotations

from pydantic import StrictStr

from portal_client.model import DateTime, Model, Nullable
from portal_client.models.message import Message
from portal_client.models.session_status import SessionStatus


class Session(Model):
    """A conversation with an agent: its messages in order, and whether the agent is at work."""

    id: StrictStr
    """What the operations take as `session_id`."""
    agent_id: StrictStr
    """The agent that answers."""
    thread_id: StrictStr
    """The service's own name for the conversation."""
    created_at: DateTime
    """When it was started."""
    updated_at: DateTime
    """When something was last said or changed."""
    messages: list[Message]
    """The conversation, oldest message first."""
    status: SessionStatus
    """Whether the agent is at work."""
    user_id: StrictStr
    """Whose session it is."""
    routine_id: Nullable[StrictStr] = None
    """The routine that started it; None where a person did."""
