"""The routines of an agent."""

from __future__ import annotations

from portal_client.model import Model
from portal_client.models.routine_with_sessions import RoutineWithSessions


class RoutinesResponse(Model):
    """The caller's routines of one agent."""

    routines: list[RoutineWithSessions]
    """The routines with their sessions."""
