"""A step that asks the agent for data."""

from __future__ import annotations

from typing import Optional

from pydantic import StrictStr

from finbourne_candela.models.spec import Spec
from portal_client.model import Model, Nullable


class IntentDTO(Model, defer_build=True):
    """A step in which the agent fills in data of a given shape."""

    type: Optional[StrictStr] = "intent"
    """The kind of node."""
    node_id: StrictStr
    """The name of the node within its circuit."""
    child_id: Nullable[StrictStr]
    """The node that follows; None where the circuit ends."""
    spec: Spec
    """The shape of the data."""
    instruction: Nullable[StrictStr] = None
    """How the agent is to fill it in."""
