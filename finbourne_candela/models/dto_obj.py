"""An object with fields."""

from __future__ import annotations

from typing import Optional

from pydantic import StrictBool, StrictStr

from finbourne_candela.models.fields import Fields
from portal_client.model import Model, Nullable


class DTOObj(Model, defer_build=True):
    """An object with named fields, each of a shape of its own."""

    type: Optional[StrictStr] = "object"
    """The kind of value."""
    is_nullable: Nullable[StrictBool] = None
    """Whether the value may also be null."""
    description: Nullable[StrictStr] = None
    """What it is for, in words for the agent."""
    fields: Nullable[dict[str, Fields]]
    """The fields by their names."""
