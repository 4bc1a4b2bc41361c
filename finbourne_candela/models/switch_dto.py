"""A step with several followers."""

from __future__ import annotations

from typing import Optional

from pydantic import StrictBool, StrictStr

from finbourne_candela.models.no_op_dto import NoOpDTO
from portal_client.model import Model, Nullable


class SwitchDTO(Model):
    """A step that leads on by what came before."""

    type: Optional[StrictStr] = "switch"
    """The kind of node."""
    node_id: StrictStr
    """The name of the node within its circuit."""
    case_spec: Nullable[dict[str, StrictStr]]
    """The cases by their names, in words for the agent."""
    case_objs: Nullable[dict[str, NoOpDTO]]
    """What follows in each case."""
    isolate: Nullable[StrictBool] = None
    """Whether the choice is made apart from the conversation."""
