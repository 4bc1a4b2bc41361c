"""Tools as source text."""

from __future__ import annotations

from pydantic import StrictStr

from portal_client.model import Model


class ToolModule(Model):
    """A module of tools, as source text."""

    content: StrictStr
    """The source text."""
