"""A whole number."""

from __future__ import annotations

from typing import Optional

from pydantic import StrictBool, StrictInt, StrictStr

from portal_client.model import Model, Nullable


class DTOInt(Model):
    """A value that is a whole number."""

    type: Optional[StrictStr] = "int"
    """The kind of value."""
    values: Optional[list[StrictInt]] = None
    """The numbers that are allowed; all if None."""
    is_nullable: Nullable[StrictBool] = None
    """Whether the value may also be null."""
    description: Nullable[StrictStr] = None
    """What it is for, in words for the agent."""
    default_value: Nullable[StrictInt] = None
    """The value where the agent gives none."""
    min_value: Nullable[StrictInt] = None
    """The least value."""
    max_value: Nullable[StrictInt] = None
    """The greatest value."""
    lower_bound: Nullable[StrictStr] = None
    """Whether `min_value` itself is allowed: "inclusive" or "exclusive"."""
    upper_bound: Nullable[StrictStr] = None
    """Whether `max_value` itself is allowed: "inclusive" or "exclusive"."""
    allow_negative: Nullable[StrictBool] = None
    """Whether the value may be below 0."""
