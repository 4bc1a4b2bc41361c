"""The name of an object of the service."""

from __future__ import annotations

from pydantic import StrictStr

from portal_client.model import Model, Nullable


class ObjectId(Model):
    """Names a session, app, model or other object of the service."""

    scope: StrictStr
    """The scope that it lives in."""
    identifier: StrictStr
    """Its name within the scope."""
    version: Nullable[StrictStr] = None
    """Which version of it; the newest if None."""
