"""Where a tool comes from."""

from __future__ import annotations

from pydantic import StrictStr

from portal_client.model import Model


class ToolMetadata(Model):
    """A tool, and the module that has it."""

    tool_name: StrictStr
    """The name of the tool, which is that of its class."""
    scope: StrictStr
    """The scope of the module."""
    module_name: StrictStr
    """The identifier of the module."""
    module_version: StrictStr
    """The version of the module."""
