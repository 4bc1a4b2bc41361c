"""A step in which the agent speaks."""

from __future__ import annotations

from typing import Optional

from pydantic import StrictBool, StrictStr

from portal_client.model import Model, Nullable


class ResponseDTO(Model):
    """A step in which the agent answers the user."""

    type: Optional[StrictStr] = "response"
    """The kind of node."""
    node_id: StrictStr
    """The name of the node within its circuit."""
    child_id: Nullable[StrictStr]
    """The node that follows; None where the circuit ends."""
    as_block: StrictBool
    """Whether the answer comes in one piece."""
    template: Nullable[StrictStr]
    """The form of the answer."""
    context: Nullable[StrictStr]
    """What the agent is to know for it."""
    inserts: Nullable[dict[str, StrictStr]]
    """Values for the placeholders of the template."""
