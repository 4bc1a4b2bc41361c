"""A routine."""

from __future__ import annotations

from pydantic import StrictStr

from portal_client.model import Model
from portal_client.models.trend import Trend


class Routine(Model):
    """A question that an agent is asked regularly."""

    id: StrictStr
    """What the operations take as `routine_id`."""
    agent_id: StrictStr
    """The agent that is asked."""
    user_id: StrictStr
    """Whose routine it is."""
    name: StrictStr
    """Its name for people."""
    requirements: StrictStr
    """What the agent is asked on each run."""
    interval: StrictStr
    """How often it is run; free text, of which the service knows the form."""
    trend: Trend
    """How things stand according to its last run."""
