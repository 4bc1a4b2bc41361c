"""The record of a conversation."""

from __future__ import annotations

from pydantic import StrictStr

from finbourne_candela.models.trace_item import TraceItem
from portal_client.model import Model


class Trace(Model):
    """What was said in a conversation."""

    session_ids: list[StrictStr]
    """The sessions that it went through."""
    trace_items: list[TraceItem]
    """What was said, in order."""
