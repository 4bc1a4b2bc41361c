"""The response to the deletion of a business."""

from __future__ import annotations

from pydantic import StrictBool

from portal_client.model import Model


class DeleteBusinessResponse(Model):
    """Whether a business was deleted."""

    success: StrictBool
    """Whether there was one to delete."""
