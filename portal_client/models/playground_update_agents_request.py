"""A new list for the playground."""

from __future__ import annotations

from portal_client.model import Model
from portal_client.models.playground_agent import PlaygroundAgent


class PlaygroundUpdateAgentsRequest(Model):
    """The list that replaces the agents of the playground."""

    agents: list[PlaygroundAgent]
    """All agents of the new list; an empty list leaves none."""
