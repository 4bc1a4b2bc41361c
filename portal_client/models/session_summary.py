"""A session in short."""

from __future__ import annotations

from pydantic import StrictStr

from portal_client.model import DateTime, Model
from portal_client.models.agent import Agent


class SessionSummary(Model):
    """A session without its messages."""

    id: StrictStr
    """What the operations take as `session_id`."""
    agent: Agent
    """The agent that answers."""
    updated_at: DateTime
    """When something was last said or changed."""
    name: StrictStr
    """Its name for people."""
