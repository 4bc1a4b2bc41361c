"""The agents of a caller."""

from __future__ import annotations

from portal_client.model import Model
from portal_client.models.agent import Agent


class AgentsResponse(Model):
    """The agents that the caller can talk to."""

    agents: list[Agent]
    """The agents."""
