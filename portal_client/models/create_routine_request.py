"""The routine that is to be created."""

from __future__ import annotations

from pydantic import StrictStr

from portal_client.model import Model


class CreateRoutineRequest(Model):
    """Describes a routine that is to be created."""

    agent_id: StrictStr
    """The agent to ask."""
    name: StrictStr
    """What to call the routine."""
    requirements: StrictStr
    """What to ask the agent on each run."""
    interval: StrictStr
    """How often to run it; free text, of which the service knows the form."""
