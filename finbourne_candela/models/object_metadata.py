"""Who made an object, and when."""

from __future__ import annotations

from pydantic import StrictStr

from finbourne_candela.models.object_id import ObjectId
from portal_client.model import DateTime, Model, Nullable


class ObjectMetadata(Model):
    """What the service knows about an object."""

    obj_id: ObjectId
    """Its name."""
    domain: StrictStr
    """The domain that it belongs to."""
    created_by: StrictStr
    """Who made it."""
    created_at: DateTime
    """When it was made."""
    description: Nullable[StrictStr] = None
    """What it is."""
