"""An agent."""

from __future__ import annotations

from pydantic import StrictStr

from portal_client.model import Model


class Agent(Model):
    """An agent that one can talk to."""

    id: StrictStr
    """What the operations take as `agent_id`."""
    name: StrictStr
    """Its name for people."""
    assistant_id: StrictStr
    """The assistant behind it, as the service names that."""
    assistant_nickname: StrictStr
    """What the assistant is called in a conversation."""
    welcome_message: StrictStr
    """What to show before the first prompt; may be empty."""
    user_initial_message: StrictStr
    """What to offer as the first prompt; may be empty."""
    icon: StrictStr
    """The name of its picture."""
    visibility_requirements: list[StrictStr]
    """What the service asks for before it shows the agent, in its own words."""
