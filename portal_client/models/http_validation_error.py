"""The body of a 422 response."""

from __future__ import annotations

from typing import Optional

from portal_client.model import Model
from portal_client.models.validation_error import ValidationError


class HTTPValidationError(Model):
    """What the service refused: one entry per argument."""

    detail: Optional[list[ValidationError]] = None
    """One entry for each argument that was refused."""
