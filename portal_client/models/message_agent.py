"""The agent behind a message."""

from __future__ import annotations

from pydantic import StrictStr

from portal_client.model import Model


class MessageAgent(Model):
    """An agent as it is shown beside its messages."""

    id: StrictStr
    """The agent, as `agent_id` of an operation names it."""
    name: StrictStr
    """Its name for people."""
    icon: StrictStr
    """The name of its picture."""
