"""The response to a change of the slots."""

from __future__ import annotations

from pydantic import StrictInt

from portal_client.model import Model


class SlotsPutResponse(Model):
    """A setting of the slots, before and after a change."""

    old_value: StrictInt
    """The value before."""
    new_value: StrictInt
    """The value now."""
