"""A number."""

from __future__ import annotations

from typing import Annotated, Optional, Union

from pydantic import AllowInfNan, Strict, StrictBool, StrictInt, StrictStr

from portal_client.model import Model, Nullable

#: A number that JSON can hold.
Number = Union[StrictInt, Annotated[float, Strict(), AllowInfNan(False)]]


class DTOReal(Model):
    """A value that is a number; whole ones stay whole."""

    type: Optional[StrictStr] = "real"
    """The kind of value."""
    is_nullable: Nullable[StrictBool] = None
    """Whether the value may also be null."""
    description: Nullable[StrictStr] = None
    """What it is for, in words for the agent."""
    default_value: Nullable[Number] = None
    """The value where the agent gives none."""
    min_value: Nullable[Number] = None
    """The least value."""
    max_value: Nullable[Number] = None
    """The greatest value."""
    lower_bound: Nullable[StrictStr] = None
    """Whether `min_value` itself is allowed: "inclusive" or "exclusive"."""
    upper_bound: Nullable[StrictStr] = None
    """Whether `max_value` itself is allowed: "inclusive" or "exclusive"."""
    allow_negative: Nullable[StrictBool] = None
    """Whether the value may be below 0."""
