"""The agents at a glance."""

from __future__ import annotations

from portal_client.model import Model
from portal_client.models.widget import Widget


class Dashboard(Model):
    """An overview of the agents."""

    widgets: list[Widget]
    """One widget for each agent."""
