"""A truth value."""

from __future__ import annotations

from typing import Optional

from pydantic import StrictBool, StrictStr

from portal_client.model import Model, Nullable


class DTOBool(Model):
    """A value that is true or false."""

    type: Optional[StrictStr] = "bool"
    """The kind of value."""
    is_nullable: Nullable[StrictBool] = None
    """Whether the value may also be null."""
    description: Nullable[StrictStr] = None
    """What it is for, in words for the agent."""
    default_value: Nullable[StrictBool] = None
    """The value where the agent gives none."""
