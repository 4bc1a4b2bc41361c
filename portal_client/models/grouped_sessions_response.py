"""Sessions grouped by time."""

from __future__ import annotations

from typing import Any

from portal_client.models._base import Model, Nullable


class GroupedSessionsResponse(Model):
    """The caller's sessions by the time of their last change.

    `time_to_sessions` maps the name of a group, such as "Today", to what the service puts there;
    the contract leaves it open, so it is plain data.
    """

    time_to_sessions: Nullable[dict[str, Any]]
