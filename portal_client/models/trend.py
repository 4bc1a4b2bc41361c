"""How a routine's last run judges things."""

from __future__ import annotations

from pydantic import StrictStr

from portal_client.model import Model
from portal_client.models.trend_status import TrendStatus


class Trend(Model):
    """How things stand according to the last run of a routine."""

    description: StrictStr
    """Why, in words; may be empty."""
    status: TrendStatus
    """How things stand."""
