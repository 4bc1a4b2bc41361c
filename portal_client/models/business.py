"""The business of a user."""

from __future__ import annotations

from pydantic import StrictStr

from portal_client.model import Model


class Business(Model):
    """What a user has told the agents about the business."""

    id: StrictStr
    """What `delete_business` takes as `business_id`."""
    user_id: StrictStr
    """Whose business it is."""
    name: StrictStr
    """What the business is called."""
    description: StrictStr
    """What it does, in words for the agents."""
