"""Sessions grouped by time."""

from __future__ import annotations

from typing import Any

from portal_client.model import Model, Nullable


class GroupedSessionsResponse(Model):
    """The caller's sessions by the time of their last change."""

    time_to_sessions: Nullable[dict[str, Any]]
    """The sessions of each group, such as "Today": plain data, since the contract leaves them open."""
