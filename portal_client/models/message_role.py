"""Who speaks in a message."""

from __future__ import annotations

from portal_client.model import OpenEnum


class MessageRole(OpenEnum):
    """Who speaks: the user or the assistant."""

    USER = "user"
    ASSISTANT = "assistant"
