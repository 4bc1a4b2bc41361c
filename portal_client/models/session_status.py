"""What a session is doing."""

from __future__ import annotations

from portal_client.model import OpenEnum


class SessionStatus(OpenEnum):
    """Whether the agent is at work (Running), done (Ready, Flushed) or failed (Error)."""

    READY = "Ready"
    RUNNING = "Running"
    FLUSHED = "Flushed"
    ERROR = "Error"
