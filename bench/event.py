"""The model of an event for peers that validate with pydantic, as in the service's contract."""

from __future__ import annotations

from pydantic import StrictStr

from portal_client.model import Model


class Event(Model):
    """One event of an agent's answer."""

    event_type: StrictStr
    content: StrictStr
