"""A prompt to a running session."""

from __future__ import annotations

from typing import Optional

from pydantic import StrictStr

from portal_client.model import Model


class SubmitPrompt(Model):
    """A prompt, and the session that it goes to."""

    prompt: StrictStr
    """What to ask."""
    session_id: StrictStr
    """The identifier of the session."""
    scope: Optional[StrictStr] = "default"
    """The scope that the session lives in."""
