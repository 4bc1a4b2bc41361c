"""A tool that an agent may use."""

from __future__ import annotations

from pydantic import StrictStr

from portal_client.model import Model, Nullable


class BaseTool(Model):
    """What all tools have in common; a tool's own fields are kept as they are."""

    tool_type: Nullable[StrictStr] = None
    """The kind of tool."""
    instruction: Nullable[StrictStr] = None
    """How the agent is to use it."""
