"""A text."""

from __future__ import annotations

from typing import Optional

from pydantic import StrictBool, StrictInt, StrictStr

from portal_client.model import Model, Nullable


class DTOStr(Model):
    """A value that is a text."""

    type: Optional[StrictStr] = "string"
    """The kind of value."""
    is_nullable: Nullable[StrictBool] = None
    """Whether the value may also be null."""
    min_length: Nullable[StrictInt] = None
    """The least number of characters."""
    max_length: Nullable[StrictInt] = None
    """The greatest number of characters."""
    regex: Nullable[StrictStr] = None
    """A regular expression that it must match."""
    format: Nullable[StrictStr] = None
    """The name of a format that it must have."""
    description: Nullable[StrictStr] = None
    """What it is for, in words for the agent."""
    default_value: Nullable[StrictStr] = None
    """The value where the agent gives none."""
    stop: Nullable[StrictStr] = None
    """A text at which the model stops writing it."""
    max_tokens: Nullable[StrictInt] = None
    """How many tokens the model may write."""
