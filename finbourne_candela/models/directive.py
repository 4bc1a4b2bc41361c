"""What an agent is told about itself."""

from __future__ import annotations

from typing import Any, Optional

from pydantic import StrictBool, StrictStr

from portal_client.model import Model, Nullable


class Directive(Model):
    """The system prompt of an agent, in parts; each is a text or whatever JSON the service takes."""

    point: Optional[StrictStr] = " * "
    """What each point of a list begins with."""
    hide: Optional[StrictBool] = True
    """Whether the directive is kept out of the conversation."""
    identity: Nullable[Any] = None
    """Who the agent is."""
    purpose: Nullable[Any] = None
    """What it is there for."""
    style: Nullable[Any] = None
    """How it speaks."""
    restriction: Nullable[Any] = None
    """What it must not do."""
    context_vals: Nullable[dict[str, StrictStr]] = None
    """Values for the placeholders in the texts."""
