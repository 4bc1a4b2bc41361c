"""What starts a session."""

from __future__ import annotations

from pydantic import StrictStr

from finbourne_candela.models.object_id import ObjectId
from portal_client.model import Model, Nullable


class SessionStartRequest(Model):
    """Starts a session of an app that the service knows."""

    app: ObjectId
    """The app to run."""
    model_cfg: ObjectId
    """The language model to use."""
    scope: Nullable[StrictStr] = None
    """Where the session is to live; the service's default scope if None."""
    parent_session: Nullable[ObjectId] = None
    """The session that this one continues."""
    circuit_override: Nullable[ObjectId] = None
    """A circuit of the same scope in place of the app's own."""
    directive_override: Nullable[ObjectId] = None
    """A directive of the same scope in place of the app's own."""
