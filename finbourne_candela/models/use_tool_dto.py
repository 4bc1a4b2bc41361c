"""A step that uses a tool."""

from __future__ import annotations

from typing import Optional

from pydantic import StrictStr

from finbourne_candela.models.tool_obj import ToolObj
from portal_client.model import Model, Nullable


class UseToolDTO(Model):
    """A step that runs a tool on the data of an intent."""

    type: Optional[StrictStr] = "use-tool"
    """The kind of node."""
    node_id: StrictStr
    """The name of the node within its circuit."""
    child_id: Nullable[StrictStr]
    """The node that follows; None where the circuit ends."""
    intent_id: StrictStr
    """The intent node whose data the tool is given."""
    tool_obj: ToolObj
    """The tool, as an object or as plain data."""
