"""A business, or none."""

from __future__ import annotations

from portal_client.model import Model, Omissible
from portal_client.models.business import Business


class BusinessResponse(Model):
    """The caller's business, if there is one."""

    business: Omissible[Business]
    """The business; None where the caller has none."""
