"""A mapping of values."""

from __future__ import annotations

from typing import Optional

from pydantic import StrictBool, StrictInt, StrictStr

from finbourne_candela.models.keys import Keys
from finbourne_candela.models.obj1 import Obj1
from portal_client.model import Model, Nullable


class DTODict(Model, defer_build=True):
    """A mapping whose values all have one shape."""

    type: Optional[StrictStr] = "dictionary"
    """The kind of value."""
    is_nullable: Nullable[StrictBool] = None
    """Whether the value may also be null."""
    obj: Obj1
    """The shape of each value."""
    keys: Keys
    """The shape of each key."""
    min_size: Nullable[StrictInt] = None
    """The least number of entries."""
    max_size: Nullable[StrictInt] = None
    """The greatest number of entries."""
    description: Nullable[StrictStr] = None
    """What it is for, in words for the agent."""
