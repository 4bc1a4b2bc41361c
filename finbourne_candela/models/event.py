"""A piece of an agent's answer."""

from __future__ import annotations

from pydantic import StrictStr

from portal_client.model import Model


class Event(Model):
    """A piece of an agent's answer, as it is streamed."""

    event_type: StrictStr
    """What it is: "chat", "intent", "info", "result", "wait", "user", "sys", or something newer."""
    content: StrictStr
    """Its text."""
