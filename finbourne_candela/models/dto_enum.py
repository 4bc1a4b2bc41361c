"""A text out of several."""

from __future__ import annotations

from typing import Optional

from pydantic import StrictBool, StrictStr

from portal_client.model import Model, Nullable


class DTOEnum(Model):
    """A value that is one of some texts."""

    type: Optional[StrictStr] = "enum"
    """The kind of value."""
    options: list[StrictStr]
    """The texts."""
    is_nullable: Nullable[StrictBool] = None
    """Whether the value may also be null."""
    description: Nullable[StrictStr] = None
    """What it is for, in words for the agent."""
    default_value: Nullable[StrictStr] = None
    """The value where the agent gives none."""
