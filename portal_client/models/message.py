"""One message of a session."""

from __future__ import annotations

from pydantic import StrictStr

from portal_client.model import Model, Nullable
from portal_client.models.message_agent import MessageAgent
from portal_client.models.message_role import MessageRole


class Message(Model):
    """What the user or the agent said; `agent` tells which agent did."""

    text: StrictStr
    """What was said."""
    role: MessageRole
    """Who said it."""
    agent: Nullable[MessageAgent] = None
    """The agent that said it; None for the user's own messages."""
