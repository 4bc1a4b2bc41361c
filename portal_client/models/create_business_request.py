"""The business that is to be created."""

from __future__ import annotations

from pydantic import StrictStr

from portal_client.model import Model


class CreateBusinessRequest(Model):
    """Describes a business that is to be created."""

    name: StrictStr
    """What the business is called."""
    description: StrictStr
    """What it does, in words for the agents."""
