"""The sessions of an agent."""

from __future__ import annotations

from portal_client.model import Model
from portal_client.models.session import Session


class GetSessionsResponse(Model):
    """The caller's sessions with one agent."""

    sessions: list[Session]
    """The sessions, newest first, each with its messages."""
