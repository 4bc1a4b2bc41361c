"""What an app runs."""

from __future__ import annotations

from pydantic import StrictStr

from finbourne_candela.models.object_id import ObjectId
from portal_client.model import Model


class AppSpec(Model):
    """What an app runs."""

    type: StrictStr
    """Whether it is an agent, which chats, or a pipeline, which returns one result."""
    circuit: ObjectId
    """The steps that it takes, by name."""
    directive: ObjectId
    """The system prompt, by name."""
