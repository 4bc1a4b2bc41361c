"""The judgement of a routine's last run."""

from __future__ import annotations

from portal_client.model import OpenEnum


class TrendStatus(OpenEnum):
    """Whether things stand well (POSITIVE), need a look (WARNING) or are bad (CRITICAL), or UNKNOWN."""

    POSITIVE = "POSITIVE"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"
    UNKNOWN = "UNKNOWN"
