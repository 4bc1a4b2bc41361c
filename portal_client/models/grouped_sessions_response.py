"""Sessions grouped by time."""

from __future__ import annotations

from typing import Union

from portal_client.model import Model, Omissible, OrAny
from portal_client.models.session import Session
from portal_client.models.session_summary import SessionSummary


class GroupedSessionsResponse(Model):
    """The caller's sessions by the time of their last change."""

    time_to_sessions: Omissible[dict[str, OrAny[list[OrAny[Union[Session, SessionSummary]]]]]]
    """The sessions of each group, such as "Today", the newest first. The contract leaves them open: what is
    neither a `Session` nor a `SessionSummary` stays plain data."""
