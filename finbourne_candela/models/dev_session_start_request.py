"""What starts a development session."""

from __future__ import annotations

from pydantic import StrictStr

from finbourne_candela.models.circuit_dto import CircuitDTO
from finbourne_candela.models.directive import Directive
from finbourne_candela.models.object_id import ObjectId
from finbourne_candela.models.tool_module import ToolModule
from portal_client.model import Model, Nullable


class DevSessionStartRequest(Model, defer_build=True):
    """Starts a session from a circuit and a directive that are given in full."""

    model_id: ObjectId
    """The language model that the session uses."""
    circuit: CircuitDTO
    """The steps of the session."""
    directive: Directive
    """What the agent is told about itself."""
    scope: Nullable[StrictStr] = None
    """Where the session is to live; the service's default scope if None."""
    parent_session: Nullable[ObjectId] = None
    """The session that this one continues."""
    tool_module_override: Nullable[ToolModule] = None
    """Tools in place of those of the service."""
