"""An entry of a trace."""

from __future__ import annotations

from pydantic import StrictStr

from portal_client.model import Model


class TraceItem(Model):
    """One thing that was said in a conversation."""

    item_type: StrictStr
    """Who said it, and what kind it is."""
    content: StrictStr
    """Its text."""
