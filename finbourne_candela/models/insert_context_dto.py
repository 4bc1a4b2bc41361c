"""A step that adds context."""

from __future__ import annotations

from typing import Optional

from pydantic import StrictStr

from portal_client.model import Model, Nullable


class InsertContextDTO(Model):
    """A step that puts a text before the agent."""

    type: Optional[StrictStr] = "insert"
    """The kind of node."""
    node_id: StrictStr
    """The name of the node within its circuit."""
    child_id: Nullable[StrictStr]
    """The node that follows; None where the circuit ends."""
    label: StrictStr
    """The name of the text."""
    context: StrictStr
    """The text."""
