"""A session of the service."""

from __future__ import annotations

from pydantic import StrictBool, StrictStr

from finbourne_candela.models.object_id import ObjectId
from portal_client.model import Model, Nullable, Omissible


class Session(Model):
    """A session: what it was started from and where it runs."""

    app: Omissible[ObjectId]
    """The app that it runs; None for a development session."""
    model_cfg: ObjectId
    """The language model that it uses."""
    host_id: StrictStr
    """Where it runs."""
    parent_session: Nullable[ObjectId] = None
    """The session that this one continues."""
    circuit_override: Nullable[ObjectId] = None
    """The circuit in place of the app's own."""
    directive_override: Nullable[ObjectId] = None
    """The directive in place of the app's own."""
    dev_session: Nullable[StrictBool] = None
    """Whether it is a development session."""
