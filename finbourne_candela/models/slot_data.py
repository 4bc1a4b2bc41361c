"""A slot of a user."""

from __future__ import annotations

from typing import Optional

from pydantic import StrictStr

from finbourne_candela.models.slot_state import SlotState
from portal_client.model import DateTime, Model, Nullable


class SlotData(Model):
    """A slot: a machine that sessions run on."""

    slot_id: StrictStr
    """Its id, made by the service; `Session.host_id` has it, too."""
    slot_type: StrictStr
    """Its type."""
    domain: StrictStr
    """The domain that it belongs to."""
    state: Optional[SlotState] = None
    """What it is doing."""
    assigned_to: Nullable[StrictStr] = None
    """The user who has it; None while it is free."""
    url: Nullable[StrictStr] = None
    """The address of the host."""
    created: Nullable[DateTime] = None
    """When it was asked for."""
    assigned: Nullable[DateTime] = None
    """When it was given to the user."""
    disposed: Nullable[DateTime] = None
    """When it was disposed of."""
    ready: Nullable[DateTime] = None
    """When sessions could start on it."""
