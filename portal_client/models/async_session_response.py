"""The response to a session started without waiting."""

from __future__ import annotations

from pydantic import StrictStr

from portal_client.model import Model


class AsyncSessionResponse(Model):
    """The id of a session that runs; read it with get_session until it is Ready."""

    session_id: StrictStr
    """The session that runs."""
