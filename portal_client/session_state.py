"""The session that an error holds, of whichever service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class SessionState(Protocol):
    """The common part of all sessions, such as portal_client.Session."""

    @property
    def id(self) -> str:
        """The id of the session."""
        ...

    @property
    def status(self) -> str:
        """Its status, such as Ready."""
        ...

    @property
    def messages(self) -> Sequence[Any]:
        """Its messages, in order."""
        ...

    def to_dict(self) -> Any:
        """Return its fields as plain data."""
        ...

    def to_json(self) -> str:
        """Return its fields as JSON text."""
        ...
