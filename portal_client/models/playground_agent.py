"""One agent of the playground."""

from __future__ import annotations

from pydantic import StrictStr

from portal_client.model import Model


class PlaygroundAgent(Model):
    """An agent with instructions to try out."""

    id: StrictStr
    """Its name for programs, which no other one in the list has."""
    name: StrictStr
    """Its name for people."""
    icon: StrictStr
    """The name of its picture."""
    assistant_id: StrictStr
    """The assistant behind it, as the service names that."""
    instructions: StrictStr
    """What the agent is told before each conversation: its system prompt."""
