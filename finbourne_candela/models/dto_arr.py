"""A list of values."""

from __future__ import annotations

from typing import Optional

from pydantic import StrictBool, StrictInt, StrictStr

from finbourne_candela.models.obj import Obj
from portal_client.model import Model, Nullable


class DTOArr(Model, defer_build=True):
    """A list whose items all have one shape."""

    type: Optional[StrictStr] = "array"
    """The kind of value."""
    is_nullable: Nullable[StrictBool] = None
    """Whether the value may also be null."""
    min_len: StrictInt
    """The least number of items."""
    max_len: Nullable[StrictInt]
    """The greatest number of items; None for any."""
    obj: Obj
    """The shape of each item."""
    description: Nullable[StrictStr] = None
    """What it is for, in words for the agent."""
