"""A step that does nothing."""

from __future__ import annotations

from typing import Optional

from pydantic import StrictStr

from portal_client.model import Model, Nullable


class NoOpDTO(Model):
    """A step that only leads to another."""

    type: Optional[StrictStr] = "no-op"
    """The kind of node."""
    node_id: StrictStr
    """The name of the node within its circuit."""
    child_id: Nullable[StrictStr]
    """The node that follows; None where the circuit ends."""
    label: StrictStr
    """What it is called."""
