"""One agent of the dashboard."""

from __future__ import annotations

from portal_client.model import Model, Omissible
from portal_client.models.agent import Agent
from portal_client.models.session import Session


class Widget(Model):
    """An agent on the dashboard, with its latest session."""

    agent: Agent
    """The agent."""
    latest_session: Omissible[Session]
    """Its latest session; None where there is none, or none that may be shown."""
