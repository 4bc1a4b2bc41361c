"""Who added a tool module, and when."""

from __future__ import annotations

from pydantic import StrictStr

from finbourne_candela.models.object_id import ObjectId
from portal_client.model import DateTime, Model, Nullable


class ToolModuleMetadata(Model):
    """What the service knows of a tool module."""

    obj_id: ObjectId
    """Its name, with the version."""
    domain: StrictStr
    """The domain that it belongs to."""
    created_by: StrictStr
    """Who added it."""
    created_at: DateTime
    """When it was added."""
    description: Nullable[StrictStr] = None
    """What it is."""
    tools: list[StrictStr]
    """The names of its tools."""
