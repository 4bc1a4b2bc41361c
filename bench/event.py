"""What an event is to those who validate it: as in the service's contract."""

from __future__ import annotations

from pydantic import StrictStr

from portal_client.model import Model


class Event(Model):
    """One event of an agent's answer."""

    event_type: StrictStr
    content: StrictStr
