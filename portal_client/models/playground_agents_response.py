"""The list of the playground."""

from __future__ import annotations

from portal_client.model import Model
from portal_client.models.playground_agent import PlaygroundAgent


class PlaygroundAgentsResponse(Model):
    """The agents of the playground."""

    agents: list[PlaygroundAgent]
    """The agents with their instructions."""
