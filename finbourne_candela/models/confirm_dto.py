"""A step that asks for consent."""

from __future__ import annotations

from typing import Optional

from pydantic import StrictStr

from portal_client.model import Model, Nullable


class ConfirmDTO(Model):
    """A step that lets the user choose among options."""

    type: Optional[StrictStr] = "confirm"
    """The kind of node."""
    node_id: StrictStr
    """The name of the node within its circuit."""
    child_id: Nullable[StrictStr]
    """The node that follows; None where the circuit ends."""
    instruction: Nullable[StrictStr] = None
    """How the agent is to ask."""
    options: list[StrictStr]
    """What the user may choose from."""
