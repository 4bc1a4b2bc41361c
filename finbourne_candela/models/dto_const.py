"""A fixed text."""

from __future__ import annotations

from typing import Optional

from pydantic import StrictBool, StrictStr

from portal_client.model import Model, Nullable


class DTOConst(Model):
    """A value that is always the same text."""

    type: Optional[StrictStr] = "constant"
    """The kind of value."""
    value: StrictStr
    """The text."""
    is_nullable: Nullable[StrictBool] = None
    """Whether the value may also be null."""
    description: Nullable[StrictStr] = None
    """What it is for, in words for the agent."""
