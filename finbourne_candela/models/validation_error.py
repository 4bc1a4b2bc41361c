"""One argument that the service refused."""

from __future__ import annotations

from portal_client.models.validation_error import ValidationError as ValidationError
